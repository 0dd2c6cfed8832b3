"""Words are put on once, and none are said a third time."""

import itertools
from dataclasses import replace

from bot.dialogue.speech import SAID_AT_MOST, Speech
from bot.model import Conversation, Dialogue, Phrase, Reply, Speaker
from bot.words import ReplyWords
from tests.unit.dialogue.build import AT, EN, conversation

WORDS = {
    "en": {
        "hello": ("Hi", "Hello"),
        "answer": ("It is {what}",),
        "sorry": ("Sorry.",),
        "list.separator": (", ",),
    }
}


def speech() -> Speech:
    ids = (f"m{n}" for n in itertools.count(1))
    words = ReplyWords(WORDS, zone=AT.tzinfo)  # type: ignore[arg-type]
    return Speech(words=words, now=lambda: AT, new_id=lambda: next(ids))


def heard(recent: tuple[str, ...]) -> Conversation:
    return conversation(Dialogue(recent=recent))


def test_every_wording_is_used_before_one_comes_back() -> None:
    talk, texts = conversation(), []
    voice = speech()
    for _ in range(2):
        spoken = voice.put([Reply(key="hello")], talk)
        texts += [m.text for m in spoken.messages]
        talk = heard(spoken.recent)
    assert sorted(texts) == ["Hello", "Hi"]


def test_nothing_is_said_a_third_time_and_the_bot_is_stuck_instead() -> None:
    talk, voice = conversation(), speech()
    for _ in range(SAID_AT_MOST):
        spoken = voice.put([Reply(key="answer", values={"what": "x"})], talk)
        assert not spoken.stuck
        talk = heard(spoken.recent)
    third = voice.put([Reply(key="answer", values={"what": "x"})], talk)
    assert third.stuck
    assert third.messages == ()


def test_other_values_are_another_text() -> None:
    talk, voice = conversation(), speech()
    for what in ("a", "b", "c", "d"):
        spoken = voice.put([Reply(key="answer", values={"what": what})], talk)
        assert not spoken.stuck
        talk = heard(spoken.recent)


def test_a_system_line_is_left_out_rather_than_repeated() -> None:
    talk, voice = conversation(), speech()
    line = Reply(key="answer", values={"what": "x"}, speaker=Speaker.SYSTEM)
    for _ in range(SAID_AT_MOST):
        talk = heard(voice.put([line], talk).recent)
    third = voice.put([line], talk)
    assert (third.messages, third.stuck) == ((), False)


def test_the_opening_stands_before_the_text() -> None:
    reply = replace(Reply(key="hello"), opening=Phrase(key="sorry"))
    [message] = speech().put([reply], conversation()).messages
    assert message.text.startswith("Sorry.\n")
    assert message.key == "hello"
    assert message.sent_at == AT
    assert conversation().language == EN
