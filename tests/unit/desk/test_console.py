"""Who may do what with a handoff, on a real store."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from bot.desk.console import Console
from bot.model import (
    Agent,
    Audience,
    Change,
    ConversationId,
    Delivery,
    Message,
    MessageId,
    Owner,
    Speaker,
)
from bot.ports import Event, UnknownConversationError
from escalation.model import AlreadyTakenError, HandoffId, NotOpenError, NotYoursError, State
from tests.unit.desk.kit import ANN, BOB, SUE, Clock, DeskApp, desk_app, open_talk


@pytest.fixture
def console(app: DeskApp) -> Console:
    return console_of(app)


def console_of(app: DeskApp) -> Console:
    return Console(store=app.store, live=app.live, words=app.words, now=app.now, new_id=app.new_id)


async def messages(app: DeskApp, audience: Audience = Audience.EVERYONE) -> list[Message]:
    return list(await app.store.messages(ConversationId("c1"), audience=audience))


async def test_accepting_makes_the_agent_the_owner(app: DeskApp, console: Console) -> None:
    after = await console.accept(await open_talk(app), ANN)
    stored = await app.store.get(ConversationId("c1"))
    assert after.owner is stored.owner is Owner.AGENT
    assert stored.handoff is not None
    assert stored.handoff.agent == ANN.id


async def test_the_shopper_is_told_in_their_own_language(app: DeskApp, console: Console) -> None:
    await console.accept(await open_talk(app, language="zh"), ANN)
    told = (await messages(app))[-1]
    assert told.speaker is Speaker.SYSTEM
    assert told.key == "handoff.joined"
    assert told.text.startswith("Ann Lee 已接入")
    assert told.choices == ()


async def test_the_second_agent_is_too_late(app: DeskApp, console: Console) -> None:
    handoff = await open_talk(app)
    await console.accept(handoff, ANN)
    with pytest.raises(AlreadyTakenError):
        await console.accept(handoff, BOB)


async def test_two_agents_at_once_and_one_wins(app: DeskApp, console: Console) -> None:
    for number in range(10):
        handoff = await open_talk(app, f"race{number}")
        results = await asyncio.gather(
            *(console.accept(handoff, agent) for agent in (ANN, BOB)), return_exceptions=True
        )
        lost = [result for result in results if isinstance(result, AlreadyTakenError)]
        assert len(lost) == 1
        conversation, kept = await app.store.by_handoff(handoff)
        said = await app.store.messages(conversation.id)
        assert [m.key for m in said].count("handoff.joined") == 1
        winner = next(result for result in results if not isinstance(result, BaseException))
        assert winner.handoff is not None
        assert kept.agent == winner.handoff.agent


async def test_accepting_twice_tells_the_shopper_once(app: DeskApp, console: Console) -> None:
    handoff = await open_talk(app)
    await console.accept(handoff, ANN)
    await console.accept(handoff, ANN)
    assert [m.key for m in await messages(app)].count("handoff.joined") == 1


async def test_a_takeover_does_not_wait_for_a_running_turn(app: DeskApp, console: Console) -> None:
    handoff = await open_talk(app)
    async with app.store.lock(ConversationId("c1")):
        after = await asyncio.wait_for(console.accept(handoff, ANN), 5)
    assert after.owner is Owner.AGENT


async def test_a_message_between_reading_and_writing_is_kept(app: DeskApp) -> None:
    """The store moves on under the agent's hands; both changes stand in the end."""
    handoff = await open_talk(app)
    inner = app.store
    stolen: list[str] = []

    class Meddled:
        def __getattr__(self, name: str) -> object:
            return getattr(inner, name)

        async def commit(self, change: Change) -> Change:
            if not stolen:
                stolen.append("once")
                now = await inner.get(change.before.id)
                shopper = Message(
                    id=MessageId("mid"), speaker=Speaker.SHOPPER, text="hello?", sent_at=app.now()
                )
                await inner.commit(Change(before=now, after=now, messages=(shopper,)))
            return await inner.commit(change)

    console = replace(console_of(app), store=Meddled())  # type: ignore[arg-type]
    await console.accept(handoff, ANN)
    said = await messages(app)
    assert [m.text for m in said[-2:-1]] == ["hello?"]
    assert said[-1].key == "handoff.joined"
    assert [m.seq for m in said] == list(range(1, len(said) + 1))


async def test_only_who_accepted_may_answer(app: DeskApp, console: Console) -> None:
    handoff = await open_talk(app)
    with pytest.raises(NotYoursError):
        await console.say(handoff, ANN, "hello")
    await console.accept(handoff, ANN)
    with pytest.raises(NotYoursError):
        await console.say(handoff, BOB, "hello")
    with pytest.raises(NotYoursError):
        await console.say(handoff, SUE, "not even a supervisor without taking over")
    message = await console.say(handoff, ANN, "hello")
    assert (message.speaker, message.agent, message.seq) == (Speaker.AGENT, ANN.id, 8)


@pytest.mark.parametrize("agent", [ANN, BOB, SUE])
async def test_anybody_may_leave_a_note_at_any_time(
    app: DeskApp, console: Console, agent: Agent
) -> None:
    handoff = await open_talk(app)
    await console.note(handoff, agent, "while waiting")
    await console.accept(handoff, ANN)
    await console.note(handoff, agent, "while active")
    await console.end(handoff, ANN, return_to_bot=True, resolution=None)
    await console.note(handoff, agent, "after the end")
    notes = [m.text for m in await messages(app, Audience.STAFF) if m.audience is Audience.STAFF]
    assert notes == ["while waiting", "while active", "after the end"]


async def test_the_shopper_never_sees_a_note(app: DeskApp, console: Console) -> None:
    handoff = await open_talk(app)
    async with app.live.listen("c1") as listener:
        note = await console.note(handoff, ANN, "secret")
        await console.accept(handoff, ANN)
        first = await asyncio.wait_for(listener.next(), 5)
    assert first.data["seq"] != note.seq  # the note was not told on the shopper's topic
    assert "secret" not in [m.text for m in await messages(app)]


async def test_a_supervisor_takes_over(app: DeskApp, console: Console) -> None:
    handoff = await open_talk(app)
    await console.accept(handoff, ANN)
    with pytest.raises(AlreadyTakenError):
        await console.accept(handoff, SUE)  # only when they say so
    await console.accept(handoff, SUE, take_over=True)
    with pytest.raises(NotYoursError):
        await console.say(handoff, ANN, "still me")
    assert (await console.say(handoff, SUE, "now me")).agent == SUE.id


async def test_an_agent_can_not_take_over(app: DeskApp, console: Console) -> None:
    handoff = await open_talk(app)
    await console.accept(handoff, ANN)
    with pytest.raises(NotYoursError):
        await console.accept(handoff, BOB, take_over=True)


async def test_ending_gives_the_talk_back_without_old_trouble(
    app: DeskApp, console: Console
) -> None:
    handoff = await open_talk(app)
    await console.accept(handoff, ANN)
    before = await app.store.get(ConversationId("c1"))
    troubled = replace(before, dialogue=replace(before.dialogue, anger=(0.9, 0.9), misses=3))
    await app.store.commit(Change(before=before, after=troubled))
    after = await console.end(handoff, ANN, return_to_bot=True, resolution="refunded")
    assert after.owner is Owner.BOT
    assert after.handoff is not None
    assert (after.handoff.state, after.handoff.resolution) == (State.ENDED, "refunded")
    assert after.dialogue.anger == ()
    assert after.dialogue.misses == 0
    assert (await messages(app))[-1].key == "handoff.ended"


async def test_closing_without_the_bot_says_so(app: DeskApp, console: Console) -> None:
    handoff = await open_talk(app)
    await console.accept(handoff, ANN)
    await console.end(handoff, ANN, return_to_bot=False, resolution=None)
    assert (await messages(app))[-1].key == "handoff.closed"


async def test_only_its_agent_or_a_supervisor_ends_it(app: DeskApp, console: Console) -> None:
    handoff = await open_talk(app)
    with pytest.raises(NotYoursError):
        await console.end(handoff, ANN, return_to_bot=True, resolution=None)
    await console.accept(handoff, ANN)
    with pytest.raises(NotYoursError):
        await console.end(handoff, BOB, return_to_bot=True, resolution=None)
    await console.end(handoff, SUE, return_to_bot=True, resolution=None)
    assert (await app.store.get(ConversationId("c1"))).owner is Owner.BOT


async def test_after_the_end_nothing_but_notes(app: DeskApp, console: Console) -> None:
    handoff = await open_talk(app)
    await console.accept(handoff, ANN)
    await console.end(handoff, ANN, return_to_bot=True, resolution=None)
    with pytest.raises(NotOpenError):
        await console.say(handoff, ANN, "one more thing")
    with pytest.raises(NotOpenError):
        await console.accept(handoff, BOB)
    with pytest.raises(NotOpenError):
        await console.end(handoff, ANN, return_to_bot=True, resolution=None)


async def test_an_unknown_handoff(console: Console) -> None:
    with pytest.raises(UnknownConversationError):
        await console.accept(HandoffId("nothing"), ANN)


async def test_pages_are_told(app: DeskApp, console: Console) -> None:
    handoff = await open_talk(app)
    async with AsyncExitStack() as stack:
        talk = await stack.enter_async_context(app.live.listen("c1"))
        desk = await stack.enter_async_context(app.live.listen("desk"))
        await console.accept(handoff, ANN)
        heard = [await asyncio.wait_for(talk.next(), 5) for _ in range(2)]
        assert heard == [
            Event(topic="c1", type="message", data={"seq": 7}),
            Event(topic="c1", type="owner", data={"owner": "agent"}),
        ]
        assert (await asyncio.wait_for(desk.next(), 5)).type == "queue"


async def test_a_push_channel_gets_the_reply_through_the_outbox(
    sqlite_url: str, tmp_path: Path, clock: Clock
) -> None:
    push = frozenset({"telegram"})
    async with desk_app(sqlite_url, tmp_path, now=clock, push=push) as telegram:
        console = console_of(telegram)
        handoff = await open_talk(telegram, channel="telegram")
        await console.accept(handoff, ANN)
        async with telegram.live.listen("outbox") as outbox:
            message = await console.say(handoff, ANN, "hello")
            assert (await asyncio.wait_for(outbox.next(), 5)).topic == "outbox"
        assert message.delivery is Delivery.PENDING
        note = await console.note(handoff, ANN, "not sent")
        assert note.delivery is Delivery.DONE
