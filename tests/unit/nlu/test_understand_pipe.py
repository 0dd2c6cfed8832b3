"""`shopbell understand` goes through many lines side by side, and stops when one breaks it."""

import json
from typing import Any

import pytest

from bot.cli.understand import AHEAD, _pipe


class Broken:
    """Stands for a recogniser with a fault that no text should be able to cause."""

    async def understand_in(self, text: str, language: object) -> Any:
        raise LookupError(text)


def test_a_fault_ends_the_command_instead_of_blocking_it() -> None:
    lines = [json.dumps({"text": str(number)}) for number in range(3 * AHEAD)]

    with pytest.raises(LookupError, match=r"^0$"):
        _pipe(Broken(), lines)  # type: ignore[arg-type]
