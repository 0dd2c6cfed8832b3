"""`shopbell evaluate` as somebody outside calls it, and its page in a browser."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from bot.nlu.evaluation.page import page as rendered
from bot.nlu.evaluation.report import Report
from intents.loader import load_catalog
from tests.e2e.browsing import DESKTOP, PHONE, open_page, serious
from tests.e2e.test_commands import Command, assert_refused
from tests.nlu.rasa_form import write_as_rasa
from tests.unit.nlu.evaluation.reports import NAMES, full_report, held_back_report

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

TRAINED = """version: "3.1"
nlu:
- intent: book_table
  examples: |
    - I want to book a table for [two](number)
    - reserve a table for tonight please
    - can I get a table
    - a table for four, eight o'clock
- intent: opening
  examples: |
    - when do you open
    - how late are you open on sundays
    - opening hours
    - are you closed today
"""
ASKED = """version: "3.1"
nlu:
- intent: book_table
  examples:
  - text: may we have a table at seven
  - text: is there a table free when you open
    metadata:
      also: [opening]
- intent: opening
  examples: |
    - at what time do you close
- intent: out_of_scope
  examples: |
    - who wrote hamlet
"""


@pytest.fixture
def shopbell(tmp_path: Path) -> Command:
    """The command on an empty home."""
    return Command(home=tmp_path / "home")


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    file = tmp_path / "asked.yml"
    file.write_text(ASKED, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    (folder / "nlu.yml").write_text(TRAINED, encoding="utf-8")
    shopbell = Command(home=folder / "home")
    ended = shopbell("train", "--intents", folder, "--out", folder / "model", "--json")
    assert ended.code == 0, ended.err
    return Path(ended.json["model"])


# -- the command ------------------------------------------------------------


@pytest.mark.model
def test_a_model_is_evaluated_as_json_table_and_page(
    shopbell: Command, model: Path, asked: Path, tmp_path: Path
) -> None:
    html = tmp_path / "report.html"
    words = ("evaluate", "--model", model, "--data", asked, "--language", "en")

    ended = shopbell(*words, "--accept-error", "0.03", "--html", html, "--json")
    shown = shopbell(*words, COLUMNS="50", NO_COLOR="1")

    assert ended.code == 0, ended.err
    report = ended.json
    assert report["subject"]["sources"] == [str(asked)]
    assert report["overall"]["intents"]["strict"]["of"] == 3
    assert report["overall"]["scope"]["refused"]["of"] == 1
    assert report["languages"]["en"]["phrases"] == 4
    bought = report["overall"]["doubt"]["automation"]
    assert [one["accepted_error"] for one in bought] == [0.01, 0.02, 0.03, 0.05, 0.1]
    assert "<h1>" in html.read_text(encoding="utf-8")
    assert str(html) in ended.err
    assert shown.code == 0, shown.err
    assert "book_table" in shown.out
    assert "\x1b" not in shown.out
    assert max(map(len, shown.out.splitlines())) <= 50


@pytest.mark.model
def test_the_shop_s_own_model_knows_the_held_out_messages(
    shopbell: Command, tmp_path: Path
) -> None:
    data = write_as_rasa(tmp_path / "held")

    ended = shopbell("evaluate", "--data", data, "--json")

    assert ended.code == 0, ended.err
    report = ended.json
    assert report["subject"] == {
        **report["subject"],
        "model": None,
        "trained_on": 0,
        "unknown": [],
        "without_emotions": 0,
    }
    assert set(report["languages"]) == {"en", "zh"}
    for section in report["languages"].values():
        assert section["intents"]["strict"]["value"] >= 0.85
        assert section["emotions"]["strict"]["value"] >= 0.7
        assert section["scope"]["auroc"] >= 0.85
        assert section["calibration"]["ece"] <= 0.15


@pytest.mark.model
def test_without_data_a_fifth_is_held_back(shopbell: Command) -> None:
    ended = shopbell("evaluate", "--language", "zh", "--json")
    report = ended.json

    assert ended.code == 0, ended.err
    assert report["subject"]["sources"] == []
    assert report["subject"]["trained_on"] <= 0.02 * report["overall"]["phrases"]
    assert list(report["languages"]) == ["zh"]
    assert report["overall"]["intents"]["strict"]["value"] >= 0.7
    asked = {one["label"] for one in report["overall"]["intents"]["labels"]}
    assert asked == set(load_catalog().intents)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("nlu:\n- intent: a\n  examples: |\n    - b\n    c\n", ("nlu.yml:5", "expected")),
        (
            "nlu:\n- intent: a\n  metadata: {also: b}\n  examples: |\n    - b\n",
            ("nlu.yml:3", "list"),
        ),
        ("stories: []\n", ("nlu.yml", "none")),
    ],
)
def test_bad_data_is_named_before_anything_slow(
    shopbell: Command, tmp_path: Path, content: str, words: tuple[str, ...]
) -> None:
    file = tmp_path / "nlu.yml"
    file.write_text(content, encoding="utf-8")

    ended = shopbell("evaluate", "--data", file)

    assert_refused(ended, 2, *words)
    assert "..." not in ended.err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--data", "nowhere"), "nowhere"),
        (("--accept-error", "5"), "accept-error"),
        (("--language", "xx"), "en, zh"),
        (("--model", "."), "--data"),
    ],
)
def test_a_wrong_call_is_explained(shopbell: Command, words: tuple[str, ...], named: str) -> None:
    ended = shopbell("evaluate", *words)

    assert (ended.code, ended.out) == (2, "")
    assert named in ended.err


@pytest.mark.model
def test_phrases_of_another_model_are_refused(
    shopbell: Command, model: Path, tmp_path: Path
) -> None:
    (tmp_path / "other.yml").write_text(ASKED.replace("book_table", "x").replace("opening", "y"))

    ended = shopbell("evaluate", "--model", model, "--data", tmp_path / "other.yml")

    assert_refused(ended, 2, "other.yml:5", "'x'")


def test_a_page_that_can_t_be_written_is_told_before_anything_slow(
    shopbell: Command, asked: Path, tmp_path: Path
) -> None:
    ended = shopbell("evaluate", "--data", asked, "--html", tmp_path / "no" / "where.html")

    assert_refused(ended, 2, "where.html")
    assert "..." not in ended.err


# -- the page ------------------------------------------------------------


@pytest.fixture
def shown(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a report's page; nothing else may be asked for."""
    asked: list[str] = []
    file = tmp_path / "report.html"
    with ExitStack() as contexts:

        def go(report: Report, scheme: Any = "light", size: ViewportSize = DESKTOP) -> Page:
            file.write_text(rendered(report, NAMES), encoding="utf-8")
            context = contexts.enter_context(
                browser.new_context(viewport=size, color_scheme=scheme)
            )
            context.on("request", lambda request: asked.append(request.url))
            return open_page(context, file.as_uri())

        yield go
    assert asked == [file.as_uri()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_everybody_can_read_the_page(
    shown: Callable[..., Page], scheme: str, size: ViewportSize
) -> None:
    page = shown(full_report(), scheme, size)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")

    assert serious(page) == []
    assert wider_than_the_screen(page) == []
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.get_by_role("img").count() == page.locator("figure").count() > 0


def test_a_short_report_is_as_readable(shown: Callable[..., Page]) -> None:
    page = shown(held_back_report(), "dark", PHONE)

    assert serious(page) == []
    assert wider_than_the_screen(page) == []


def wider_than_the_screen(page: Page) -> list[str]:
    """Return what reaches beyond the page or its panel, save what scrolls by itself."""
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll("body *")].filter(one => {
            const room = (one.closest(".panel") ?? document.body).getBoundingClientRect().right;
            return !one.closest(".scroll") && one.getBoundingClientRect().right > room + 1;
        }).map(one => `${one.tagName} ${one.textContent.slice(0, 40)}`)"""
    )
    return found


def test_links_lead_through_the_page(shown: Callable[..., Page]) -> None:
    page = shown(full_report())

    for link in page.get_by_role("navigation").get_by_role("link").all():
        link.click()
        target = (link.get_attribute("href") or "").removeprefix("#")
        assert page.locator(f"section#{target} h2").is_visible()


def test_the_table_behind_a_drawing_holds_the_report_s_figures(
    shown: Callable[..., Page],
) -> None:
    report = full_report()

    panels = shown(report).locator("#answers .panel").all()

    for panel, section in zip(panels, report.languages.values(), strict=True):
        assert section.doubt is not None
        rows = panel.locator("tbody tr").all()
        for row, bought in zip(rows, section.doubt.automation, strict=False):
            assert bought.answered.value is not None
            answered = f"{100 * bought.answered.value:.1f}\u202f%"
            assert row.locator("td").first.inner_text() == answered
