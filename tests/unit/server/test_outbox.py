"""The outbox worker on the real outbox: order, retries, crashes, and a graceful end."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.model import (
    Address,
    Change,
    Conversation,
    ConversationId,
    Delivery,
    Language,
    Message,
    MessageId,
    Speaker,
)
from bot.ports import Parcel, SendError, StoreUnavailableError
from bot.server.outbox import OutboxWorker
from escalation.model import AgentId
from tests.unit.server.parts import START, Parts, make_parts, new_handoff


class Paper:
    """A channel that writes down what it sends; `faults` are raised first."""

    name: ClassVar[str] = "paper"

    def __init__(self) -> None:
        self.sent: dict[str, list[str]] = defaultdict(list)
        self.faults: list[Exception] = []
        self.gate: asyncio.Event | None = None
        self.sending = asyncio.Event()

    async def send(self, to: Address, message: Message) -> None:
        self.sending.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.faults:
            raise self.faults.pop(0)
        self.sent[to.user].append(message.text)


@pytest.fixture
def paper() -> Paper:
    return Paper()


@pytest.fixture
def parts(sqlite_engine: AsyncEngine, tmp_path: Path, paper: Paper) -> Parts:
    return make_parts(sqlite_engine, home=tmp_path, channels={"paper": paper})


def worker(parts: Parts, **more: object) -> OutboxWorker:
    settings = {"outbox": parts.outbox, "channels": parts.channels, "now": parts.now, **more}
    return OutboxWorker(**{"jitter": lambda: 1.0, "poll": 60.0, **settings})  # type: ignore[arg-type]


async def commit(parts: Parts, user: str, *texts: str) -> Conversation:
    """Put messages of the bot to one shopper into the outbox."""
    conversation = await parts.store.start(
        Conversation(
            id=ConversationId(f"talk-{user}"),
            address=Address(channel="paper", user=user),
            language=Language("en"),
            started_at=START,
        )
    )
    before = await parts.store.get(conversation.id)
    messages = tuple(
        Message(id=MessageId(parts.new_id()), speaker=Speaker.BOT, text=text, sent_at=parts.now())
        for text in texts
    )
    change = Change(before=before, after=before, messages=messages)
    return (await parts.store.commit(change)).after


async def deliveries(parts: Parts, conversation: Conversation) -> list[Delivery]:
    return [row.delivery for row in await parts.store.messages(conversation.id)]


async def send_all(worker: OutboxWorker) -> None:
    while await worker.send_due():
        pass


async def test_messages_go_out_in_order_and_are_marked(parts: Parts, paper: Paper) -> None:
    talk = await commit(parts, "ann", "one", "two", "three")
    await commit(parts, "bob", "hello")

    await send_all(worker(parts))

    assert paper.sent == {"ann": ["one", "two", "three"], "bob": ["hello"]}
    assert await deliveries(parts, talk) == [Delivery.DONE] * 3
    assert await parts.outbox.waiting() == 0


async def test_a_failure_holds_up_its_own_conversation_only_and_order_is_kept(
    parts: Parts, paper: Paper
) -> None:
    await commit(parts, "ann", "one", "two")
    paper.faults.append(SendError("The network is down"))
    sender = worker(parts)

    await send_all(sender)
    assert paper.sent == {}
    await commit(parts, "bob", "hello")
    await send_all(sender)
    assert paper.sent == {"bob": ["hello"]}
    parts.now.go_on(seconds=1)
    await send_all(sender)

    assert paper.sent["ann"] == ["one", "two"]


async def test_pauses_double_up_to_the_longest(parts: Parts, paper: Paper) -> None:
    await commit(parts, "ann", "one")
    paper.faults += [SendError("down")] * 5
    sender = worker(parts, longest_pause=4.0)
    for pause in (1, 2, 4, 4, 4):
        await sender.send_due()
        parts.now.go_on(seconds=pause - 0.01)
        assert await sender.send_due() == 0
        parts.now.go_on(seconds=0.01)

    await sender.send_due()

    assert paper.sent["ann"] == ["one"]


async def test_chance_shortens_a_pause_by_half_at_most(parts: Parts, paper: Paper) -> None:
    await commit(parts, "ann", "one")
    paper.faults.append(SendError("down"))
    sender = worker(parts, jitter=lambda: 0.0)
    await sender.send_due()

    parts.now.go_on(seconds=0.5)

    assert await sender.send_due() == 1


async def test_a_channel_that_says_when_is_waited_for(parts: Parts, paper: Paper) -> None:
    await commit(parts, "ann", "one")
    paper.faults.append(SendError("Too many requests", retry_after=30))
    sender = worker(parts)
    await sender.send_due()

    parts.now.go_on(seconds=29)
    assert await sender.send_due() == 0
    parts.now.go_on(seconds=1)

    assert await sender.send_due() == 1


async def test_a_permanent_failure_is_given_up_at_once_and_the_rest_goes_on(
    parts: Parts, paper: Paper
) -> None:
    talk = await commit(parts, "ann", "one", "two")
    paper.faults.append(SendError("Blocked by the shopper", permanent=True))

    await send_all(worker(parts))

    assert await deliveries(parts, talk) == [Delivery.FAILED, Delivery.DONE]


async def test_after_the_last_attempt_a_message_is_shown_as_failed(
    parts: Parts, paper: Paper
) -> None:
    talk = await commit(parts, "ann", "one")
    paper.faults += [SendError("down")] * 3
    sender = worker(parts, most_attempts=3)
    for _ in range(3):
        assert await deliveries(parts, talk) == [Delivery.PENDING]
        await sender.send_due()
        parts.now.go_on(hours=1)

    assert await deliveries(parts, talk) == [Delivery.FAILED]


async def test_a_broken_adapter_is_tried_again_and_harms_nobody_else(
    parts: Parts, paper: Paper
) -> None:
    await commit(parts, "ann", "one")
    await commit(parts, "bob", "hello")
    paper.faults.append(ZeroDivisionError())
    sender = worker(parts)

    await send_all(sender)
    parts.now.go_on(seconds=1)
    await send_all(sender)

    assert paper.sent == {"ann": ["one"], "bob": ["hello"]}


async def test_a_channel_that_was_taken_away_loses_nothing(parts: Parts, paper: Paper) -> None:
    await commit(parts, "ann", "one")
    await worker(parts, channels={}).send_due()
    parts.now.go_on(hours=1)

    await send_all(worker(parts))

    assert paper.sent["ann"] == ["one"]


async def test_a_reply_is_withheld_once_an_agent_took_over(parts: Parts, paper: Paper) -> None:
    talk = await commit(parts, "ann", "I am a bot")
    handoff = new_handoff("h1", START).accept(AgentId("anna"), START)
    await parts.store.commit(Change(before=talk, after=replace(talk, handoff=handoff)))

    await send_all(worker(parts))

    assert paper.sent == {}
    assert await deliveries(parts, talk) == [Delivery.WITHHELD]


class KilledError(BaseException):
    """Stands for a process that dies: nothing catches it."""


class CrashBetween:
    """An outbox whose process dies after a send, before the mark."""

    def __init__(self, parts: Parts, error: BaseException, times: int) -> None:
        self._inner, self._error, self._times = parts.outbox, error, times

    async def claim(self, *, holder: str, now: datetime, limit: int = 16) -> Sequence[Parcel]:
        return await self._inner.claim(holder=holder, now=now, limit=limit)

    async def sent(self, parcel: Parcel, now: datetime) -> None:
        if self._times:
            self._times -= 1
            raise self._error
        await self._inner.sent(parcel, now)

    async def failed(self, parcel: Parcel, *, error: str, retry_at: datetime | None) -> None:
        await self._inner.failed(parcel, error=error, retry_at=retry_at)

    async def waiting(self) -> int:
        return await self._inner.waiting()


async def test_a_crash_between_send_and_mark_repeats_one_message_and_loses_none(
    parts: Parts, paper: Paper
) -> None:
    await commit(parts, "ann", "one", "two", "three")
    dying = worker(parts, outbox=CrashBetween(parts, KilledError(), 1))
    with pytest.raises(KilledError):
        await dying.send_due()

    next_one = worker(parts)
    assert await next_one.send_due() == 0  # the lease of the dead one still runs
    parts.now.go_on(minutes=2)
    await send_all(next_one)

    assert paper.sent["ann"] == ["one", "one", "two", "three"]


async def test_a_mark_that_fails_for_a_moment_repeats_nothing(
    parts: Parts, paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.server.outbox._MARK_PAUSE", 0.001)
    await commit(parts, "ann", "one", "two")
    locked = StoreUnavailableError("The database is locked")

    await send_all(worker(parts, outbox=CrashBetween(parts, locked, 2)))

    assert paper.sent["ann"] == ["one", "two"]


async def test_it_sends_when_woken_and_stops_after_the_send_under_way(
    parts: Parts, paper: Paper
) -> None:
    sender = worker(parts)
    running = asyncio.create_task(sender.run())
    await asyncio.sleep(0)
    talk = await commit(parts, "ann", "one", "two")
    paper.gate = asyncio.Event()
    sender.wake()
    await paper.sending.wait()

    sender.stop()
    paper.gate.set()
    await running

    assert paper.sent["ann"] == ["one"]
    assert await deliveries(parts, talk) == [Delivery.DONE, Delivery.PENDING]


class GoneOnce(CrashBetween):
    """An outbox whose database is away for one claim."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts, StoreUnavailableError("gone"), 0)
        self.asked = asyncio.Event()

    async def claim(self, *, holder: str, now: datetime, limit: int = 16) -> Sequence[Parcel]:
        if not self.asked.is_set():
            self.asked.set()
            raise StoreUnavailableError("The database is locked")
        return await super().claim(holder=holder, now=now, limit=limit)


async def test_a_database_that_is_away_is_asked_again(parts: Parts, paper: Paper) -> None:
    await commit(parts, "ann", "one")
    outbox = GoneOnce(parts)
    sender = worker(parts, outbox=outbox)
    running = asyncio.create_task(sender.run())
    await outbox.asked.wait()

    sender.wake()
    await paper.sending.wait()
    sender.stop()
    await running

    assert paper.sent["ann"] == ["one"]


async def test_two_workers_send_each_message_once(parts: Parts, paper: Paper) -> None:
    for user in range(8):
        await commit(parts, f"user{user}", "one", "two", "three")

    await asyncio.gather(*(send_all(worker(parts)) for _ in range(2)))
    await send_all(worker(parts))

    assert len(paper.sent) == 8
    assert all(texts == ["one", "two", "three"] for texts in paper.sent.values())
