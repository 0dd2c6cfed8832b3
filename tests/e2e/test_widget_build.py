"""The widget that ships is the one that its source makes."""

import gzip
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.scripted import STATIC

SOURCE = Path(__file__).parents[2] / "widget"
LARGEST = 16_000
"""Bytes on the way to a shopper's phone, compressed."""


def test_the_shipped_widget_equals_a_fresh_build(tmp_path: Path) -> None:
    copy = shutil.copytree(SOURCE, tmp_path / "widget", ignore=shutil.ignore_patterns("node_*"))
    _install(copy)
    _run(copy, "npx", "--no-install", "tsc")
    _run(copy, "node", "build.mjs", str(tmp_path / "widget.js"))
    built = (tmp_path / "widget.js").read_bytes()
    assert built == (STATIC / "widget.js").read_bytes(), "run `npm run build` in widget/"


def test_the_widget_is_small() -> None:
    assert len(gzip.compress((STATIC / "widget.js").read_bytes())) <= LARGEST


def test_the_widget_makes_no_markup_from_texts() -> None:
    for file in (SOURCE / "src").glob("*.ts"):
        source = file.read_text(encoding="utf-8")
        assert not re.search(r"\b(innerHTML|outerHTML|insertAdjacentHTML|eval)\b", source), file


def test_the_widget_has_no_words_of_its_own() -> None:
    """Whatever shoppers read comes from intents/<language>/replies/widget.yml."""
    for file in (SOURCE / "src").glob("*.ts"):
        code = re.sub(r"//.*|/\*[\s\S]*?\*/", "", file.read_text(encoding="utf-8"))
        assert not re.search(r"[\u3400-\u9fff]", code), file
        sentences = re.findall(r'"[A-Z][a-z]+(?: [a-z]+)+[.!?]?"', code)
        assert sentences == [], file


def _install(folder: Path) -> None:
    have = SOURCE / "node_modules"
    if have.is_dir():
        (folder / "node_modules").symlink_to(have)
        return
    if shutil.which("npm") is None:
        _skip("npm is not installed")
    done = subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund"],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        _skip(f"npm can't install esbuild and typescript: {done.stderr[-300:]}")


def _skip(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _run(folder: Path, *command: str) -> None:
    done = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
