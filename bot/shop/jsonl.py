"""Read and write the contract's JSON lines; every complaint names its file and line."""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic, NoReturn, TypeVar

from pydantic import ValidationError

from bot.ports import ShopbellError
from bot.shop.lines import Keyed

R = TypeVar("R", bound=Keyed)
MOST_PROBLEMS = 20
"""How many bad lines are told at once."""


class BadImportError(ShopbellError):
    """Files of an import are not as expected; one line of the message per bad line."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        shown = self.problems[:MOST_PROBLEMS]
        more = len(self.problems) - len(shown)
        super().__init__("\n".join([*shown, *([f"... and {more} more"] if more else [])]))


class Numbered(Generic[R]):
    """One record and the line on which it stands."""

    __slots__ = ("line", "record")

    def __init__(self, line: int, record: R) -> None:
        self.line, self.record = line, record


def read_file(path: Path, model: type[R]) -> tuple[list[Numbered[R]], list[str]]:
    """Return the records of a file and what is wrong with its other lines.

    Blank lines are passed over. A second record with the same key is a problem.
    """
    records: list[Numbered[R]] = []
    problems: list[str] = []
    first: dict[str, int] = {}
    for number, raw in _lines(path):
        try:
            record = parse_line(raw, model)
            if record.key in first:
                raise ValueError(_twice(record, first[record.key]))  # noqa: TRY301 - told as others
        except ValueError as error:
            problems.append(f"{path.name} line {number}: {error}")
        else:
            first[record.key] = number
            records.append(Numbered(number, record))
    return records, problems


def parse_line(raw: bytes, model: type[R]) -> R:
    """Read one record; raises ValueError that says what was expected."""
    try:
        data = json.loads(raw.decode(), parse_float=Decimal, parse_constant=_no_constant)
        _check_text(data)
    except UnicodeDecodeError as error:
        raise ValueError(f"expected UTF-8, but byte {error.start + 1} is not") from error
    except RecursionError as error:
        raise ValueError("expected a JSON object, but it is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise ValueError(
            f"expected one JSON object, but got {raw[:60].decode(errors='replace')!r} "
            f"({error.msg} at character {error.pos + 1})"
        ) from error
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ValueError(_explain(error)) from error


def line_of(record: Keyed) -> str:
    """Write one record as a line of JSON, without the line's end."""
    return json.dumps(record.model_dump(mode="json"), ensure_ascii=False)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            line = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
            if line.strip():
                yield number, line.strip()


def _twice(record: Keyed, line: int) -> str:
    return f"expected each key once, but {record.key!r} stands on line {line} already"


def _no_constant(constant: str) -> NoReturn:
    raise ValueError(f"expected a JSON number, but got {constant}")


def _check_text(value: Any) -> None:
    """Refuse what databases can't keep: NUL and half surrogate pairs."""
    match value:
        case str():
            if "\0" in value or any("\ud800" <= ch <= "\udfff" for ch in value):
                raise ValueError("expected text without NUL or half surrogate pairs")
        case dict():
            for key, inner in value.items():
                _check_text(key)
                _check_text(inner)
        case list():
            for inner in value:
                _check_text(inner)
        case _:
            pass


def _explain(error: ValidationError) -> str:
    told = []
    for item in error.errors():
        where = ".".join(str(part) for part in item["loc"])
        what = item["msg"].removeprefix("Value error, ")
        got = (
            ""
            if item["type"] in {"missing", "value_error"}
            else f", but got {item['input']!r:.60}"
        )
        told.append(f"{where}: {what}{got}" if where else f"{what}{got}")
    return "; ".join(told)
