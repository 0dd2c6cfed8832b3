"""What counts as the same e-mail, telephone, name or postcode."""

import pytest

from bot.shop.identity import folded_phone, same_email, same_name, same_phone, same_zip


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Mei.Lin@Example.com", " mei.lin@example.COM ", True),
        ("ｍｅｉ＠example.com", "mei@example.com", True),
        ("mei@example.com", "mei@example.org", False),
        ("", "", False),
    ],
)
def test_emails(one: str, other: str, *, same: bool) -> None:
    assert same_email(one, other) is same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+1 415-555-0142", "(415) 555-0142", True),
        ("+1 415-555-0142", "4155550142", True),
        ("+1 415-555-0142", "+1 (415) 555 0142", True),
        ("+86 138 0013 8000", "13800138000", True),
        ("+86 138 0013 8000", "１３８００１３８０００", True),
        ("+49 30 23125 117", "030 23125117", True),
        ("+49 30 23125 117", "0049 30 23125117", True),
        ("030 23125117", "030/23125-117", True),
        ("+1 415-555-0142", "5550142", False),
        ("+1 415-555-0142", "+44 415 555 0142", False),
        ("+1 415-555-0142", "415-555-0143", False),
        ("0142", "0142", False),
        ("", "", False),
        ("call me", "call me", False),
    ],
)
def test_phones(one: str, other: str, *, same: bool) -> None:
    assert same_phone(one, other) is same
    assert same_phone(other, one) is same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Mei Lin", "LIN  mei", True),
        ("Lin, Mei", "mei lin", True),
        ("José Ñúñez", "jose nunez", True),
        ("Anne-Marie O'Brien", "anne marie obrien", True),
        ("张伟", "张 伟", True),
        ("Straße", "STRASSE", True),
        ("Mei", "Mei Lin", False),
        ("hi, my name is Mei Lin, ZIP", "Mei Lin", True),
        ("我叫张伟", "张伟", True),
        ("Ana Bo Cy Di Ed Flo Gus Hal Ida Mei Lin", "Mei Lin", False),
        ("Mei Lin", "Mei Lin Chen", False),
        ("", "", False),
        ("-", "-", False),
    ],
)
def test_names(one: str, other: str, *, same: bool) -> None:
    assert same_name(one, other) is same


@pytest.mark.parametrize(
    ("one", "others", "same"),
    [
        ("bs14ab", ["BS1 4AB"], True),
        ("94110", [None, "94110"], True),
        ("9411", ["94110"], False),
        ("", [""], False),
        (None, [None], False),
        ("-", ["-"], False),
    ],
)
def test_postcodes(one: str | None, others: list[str | None], *, same: bool) -> None:
    assert same_zip(one, others) is same


def test_a_folded_phone_keeps_its_plus() -> None:
    assert folded_phone(" +44 (20) 7946-0321 ") == "+44207946" + "0321"
    assert folded_phone("none") is None
