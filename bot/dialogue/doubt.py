"""When to ask back instead of acting on a guess, and about what."""

from bot.dialogue.meant import trusted_intent
from bot.dialogue.playbook import Playbook
from bot.model import Clarify, Conversation, SearchKnowledge, Understanding

MOST_TOPICS = 3
LEAST_LIKELY = 0.08
"""Confidence below which a topic isn't worth offering beside a likelier one."""

PRODUCT_TOLD = "product."
"""Beginning of the keys of replies that tell about a product."""

ASKED_BACK = frozenset({"clarify", "choose.none", "choose.which", "knowledge.nothing"})
"""Replies behind which asking back once more would be a loop."""


def clarify(conversation: Conversation, said: Understanding, playbook: Playbook) -> Clarify | None:
    """Return the question to ask back; None when the best guess may be acted on.

    Never twice in a row, never while another question is open: then the search answers, or says
    that it can't and offers a person. A guess that is no topic (a greeting, a yes) does no harm.
    """
    intent = trusted_intent(said)
    if intent is None or said.exact is not None or said.sure or not _is_topic(intent, playbook):
        return None
    if _asked_before(conversation) or _is_told_otherwise(conversation, said, intent, playbook):
        return None
    likely = [
        guess.intent
        for guess in said.ranking
        if _is_topic(guess.intent, playbook) and guess.confidence >= LEAST_LIKELY
    ]
    topics = tuple(dict.fromkeys([intent, *likely]))[:MOST_TOPICS]
    return Clarify(topics=topics, search=_search(intent, playbook))


def _is_topic(intent: str, playbook: Playbook) -> bool:
    rule = playbook.intents.get(intent)
    return rule is not None and rule.answered_by not in {"reply", "context", "person"}


def _asked_before(conversation: Conversation) -> bool:
    dialogue = conversation.dialogue
    open_question = bool(dialogue.tasks) and dialogue.tasks[-1].asked is not None
    asked_back = dialogue.offer is not None and dialogue.offer.key in ASKED_BACK
    return open_question or asked_back or dialogue.misses > 0


def _is_told_otherwise(
    conversation: Conversation, said: Understanding, intent: str, playbook: Playbook
) -> bool:
    """Say whether something else bears the guess out.

    A thing named in the message belongs to the skill that was guessed; or the guess is a question
    about a product, and a product was just spoken of.
    """
    skills = {playbook.for_entity.get(entity.type) for entity in said.entities}
    if playbook.skill_of(intent) in skills - {None}:
        return True
    about_products = playbook.intents[intent].answered_by == "products"
    last = conversation.dialogue.tried[-1:]
    return about_products and bool(last) and last[0].startswith(PRODUCT_TOLD)


def _search(intent: str, playbook: Playbook) -> SearchKnowledge | None:
    """Return what to look for first: a sure answer is better than a question."""
    kind = playbook.intents[intent].answered_by
    if kind.startswith("skill:"):
        return None
    return SearchKnowledge(intent=intent if kind == "articles" else None)
