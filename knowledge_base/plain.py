"""Markdown as plain text that a shopper can read in any channel."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What stands under one heading; `heading` is empty before the first one."""

    heading: str
    blocks: tuple[str, ...]
    """Paragraphs, whole lists, tables and code blocks, in order."""


def sections(markdown: str) -> list[Section]:
    """Cut Markdown at its headings and turn each block to plain text."""
    tokens = MarkdownIt("commonmark", {"html": False}).enable("table").parse(markdown)
    starts = [i for i, token in enumerate(tokens) if token.type == "heading_open"]
    found = [Section(heading="", blocks=_blocks(tokens[: (starts or [len(tokens)])[0]]))]
    for start, end in pairwise([*starts, len(tokens)]):
        heading = _inline(tokens[start + 1])
        found.append(Section(heading=heading, blocks=_blocks(tokens[start + 3 : end])))
    return [section for section in found if section.blocks]


def _blocks(tokens: Sequence[Token]) -> tuple[str, ...]:
    texts = ("\n".join(_lines(group)) for group in _top_level(tokens))
    return tuple(text for text in texts if text.strip())


def _top_level(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """Group the tokens of each outermost block."""
    depth, start = 0, 0
    for i, token in enumerate(tokens):
        depth += token.nesting
        if depth == 0:
            yield tokens[start : i + 1]
            start = i + 1


def _lines(tokens: Sequence[Token]) -> Iterator[str]:
    """Give the lines of one block; list items keep their marks, table rows their cells."""
    marks: list[str] = []
    cells: list[str] = []
    fresh = False
    for token in tokens:
        match token.type:
            case "list_item_open":
                number = f"{token.info}." if token.info else "-"
                marks.append(number)
                fresh = True
            case "list_item_close":
                marks.pop()
            case "tr_open":
                cells = []
            case "tr_close":
                yield " | ".join(cells)
            case "inline" if token.level and tokens[0].type == "table_open":
                cells.append(_inline(token))
            case "inline" | "fence" | "code_block":
                text = _inline(token) if token.type == "inline" else token.content.rstrip()
                yield _marked(text, marks, fresh=fresh)
                fresh = False
            case _:
                pass


def _marked(text: str, marks: Sequence[str], *, fresh: bool) -> str:
    if not marks:
        return text
    indent = "  " * (len(marks) - 1)
    return f"{indent}{marks[-1]} {text}" if fresh else f"{indent}  {text}"


def _inline(token: Token) -> str:
    """Say a run of text without its marks; a link to elsewhere keeps its address."""
    said: list[str] = []
    targets: list[tuple[str, int]] = []
    for child in token.children or ():
        match child.type:
            case "softbreak" | "hardbreak":
                said.append("\n" if child.type == "hardbreak" else " ")
            case "link_open":
                targets.append((str(child.attrs.get("href", "")), len(said)))
            case "link_close":
                said.append(_address(*targets.pop(), said))
            case _:
                said.append(child.content)
    return "".join(said).strip()


def _address(href: str, start: int, said: Sequence[str]) -> str:
    words = "".join(said[start:])
    outside = href.startswith(("http://", "https://", "mailto:"))
    return f" ({href.removeprefix('mailto:')})" if outside and words not in href else ""
