"""The documentation is true: what it names exists, what exists is named, and its examples work."""

import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import UnionType
from typing import Any, cast, get_args

import pytest
import yaml
from pydantic import BaseModel

from bot.cli.main import COMMANDS
from bot.commerce import Order, OrderStatus
from bot.model import Task
from bot.ports import Done, ShopAccess, Skill
from bot.settings import Settings, ShopRules
from intents.checks import data_problems
from intents.loader import load_catalog, load_phrases

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")]
)
PACKAGES = ("bot", "intents", "knowledge_base", "escalation")
DECISIONS = sorted((DOCS / "decisions").glob("[0-9]*.md"))
HEADINGS = ["Context", "Decision", "Consequences", "Alternatives", "References"]
LONGEST_FILE = 400
LISTS = {"bot/model.py", "bot/ports.py"}
"""The values and the promises that everything goes by: one list each, however long."""
LONGEST_RECORD = 5_500
"""Characters of a decision record: about a page."""

FIRST_PARTS = (*PACKAGES, "docs", "tests", "benchmarks", "widget")
PUBLIC_INDEX = "https://download.pytorch.org/whl/cpu"


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    """Return the code blocks of a page in one language, without their indent."""
    found = re.findall(
        rf"^( *)```{language}\n(.*?)^ *```", text_of(page), re.MULTILINE | re.DOTALL
    )
    return [re.sub(rf"^{indent}", "", code, flags=re.MULTILINE) for indent, code in found]


def tracked() -> list[Path]:
    """Return what belongs to the repository; in an export without git, what a page may name."""
    listed = subprocess.run(
        ["git", "-c", "core.quotepath=off", "ls-files"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("Expected a git checkout: this test reads the list of tracked files")
    return [path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file()]


# -- paths ------------------------------------------------------------


def paths_named(page: Path) -> Iterator[str]:
    """Find paths in backticks: `bot/turn.py`; with {one,two} it names two."""
    for code in re.findall(
        r"`([^`\n]+)`", re.sub(r"```.*?```", "", text_of(page), flags=re.DOTALL)
    ):
        if code.split("/")[0] in FIRST_PARTS and "/" in code and " " not in code:
            head, _, rest = code.partition("{")
            inner, _, tail = rest.partition("}")
            yield from (f"{head}{part}{tail}" for part in inner.split(","))


def is_there(name: str) -> bool:
    """Say whether a path exists; `<name>` and `*` stand for any name."""
    if "<" not in name:
        return bool(list(ROOT.glob(name.rstrip("/"))))
    known = name.split("<", maxsplit=1)[0]  # what follows is the reader's to make
    return (ROOT / known).parent.is_dir() if not known.endswith("/") else (ROOT / known).is_dir()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    assert [name for name in paths_named(page) if not is_there(name)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_and_picture_of_a_page_leads_somewhere(page: Path) -> None:
    prose = re.sub(r"```.*?```", "", text_of(page), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", prose)
    local = [one or two for one, two in targets if "://" not in (one or two)]
    assert [t for t in local if not (page.parent / t.partition("#")[0]).exists()] == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page.suffix == ".md" and page not in reached and page.is_file():
            reached.add(page)
            links = re.findall(r"\]\(([^)\s#]+)", text_of(page))
            waiting += [(page.parent / link).resolve() for link in links if "://" not in link]
    assert [str(page.relative_to(ROOT)) for page in PAGES if page not in reached] == []


# -- settings ------------------------------------------------------------


def documented(page: str) -> dict[str, str]:
    """Return the names in a page's tables with what stands in their second column."""
    rows = re.findall(r"^\| `([\w.]+)` \| (.*?) \|", page, re.MULTILINE)
    assert len(rows) == len(dict(rows)), "a name stands twice"
    return dict(rows)


def models_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, UnionType):
        return next((model for arg in get_args(annotation) if (model := models_in(arg))), None)
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return annotation if is_model else None


def fields_of(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Name every field with its default, nested ones with dots, as they stand in YAML."""
    defaults = model().model_dump(mode="json")
    for name, field in model.model_fields.items():
        inner = models_in(field.annotation)
        if inner is not None:
            yield from fields_of(inner, f"{prefix}{name}.")
        else:
            yield prefix + name, defaults[name]


def plain_default(cell: str) -> Any:
    """Read a cell of the column "default"."""
    return yaml.safe_load(cell.strip("`")) if cell != "–" else None


def test_every_variable_is_documented_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"SHOPBELL_{name.upper()}", raising=False)
    rows = documented(text_of(DOCS / "configuration.md"))
    said = {name: cell for name, cell in rows.items() if name.startswith("SHOPBELL_")}
    assert set(said) == {f"SHOPBELL_{name.upper()}" for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        default = field.default
        plain = default is None or isinstance(default, float)
        written = plain_default(said[f"SHOPBELL_{name.upper()}"])
        assert written == (default if plain else str(default)), name


def test_every_rule_is_documented_with_its_default_and_no_other() -> None:
    rows = documented(text_of(DOCS / "configuration.md"))
    said = {name: cell for name, cell in rows.items() if not name.startswith("SHOPBELL_")}
    known = dict(fields_of(ShopRules))
    assert set(said) == set(known)
    plain = {name: cell for name, cell in said.items() if cell != "see above"}
    assert {name: plain_default(cell) for name, cell in plain.items()} == {
        name: known[name] for name in plain
    }


def test_the_documented_shopbell_yml_holds_every_rule_with_its_default() -> None:
    (example,) = blocks(DOCS / "configuration.md", "yaml")
    rules = yaml.safe_load(example)
    assert ShopRules.model_validate(rules) == ShopRules()
    assert set(rules) == set(ShopRules.model_fields)


def test_every_variable_that_a_page_or_file_names_is_a_setting() -> None:
    known = {f"SHOPBELL_{name.upper()}" for name in Settings.model_fields}
    files = [*PAGES, ROOT / "Dockerfile", ROOT / "compose.yaml", ROOT / ".ci" / "run"]
    named = {
        name for file in files for name in re.findall(r"SHOPBELL_[A-Z_]*[A-Z]", text_of(file))
    }
    assert named - known == set()


# -- commands ------------------------------------------------------------


def test_every_command_stands_in_the_readme() -> None:
    table = set(re.findall(r"^\| `shopbell (\w+)`", text_of(ROOT / "README.md"), re.MULTILINE))
    assert table == set(COMMANDS)


def test_the_readme_counts_intents_and_emotions_right() -> None:
    catalog = load_catalog()
    words = {5: "five", 6: "six", 7: "seven", 8: "eight"}
    said = f"{len(catalog.intents)} intents and {words[len(catalog.emotions)]} emotions"
    assert said in text_of(ROOT / "README.md")


def test_every_target_that_a_page_names_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    code = " ".join(
        part
        for page in PAGES
        for part in re.findall(r"```.*?```|`[^`\n]+`", text_of(page), re.DOTALL)
    )
    assert set(re.findall(r"\bmake ([a-z-]+)", code)) - targets == set()


# -- how-to pages ------------------------------------------------------------


def test_the_phrases_of_the_how_to_are_read_from_a_home(tmp_path: Path) -> None:
    own = tmp_path / "intents"
    for block in blocks(DOCS / "how-to" / "add-an-intent.md", "yaml"):
        file = own / block.partition("\n")[0].removeprefix("# ")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block, encoding="utf-8")
    added = [e for e in load_phrases(extra=own) if e.file.is_relative_to(own)]
    assert {(e.language, e.intent) for e in added} == {
        (language, intent)
        for language in ("en", "zh")
        for intent in ("delivery_options", "order_status")
    }
    assert {a.value for e in added for a in e.entities} == {"SB-20417"}
    assert {e.intent for e in added} <= set(load_catalog().intents)
    assert list(data_problems(own)) == []


class ShopOf:
    """As much of `ShopAccess` as the skill of the how-to asks for."""

    def __init__(self, *orders: Order) -> None:
        self._orders = orders

    async def orders(self) -> tuple[Order, ...]:
        return self._orders


async def test_the_skill_of_the_how_to_runs() -> None:
    (code,) = blocks(DOCS / "how-to" / "add-a-skill.md", "python")
    names: dict[str, Any] = {"__name__": "how_to"}
    exec(compile(code, "add-a-skill.md", "exec"), names)  # the page's own code
    skill: Skill = names["OnTheirWaySkill"]()
    order = cast("Order", type("AnOrder", (), {"status": OrderStatus.SHIPPED})())
    other = cast("Order", type("AnOrder", (), {"status": OrderStatus.PENDING})())
    shop = cast("ShopAccess", ShopOf(order, other))
    step = await skill.step(Task(skill=skill.name), shop, datetime.now(UTC))
    assert isinstance(step, Done)
    assert step.reply.values == {"count": 1}


# -- decisions ------------------------------------------------------------


@pytest.mark.parametrize("record", DECISIONS, ids=lambda record: record.stem)
def test_a_decision_record_follows_the_template(record: Path) -> None:
    page = text_of(record)
    number = int(record.name[:4])
    assert page.startswith(f"# {number}. ")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == HEADINGS
    assert len(page) <= LONGEST_RECORD


def test_every_decision_record_is_in_the_index_under_its_title() -> None:
    index = text_of(DOCS / "decisions" / "README.md")
    listed = re.findall(r"^\| (\d+) \| \[(.+)\]\((.+)\) \|$", index, re.MULTILINE)
    titles = [text_of(record).partition("\n")[0].partition(". ") for record in DECISIONS]
    assert listed == [
        (head.removeprefix("# "), title, record.name)
        for (head, _, title), record in zip(titles, DECISIONS, strict=True)
    ]
    assert [int(number) for number, _, _ in listed] == list(range(1, len(listed) + 1))


# -- the tree ------------------------------------------------------------


def test_package_files_are_empty_and_imports_are_absolute() -> None:
    sources = [f for package in PACKAGES for f in (ROOT / package).rglob("*.py")]
    assert [str(f) for f in sources if f.name == "__init__.py" and f.read_bytes().strip()] == []
    relative = re.compile(r"^\s*from \.", re.MULTILINE)
    assert [str(f) for f in sources if relative.search(text_of(f))] == []


def test_no_file_of_code_is_too_long() -> None:
    sources = [f for package in PACKAGES for f in (ROOT / package).rglob("*.py")]
    lines = {str(f.relative_to(ROOT)): text_of(f).count("\n") for f in sources}
    long = {name: n for name, n in lines.items() if n > LONGEST_FILE and name not in LISTS}
    assert long == {}


def test_no_package_lists_its_index_or_a_home_directory() -> None:
    """A clone works for everybody: no address of a registry, no path of somebody's machine."""
    address = re.compile(r"https?://[^\s\"'`<>)]+")
    registry = re.compile(r"/simple\b|/whl\b|python-?hosted|pypi\W|npmjs|/artifactory/|/nexus/")
    home = re.compile(r"(?<![\w.~/-])/(?:home|Users)/[a-z][\w-]*/|(?<![\w.~/-])/roo[t]/")
    found = []
    for file in tracked():
        if file == Path(__file__) or b"\0" in (raw := file.read_bytes()):
            continue
        text = raw.decode("utf-8", "replace")
        named = {a for a in address.findall(text) if registry.search(a) and a != PUBLIC_INDEX}
        found += [(file.name, a) for a in [*named, *home.findall(text)]]
    assert found == []


def test_the_version_is_that_of_the_changelog() -> None:
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    newest = re.search(r"^## \[(.+?)\]", text_of(ROOT / "CHANGELOG.md"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == project["version"]


DATA_OF_WHEEL: Mapping[str, str] = {
    "bot": "bot/channels/web/static/widget.js",
    "intents": "intents/catalog.yml",
    "knowledge_base": "knowledge_base/articles/en/returns-policy.md",
    "escalation": "escalation/py.typed",
}


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_packages(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "-d", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    assert set(DATA_OF_WHEEL.values()) <= inside
    ours = {str(f.relative_to(ROOT)) for f in tracked()}
    assert {name for name in ours if name.split("/")[0] in PACKAGES} <= inside
    assert {name.split("/")[0] for name in inside if ".dist-info" not in name} == set(PACKAGES)
