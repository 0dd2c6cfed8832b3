"""The command `shopbell`. Each group of commands is a module that loads what it needs when run."""

import importlib
import os
import sys
from importlib.metadata import version
from typing import Any

import click

from bot.cli.console import fail

COMMANDS = {
    "serve": "bot.cli.serve",
    "chat": "bot.cli.chat",
    "understand": "bot.cli.understand",
    "train": "bot.cli.understand",
    "evaluate": "bot.cli.evaluate",
    "models": "bot.cli.models",
    "search": "bot.cli.knowledge",
    "articles": "bot.cli.knowledge",
    "shop": "bot.cli.shop",
    "agents": "bot.cli.agents",
    "privacy": "bot.cli.privacy",
    "validate": "bot.cli.validate",
    "rasa": "bot.cli.rasa",
}
"""Command to the module that holds it: importing them all would make `--help` slow."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(COMMANDS[cmd_name]), cmd_name)
        return command


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("shopbell"), prog_name="shopbell")
def shopbell() -> None:
    """Shopbell: an online shop's service desk that answers by itself, in Chinese and English.

    Start with: shopbell serve --demo

    Settings are environment variables SHOPBELL_*; the shop's rules stand in shopbell.yml of
    SHOPBELL_HOME (default ./var).
    """
    from bot.server.logs import configure  # noqa: PLC0415 - `--help` needs no logs

    configure(level="warning")  # on standard error: standard output is for data; `serve` says more


def main() -> None:
    """Run the command; what users can put right ends in one line and no trace."""
    # Set before numpy is loaded. Its products are small here: a second thread only waits for
    # the core on which another text is being encoded (2.2 ms a message instead of 0.4 ms).
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from bot.ports import ShopbellError  # noqa: PLC0415 - after click has parsed the arguments
    from bot.settings import SettingsError  # noqa: PLC0415
    from intents.model import DataError  # noqa: PLC0415

    expected: tuple[type[Exception], ...] = (ShopbellError, SettingsError, DataError)
    try:
        result: Any = shopbell.main(standalone_mode=False)
    except click.Abort:
        fail("Stopped", code=130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output went away: nothing to say to it
        sys.exit(0)
    except expected as error:
        fail(str(error))
    sys.exit(result if isinstance(result, int) else 0)


if __name__ == "__main__":
    main()
