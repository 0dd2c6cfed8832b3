"""Several wishes in one turn, carried out with skills that ask, tell and fail."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from bot.dialogue.answers import Answerer
from bot.dialogue.queue import Queue
from bot.dialogue.tasks import Tasks
from bot.model import (
    Conversation,
    Dialogue,
    Drop,
    Meant,
    Offer,
    Preview,
    Recognition,
    Reply,
    Say,
    Several,
    Task,
    UseSkill,
    WordedChoice,
)
from bot.ports import Done, Failed, Need, ShopAccess, ShopUnavailableError, Skill, Step, Store
from escalation.model import Reason, State
from tests.unit.dialogue.build import AT, PLAYBOOK, conversation, said


@dataclass(frozen=True)
class AskingSkill:
    """Asks for a number, then tells."""

    name: str
    slots: Mapping[str, tuple[str, ...]]

    async def step(
        self,
        task: Task,
        shop: ShopAccess,
        now: datetime,
    ) -> Step:
        if "number" in task.slots or not self.slots:
            return Done(reply=Reply(key=f"{self.name}.told"))
        return Need(slot="number", reply=Reply(key=f"{self.name}.ask"), task=task)

    async def apply(
        self,
        preview: Preview,
        shop: ShopAccess,
        now: datetime,
    ) -> Done | Failed:
        return Failed(why=f"Expected no preview, but got {preview.id}")


class BrokenSkill(AskingSkill):
    """Fails as a shop does that can't be reached."""

    async def step(self, task: Task, shop: ShopAccess, now: datetime) -> Step:
        raise ShopUnavailableError("down")


class Shop:
    """What skills here need of a shop: nothing."""

    proven: frozenset[Any] = frozenset()


class EmptyStore:
    """A store in which nobody waits."""

    async def handoffs(self, state: State) -> list[Conversation]:
        return []


ASKS = {"number": ("order_number",)}
SKILLS = {
    "track": AskingSkill("track", ASKS),
    "swap": AskingSkill("swap", ASKS),
    "price": AskingSkill("price", {}),
    "broken": BrokenSkill("broken", {}),
}

ANSWERER = Answerer(
    tasks=Tasks(
        skills=cast(Mapping[str, Skill], SKILLS),
        open_shop=lambda *_: cast(ShopAccess, Shop()),
        now=lambda: AT,
    ),
    searcher=cast(Any, None),
    queue=Queue(
        store=cast(Store, EmptyStore()),
        now=lambda: AT,
        new_id=lambda: "h1",
        is_open=lambda _: True,
        next_opening=lambda _: None,
    ),
    playbook=PLAYBOOK,
)


async def carried_out(before: Conversation, *skills: str) -> tuple[list[str], Conversation]:
    """Carry out one wish for each skill; returns the keys of the replies, and what is left."""
    parts = tuple(
        Meant(said=said(name, name), decision=UseSkill(task=Task(skill=name))) for name in skills
    )
    heard = Recognition(understanding=said("a and b"))
    outcome = await ANSWERER.carry_out(Several(parts=parts), before, heard)
    assert outcome.decision in {"several", "hand_over"}
    return [reply.key for reply in outcome.replies], outcome.after


def stack(after: Conversation) -> list[tuple[str, str | None]]:
    return [(task.skill, task.asked) for task in after.dialogue.tasks]


async def test_answers_come_in_the_order_of_the_wishes() -> None:
    keys, after = await carried_out(conversation(), "price", "price")
    assert keys == ["price.told", "price.told"]
    assert stack(after) == []


async def test_the_question_stands_last_and_the_other_wish_is_answered() -> None:
    keys, after = await carried_out(conversation(), "track", "price")
    assert keys == ["price.told", "track.ask"]
    assert stack(after) == [("track", "number")]


async def test_a_second_question_waits_and_is_taken_up() -> None:
    keys, after = await carried_out(conversation(), "track", "swap")
    assert keys == ["track.ask"]
    assert stack(after) == [("swap", None), ("track", "number")]

    task = Task(skill="track", slots={"number": "7"}, asked="number")
    heard = Recognition(understanding=said("7"))
    outcome = await ANSWERER.carry_out(UseSkill(task=task), after, heard)

    assert [reply.key for reply in outcome.replies] == ["track.told", "swap.ask"]
    opening = outcome.replies[1].opening
    assert opening is not None
    assert opening.key == "next_request"
    assert stack(outcome.after) == [("swap", "number")]


async def test_the_question_that_was_open_before_comes_back_once() -> None:
    before = conversation(Dialogue(tasks=(Task(skill="track", asked="number"),)))
    keys, after = await carried_out(before, "price", "price")
    assert keys == ["price.told", "price.told", "track.ask"]
    assert stack(after) == [("track", "number")]


async def test_what_was_answered_before_a_failure_is_still_said() -> None:
    keys, after = await carried_out(conversation(), "price", "broken", "track")
    assert keys == ["price.told", "handoff.skill_failed", "queue.place"]
    assert after.handoff is not None
    assert after.handoff.reason is Reason.SKILL_FAILED
    assert after.handoff.summary.last_message == "a and b"


async def test_a_moment_keeps_the_question_and_what_was_offered() -> None:
    offer = Offer(key="k", choices=(WordedChoice(label="a", value="b"),))
    task = Task(skill="track", asked="number")
    before = conversation(Dialogue(tasks=(task,), offer=offer))
    outcome = await ANSWERER.carry_out(
        Say(key="wait"), before, Recognition(understanding=said("hang on", "wait"))
    )
    assert [reply.key for reply in outcome.replies] == ["wait"]
    assert outcome.keeps_offer
    assert stack(outcome.after) == [("track", "number")]


async def test_the_question_is_put_in_other_words() -> None:
    before = conversation(Dialogue(tasks=(Task(skill="track", asked="number"),)))
    outcome = await ANSWERER.carry_out(
        Say(key="explain"), before, Recognition(understanding=said("what?"))
    )
    assert [reply.key for reply in outcome.replies] == ["track.ask"]
    opening = outcome.replies[0].opening
    assert opening is not None
    assert opening.key == "explain"


async def test_who_drops_one_wish_is_asked_about_the_other() -> None:
    _, after = await carried_out(conversation(), "track", "swap")
    outcome = await ANSWERER.carry_out(
        Drop(), after, Recognition(understanding=said("no", "deny"))
    )
    assert [reply.key for reply in outcome.replies] == ["task.dropped", "swap.ask"]
