"""Every conversation under tests/conversations/<language>/, played through the real pipeline."""

from pathlib import Path

import pytest

from bot.bootstrap import App
from tests.conversations.runner import play, read, scripts

FOLDER = Path(__file__).parent
FILES = scripts(FOLDER)
LEAST = 20
"""Conversations per language."""

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
async def test_the_bot_answers_as_the_conversation_says(path: Path, demo_app: App) -> None:
    await play(demo_app, read(path))


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_each_language_has_enough_conversations(language: str) -> None:
    assert len([path for path in FILES if path.parent.name == language]) >= LEAST
