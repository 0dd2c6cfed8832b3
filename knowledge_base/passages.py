"""Documents cut into the pieces that search finds and answers quote."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge_base.model import Document, Kind
from knowledge_base.plain import Section, sections

RECIPE = 1
"""Grows when the same document is cut differently, so that indexes are built anew."""
_LONGEST = 900
"""Widths of a passage, where a Han character counts twice: 900 Latin or 450 Han characters."""
_SHORTEST = 90
_SENTENCE = re.compile(r"(?<=[。！？；])|(?<=[.!?;])\s+|\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of a document: what stands under one heading, or a part of it."""

    document: Document
    heading: str
    text: str

    @property
    def searchable(self) -> str:
        """Return what is embedded: the piece with its title and heading."""
        head = [part for part in (self.document.title, self.heading) if part]
        return "\n".join([*dict.fromkeys(head), self.text])


def split(document: Document) -> list[Passage]:
    """Cut a document by headings, then by paragraphs and, if need be, by sentences.

    What stands under one heading stays together up to about 900 characters (450 Han ones), so
    that an answer is one thought. A document without any text gives one passage with its title.
    """
    if document.kind is Kind.PRODUCT:
        found = [Section(heading="", blocks=tuple(document.text.split("\n\n")))]
    else:
        found = sections(document.text)
    passages = [
        Passage(document=document, heading=section.heading, text=text)
        for section in _merged(found)
        for text in _pieces(section.blocks)
    ]
    return passages or [Passage(document=document, heading="", text=document.title)]


def width(text: str) -> int:
    """Measure a text: wide characters say about as much as two narrow ones."""
    return sum(2 if unicodedata.east_asian_width(ch) in "WF" else 1 for ch in text)


def _merged(found: Sequence[Section]) -> Iterator[Section]:
    """Join a section too short to stand alone to the one after it, or else before it."""
    held: Section | None = None
    for section in found:
        now = section if held is None else _joined(held, section)
        if width("\n".join(now.blocks)) < _SHORTEST:
            held = now
        else:
            held = None
            yield now
    if held is not None:
        yield held


def _joined(first: Section, second: Section) -> Section:
    """Put two sections under the first heading; the second one's becomes a line."""
    inner = (second.heading,) if first.heading and second.heading else ()
    return Section(
        heading=first.heading or second.heading, blocks=(*first.blocks, *inner, *second.blocks)
    )


def _pieces(blocks: Sequence[str]) -> Iterator[str]:
    """Pack blocks into pieces that are as long as allowed and about equally long."""
    parts = [part for block in blocks for part in _cut(block)]
    held: list[str] = []
    for part in parts:
        if held and width("\n\n".join([*held, part])) > _LONGEST:
            yield "\n\n".join(held)
            held = []
        held.append(part)
    if held:
        yield "\n\n".join(held)


def _cut(block: str) -> Iterator[str]:
    """Cut a block that is too long at lines or sentences, or else anywhere."""
    if width(block) <= _LONGEST:
        yield block
        return
    held = ""
    for sentence in _SENTENCE.split(block):
        joined = f"{held}{_gap(held)}{sentence}"
        if held and width(joined) > _LONGEST:
            yield held
            joined = sentence
        *full, held = _chopped(joined)
        yield from full
    if held:
        yield held


def _gap(held: str) -> str:
    """Say what stands between two sentences: nothing after a wide full stop."""
    return "" if not held or unicodedata.east_asian_width(held[-1]) in "WF" else " "


def _chopped(text: str) -> list[str]:
    """Chop a run without any sentence end."""
    size = _LONGEST if width(text) <= len(text) else _LONGEST // 2
    return [text[i : i + size] for i in range(0, len(text), size)] or [""]
