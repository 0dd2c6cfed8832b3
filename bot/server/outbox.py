"""Sends what was committed: in order per conversation, again after failures, each once if it can.

A crash between sending and marking repeats that one message; nothing is ever lost.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from bot.ports import Channel, Now, Outbox, Parcel, SendError, StoreUnavailableError

_MARK_TRIES = 5
_MARK_PAUSE = 0.2

log = structlog.get_logger(__name__)


def no_count(channel: str, outcome: str) -> None:
    """Count nothing."""


@dataclass(slots=True, kw_only=True)
class OutboxWorker:
    """One process's sender. `wake` makes it look at once; else it looks every `poll` seconds."""

    outbox: Outbox
    channels: Mapping[str, Channel]
    now: Now
    jitter: Callable[[], float]
    """A number from 0 to 1, so that many retries don't come at the same moment."""
    holder: str = field(default_factory=lambda: secrets.token_hex(8))
    poll: float = 1.0
    first_pause: float = 1.0
    longest_pause: float = 600.0
    most_attempts: int = 40
    """About four hours with the pauses above; then the desk shows the message as failed."""
    count: Callable[[str, str], None] = no_count
    _awake: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False

    def wake(self) -> None:
        """Look for parcels now."""
        self._awake.set()

    def stop(self) -> None:
        """Make `run` end after the sends that are under way."""
        self._stopping = True
        self._awake.set()

    async def run(self) -> None:
        """Send until told to stop."""
        while not self._stopping:
            self._awake.clear()
            try:
                busy = await self.send_due()
            except StoreUnavailableError as error:
                log.warning("outbox.store_unavailable", error=str(error))
                busy = 0
            if not busy:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self.poll):
                        await self._awake.wait()

    async def send_due(self) -> int:
        """Claim what is due, one message per conversation, and send it; return how many."""
        if self._stopping:
            return 0
        parcels = await self.outbox.claim(holder=self.holder, now=self.now())
        await self._deliver_all(parcels)
        return len(parcels)

    async def _deliver_all(self, parcels: Sequence[Parcel]) -> None:
        outcomes = await asyncio.gather(
            *(self._deliver(parcel) for parcel in parcels), return_exceptions=True
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _deliver(self, parcel: Parcel) -> None:
        try:
            await self._send(parcel)
        except SendError as error:
            await self._note_failure(parcel, error)
        else:
            await self._mark(parcel)
            self._told(parcel, "sent")

    async def _send(self, parcel: Parcel) -> None:
        name = parcel.address.channel
        channel = self.channels.get(name)
        if channel is None:
            raise SendError(f"Expected a channel of {sorted(self.channels)}, but got {name!r}")
        try:
            await channel.send(parcel.address, parcel.message)
        except SendError:
            raise
        except Exception as error:
            # A fault of the adapter must not stop the other conversations' messages.
            log.exception("outbox.channel_broke", channel=name, error=type(error).__name__)
            raise SendError(f"{name} failed with {type(error).__name__}") from error

    async def _mark(self, parcel: Parcel) -> None:
        """Note the send, with patience: what isn't marked will be sent again."""
        for attempt in range(_MARK_TRIES):
            try:
                await self.outbox.sent(parcel, self.now())
            except StoreUnavailableError:
                if attempt == _MARK_TRIES - 1:
                    raise
                await asyncio.sleep(_MARK_PAUSE * 2**attempt)
            else:
                return

    async def _note_failure(self, parcel: Parcel, error: SendError) -> None:
        retry_at = None
        if not error.permanent and parcel.attempts < self.most_attempts:
            pause = self._pause(parcel.attempts, error.retry_after)
            retry_at = self.now() + timedelta(seconds=pause)
        await self.outbox.failed(parcel, error=str(error), retry_at=retry_at)
        self._told(parcel, "failed" if retry_at is None else "retried", error=str(error))

    def _pause(self, tries: int, retry_after: float | None) -> float:
        """Double the pause with each try, half of it by chance; never shorter than asked for."""
        pause = min(self.first_pause * 2.0 ** (tries - 1), self.longest_pause)
        return max(pause * (0.5 + self.jitter() / 2), retry_after or 0.0)

    def _told(self, parcel: Parcel, outcome: str, *, error: str | None = None) -> None:
        self.count(parcel.address.channel, outcome)
        log.info(
            "send",
            outcome=outcome,
            channel=parcel.address.channel,
            conversation=parcel.conversation,
            message=parcel.message.id,
            attempt=parcel.attempts,
            **({} if error is None else {"error": error}),
        )
