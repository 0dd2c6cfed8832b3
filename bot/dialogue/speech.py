"""Put the words on a turn's replies, once, and never the same ones a third time."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.model import (
    Conversation,
    Language,
    Message,
    MessageId,
    Offer,
    Phrase,
    Reply,
    Speaker,
    WordedChoice,
)
from bot.ports import Now, Words

SAID_AT_MOST = 2
"""How often one text may stand among the remembered replies."""

REMEMBERED = 12
"""How many of the last replies are looked at: a greeting next week is no repetition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """Messages in order, and the digests to remember; `stuck` if a reply had no new wording."""

    messages: tuple[Message, ...]
    recent: tuple[str, ...]
    stuck: bool = False

    @property
    def offer(self) -> Offer | None:
        """Return the choices that the bot offered last; short answers are read in their light."""
        offered = [m for m in self.messages if m.choices and m.speaker is Speaker.BOT]
        if not offered:
            return None
        return Offer(key=str(offered[-1].key), choices=offered[-1].choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """Turns replies into messages."""

    words: Words
    now: Now
    new_id: Callable[[], str]

    def put(self, replies: Sequence[Reply], conversation: Conversation) -> Spoken:
        """Word the replies in the conversation's language.

        A reply whose every wording was given twice of late is left out: the bot's makes the turn
        stuck, so that a person is called; a `system` message is just not said again.
        """
        recent = conversation.dialogue.recent
        messages: list[Message] = []
        stuck = False
        for reply in replies:
            text = self._fresh_text(reply, conversation.language, recent)
            if text is None:
                stuck = stuck or reply.speaker is Speaker.BOT
                continue
            recent = (*recent, _digest(text))[-REMEMBERED:]
            messages.append(self._message(reply, text, conversation.language))
        return Spoken(messages=tuple(messages), recent=recent, stuck=stuck)

    def _fresh_text(self, reply: Reply, language: Language, recent: tuple[str, ...]) -> str | None:
        phrase = Phrase(key=reply.key, values=reply.values)
        plain = [
            self.words.say(phrase, language, variant=n)
            for n in range(self.words.variants(reply.key, language) or 1)
        ]
        texts = [self._with_opening(reply, text, language) for text in plain]
        # The same question behind another opening is still the same question.
        said = [
            recent.count(_digest(a)) + recent.count(_digest(b))
            for a, b in zip(texts, plain, strict=True)
        ]
        text = texts[said.index(min(said))]
        return text if recent.count(_digest(text)) < SAID_AT_MOST else None

    def _with_opening(self, reply: Reply, text: str, language: Language) -> str:
        if reply.opening is None:
            return text
        return f"{self.words.say(reply.opening, language)}\n{text}"

    def _message(self, reply: Reply, text: str, language: Language) -> Message:
        choices = tuple(
            WordedChoice(label=self.words.say(choice.label, language), value=choice.value)
            for choice in reply.choices
        )
        return Message(
            id=MessageId(self.new_id()),
            speaker=reply.speaker,
            text=text,
            sent_at=self.now(),
            key=reply.key,
            choices=choices,
            cards=reply.cards,
            sources=reply.sources,
        )


def _digest(text: str) -> str:
    """Return 16 hex digits of a text, so that no words are kept twice."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
