"""Which installed language a text is in: writing systems first, langdetect for what is left.

langdetect alone gets half of short messages wrong (it takes "refund" for Danish); a count of
letters by writing system decides nearly all of them, and the talk's language decides what has no
letters, such as an emoji, a number or "ok".
"""

import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

from bot.model import Language
from intents.loader import load_languages
from intents.model import LanguageInfo

# Ranges of the Unicode blocks that hold a writing system's letters.
_SCRIPTS = {
    "Latin": "A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ",
    "Han": "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f",
    "Kana": "\u3040-\u30ff",
    "Hangul": "\u1100-\u11ff\uac00-\ud7af",
    "Cyrillic": "\u0400-\u052f",
    "Greek": "\u0370-\u03ff",
    "Arabic": "\u0600-\u06ff",
    "Hebrew": "\u0590-\u05ff",
    "Thai": "\u0e00-\u0e7f",
    "Devanagari": "\u0900-\u097f",
}
_ONE_SIGN_A_WORD = {"Han", "Kana"}
"""Writing systems without blanks: a sign counts as much as a word elsewhere."""
_LONGEST = 600
"""More than this never changes the answer; it bounds the work on hostile input."""
_SHARE = 0.34
"""A writing system with this share of the words wins over Latin: brands and product names are
written in Latin letters in the midst of a Chinese sentence."""
_UNDECIDED_LETTERS = 3
"""Up to this many Latin letters ("ok", "thx") belong to any language."""
# Tokens that are the same in every language: addresses, links, and codes with digits.
_CODES = re.compile(
    r"(?<![\w.@/-])(?:[\w.+-]{1,64}@[\w.-]{1,99}|https?://[\w./?&=%#-]{1,300}"
    r"|[A-Za-z-]{0,20}\d[\w-]{0,40})",
    re.ASCII,
)
_MIXED = range(3, 400)
"""So many Latin words beside another writing system's are a sentence (with an address in it,
say), not names: then the talk's language decides."""


class LanguageDetector:
    """Tells the installed languages apart; safe to share between threads."""

    def __init__(
        self, languages: Mapping[str, LanguageInfo] | None = None, default: str = "en"
    ) -> None:
        languages = load_languages() if languages is None else languages
        self._languages = languages
        self._default = Language(default if default in languages else next(iter(languages)))
        names = {script for info in languages.values() for script in info.scripts}
        self._scripts = {name: re.compile(_word(name)) for name in sorted(names)}
        self._factory: Any = None

    def detect(self, text: str, hint: Language | None = None) -> Language:
        """Return the text's language; `hint`, or else the default, where nothing tells."""
        fallback = hint if hint is not None and hint in self._languages else self._default
        plain = _CODES.sub(" ", text[:_LONGEST])
        words = {name: len(pattern.findall(plain)) for name, pattern in self._scripts.items()}
        script = _leading(words)
        if script is None or _is_tiny(plain, words):
            return fallback
        candidates = [key for key, info in self._languages.items() if script in info.scripts]
        if hint in self._languages and _is_mixed(words):
            return fallback
        if len(candidates) == 1:
            return Language(candidates[0])
        return self._by_ngrams(plain, candidates) or fallback

    def _by_ngrams(self, text: str, candidates: list[str]) -> Language | None:
        """Ask langdetect, which may only answer with one of the candidates."""
        from langdetect.lang_detect_exception import LangDetectException  # noqa: PLC0415

        names = {name: key for key in candidates for name in self._languages[key].detected_as}
        detector = self._detectors().create()
        detector.set_prior_map(dict.fromkeys(names, 1.0))
        detector.append(text)
        try:
            return Language(names[detector.detect()]) if names else None
        except (LangDetectException, KeyError):
            return None

    def _detectors(self) -> Any:
        """Load langdetect's profiles of the installed languages, at the first need of them."""
        if self._factory is None:
            from langdetect.detector_factory import DetectorFactory  # noqa: PLC0415

            factory = DetectorFactory()
            factory.set_seed(0)  # it samples n-grams at random
            folder = resources.files("langdetect") / "profiles"
            wanted = {name for info in self._languages.values() for name in info.detected_as}
            factory.load_json_profile(
                [(folder / name).read_text(encoding="utf-8") for name in sorted(wanted)]
            )
            self._factory = factory
        return self._factory


def _word(script: str) -> str:
    letters = _SCRIPTS[script]
    return f"[{letters}]" if script in _ONE_SIGN_A_WORD else f"[{letters}]+"


def _leading(words: Mapping[str, int]) -> str | None:
    total = sum(words.values())
    if not total:
        return None
    best = max(words, key=lambda name: (name != "Latin", words[name]))
    if words[best] / total >= _SHARE:
        return best
    return max(words, key=lambda name: words[name])


def _is_tiny(plain: str, words: Mapping[str, int]) -> bool:
    only_latin = words.get("Latin", 0) == sum(words.values())
    return only_latin and sum(map(str.isalpha, plain)) <= _UNDECIDED_LETTERS


def _is_mixed(words: Mapping[str, int]) -> bool:
    return words.get("Latin", 0) in _MIXED and sum(words.values()) > words["Latin"]
