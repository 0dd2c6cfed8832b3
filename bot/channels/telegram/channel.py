"""Sends messages through Telegram's Bot API.

The API's URLs hold the bot's token, so that neither URLs nor the client's own errors are ever
put into an error or a log line.
"""

from collections import OrderedDict
from typing import Any, ClassVar, Self

import httpx

from bot.channels.telegram.payloads import send_bodies
from bot.model import Address, Message, MessageId
from bot.ports import SendError
from bot.settings import Settings, SettingsError

NAME = "telegram"
_REMEMBERED = 1_000
_TOO_MANY = 429
_PERMANENT = frozenset({400, 403})
"""No such chat, or blocked by the shopper: trying again changes nothing. A wrong token (401,
404) is none of these: the shop can put it right."""


class TelegramChannel:
    """One bot. Long messages go in parts; a part that was taken isn't sent again."""

    name: ClassVar[str] = NAME

    def __init__(self, *, token: str, api: str, client: httpx.AsyncClient | None = None) -> None:
        self._base = f"{api.rstrip('/')}/bot{token}"
        self._client = client or httpx.AsyncClient(timeout=httpx.Timeout(10, connect=5))
        self._parts_sent: OrderedDict[MessageId, int] = OrderedDict()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the bot that the settings name; raises SettingsError when they name none."""
        if settings.telegram_token is None:
            raise SettingsError("SHOPBELL_TELEGRAM_TOKEN: expected the bot's token")
        return cls(token=settings.telegram_token.get_secret_value(), api=settings.telegram_api)

    async def send(self, to: Address, message: Message) -> None:
        """Send; choices are buttons where they fit, else numbered lines. Raises SendError."""
        bodies = send_bodies(to.user, message)
        done = self._parts_sent.get(message.id, 0)
        for number, body in enumerate(bodies[done:], done + 1):
            await self._call("sendMessage", body)
            self._remember(message.id, number)
        self._parts_sent.pop(message.id, None)

    async def acknowledge(self, callback: str) -> None:
        """Stop the waiting sign on a button that was pressed. Raises SendError."""
        await self._call("answerCallbackQuery", {"callback_query_id": callback})

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _call(self, method: str, body: dict[str, Any]) -> None:
        try:
            response = await self._client.post(f"{self._base}/{method}", json=body)
        except httpx.HTTPError as error:
            # `from None`: the client's error holds the request, and its URL the token.
            raise SendError(f"Telegram can't be reached: {type(error).__name__}") from None
        if not response.is_success:
            raise _refusal(response)

    def _remember(self, message: MessageId, parts: int) -> None:
        self._parts_sent[message] = parts
        if len(self._parts_sent) > _REMEMBERED:
            self._parts_sent.popitem(last=False)


def _refusal(response: httpx.Response) -> SendError:
    said = _said(response)
    status = response.status_code
    after = said.get("parameters", {}).get("retry_after") if status == _TOO_MANY else None
    return SendError(
        f"Telegram answered {status}: {said.get('description', 'no description')}",
        permanent=status in _PERMANENT,
        retry_after=float(after) if isinstance(after, int | float) else None,
    )


def _said(response: httpx.Response) -> dict[str, Any]:
    try:
        said = response.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
