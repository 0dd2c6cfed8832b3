"""Answer from approved text: search articles and the catalogue, quote what is sure."""

from dataclasses import dataclass, replace

from bot.commerce import ProductId
from bot.dialogue.choices import person_choice, title_choice, topic_choice
from bot.dialogue.outcome import Outcome, answered
from bot.dialogue.playbook import Playbook
from bot.dialogue.tasks import Tasks
from bot.dialogue.tone import opening
from bot.model import (
    Clarify,
    Conversation,
    Phrase,
    Recognition,
    Reply,
    SearchKnowledge,
    Source,
    Task,
    Understanding,
)
from bot.ports import Retriever, Words
from escalation.model import Reason
from knowledge_base.model import Hit, Kind, SearchResult

SUGGESTIONS = 3
"""Products in a recommendation; near topics offered when no answer was found."""

CLEAR_INTENT = 0.95
"""Confidence from which an article on the intent is an answer even where search isn't sure:
"don't like it. return" shares no word with the rules of returns."""

LONGEST_ANSWER = 420
"""Characters up to which two passages are told together."""

QUESTION_SKILL = "product_question"
"""The skill that answers about one product, found by search first."""


TOPIC_FROM = 0.8
"""Confidence from which the intent may steer the search. On held-out questions of both languages
a lower one puts more of what the shop has no answer to before an article on its topic."""


def topic_of(said: Understanding) -> str | None:
    """Return what a question is about, where that is clear enough to search by."""
    if said.exact is not None:
        return said.exact
    return said.intent if said.in_scope and said.confidence >= TOPIC_FROM else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Searcher:
    """Finds the answer to a question, or says honestly that there is none."""

    retriever: Retriever
    tasks: Tasks
    words: Words
    playbook: Playbook

    async def search(
        self, decision: SearchKnowledge, conversation: Conversation, recognition: Recognition
    ) -> Outcome:
        """Answer from the index; a second search in a row without an answer calls a person."""
        if decision.products:
            found = await self._products(decision, conversation, recognition)
            if found is not None:
                return found
        result = await self._find(decision, conversation, recognition)
        if not (result.sure or _is_told_by_topic(result, recognition.understanding)):
            return await self._nothing(result, decision, conversation)
        return await self._tell(result, decision, conversation, recognition)

    async def clarify(
        self, decision: Clarify, conversation: Conversation, recognition: Recognition
    ) -> Outcome:
        """Answer where the search is sure; else ask which of the likeliest topics is meant."""
        if decision.search is not None:
            result = await self._find(decision.search, conversation, recognition)
            if result.sure:
                return await self._tell(result, decision.search, conversation, recognition)
        feeling = opening(conversation, decision.topics[0], self.playbook)
        choices = (*map(topic_choice, decision.topics), person_choice())
        reply = Reply(key="clarify", opening=feeling, choices=choices)
        return Outcome(decision="clarify", after=conversation, replies=(reply,))

    async def _find(
        self, decision: SearchKnowledge, conversation: Conversation, recognition: Recognition
    ) -> SearchResult:
        about_shop = decision.intent is not None and not decision.products
        kinds = (Kind.ARTICLE,) if about_shop else (Kind.ARTICLE, Kind.PRODUCT)
        return await self._look_up(decision, conversation, recognition, kinds)

    async def _tell(
        self,
        result: SearchResult,
        decision: SearchKnowledge,
        conversation: Conversation,
        recognition: Recognition,
    ) -> Outcome:
        """Answer with the best hit."""
        if result.hits[0].kind is Kind.PRODUCT:
            slots = _asked_of(result.hits[0].id, recognition.understanding)
            task = Task(skill=QUESTION_SKILL, slots=slots)
            return await self._use(task, None, conversation)
        reply = self._quote(result.hits[0], decision, conversation)
        after = answered(conversation, reply)
        return Outcome(decision="search_knowledge", after=after, replies=(reply,))

    async def _look_up(
        self,
        decision: SearchKnowledge,
        conversation: Conversation,
        recognition: Recognition,
        kinds: tuple[Kind, ...],
    ) -> SearchResult:
        said = recognition.understanding
        if said.exact is None or decision.intent is None:
            query, vector = said.text, recognition.vector
        else:  # a button was pressed: its label is the question
            label = Phrase(key=f"topic.{decision.intent}")
            query, vector = self.words.say(label, conversation.language), None
        return await self.retriever.search(
            query,
            language=conversation.language,
            vector=vector,
            kinds=kinds,
            topic=topic_of(said),
        )

    async def _products(
        self, decision: SearchKnowledge, conversation: Conversation, recognition: Recognition
    ) -> Outcome | None:
        """Answer from the catalogue; None when no product is meant."""
        result = await self._look_up(decision, conversation, recognition, (Kind.PRODUCT,))
        task = self._product_task(decision, result, conversation, recognition)
        if task is None:
            return None
        return await self._use(task, decision.intent, conversation)

    def _product_task(
        self,
        decision: SearchKnowledge,
        result: SearchResult,
        conversation: Conversation,
        recognition: Recognition,
    ) -> Task | None:
        said = recognition.understanding
        found = list(dict.fromkeys(hit.id for hit in result.hits))[:SUGGESTIONS]
        known = conversation.dialogue.product
        named = said.first("product")
        if decision.intent in self.tasks.skills and decision.intent != QUESTION_SKILL and found:
            skill, product = str(decision.intent), ",".join(found)
        elif named is not None:
            skill, product = QUESTION_SKILL, named.value
        elif result.sure:
            skill, product = QUESTION_SKILL, found[0]
        elif known is not None:
            skill, product = QUESTION_SKILL, known  # "and in blue?" means the one before
        else:
            return None
        return Task(skill=skill, slots=_asked_of(product, said))

    async def _use(self, task: Task, intent: str | None, conversation: Conversation) -> Outcome:
        """Answer with a skill about products, and remember which one was spoken of."""
        feeling = opening(conversation, intent, self.playbook)
        outcome = await self.tasks.step(task, conversation, feeling)
        chosen = ProductId(task.slots["product"].split(",")[0])
        dialogue = replace(outcome.after.dialogue, product=chosen)
        return replace(outcome, after=replace(outcome.after, dialogue=dialogue))

    def _quote(self, hit: Hit, decision: SearchKnowledge, conversation: Conversation) -> Reply:
        rule = self.playbook.intents.get(decision.intent) if decision.intent else None
        choices = (person_choice(),) if rule is not None and rule.person_helps else ()
        source = Source(title=hit.title, article_id=hit.id, version=hit.version, url=hit.url)
        other = hit.language != conversation.language
        return Reply(
            key="knowledge.answer_other_language" if other else "knowledge.answer",
            values={"text": _told(hit)},
            opening=opening(conversation, decision.intent, self.playbook),
            choices=choices,
            sources=(source,),
        )

    async def _nothing(
        self, result: SearchResult, decision: SearchKnowledge, conversation: Conversation
    ) -> Outcome:
        dialogue = conversation.dialogue
        misses = dialogue.misses + 1
        after = replace(conversation, dialogue=replace(dialogue, misses=misses))
        if misses >= self.playbook.policy.misses:
            return Outcome(decision="hand_over", after=after, person=Reason.NOT_UNDERSTOOD)
        task = dialogue.tasks[-1] if dialogue.tasks else None
        if task is not None and task.asked is not None:
            again = await self.tasks.step(task, after, Phrase(key="resume.unclear"))
            return replace(again, decision="clarify")
        near = dict.fromkeys(hit.title for hit in result.hits)
        titles = [title_choice(title) for title in list(near)[:SUGGESTIONS]]
        reply = Reply(
            key="knowledge.nothing",
            opening=opening(conversation, decision.intent, self.playbook),
            choices=(*titles, person_choice()),
        )
        return Outcome(decision="clarify", after=after, replies=(reply,))


def _asked_of(product: str, said: Understanding) -> dict[str, str]:
    """Return the slots of a question about products: their ids, and how they are described."""
    looks = {kind: e.text for kind in ("color", "size") if (e := said.first(kind)) is not None}
    return {"product": product, "text": said.text, **looks}


def _is_told_by_topic(result: SearchResult, said: Understanding) -> bool:
    """Say whether the intent is so clear that the article on it answers, however it was asked."""
    clear = said.in_scope and said.confidence >= CLEAR_INTENT
    return clear and bool(result.hits) and result.hits[0].on_topic


def _told(hit: Hit) -> str:
    """Return the passage, with the next one of its article if both are short enough to read."""
    both = f"{hit.text}\n\n{hit.more}" if hit.more else hit.text
    return both if len(both) <= LONGEST_ANSWER else hit.text
