"""What a message stands for: a part of it, a choice that it takes, or nothing in words."""

import re
from dataclasses import replace

from bot.dialogue.playbook import Playbook
from bot.dialogue.slots import is_bare, without
from bot.model import Entity, Guess, Request, Task, Understanding, WordedChoice
from bot.payloads import read_payload
from intents.model import HAN

_LINK = re.compile(r"\s*(?:https?://|www\.)\S+\s*", re.IGNORECASE)

_HAN = re.compile(f"[{HAN}]")
_WORDS = re.compile(rf"[^\W{HAN}]+")
LEAST_SENTENCE = 4.5
"""Words of a sentence that asks something; two signs of Chinese count as one."""


def trusted_intent(said: Understanding) -> str | None:
    """Return the intent to act on, None when the message is out of scope or names things only."""
    if said.exact is not None:
        return said.exact
    return said.intent if said.in_scope and not is_bare(said) else None


def is_wordless(said: Understanding) -> bool:
    """Say whether a message is signs alone, such as "???" or an emoji without fixed meaning."""
    return said.exact is None and not any(map(str.isalnum, said.text))


def is_link(said: Understanding) -> bool:
    """Say whether a message is a link and nothing else."""
    return _LINK.fullmatch(said.text) is not None


def beside_entities(said: Understanding) -> Understanding | None:
    """Return what a message says beside the things it names, None when that is no sentence.

    "a@example.com, and do you ship to Norway" asks something, "my e-mail is a@example.com" not.
    """
    text = without(said.text, said.entities)
    long_enough = len(_WORDS.findall(text)) + len(_HAN.findall(text)) / 2 >= LEAST_SENTENCE
    return replace(said, text=text, entities=()) if long_enough else None


def part_of(said: Understanding, request: Request) -> Understanding:
    """Return one wish of a message as if it had been said alone."""
    inside = [e for e in said.entities if request.start <= e.start and e.end <= request.end]
    moved = (
        replace(entity, start=entity.start - request.start, end=entity.end - request.start)
        for entity in inside
    )
    return replace(
        said,
        text=said.text[request.start : request.end],
        ranking=_only(request.intent, request.confidence, said),
        in_scope=True,
        entities=tuple(moved),
        requests=(),
        sure=True,
    )


def as_chosen(
    choice: WordedChoice, said: Understanding, task: Task | None, playbook: Playbook
) -> Understanding:
    """Return what was said as if the choice's button had been pressed."""
    chosen = replace(said, text=choice.value, entities=(), requests=(), exact=None, sure=True)
    if payload := read_payload(choice.value):
        ranking = _only(payload.name, 1.0, said)
        return replace(
            chosen, ranking=ranking, in_scope=True, exact=payload.name, entities=payload.entities
        )
    chosen = replace(chosen, in_scope=False)
    types = playbook.slots[task.skill].get(task.asked or "", ()) if task is not None else ()
    if not types:
        return chosen
    end = len(choice.value)
    entity = Entity(type=types[0], value=choice.value, text=choice.value, start=0, end=end)
    return replace(chosen, entities=(entity,))


def about_choice(
    choice: WordedChoice, said: Understanding, task: Task | None, playbook: Playbook
) -> Understanding | None:
    """Return a question as if it named the thing that it points at; None if that is no thing."""
    end = len(said.text)  # what stands in the text itself stays where it is
    things = tuple(
        replace(entity, start=end, end=end)
        for entity in as_chosen(choice, said, task, playbook).entities
    )
    return replace(said, entities=(*things, *said.entities)) if things else None


def _only(intent: str, confidence: float, said: Understanding) -> tuple[Guess, ...]:
    others = (guess for guess in said.ranking if guess.intent != intent)
    return (Guess(intent=intent, confidence=confidence), *others)
