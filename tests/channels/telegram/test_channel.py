"""Sending to Telegram, over HTTP to a local Bot API."""

from datetime import UTC, datetime

import pytest

from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.payloads import LONGEST_PART, split
from bot.model import Address, Message, MessageId, Speaker, WordedChoice
from bot.ports import SendError
from bot.settings import Settings, SettingsError
from tests.channels.telegram.fake import TOKEN, FakeTelegram

ANN = Address(channel="telegram", user="1111111")


def message(text: str, *choices: str, id_: str = "m1") -> Message:
    return Message(
        id=MessageId(id_),
        speaker=Speaker.BOT,
        text=text,
        sent_at=datetime(2026, 11, 22, tzinfo=UTC),
        choices=tuple(WordedChoice(label=f"Label of {c[:5]}", value=c) for c in choices),
    )


async def test_a_long_message_goes_in_parts_and_the_last_has_the_buttons(
    channel: TelegramChannel, telegram: FakeTelegram
) -> None:
    lines = "\n".join(f"Line {number} of a long answer" for number in range(400))

    await channel.send(ANN, message(lines, "/affirm"))

    bodies = telegram.bodies("sendMessage")
    assert "\n".join(telegram.texts()) == lines
    assert all(len(text) <= LONGEST_PART for text in telegram.texts())
    assert ["reply_markup" in body for body in bodies] == [False] * (len(bodies) - 1) + [True]


@pytest.mark.parametrize(
    "text", ["a" * 10_000, "退货" * 4_000, "🎉" * 4_000, "word " * 2_000, "\n".join("ab" * 4_000)]
)
def test_every_part_fits_and_nothing_but_blanks_is_lost(text: str) -> None:
    parts = list(split(text))

    assert all(0 < len(part.encode("utf-16-le")) // 2 <= LONGEST_PART for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


async def test_after_a_failure_the_parts_that_were_taken_are_not_sent_again(
    channel: TelegramChannel, telegram: FakeTelegram
) -> None:
    long = message("a" * LONGEST_PART + "b" * LONGEST_PART)
    await channel.send(ANN, message("hello", id_="m0"))
    telegram.calls.clear()
    one, two = split(long.text)
    telegram.answers.append((200, {}))  # taken, though not written down by the fake
    telegram.answers.append((502, {"description": "Bad Gateway"}))

    with pytest.raises(SendError):
        await channel.send(ANN, long)
    await channel.send(ANN, long)

    assert (one[0], telegram.texts()) == ("a", [two])


async def test_too_many_requests_say_when_to_come_back(
    channel: TelegramChannel, telegram: FakeTelegram
) -> None:
    telegram.answers.append(
        (429, {"description": "Too Many Requests", "parameters": {"retry_after": 7}})
    )

    with pytest.raises(SendError) as caught:
        await channel.send(ANN, message("hello"))

    assert (caught.value.permanent, caught.value.retry_after) == (False, 7.0)


@pytest.mark.parametrize(
    ("status", "permanent"), [(403, True), (400, True), (401, False), (404, False), (500, False)]
)
async def test_only_what_the_shopper_did_is_permanent(
    channel: TelegramChannel, telegram: FakeTelegram, status: int, *, permanent: bool
) -> None:
    telegram.answers.append((status, {"description": "Forbidden: bot was blocked by the user"}))

    with pytest.raises(SendError, match="blocked") as caught:
        await channel.send(ANN, message("hello"))

    assert caught.value.permanent is permanent


async def test_the_token_is_in_no_error() -> None:
    nobody = TelegramChannel(token=TOKEN, api="http://127.0.0.1:1")

    with pytest.raises(SendError) as caught:
        await nobody.send(ANN, message("hello"))
    await nobody.close()

    assert TOKEN not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.permanent is False


async def test_the_settings_name_the_bot(telegram: FakeTelegram) -> None:
    settings = Settings.model_validate({"telegram_token": TOKEN, "telegram_api": telegram.url})
    channel = TelegramChannel.from_settings(settings)

    await channel.send(ANN, message("hello"))
    await channel.close()

    assert telegram.texts() == ["hello"]
    with pytest.raises(SettingsError, match="SHOPBELL_TELEGRAM_TOKEN"):
        TelegramChannel.from_settings(Settings())
