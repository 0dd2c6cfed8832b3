"""Finds colours; the words are the lexicon's, the values English and the same in all languages.

A word that means something else too (gold, 红) is a colour only after a shade (浅), before a
suffix (色), beside a word of the context ("in gold", 红的), or alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.nlu.finders import Found
from bot.nlu.wording import any_of, apart, follows, meanings, right_after, stands_alone
from intents.lexicon import ColourWords


@dataclass(frozen=True, slots=True)
class ColourFinder:
    """The colours of one lexicon; safe to share."""

    sure: dict[str, str]
    weak: dict[str, str]
    shades: dict[str, str]
    pattern: re.Pattern[str]
    before: re.Pattern[str]
    after: re.Pattern[str]

    def find(self, text: str) -> Iterator[Found]:
        """Find colours; values read "navy" or "light grey"."""
        for match in self.pattern.finditer(text):
            if match["name"] is None:
                continue  # a phrase that names no colour
            name = match["name"].lower()
            value = self.sure.get(name)
            if value is None and not self._means_colour(match):
                continue
            value = value or self.weak[name]
            if match["shade"]:
                value = f"{self.shades[match['shade'].lower()]} {value}"
            yield Found(start=match.start(), end=match.end(), readings=(("color", value),))

    def _means_colour(self, match: re.Match[str]) -> bool:
        if match["shade"] or match["suffix"] or stands_alone(match):
            return True
        if self.after.match(match.string, match.end()):
            return True
        return follows(self.before, match.string, match.start())


def colour_finder(words: ColourWords) -> ColourFinder:
    """Compile the expressions of a lexicon."""
    sure, weak, shades = meanings(words.names), meanings(words.weak), meanings(words.shades)
    shade = rf"(?:(?P<shade>{apart(shades)})(?:(?<=[^\x00-\x7f])|[ -]))?"
    suffix = rf"(?P<suffix>[ -]?(?:{apart(words.suffixes)}))?"
    name = rf"(?P<name>{apart({**sure, **weak})})"
    return ColourFinder(
        sure=sure,
        weak=weak,
        shades=shades,
        pattern=re.compile(rf"(?:{apart(words.not_colors)})|{shade}{name}{suffix}", re.IGNORECASE),
        before=right_after(words.before),
        after=re.compile(rf"(?:{any_of(weak)})? ?(?:{apart(words.after)})", re.IGNORECASE),
    )
