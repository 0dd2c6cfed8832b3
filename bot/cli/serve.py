"""`shopbell serve`: run the service desk."""

import secrets
from dataclasses import replace
from datetime import time
from pathlib import Path

import click
from pydantic import SecretStr

from bot.bootstrap import App, new_id, open_app
from bot.cli.console import progress_bars
from bot.desk.passwords import Passwords
from bot.model import Agent, Role
from bot.ports import Live
from bot.server.live import LocalLive, RedisLive
from bot.server.run import serve as run_server
from bot.settings import Hours, Settings, ShopRules, read_rules, read_settings
from escalation.model import AgentId

DEMO_EMAIL = "demo@lanternloom.example"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--demo", is_flag=True, help="Serve the demo shop, with an account for the desk.")
def serve(host: str, port: int, *, demo: bool) -> int:
    """Serve the API, the widget and the desk until interrupted.

    What is missing (encoder, trained heads, tables, index) is made first.
    """
    settings = read_settings()
    if demo:
        settings = with_demo_identity(settings)
    lines: list[str] = []

    async def open_parts() -> App:
        with progress_bars() as progress:
            app = await open_app(
                settings,
                live=_live(settings),
                demo=demo,
                rules=demo_rules(settings.home) if demo else None,
                progress=progress,
            )
        if demo:
            password = await demo_agent(app)
            lines.append(f"Desk account: {DEMO_EMAIL}  password: {password}")
        return app

    def ready(url: str) -> None:
        click.echo(f"Shopbell is ready: {url}  (desk: {url.rstrip('/')}/desk)")
        for line in lines:
            click.echo(line)

    return run_server(
        open_parts,
        host,
        port,
        log_level=settings.log_level,
        log_json=settings.log_json,
        on_ready=ready,
    )


def with_demo_identity(settings: Settings) -> Settings:
    """Return settings with a key for identities; the demo's is random, one per home."""
    if settings.identity_key is not None:
        return settings
    path = settings.home / "demo-identity-key"
    if not path.exists():
        _keep_secret(path, secrets.token_hex(32))
    key = SecretStr(path.read_text(encoding="ascii").strip())
    return settings.model_copy(update={"identity_key": key})


def demo_rules(home: Path) -> ShopRules:
    """Return the home's own rules, else the defaults under the demo shop's name.

    People of the demo answer at any hour: who tries it out is one of them, wherever that is.
    """
    if (home / "shopbell.yml").exists():
        return read_rules(home)
    always = Hours(days=dict.fromkeys(Hours().days, (time.min, time.max)))
    return ShopRules(name={"en": "Lantern & Loom", "zh": "灯织"}, hours=always)


async def demo_agent(app: App) -> str:
    """Give the demo's desk account a new random password, and return it."""
    password = secrets.token_urlsafe(9)
    hashed = await Passwords().hash(password)
    known = await app.agents.by_email(DEMO_EMAIL)
    agent = Agent(
        id=known[0].id if known else AgentId(new_id()),
        email=DEMO_EMAIL,
        name="Demo",
        role=Role.ADMIN,
        languages=app.languages,
    )
    if known:
        await app.agents.change(replace(agent, active=True), password_hash=hashed)
    else:
        await app.agents.add(agent, hashed)
    return password


def _live(settings: Settings) -> Live:
    return RedisLive(settings.redis_url) if settings.redis_url else LocalLive()


def _keep_secret(path: Path, secret: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(secret, encoding="ascii")
