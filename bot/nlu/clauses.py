"""Cuts a message wherever one of its wishes may end: into clauses, which stories have as well."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from bot.model import Entity
from intents.model import HAN, LanguageInfo

MOST_CLAUSES = 12
"""In a longer message the shortest neighbours are joined."""
LONGEST = 800
"""Characters of a message that is split; a longer one is a letter, and has one wish."""

_WORDS = re.compile(rf"[{HAN}]|[^\W{HAN}]+")
_STOP = re.compile(
    rf"\.[.!?…]*(?=[\s\u200b\ufe0f]|$|[{HAN}])|[!?。！？；;…\n❓❗~～—–]+|[，、]|[,:](?=\s|[{HAN}])"
    rf"|\s[-/]+\s|[\U0001f300-\U0001faff\u2600-\u27bf]+|(?<=[{HAN}])\s+|\s+(?=[{HAN}])"
)
"""Where a clause may end. Chinese is often written with blanks in place of commas."""
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_INNER = re.compile(r"\w(?:.*\w)?[!?！？]*", re.DOTALL)
_SIGN = r"[,.!?;:，。！？；：、…~～—-]"
_PAUSE = rf"(?:^|(?<={_SIGN})|(?<={_SIGN}\s)|(?<=\n))"
_PAUSE_OF_HAN = rf"(?:{_PAUSE}|(?<=\s))"
_QUESTION = re.compile(r"[?？]")
_LEAST_WEIGHT = 2
"""Words, or signs of Chinese, that a clause needs to say anything."""
_NUMBERS = frozenset({"order_number", "tracking_number", "email", "phone", "zip"})
_MOST_BESIDE = 4
"""Words, or signs of Chinese, beside a number in a clause that only gives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A stretch of a message, `text[start:end]`."""

    start: int
    end: int
    joined: bool = False
    """A joining word stands before it or behind it."""
    opens: bool = False
    """A joining word stands before it."""
    links: bool = False
    """It opens so, or begins with a word such as "and"."""
    asks: bool = False
    """It has a word or a sign of asking or bidding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseSplitter:
    """Knows the words at which clauses begin, and those that ask."""

    joint: re.Pattern[str]
    """What joins a second wish to a first."""
    link: re.Pattern[str]
    """What may begin another wish, and may as well go on with the same."""
    asking: re.Pattern[str]

    def split(self, text: str, entities: Sequence[Entity] = ()) -> tuple[Clause, ...]:
        """Return the clauses of a message that may hold several wishes; else nothing.

        No entity is cut, and a clause that only gives a number goes with the one before.
        """
        if len(text) > LONGEST:
            return ()
        whole = [match.span() for match in _ADDRESS.finditer(text)]
        whole += [(entity.start, entity.end) for entity in entities]
        parts = _with_weight(text, list(self._parts(text, whole)))
        parts = [replace(one, asks=self._asks(text, one)) for one in parts]
        found = fewer(_with_numbers(text, parts, entities), MOST_CLAUSES)
        return tuple(found) if len(found) > 1 else ()

    def _parts(self, text: str, whole: Sequence[tuple[int, int]]) -> Iterable[Clause]:
        """Cut at joining words, and what lies between them wherever a clause may end."""
        joints = [
            one.span() for one in self.joint.finditer(text) if not _inside(one.start(), whole)
        ]
        edges = [(0, 0), *joints, (len(text), len(text))]
        stretches = [
            list(self._pieces(text, start, end, whole)) for (_, start), (end, _) in pairwise(edges)
        ]
        full = [stretch for stretch in stretches if stretch]  # "by the way" may come first of all
        for number, stretch in enumerate(full):
            for place, clause in enumerate(stretch):
                opens = place == 0 and number > 0
                ends = place == len(stretch) - 1 and number < len(full) - 1
                links = opens or clause.links
                yield replace(clause, opens=opens, joined=opens or ends, links=links)

    def _pieces(
        self, text: str, start: int, end: int, whole: Sequence[tuple[int, int]]
    ) -> Iterable[Clause]:
        stops = {match.end() for match in _STOP.finditer(text, start, end)}
        links = {match.start() for match in self.link.finditer(text, start, end)}
        cuts = sorted(at for at in (stops | links) - {start, end} if not _inside(at, whole))
        for one, other in pairwise([start, *cuts, end]):
            if clause := _trimmed(text, one, other):
                yield replace(clause, links=clause.start in links)

    def _asks(self, text: str, clause: Clause) -> bool:
        said = text[clause.start : clause.end]
        return bool(_QUESTION.search(said) or self.asking.search(said))


def clause_splitter(languages: Mapping[str, LanguageInfo]) -> ClauseSplitter:
    """Make a splitter that knows the words of all languages: shoppers mix them."""
    infos = languages.values()
    joints = {_joint(word) for info in infos for word in info.joining}
    joints |= {_joint(word, paused=True) for info in infos for word in info.joining_after_pause}
    return ClauseSplitter(
        joint=_any_of(joints),
        link=_any_of({_link(word) for info in infos for word in info.linking}),
        asking=_any_of({_asking(word) for info in infos for word in info.asking}),
    )


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(patterns, key=lambda pattern: (-len(pattern), pattern))
    return re.compile("|".join(longest_first) or r"(?!)", re.IGNORECASE)


def _joint(word: str, *, paused: bool = False) -> str:
    """Return a joining word's pattern; what stands behind a bar stays with the new clause."""
    before, bar, after = word.partition("|")
    edge, pause = (r"\b", _PAUSE) if before[:1].isascii() else ("", _PAUSE_OF_HAN)
    ahead = rf"(?=\s*{re.escape(after.strip())}{edge})" if bar else edge
    written = re.escape(before.strip()).replace(r"\ ", r"\s+")
    return (pause if paused else edge) + written + ahead


def _link(word: str) -> str:
    """Return a pattern that is found before a word, which stays with its clause."""
    written = re.escape(word)
    return rf"(?<=\s)(?={written}\s)" if word.isascii() else rf"(?={written})"


def _asking(word: str) -> str:
    """Return a word's pattern; a "$" at its end means the end of the clause."""
    plain = word.removesuffix("$")
    end = r"(?=\W*$)" if plain != word else ""
    written = re.escape(plain).replace(r"\ ", r"\s+").replace("'", "['’]?")
    return (rf"\b{written}\b" if plain.isascii() else written) + end


def _trimmed(text: str, start: int, end: int) -> Clause | None:
    """Return a stretch without the signs around it; None when nothing is left."""
    inner = _INNER.search(text, start, end)
    return Clause(start=inner.start(), end=inner.end()) if inner else None


def _inside(at: int, whole: Iterable[tuple[int, int]]) -> bool:
    return any(start < at < end for start, end in whole)


def _with_weight(text: str, parts: list[Clause]) -> list[Clause]:
    """Join what is too short to say anything to what follows, the last to what stands before.

    Before a joining word it goes to what stands before as well, if there is anything.
    """
    kept: list[Clause] = []
    for part in parts:
        if kept and _weight(text, kept[-1]) < _LEAST_WEIGHT:
            if not part.opens:
                kept[-1] = _both(kept[-1], part)
                continue
            light = kept.pop()
            kept[-1:] = [_both(one, light) for one in kept[-1:]]
        kept.append(part)
    if len(kept) > 1 and _weight(text, kept[-1]) < _LEAST_WEIGHT:
        kept[-2:] = [_both(kept[-2], kept[-1])]
    return kept


def _with_numbers(text: str, parts: Sequence[Clause], entities: Iterable[Entity]) -> list[Clause]:
    """Join what only gives an order's number or the like to the clause before it."""
    numbers = [entity for entity in entities if entity.type in _NUMBERS]
    kept: list[Clause] = []
    for part in parts:
        kept.append(part)
        while len(kept) > 1 and _only_gives(text, kept[-1], numbers):
            kept[-2:] = [_both(kept[-2], kept[-1])]
    return kept


def _only_gives(text: str, clause: Clause, numbers: Sequence[Entity]) -> bool:
    inside = [one for one in numbers if one.start < clause.end and clause.start < one.end]
    beside = _weight(text, clause)
    beside -= sum(len(_WORDS.findall(text, one.start, one.end)) for one in inside)
    return bool(inside) and beside <= _MOST_BESIDE and not clause.asks


def _weight(text: str, clause: Clause) -> int:
    return len(_WORDS.findall(text, clause.start, clause.end))


def _both(one: Clause, other: Clause) -> Clause:
    return in_a_row([one, other])


def in_a_row(clauses: Sequence[Clause]) -> Clause:
    """Return the stretch of several clauses in a row."""
    first, last = clauses[0], clauses[-1]
    return Clause(
        start=first.start,
        end=last.end,
        joined=first.joined or last.joined,
        opens=first.opens,
        links=first.links,
        asks=any(clause.asks for clause in clauses),
    )


def fewer(clauses: Sequence[Clause], most: int) -> list[Clause]:
    """Return no more than so many, the shortest neighbours joined."""
    parts = list(clauses)
    while len(parts) > most:
        lengths = [other.end - one.start for one, other in pairwise(parts)]
        at = lengths.index(min(lengths))
        parts[at : at + 2] = [_both(parts[at], parts[at + 1])]
    return parts
