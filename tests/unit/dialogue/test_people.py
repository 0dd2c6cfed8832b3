"""Names and addresses in answers to the questions for them, and what is neither."""

import pytest

from bot.dialogue.people import person_name, postal_address


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("it's Mei Lin", "Mei Lin"),
        ("it’s under Sarah K. Jones", "Sarah K. Jones"),
        ("my name is o'brien and my zip is", "o'brien"),
        ("Jean-Luc Picard", "Jean-Luc Picard"),
        ("I am Zoë Müller.", "Zoë Müller"),
        ("我叫林梅", "林梅"),
        ("林梅", "林梅"),
        ("欧阳娜娜", "欧阳娜娜"),
        ("好的，我是陈晨", "陈晨"),
        ("收件人：阿卜杜拉·买买提", "阿卜杜拉·买买提"),
        ("收货人 王小明 ，浙江省杭州市西湖区文三路 12 号 3 楼", "王小明"),
    ],
)
def test_a_name_is_known_by_how_it_is_given(text: str, name: str) -> None:
    assert person_name(text, asked=False) == name


def test_a_bare_name_is_enough_where_it_alone_was_asked_for() -> None:
    assert person_name("mei lin", asked=True) == "mei lin"
    assert person_name("mei lin", asked=False) is None


@pytest.mark.parametrize(
    "text",
    ["why do you need that", "no idea", "my zip is", "不知道", "为什么要这个", "", "???", "Thanks",
     "i want a human", "邮编", "x" * 5000, "no " * 2000],
)  # fmt: skip
def test_what_is_no_name(text: str) -> None:
    assert person_name(text, asked=True) is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("my address is 12 Elm St, Portland, ME 04101", "12 Elm St, Portland, ME 04101"),
        (
            "Please ship it to Flat 3, 221B Baker Street, London NW1 6XE",
            "Flat 3, 221B Baker Street, London NW1 6XE",
        ),
        (
            "it's Mei Lin, 45 Ocean Ave Apt 2, San Francisco, CA 94110",
            "45 Ocean Ave Apt 2, San Francisco, CA 94110",
        ),
        ("PO Box 123, Austin TX 78701", "PO Box 123, Austin TX 78701"),
        (
            "收货人 王小明 13800001234, 浙江省杭州市西湖区文三路 12 号 3 楼",
            "浙江省杭州市西湖区文三路 12 号 3 楼",
        ),
        ("地址改成上海市浦东新区张江路88号2栋501室", "上海市浦东新区张江路88号2栋501室"),
        ("广州天河区体育西路", "广州天河区体育西路"),
    ],
)
def test_an_address_comes_without_its_introduction(text: str, address: str) -> None:
    assert postal_address(text, ["13800001234"]) == address


@pytest.mark.parametrize("text", ["i don't know", "改到公司", "why", "the street is closed", "号"])
def test_what_is_no_address(text: str) -> None:
    assert postal_address(text) is None
