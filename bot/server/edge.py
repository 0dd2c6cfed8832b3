"""The outer edge of a turn: here a turn that broke is logged, and a person takes over."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

import structlog

from bot.model import Delivery, Inbound, Turn
from bot.ports import ConflictError, StoreUnavailableError, UnknownConversationError
from bot.server.metrics import Metrics

log = structlog.get_logger(__name__)

_ANSWERED_OUTSIDE = (UnknownConversationError, StoreUnavailableError, ConflictError)
"""Nothing was written and no person could be called: the caller is told, and sends again."""


class Assistant(Protocol):
    """The pipeline, as the edge needs it."""

    async def handle(self, inbound: Inbound) -> Turn:
        """Take one message through its turn."""
        ...

    async def rescue(self, inbound: Inbound) -> Turn:
        """Hand a message whose turn broke to a person."""
        ...


class Edge:
    """Runs turns to their end, even when whoever asked goes away, and counts them."""

    def __init__(
        self, assistant: Assistant, metrics: Metrics, wake_outbox: Callable[[], None]
    ) -> None:
        self._assistant, self._metrics, self._wake_outbox = assistant, metrics, wake_outbox
        self._running: set[asyncio.Task[Turn]] = set()

    async def handle(self, inbound: Inbound) -> Turn:
        """Take one message through its turn; a caller that gives up doesn't stop it."""
        task = asyncio.create_task(self._turn(inbound))
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    async def drain(self) -> None:
        """Wait until no turn runs any more."""
        while self._running:
            await asyncio.wait(self._running)

    def _ended(self, task: asyncio.Task[Turn]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # seen: its caller may be gone

    async def _turn(self, inbound: Inbound) -> Turn:
        began = time.perf_counter()
        turn = await self._handle_or_rescue(inbound)
        seconds = time.perf_counter() - began
        self._metrics.turn(turn, seconds)
        if any(reply.delivery is Delivery.PENDING for reply in turn.replies):
            self._wake_outbox()
        log.info(
            "turn",
            conversation=inbound.conversation,
            turn=turn.message.id,
            decision=turn.decision,
            skill=turn.skill,
            owner=turn.owner.value,
            language=turn.language,
            ms=round(seconds * 1000, 2),
        )
        return turn

    async def _handle_or_rescue(self, inbound: Inbound) -> Turn:
        try:
            return await self._assistant.handle(inbound)
        except _ANSWERED_OUTSIDE as error:
            self._metrics.failure(error)
            raise
        except Exception as error:
            self._metrics.failure(error)
            log.exception("turn.broke", conversation=inbound.conversation)
            return await self._assistant.rescue(inbound)
