"""Words of the shop's own values (colours, sizes, states): a glossary where there is one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.model import Phrase

PREFIX = "term."


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Knows which values have words of their own; any other is shown as the shop wrote it."""

    keys: frozenset[str]
    spellings: Mapping[str, tuple[str, ...]]
    """Value key ("dark_red") to its words in every language, for finding it in a text."""

    def phrase(self, value: str) -> Phrase:
        """Return the words of a value."""
        key = PREFIX + value_key(value)
        if key in self.keys:
            return Phrase(key=key)
        return Phrase(key="choice.plain", values={"text": value})

    def spelled(self, values: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return each value's words in all languages, for the values that have some."""
        found = {value: self.spellings.get(value_key(value), ()) for value in values}
        return {value: words for value, words in found.items() if words}


def value_key(value: str) -> str:
    """Fold a shop's value to a glossary key: "Dark Red" is "dark_red"."""
    return "_".join(value.casefold().split())


def glossary(replies: Mapping[str, Mapping[str, tuple[str, ...]]]) -> Terms:
    """Make the glossary from the `term.` keys of all languages' replies."""
    spellings: dict[str, tuple[str, ...]] = {}
    for language in replies.values():
        for key, wordings in language.items():
            if key.startswith(PREFIX):
                name = key.removeprefix(PREFIX)
                spellings[name] = (*spellings.get(name, ()), *wordings)
    keys = frozenset(PREFIX + name for name in spellings)
    return Terms(keys=keys, spellings=spellings)
