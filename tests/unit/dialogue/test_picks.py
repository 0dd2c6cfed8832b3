"""Short answers, read in the light of what was offered."""

import pytest

from bot.dialogue.picks import is_plain_yes, pick, pointed_at
from bot.model import Offer, WordedChoice
from intents.answers import load_answers
from tests.unit.dialogue.build import said

WORDS = load_answers()
ORDERS = Offer(
    key="order_status.which",
    choices=(
        WordedChoice(label="SB-1 · Blue mug · shipped", value="SB-1"),
        WordedChoice(label="SB-2 · Oak desk lamp · pending", value="SB-2"),
        WordedChoice(label="SB-3 · 蓝色陶瓷杯 · 已发货", value="SB-3"),
    ),
)
TOPICS = Offer(
    key="clarify",
    choices=(
        WordedChoice(label="Where is my order?", value="/order_status"),
        WordedChoice(label="Delivery times", value="/delivery_time"),
        WordedChoice(label="Talk to a person", value="/contact_human"),
    ),
)


def taken(text: str, offer: Offer = ORDERS) -> list[str] | None:
    found = pick(said(text), offer, WORDS)
    return None if found is None else [choice.value for choice in found]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("the second one", "SB-2"),
        ("2", "SB-2"),
        ("yes, the first one please", "SB-1"),
        ("number 3", "SB-3"),
        ("option b", "SB-2"),
        ("I mean the last one", "SB-3"),
        ("第二个", "SB-2"),
        ("我要第一个", "SB-1"),
        ("第三个吧谢谢", "SB-3"),
        ("最后一个", "SB-3"),
        ("上面那个", "SB-1"),
    ],
)
def test_a_place_in_the_list_is_a_choice(text: str, value: str) -> None:
    assert taken(text) == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("the blue one", "SB-1"),
        ("lamp", "SB-2"),
        ("the desk lamp, please", "SB-2"),
        ("the pending one", "SB-2"),
        ("蓝色的那个", "SB-3"),
        ("那个蓝色的", "SB-3"),
        ("陶瓷杯", "SB-3"),
        ("SB-2", "SB-2"),
    ],
)
def test_words_of_one_label_are_a_choice(text: str, value: str) -> None:
    assert taken(text) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "none of these",
        "no, not that one",
        "neither",
        "something else",
        "都不是",
        "不是这个",
        "别的",
    ],
)
def test_refusing_everything_takes_nothing(text: str) -> None:
    assert taken(text) == []


@pytest.mark.parametrize("text", ["both", "all of them", "yes both please", "都要", "全部"])
def test_everything_may_be_taken_but_no_person_with_it(text: str) -> None:
    assert taken(text) == ["SB-1", "SB-2", "SB-3"]
    assert taken(text, TOPICS) == ["/order_status", "/delivery_time"]


@pytest.mark.parametrize("text", ["whichever", "I don't mind", "随便", "都行"])
def test_who_does_not_mind_gets_the_first(text: str) -> None:
    assert taken(text) == ["SB-1"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yes",
        "7",
        "20417",
        "my second order hasn't arrived",
        "is there a blue one in size M as well",
        "how much is a lamp",
        "one moment please",
        "我的第二个订单还没到",
        "好的",
        "the order",
    ],
)
def test_other_messages_choose_nothing(text: str) -> None:
    assert taken(text) is None


def test_a_word_that_several_labels_hold_chooses_none_of_them() -> None:
    two = Offer(key="k", choices=(*ORDERS.choices, WordedChoice(label="Blue bowl", value="SB-4")))
    assert taken("the blue one", two) is None


def test_the_plain_form_of_a_colour_finds_the_label_in_another_language() -> None:
    meant = said("那个藏青色的", color="藏青色")
    entity = meant.entities[0]
    offer = Offer(
        key="k",
        choices=(
            WordedChoice(label="Navy scarf", value="SB-8"),
            WordedChoice(label="Red scarf", value="SB-9"),
        ),
    )
    plain = type(entity)(type="color", value="navy", text=entity.text, start=entity.start,
                         end=entity.end)  # fmt: skip
    found = pick(type(meant)(text=meant.text, language=meant.language, ranking=meant.ranking,
                             in_scope=True, emotion=meant.emotion, entities=(plain,)),
                 offer, WORDS)  # fmt: skip
    assert found is not None
    assert found[0].value == "SB-8"


def test_a_yes_that_only_notes_is_told_from_one_that_wants() -> None:
    assert not is_plain_yes(said("OK!"), WORDS)
    assert not is_plain_yes(said("好的"), WORDS)
    assert not is_plain_yes(said("the first one"), WORDS)
    assert not is_plain_yes(said("yes i checked with the neighbours"), WORDS)
    assert is_plain_yes(said("yes please"), WORDS)
    assert is_plain_yes(said("要"), WORDS)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("is the second one dishwasher safe?", "SB-2"),
        ("how much is the last one", "SB-3"),
        ("does option 1 come in red", "SB-1"),
        ("and the 3rd item, when does it come", "SB-3"),
        ("第二个有红色的吗", "SB-2"),
        ("那第3个多少钱", "SB-3"),
        ("倒数第二个结实吗", "SB-2"),
        ("最后一个什么时候到", "SB-3"),
    ],
)
def test_a_question_points_at_a_place(text: str, value: str) -> None:
    found = pointed_at(said(text), ORDERS, WORDS)

    assert found is not None
    assert found.value == value


@pytest.mark.parametrize(
    "text",
    [
        "which is better, the first one or the second one",
        "第一个和第二个哪个好",
        "第一次买，有优惠吗",
        "is there a version in red",
        "i bought two items",
        "does the fifth one fit",
        "第五个有红色吗",
        "at first i liked it",
        "tell me a story about the second one " * 8,
        "最后一个问题，什么时候发货",
        "第一个月内能退吗",
        "第二个工作日能到吗",
        "我是第二个人用这个码吗",
        "my first order never came",
    ],
)
def test_a_sentence_that_points_at_no_one_place(text: str) -> None:
    assert pointed_at(said(text), ORDERS, WORDS) is None


def test_a_place_needs_several_to_choose_from() -> None:
    one = Offer(key="clarify", choices=TOPICS.choices[:1])

    assert pointed_at(said("is the first one red"), one, WORDS) is None
