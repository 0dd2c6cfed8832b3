"""The environment and `shopbell.yml`: what they accept, and how they name what is wrong."""

from datetime import time
from pathlib import Path

import pytest

from bot.settings import SettingsError, ShopRules, read_rules, read_settings


def write(home: Path, text: str) -> Path:
    (home / "shopbell.yml").write_text(text, encoding="utf-8")
    return home


def test_a_home_without_rules_has_the_defaults(tmp_path: Path) -> None:
    assert read_rules(tmp_path) == ShopRules()


@pytest.mark.parametrize("quote", ["", '"'])
def test_opening_hours_need_no_quotes(tmp_path: Path, quote: str) -> None:
    day = f"mon: [{quote}10:00{quote}, {quote}18:30{quote}]"
    rules = read_rules(write(tmp_path, f"hours:\n  days:\n    {day}\n"))
    assert rules.hours.days == {"mon": (time(10), time(18, 30))}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("hourz: {}", "hourz"),
        ("hours: {days: {monday: ['09:00', '17:00']}}", "monday"),
        ("hours: {days: {mon: ['17:00', '09:00']}}", "mon"),
        ("hours: {days: {mon: [9:00, 30:00]}}", "hours.days.mon"),
        ("time_zone: Mars/Olympus", "time_zone"),
        ("order_number: '(['", "order_number"),
        ("escalate: {misses: 0}", "escalate.misses"),
        ("- a list", "mapping"),
        ("name: [", "YAML"),
    ],
)
def test_a_wrong_rule_is_named_with_its_file(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(SettingsError, match=r"shopbell\.yml") as caught:
        read_rules(write(tmp_path, text))
    assert named in str(caught.value)


def test_the_shops_name_has_one_form_or_one_per_language() -> None:
    assert ShopRules(name="Shop").name_in("zh") == "Shop"
    names = ShopRules(name={"en": "Lantern", "zh": "灯"})
    assert [names.name_in(language) for language in ("en", "zh", "de")] == [
        "Lantern",
        "灯",
        "Lantern",
    ]


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql+psycopg://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("sqlite:///x.db", "sqlite+aiosqlite:///x.db"),
    ],
)
def test_a_database_is_opened_with_the_driver_that_shopbell_has(url: str, driver: str) -> None:
    assert read_settings(database_url=url).database == driver


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPBELL_LOG_JSON", "perhaps")
    with pytest.raises(SettingsError, match="SHOPBELL_LOG_JSON"):
        read_settings()
