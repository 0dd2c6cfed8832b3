"""Telegram's JSON: updates in, `sendMessage` bodies out.

Format: https://core.telegram.org/bots/api#update and #sendmessage.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, Field, StrictInt

from bot.contract import LONGEST_TEXT, clean_text
from bot.model import Message, Speaker, WordedChoice

LONGEST_PART = 4_096
"""UTF-16 units of one message that Telegram takes."""
LARGEST_CALLBACK = 64
"""Bytes that a button can send back."""

_START = re.compile(r"/start(@\w+)?(\s.*)?", re.DOTALL)
_HELLO = "/greeting"
"""What Telegram's own "Start" button says in the words of the catalog's commands."""
_NUMBER = re.compile(r"[0-9]{1,2}")


class _User(BaseModel):
    language_code: str | None = None


class _Chat(BaseModel):
    id: StrictInt
    type: str


class _Message(BaseModel):
    chat: _Chat
    sender: Annotated[_User, Field(alias="from")] = _User()
    text: str | None = None
    caption: str | None = None


class _Callback(BaseModel):
    id: str
    sender: Annotated[_User, Field(alias="from")] = _User()
    message: _Message | None = None
    data: str | None = None


class Update(BaseModel):
    """One delivery of the webhook; kinds that aren't named here are passed over."""

    update_id: StrictInt
    message: _Message | None = None
    callback_query: _Callback | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What a shopper did: `text` is None for a photo, a voice message and the like."""

    delivery: str
    chat: str
    language: str | None
    text: str | None
    callback: str | None = None


def received(update: Update) -> Received | None:
    """Return what a shopper did in a private chat; None for everything else."""
    callback = update.callback_query
    message = update.message if callback is None else callback.message
    if message is None or message.chat.type != "private":
        return None
    sender = message.sender if callback is None else callback.sender
    text = (message.text or message.caption) if callback is None else callback.data
    return Received(
        delivery=f"update-{update.update_id}",
        chat=str(message.chat.id),
        language=sender.language_code,
        text=_plain(text),
        callback=None if callback is None else callback.id,
    )


def answer_to(text: str, asked: Message | None) -> str:
    """Return the value of a choice that was offered as a numbered line and named by number."""
    if asked is None or _NUMBER.fullmatch(text.strip()) is None or _fits(asked.choices):
        return text
    number = int(text)
    return asked.choices[number - 1].value if 1 <= number <= len(asked.choices) else text


def last_asked(messages: Sequence[Message]) -> Message | None:
    """Return the newest message that the shopper was sent."""
    sent = (m for m in reversed(messages) if m.speaker is not Speaker.SHOPPER)
    return next(sent, None)


def send_bodies(chat: str, message: Message) -> list[dict[str, Any]]:
    """Return the bodies of `sendMessage` for one message: its parts, the last with buttons."""
    buttons = message.choices if _fits(message.choices) else ()
    lines = "" if buttons else _numbered(message.choices)
    parts = list(split(message.text + lines))
    bodies: list[dict[str, Any]] = [
        {"chat_id": int(chat), "text": part, "link_preview_options": {"is_disabled": True}}
        for part in parts
    ]
    if buttons and bodies:
        rows = [[{"text": c.label, "callback_data": c.value}] for c in buttons]
        bodies[-1]["reply_markup"] = {"inline_keyboard": rows}
    return bodies


def split(text: str, longest: int = LONGEST_PART) -> Iterator[str]:
    """Cut a text into parts that Telegram takes: at a line's end, else a blank, else anywhere."""
    rest = text.strip()
    while rest:
        end = _fitting(rest, longest)
        if end < len(rest):
            end = _good_end(rest, end)
        yield rest[:end].rstrip()
        rest = rest[end:].lstrip()


def _good_end(text: str, end: int) -> int:
    for mark in ("\n", " "):
        found = text.rfind(mark, end // 2, end + 1)
        if found > 0:
            return found
    return end


def _fitting(text: str, longest: int) -> int:
    """Return how many characters of a text fit, counted in UTF-16 as Telegram does."""
    units = 0
    for index, ch in enumerate(text):
        units += 2 if ord(ch) > 0xFFFF else 1  # noqa: PLR2004 - the last that takes one unit
        if units > longest:
            return index
    return len(text)


def _fits(choices: Sequence[WordedChoice]) -> bool:
    return all(1 <= len(choice.value.encode()) <= LARGEST_CALLBACK for choice in choices)


def _numbered(choices: Sequence[WordedChoice]) -> str:
    return "".join(f"\n{number}. {choice.label}" for number, choice in enumerate(choices, 1))


def _plain(text: str | None) -> str | None:
    if text is None:
        return None
    if _START.fullmatch(text):
        return _HELLO
    return clean_text(text)[:LONGEST_TEXT].strip() or None
