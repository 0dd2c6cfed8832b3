"""Makes the encoder's `tokenizer.json` (Hugging Face `tokenizers`) from its vocabulary.

The original normalizes by SentencePiece's `nmt_nfkc` table. The steps below give the same token
ids: NFKC, but control characters vanish, odd blanks are spaces, and the full-width tilde stays.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from bot.nlu.weights import Pieces

_DROPPED = "[\\u0001-\\u0008\\u000b\\u000e-\\u001f\\u007f\\u008f\\u009f]"
_BLANKS = "[\\t\\n\\f\\r\\u1680\\u200b-\\u200f\\u2028\\u2029\\u2581\\ufeff\\ufffd]"
_TILDE = "\uff5e"
_HIDDEN_TILDE = "\ue0fe"
"""A private character that NFKC leaves alone."""

_BLANK_MARK = "\u2581"
"""What SentencePiece writes for the blank before a word."""
_HAN = (
    (0x3005, 0x3007),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x323AF),
)
_JOINERS = {0x200D, 0xFE0E, 0xFE0F}
"""What emoji are put together with."""


def kept_ids(pieces: Pieces) -> list[int]:
    """Return the ids of specials and of pieces made of ASCII, Han, punctuation, symbols, emoji."""
    special = {pieces.begin, pieces.end, pieces.padding, pieces.unknown, len(pieces.texts) - 1}
    return [i for i, text in enumerate(pieces.texts) if i in special or all(map(_is_kept, text))]


def _is_kept(character: str) -> bool:
    code = ord(character)
    if code < 0x80 or character == _BLANK_MARK or code in _JOINERS:  # noqa: PLR2004 - ASCII
        return True
    if any(first <= code <= last for first, last in _HAN):
        return True
    return unicodedata.category(character)[0] in "PS"


def tokenizer_json(pieces: Pieces, keep: Sequence[int]) -> dict[str, Any]:
    """Return the content of `tokenizer.json` for the kept pieces, numbered anew in their order."""
    number = {old: new for new, old in enumerate(keep)}
    mask = len(pieces.texts) - 1
    texts = [*pieces.texts[:mask], "<mask>"]
    specials = {
        texts[old]: number[old]
        for old in (pieces.begin, pieces.padding, pieces.end, pieces.unknown, mask)
    }
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [_added(text, new) for text, new in specials.items()],
        "normalizer": {"type": "Sequence", "normalizers": _normalizers()},
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [{"type": "WhitespaceSplit"}, _metaspace()],
        },
        "post_processor": _frame(specials),
        "decoder": _metaspace(),
        "model": {
            "type": "Unigram",
            "unk_id": number[pieces.unknown],
            "vocab": [[texts[old], pieces.scores[old]] for old in keep],
            "byte_fallback": False,
        },
    }


def _normalizers() -> list[dict[str, Any]]:
    return [
        _replace({"Regex": _DROPPED}, ""),
        _replace({"Regex": _BLANKS}, " "),
        _replace({"String": _TILDE}, _HIDDEN_TILDE),
        {"type": "NFKC"},
        _replace({"String": _HIDDEN_TILDE}, _TILDE),
        _replace({"Regex": " {2,}"}, " "),
    ]


def _replace(pattern: Mapping[str, str], content: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern, "content": content}


def _metaspace() -> dict[str, Any]:
    return {
        "type": "Metaspace",
        "replacement": _BLANK_MARK,
        "prepend_scheme": "always",
        "split": True,
    }


def _added(text: str, number: int) -> dict[str, Any]:
    return {
        "id": number,
        "content": text,
        "single_word": False,
        "lstrip": text == "<mask>",
        "rstrip": False,
        "normalized": False,
        "special": True,
    }


def _frame(specials: Mapping[str, int]) -> dict[str, Any]:
    """Put `<s>` before a text and `</s>` behind it."""
    begin, end = ({"SpecialToken": {"id": text, "type_id": 0}} for text in ("<s>", "</s>"))
    first, second = ({"Sequence": {"id": text, "type_id": 0}} for text in "AB")
    return {
        "type": "TemplateProcessing",
        "single": [begin, first, end],
        "pair": [begin, first, end, end, second, end],
        "special_tokens": {
            text: {"id": text, "ids": [specials[text]], "tokens": [text]}
            for text in ("<s>", "</s>")
        },
    }
