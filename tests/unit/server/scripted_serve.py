"""A server with a scripted pipeline, run as its own process so that tests may kill it.

python -m tests.unit.server.scripted_serve HOME DATABASE_URL PORT TELEGRAM_URL

A message "slow" takes a second. The URL is written to standard output once it answers.
"""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.channels.telegram.channel import TelegramChannel
from bot.model import Inbound, Turn
from bot.server.run import serve
from bot.store.engine import open_engine
from tests.unit.server.parts import Clock, Parts, ScriptedAssistant, make_parts

TOKEN = "9999999:AAF-secret"
SECRET = "a-secret_token"


class RealClock(Clock):
    """The clock on the wall."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


class SlowAssistant(ScriptedAssistant):
    """Takes its time when asked to."""

    async def handle(self, inbound: Inbound) -> Turn:
        if inbound.text == "slow":
            sys.stdout.write("slow turn begins\n")
            sys.stdout.flush()
            await asyncio.sleep(1)
        return await super().handle(inbound)


def main(home: str, database_url: str, port: str, telegram_url: str) -> int:
    async def open_parts() -> Parts:
        channel = TelegramChannel(token=TOKEN, api=telegram_url)
        parts = make_parts(
            open_engine(database_url),
            home=Path(home),
            channels={"telegram": channel},
            clock=RealClock(),
            telegram_secret=SECRET,
        )
        parts.assistant = SlowAssistant(
            store=parts.store, live=parts.live, clock=parts.now, new_id=parts.new_id
        )
        return parts

    def ready(url: str) -> None:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()

    return serve(open_parts, "127.0.0.1", int(port), log_json=True, on_ready=ready)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
