"""Values that the store's tests keep, as rich as the ones of a real talk."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from bot.commerce import CustomerId, Money, OrderNumber, OrderStatus, ProductId
from bot.model import (
    Address,
    Card,
    Change,
    Conversation,
    ConversationId,
    Dialogue,
    Emotion,
    Entity,
    Guess,
    HandoffView,
    Language,
    Message,
    MessageId,
    Owner,
    Phrase,
    Preview,
    Source,
    Speaker,
    Task,
    Turn,
    Understanding,
    WordedChoice,
)
from escalation.model import AgentId, Fact, Handoff, HandoffId, Reason, Summary

START = datetime(2026, 11, 22, 9, 30, 0, 123456, tzinfo=UTC)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def move(self, **by: float) -> datetime:
        self.time += timedelta(**by)
        return self.time


def conversation(name: str = "c1", *, channel: str = "web") -> Conversation:
    return Conversation(
        id=ConversationId(name),
        address=Address(channel=channel, user=f"user of {name}"),
        language=Language("zh"),
        started_at=START,
    )


def rich_dialogue() -> Dialogue:
    change = {
        "refund": Money(amount=Decimal("19.90"), currency="CNY"),
        "until": date(2026, 12, 1),
        "at": START,
        "lines": (0, 2),
        "status": OrderStatus.SHIPPED,
        "nested": {"weights": [1.5, None, True], "$odd": Decimal("0.10")},
        "methods": frozenset({"card-1"}),
        "words": Phrase(key="refund.to", values={"method": Phrase(key="method.card")}),
    }
    preview = Preview(id="p1", skill="cancel_order", change=change)
    return Dialogue(
        tasks=(
            Task(skill="order_status", slots={"order_number": "A-1"}, asked="proof", attempts=2),
            Task(skill="cancel_order", preview=preview),
        ),
        misses=1,
        turns=7,
        anger=(0.0, 0.1 + 0.2),
        emotions=(("angry", 0.30000000000000004), ("neutral", 0.0)),
        recent=("digest",),
        intents=("order_status",),
        product=ProductId("p-1"),
        orders=("A-1",),
    )


def rich(before: Conversation) -> Conversation:
    """The same conversation with everything set."""
    return replace(
        before,
        language=Language("en"),
        customer=CustomerId("cust-1"),
        proven=frozenset({OrderNumber("A-1"), OrderNumber("B 2")}),
        dialogue=rich_dialogue(),
        handoff=handoff(),
    )


def handoff(name: str = "h1", *, priority: int = 0, minutes: float = 0) -> Handoff:
    fact = Fact(key="fact.total", values={"total": Money(amount=Decimal("1.20"), currency="USD")})
    summary = Summary(
        reason=Reason.UPSET,
        emotion="angry",
        emotions=(("angry", 0.9),),
        last_message="人呢?",
        facts=(fact,),
    )
    return Handoff(
        id=HandoffId(name),
        reason=Reason.UPSET,
        summary=summary,
        opened_at=START + timedelta(minutes=minutes),
        priority=priority,
    )


def accepted(value: Handoff, agent: str = "agent-1", *, minutes: float = 1) -> Handoff:
    return value.accept(AgentId(agent), START + timedelta(minutes=minutes))


def ended(value: Handoff, *, minutes: float = 2) -> Handoff:
    return value.end(START + timedelta(minutes=minutes), return_to_bot=True, resolution="done")


def shopper_says(client_id: str, text: str = "我的订单呢?") -> Message:
    return Message(
        id=MessageId(f"m-{client_id}"),
        speaker=Speaker.SHOPPER,
        text=text,
        sent_at=START,
        client_id=client_id,
    )


def bot_says(name: str, text: str = "已发货 🙂") -> Message:
    return Message(
        id=MessageId(name),
        speaker=Speaker.BOT,
        text=text,
        sent_at=START,
        key="order_status.found",
        choices=(WordedChoice(label="Yes", value="/affirm"),),
        cards=(Card(type="order", data={"total": Money(amount=Decimal(5), currency="EUR")}),),
        sources=(Source(title="Delivery", article_id="delivery", version=3),),
    )


def understanding(text: str) -> Understanding:
    return Understanding(
        text=text,
        language=Language("zh"),
        ranking=tuple(Guess(intent=f"intent_{n}", confidence=1 / (n + 2)) for n in range(30)),
        in_scope=True,
        emotion=Emotion(name="anxious", confidence=0.7, intensity=1 / 3),
        entities=(Entity(type="order_number", value="A-1", text="#A-1", start=0, end=4),),
    )


def turn(message: Message, *replies: Message) -> Turn:
    return Turn(
        message=message,
        owner=Owner.BOT,
        language=Language("zh"),
        understanding=understanding(message.text),
        decision="use_skill",
        skill="order_status",
        replies=replies,
        handoff=HandoffView(id=HandoffId("h1"), reason=Reason.UPSET, position=1),
        timings={"understand": 4.25},
    )


def spoken(before: Conversation, client_id: str, *, replies: int = 1) -> Change:
    """A turn: the shopper says something, the bot answers."""
    message = shopper_says(client_id)
    answers = tuple(bot_says(f"r-{client_id}-{n}") for n in range(replies))
    after = replace(before, dialogue=replace(before.dialogue, turns=before.dialogue.turns + 1))
    return Change(
        before=before, after=after, messages=(message, *answers), turn=turn(message, *answers)
    )


def written(before: Conversation, *messages: Message) -> Change:
    """A change without a turn, as the desk makes it."""
    return Change(before=before, after=before, messages=messages)


def moved(before: Conversation, to: Callable[[Handoff], Handoff]) -> Change:
    """A change of the handoff alone."""
    assert before.handoff is not None
    return Change(before=before, after=replace(before, handoff=to(before.handoff)))
