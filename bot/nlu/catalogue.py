"""Finds which product of the shop's catalogue a text mentions, also by a part of its title.

Only a clear mention counts: what the text holds fits one product alone, and it either names the
thing itself (the last noun of a title, as in "the kettle") or covers most of a title. Titles with
Han characters are compared by pairs of characters, others by words.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby, pairwise

from bot.commerce import Product, ProductId
from bot.nlu.finders import Found
from bot.nlu.wording import any_of
from intents.lexicon import ProductWords
from knowledge_base.terms import terms

_HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[^\W\d_\u3400-\u9fff]+(?:['’][a-z]{1,2}(?![a-z]))?|\d+", re.IGNORECASE)
_SUBTITLE = re.compile(r"[,;:(（，：]")
_LONGEST_RUN = 8
"""Words of one mention at most."""
_SHORTEST_ALONE = 3
_SHORTEST_TYPO = 6
"""Shorter words have too many neighbours: light, right, night."""
_LATIN_SHARE = 0.6
_HAN_SHARE = 0.5
_MOST = 5
"""Products that one message may mention."""


@dataclass(frozen=True, slots=True)
class _Word:
    start: int
    end: int
    stem: str
    mended: bool = False


@dataclass(frozen=True, slots=True)
class _Run:
    start: int
    end: int
    products: frozenset[int]
    covered: int


@dataclass(slots=True)
class _Index:
    """Everything that mentions are looked up in; built once, then only read."""

    ids: list[ProductId] = field(default_factory=list)
    words: dict[str, set[int]] = field(default_factory=dict)
    heads: dict[str, set[int]] = field(default_factory=dict)
    lengths: dict[int, int] = field(default_factory=dict)
    typos: dict[str, str] = field(default_factory=dict)
    pairs: dict[str, set[int]] = field(default_factory=dict)
    han: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    """Of a product: whole titles, and each without what says how it is sold."""


class ProductNames:
    """The names of a catalogue; `put` swaps them at once, so that threads may go on reading."""

    def __init__(self, words: ProductWords) -> None:
        self._words = words
        self._fillers = frozenset(words.fillers)
        self._han_fillers = re.compile(any_of(f for f in words.fillers if _HAN.search(f)))
        self._not_alone = frozenset(
            word if _HAN.search(word) else _stem(word) for word in words.not_alone
        )
        self._generic = frozenset(_stem(word) for word in words.generic if not _HAN.search(word))
        self._sold_as = re.compile(f"(?:{any_of(w for w in words.generic if _HAN.search(w))})$")
        self._titles: tuple[tuple[str, ...], ...] = ()
        self._index = _Index()

    def put(self, products: Sequence[Product]) -> None:
        """Take over a catalogue; the same one again costs nothing."""
        titles = tuple((p.id, *sorted(set(p.titles.values()))) for p in products)
        if titles != self._titles:
            self._index = self._built(products)
            self._titles = titles

    def find(self, text: str) -> list[Found]:
        """Find mentions; values are product ids."""
        index = self._index
        if not index.ids:
            return []
        return [
            Found(
                start=run.start,
                end=run.end,
                readings=(("product", str(index.ids[next(iter(run.products))])),),
            )
            for run in [*self._by_words(text, index), *self._by_signs(text, index)][:_MOST]
        ]

    # -- building ----------------------------------------------------------------

    def _built(self, products: Sequence[Product]) -> _Index:
        index = _Index(ids=[product.id for product in products])
        for number, product in enumerate(products):
            for title in set(product.titles.values()):
                if _HAN.search(title):
                    self._add_signs(index, number, title)
                else:
                    self._add_words(index, number, title)
        for word in index.words:
            if len(word) >= _SHORTEST_TYPO:
                for less in _less_one(word):
                    index.typos.setdefault(less, word)
        return index

    def _add_words(self, index: _Index, number: int, title: str) -> None:
        stems = [word.stem for word in _words(title) if word.stem not in self._fillers]
        for stem in stems:
            index.words.setdefault(stem, set()).add(number)
        index.lengths[number] = max(1, len(set(stems)))
        if head := self._head(title):
            index.heads.setdefault(head, set()).add(number)

    def _head(self, title: str) -> str | None:
        """Return the word that names the thing: the last one that doesn't say how it is sold."""
        stems: list[str] = []
        for word in _words(_SUBTITLE.split(title)[0]):
            if stems and word.stem in self._fillers:
                break
            stems.append(word.stem)
        return next((stem for stem in reversed(stems) if stem not in self._generic), None)

    def _add_signs(self, index: _Index, number: int, title: str) -> None:
        plain = _signs(_SUBTITLE.split(title)[0], self._han_fillers)[0]
        thing = self._sold_as.sub("", plain) or plain
        index.han.setdefault(number, []).append((plain, thing))
        for one, other in pairwise(plain):
            if _HAN.match(one) or _HAN.match(other):
                index.pairs.setdefault(one + other, set()).add(number)

    # -- looking up --------------------------------------------------------------

    def _by_words(self, text: str, index: _Index) -> Iterator[_Run]:
        known = [_known(word, index) for word in _joined_words(_words(text), index)]
        for is_known, group in groupby(known, key=lambda word: word is not None):
            if is_known:
                yield from self._in_run([word for word in group if word is not None], index)

    def _in_run(self, words: Sequence[_Word], index: _Index) -> Iterator[_Run]:
        at = 0
        while at < len(words):
            found = self._longest(words[at : at + _LONGEST_RUN], index)
            if found is None or self._is_compound(words, at, found[1], index):
                at += 1
                continue
            run, length = found
            yield run
            at += length

    def _is_compound(self, words: Sequence[_Word], at: int, length: int, index: _Index) -> bool:
        """Say whether a lone noun only describes the next one: a dress shirt is no dress."""
        after = words[at + length : at + length + 1]
        return length == 1 and bool(after) and after[0].stem in index.heads

    def _longest(self, words: Sequence[_Word], index: _Index) -> tuple[_Run, int] | None:
        """Return the longest mention that begins with the first word."""
        fitting: list[set[int]] = []
        for word in words:
            both = index.words[word.stem] & (fitting[-1] if fitting else index.words[word.stem])
            if not both:
                break
            fitting.append(both)
        for length in range(len(fitting), 0, -1):
            products = fitting[length - 1]
            if len(products) == 1 and self._names(words[:length], next(iter(products)), index):
                run = _Run(words[0].start, words[length - 1].end, frozenset(products), length)
                return run, length
        return None

    def _names(self, words: Sequence[_Word], product: int, index: _Index) -> bool:
        stems = {word.stem for word in words}
        is_head = any(product in index.heads.get(stem, ()) for stem in stems)
        if len(stems) == 1:
            stem, word = next(iter(stems)), words[0]
            long_enough = len(stem) >= _SHORTEST_ALONE and not stem.isdecimal()
            alone = stem not in self._not_alone and stem not in self._generic
            return is_head and alone and long_enough and not word.mended
        return is_head or len(stems) >= _LATIN_SHARE * index.lengths.get(product, 1)

    def _by_signs(self, text: str, index: _Index) -> Iterator[_Run]:
        if not index.pairs or not _HAN.search(text):
            return
        signs, places = _signs(text, self._han_fillers)
        for run in _merged_runs(_runs(signs, index)):
            if len(run.products) == 1 and self._names_signs(signs, run, index):
                start, end = places[run.start], places[run.end - 1] + 1
                yield _Run(start, end, run.products, run.covered)

    def _names_signs(self, signs: str, run: _Run, index: _Index) -> bool:
        said = signs[run.start : run.end]
        if said in self._not_alone:
            return False
        return any(
            run.covered >= _HAN_SHARE * len(whole)
            or any(_ends(said, name) for name in (whole, thing))
            for whole, thing in index.han[next(iter(run.products))]
        )


def _ends(said: str, name: str) -> bool:
    """Say whether what was said ends as a name does, with two signs or more."""
    return len(said) > 1 and name.endswith(said[-2:])


def _runs(signs: str, index: _Index) -> Iterator[_Run]:
    """Give the longest stretches that stand in some title."""
    at, last = 0, len(signs) - 1
    while at < last:
        products = index.pairs.get(signs[at : at + 2])
        if products is None:
            at += 1
            continue
        end = at + 2
        while end <= last and (
            more := products & index.pairs.get(signs[end - 1 : end + 1], set())
        ):
            products, end = more, end + 1
        yield _Run(at, end, frozenset(products), end - at)
        at = end if end == at + 2 else end - 1


def _merged_runs(runs: Iterator[_Run]) -> list[_Run]:
    """Join stretches that touch where one product has both: 头戴 and 耳机 of 头戴式耳机."""
    merged: list[_Run] = []
    for run in runs:
        before = merged[-1] if merged else None
        if before and before.end >= run.start and (both := before.products & run.products):
            merged[-1] = _Run(before.start, run.end, both, run.end - before.start)
        else:
            merged.append(run)
    return merged


def _signs(text: str, fillers: re.Pattern[str]) -> tuple[str, list[int]]:
    """Return a text without blanks and fillers, and where each of its signs stood."""
    left_out = {at for match in fillers.finditer(text) for at in range(*match.span())}
    kept = [(ch, at) for at, ch in enumerate(text) if not ch.isspace() and at not in left_out]
    return "".join(ch.lower()[0] for ch, _ in kept), [at for _, at in kept]


def _words(text: str) -> Iterator[_Word]:
    for match in _WORD.finditer(text):
        yield _Word(match.start(), match.end(), _stem(match[0]))


@lru_cache(maxsize=8192)
def _stem(word: str) -> str:
    plain = word.replace("'", "").replace("’", "").lower()
    stem = next(iter(terms(plain)), plain)
    return f"{stem[:-2]}y" if stem.endswith("ie") and len(stem) > _SHORTEST_ALONE else stem


def _joined_words(words: Iterator[_Word], index: _Index) -> list[_Word]:
    """Write as one what a title writes as one: "tea pot"."""
    found: list[_Word] = []
    for word in words:
        last = found[-1] if found else None
        if last and word.start == last.end + 1 and last.stem + word.stem in index.words:
            found[-1] = _Word(last.start, word.end, last.stem + word.stem)
        else:
            found.append(word)
    return found


def _known(word: _Word, index: _Index) -> _Word | None:
    """Return a word of titles, or the one that it is but for one letter; None for any other."""
    if word.stem in index.words:
        return word
    if len(word.stem) < _SHORTEST_TYPO - 1:
        return None
    for less in (word.stem, *_less_one(word.stem)):
        meant = index.typos.get(less) or (less if less in index.words else None)
        if meant is not None and len(meant) >= _SHORTEST_TYPO:
            return _Word(word.start, word.end, meant, mended=True)
    return None


def _less_one(word: str) -> Iterator[str]:
    return (word[:at] + word[at + 1 :] for at in range(len(word)))
