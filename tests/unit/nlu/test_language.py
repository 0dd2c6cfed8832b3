"""The language of a text: writing first, the talk's language where the text tells none."""

import pytest

from bot.model import Language
from bot.nlu.language import LanguageDetector
from intents.model import LanguageInfo

EN, ZH = Language("en"), Language("zh")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("退货政策", ZH),
        ("refund", EN),
        ("where is my order", EN),
        ("iPhone 15 Pro Max 有货吗", ZH),
        ("我的 order 呢", ZH),
        ("绑定的邮箱想换成wang88@example.com", ZH),
        ("SB-21990的积分没有加上", ZH),
        ("do you have 苹果 phone", EN),
        ("訂單到哪了", ZH),
    ],
)
def test_writing_tells_the_language(text: str, language: Language) -> None:
    assert LanguageDetector().detect(text) == language


@pytest.mark.parametrize(
    "text", ["", "ok", "😀", "12345", "SB-20417", "a@b.example", "?!", "привет"]
)
@pytest.mark.parametrize("hint", [EN, ZH])
def test_the_hint_decides_what_tells_nothing(text: str, hint: Language) -> None:
    assert LanguageDetector().detect(text, hint) == hint


def test_a_sentence_with_a_foreign_address_stays_in_its_talk() -> None:
    detect = LanguageDetector().detect

    assert detect("please send it to 上海市浦东新区世纪大道", EN) == EN
    assert detect("我住在 Baker Street London 那边，能送吗", ZH) == ZH


def test_the_default_is_one_of_the_languages() -> None:
    assert LanguageDetector(default="zh").detect("👍") == ZH
    assert LanguageDetector(default="fr").detect("👍") in {EN, ZH}
    assert LanguageDetector().detect("👍", Language("fr")) == EN


def test_languages_that_share_a_writing_are_told_apart() -> None:
    latin = ("Latin",)
    detect = LanguageDetector(
        {
            "en": LanguageInfo(name="English", scripts=latin, detected_as=("en",)),
            "de": LanguageInfo(name="Deutsch", scripts=latin, detected_as=("de",)),
        }
    ).detect

    assert detect("Wann kommt meine Bestellung endlich an, ich warte schon lange") == "de"
    assert detect("when will the parcel that I ordered arrive at my house") == "en"
