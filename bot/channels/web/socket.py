"""The live end of a conversation: rows are read by `seq`, events only say when to look."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect

from bot.channels.web.payloads import dump, message_json
from bot.model import ConversationId, Owner, Speaker
from bot.ports import Event, Listener, Live, LiveClosedError, Store, StoreUnavailableError

SUBPROTOCOL = "shopbell."
"""What stands before the token in the subprotocol: a URL would end in logs and histories."""

_GOING_AWAY, _TRY_LATER, _RESTART = 1001, 1013, 1012
_PAGE = 500


def offered_token(websocket: WebSocket) -> tuple[str | None, str | None]:
    """Return the subprotocol that carries a token, and the token."""
    for offered in websocket.scope.get("subprotocols", ()):
        if offered.startswith(SUBPROTOCOL) and len(offered) > len(SUBPROTOCOL):
            return offered, offered.removeprefix(SUBPROTOCOL)
    return None, None


@dataclass(slots=True, kw_only=True)
class Talk:
    """One open socket. Events may be lost: rows are read again every `heal_every` seconds."""

    websocket: WebSocket
    conversation: ConversationId
    store: Store
    live: Live
    seq: int = 0
    """The last message that this socket has sent."""
    heal_every: float = 20.0
    clock: Callable[[], float] = time.monotonic
    _owner: Owner | None = None
    _typed_at: float = field(default=float("-inf"))

    async def run(self) -> None:
        """Serve until the shopper leaves or the server stops, then close with a reason."""
        try:
            async with self.live.listen(self.conversation) as listener:
                await _first_of(self._write(listener), self._read())
        except WebSocketDisconnect:
            return
        except LiveClosedError:
            await self._close(_RESTART)
        except StoreUnavailableError:
            await self._close(_TRY_LATER)

    async def _write(self, listener: Listener) -> None:
        await self._catch_up()
        while True:
            try:
                async with asyncio.timeout(self.heal_every):
                    event = await listener.next()
            except TimeoutError:
                await self._catch_up()
            else:
                await self._forward(event)

    async def _catch_up(self) -> None:
        await self._send_messages()
        await self._send_owner()

    async def _send_messages(self) -> None:
        while True:
            rows = await self.store.messages(self.conversation, after=self.seq, limit=_PAGE)
            for row in rows:
                await self._send({"type": "message", **message_json(row)})
                self.seq = row.seq
            if len(rows) < _PAGE:
                return

    async def _send_owner(self) -> None:
        owner = (await self.store.get(self.conversation)).owner
        if owner is not self._owner:
            self._owner = owner
            await self._send({"type": "owner", "seq": self.seq, "owner": owner})

    async def _forward(self, event: Event) -> None:
        """Pass on what the shopper may know: named fields only, and nothing of their own."""
        match event.type:
            case "message":
                await self._send_messages()
            case "owner":
                await self._catch_up()
            case "typing" | "read" if event.data.get("speaker") != Speaker.SHOPPER:
                await self._send({"type": event.type, "seq": event.data.get("seq", self.seq)})
            case _:
                pass

    async def _read(self) -> None:
        while True:
            frame = _parse(await self.websocket.receive_text())
            if frame.get("type") == "typing" and self.clock() - self._typed_at >= 1:
                self._typed_at = self.clock()
                await self._tell("typing", {})
            elif frame.get("type") == "read" and isinstance(frame.get("seq"), int):
                await self._tell("read", {"seq": frame["seq"]})

    async def _tell(self, type_: str, data: dict[str, Any]) -> None:
        said = {"speaker": Speaker.SHOPPER, **data}
        await self.live.publish(Event(topic=self.conversation, type=type_, data=said))

    async def _send(self, frame: dict[str, Any]) -> None:
        await self.websocket.send_text(dump(frame).decode())

    async def _close(self, code: int) -> None:
        try:
            await self.websocket.close(code)
        except (RuntimeError, WebSocketDisconnect):
            return  # the server or the shopper closed it first


async def _first_of(*coroutines: Any) -> None:
    """Run all until the first one ends, then stop the others; raises what it raised."""
    tasks = [asyncio.ensure_future(c) for c in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


def _parse(text: str) -> dict[str, Any]:
    """Return a frame; what is none is passed over, because a chat must not end by it."""
    try:
        frame = json.loads(text)
    except ValueError:
        return {}
    return frame if isinstance(frame, dict) else {}
