"""`shopbell agents`: the people of the desk."""

import asyncio
import sys

import click

from bot.bootstrap import new_id
from bot.cli.console import fail, put_json, run_async
from bot.desk.passwords import Passwords, WeakPasswordError
from bot.model import Agent, Role
from bot.settings import read_settings
from bot.store.agents import SqlAgents
from bot.store.engine import migrate, open_engine
from escalation.model import AgentId


@click.group()
def agents() -> None:
    """Add the people who answer at the desk."""


@agents.command()
@click.argument("email")
@click.option("--role", type=click.Choice([r.value for r in Role]), default=Role.AGENT.value)
@click.option("--name", help="Name that shoppers see; by default the address before the @.")
@click.option("--skills", default="", help="Kinds of handoff that they take, comma-separated.")
@click.option("--languages", default="", help="Languages that they answer in, comma-separated.")
@click.option("--json", "as_json", is_flag=True)
@run_async
async def add(
    email: str, role: str, name: str | None, skills: str, languages: str, *, as_json: bool
) -> None:
    """Add an agent. Asks for the password twice, or reads it from standard input."""
    if email.count("@") != 1 or email.startswith("@") or email.endswith("@"):
        fail(f"Expected an e-mail address, but got {email!r}", code=2)
    agent = Agent(
        id=AgentId(new_id()),
        email=email,
        name=name or email.partition("@")[0],
        role=Role(role),
        languages=_list(languages),
        skills=_list(skills),
    )
    try:
        hashed = await Passwords().hash(_password())
    except WeakPasswordError as error:
        fail(str(error), code=2)
    settings = read_settings()
    await asyncio.to_thread(migrate, settings.database)
    engine = open_engine(settings.database)
    try:
        await SqlAgents(engine).add(agent, hashed)
    finally:
        await engine.dispose()
    if as_json:
        put_json({"id": agent.id, "email": agent.email, "role": agent.role.value})
    else:
        click.echo(f"Added {agent.email} as {agent.role.value}")


def _password() -> str:
    if sys.stdin.isatty():
        prompted: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return prompted
    lines = sys.stdin.read().splitlines()
    if not lines or not lines[0]:
        fail("Expected the password as the first line of standard input, but got none", code=2)
    if len(lines) > 1 and lines[1] and lines[1] != lines[0]:
        fail("Expected the second line to repeat the password, but it differs", code=2)
    return lines[0]


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
