"""The `Agents` port on SQLAlchemy: the people of the desk and their sessions."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, exc, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.model import Agent, Role
from bot.ports import AgentExistsError
from bot.store.engine import fetch, transact
from bot.store.rows import plain
from bot.store.tables import agents, desk_sessions
from escalation.model import AgentId

_BY_EMAIL = select(agents).where(agents.c.email == bindparam("address"))
_BY_ID = select(agents).where(agents.c.id == bindparam("a"))
_ALL = select(agents).order_by(agents.c.email)
_CHANGE = update(agents).where(agents.c.id == bindparam("a"))
_SESSION = (
    select(agents, desk_sessions.c.csrf)
    .join(desk_sessions, desk_sessions.c.agent == agents.c.id)
    .where(
        desk_sessions.c.token_hash == bindparam("t"),
        desk_sessions.c.expires_at > bindparam("now"),
        agents.c.active,
    )
)
_EXPIRE = delete(desk_sessions).where(desk_sessions.c.expires_at <= bindparam("now"))
_CLOSE = delete(desk_sessions).where(desk_sessions.c.token_hash == bindparam("t"))
_CLOSE_ALL = delete(desk_sessions).where(desk_sessions.c.agent == bindparam("a"))


class SqlAgents:
    """Keeps agents and desk sessions in SQLite or PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, agent: Agent, password_hash: str) -> None:
        """Keep a new agent; raises AgentExistsError when the e-mail address is taken."""
        values = {**_columns(agent), "password_hash": password_hash}
        try:
            await transact(self._engine, lambda c: c.execute(insert(agents), values))
        except exc.IntegrityError as error:
            raise _taken(agent) from error

    async def change(self, agent: Agent, *, password_hash: str | None = None) -> bool:
        """Replace what is known of an agent, and the password if given; False if unknown."""
        values = _columns(agent)
        if password_hash is not None:
            values["password_hash"] = password_hash

        def work(connection: Connection) -> bool:
            changed = connection.execute(_CHANGE.values(values), {"a": agent.id}).rowcount
            if password_hash is not None or not agent.active:
                connection.execute(_CLOSE_ALL, {"a": agent.id})
            return bool(changed)

        try:
            return await transact(self._engine, work)
        except exc.IntegrityError as error:
            raise _taken(agent) from error

    async def by_email(self, email: str) -> tuple[Agent, str] | None:
        """Return an agent and the password's hash, whatever the case of the address."""
        found = await fetch(self._engine, _BY_EMAIL, {"address": _folded(email)})
        return (_agent(found[0]), found[0].password_hash) if found else None

    async def get(self, agent: AgentId) -> Agent | None:
        """Return an agent."""
        found = await fetch(self._engine, _BY_ID, {"a": agent})
        return _agent(found[0]) if found else None

    async def list(self) -> Sequence[Agent]:
        """Return all agents by e-mail address, inactive ones too."""
        return [_agent(row) for row in await fetch(self._engine, _ALL)]

    async def open_session(
        self, agent: AgentId, *, token_hash: str, csrf: str, expires_at: datetime, now: datetime
    ) -> None:
        """Keep a desk session; expired ones are forgotten."""
        values = {
            "token_hash": token_hash,
            "agent": agent,
            "csrf": csrf,
            "expires_at": expires_at,
        }

        def work(connection: Connection) -> None:
            connection.execute(_EXPIRE, {"now": now})
            connection.execute(insert(desk_sessions), values)

        await transact(self._engine, work)

    async def session(self, token_hash: str, now: datetime) -> tuple[Agent, str] | None:
        """Return a running session's agent and CSRF token; None when expired or inactive."""
        found = await fetch(self._engine, _SESSION, {"t": token_hash, "now": now})
        return (_agent(found[0]), found[0].csrf) if found else None

    async def close_session(self, token_hash: str) -> None:
        """End a session; unknown ones are fine."""
        await transact(self._engine, lambda c: c.execute(_CLOSE, {"t": token_hash}))


def _columns(agent: Agent) -> dict[str, Any]:
    return {
        "id": agent.id,
        "email": _folded(agent.email),
        "name": agent.name,
        "role": agent.role,
        "languages": json.dumps(agent.languages),
        "skills": json.dumps(agent.skills),
        "active": agent.active,
    }


def _agent(row: Row[Any]) -> Agent:
    return Agent(
        id=AgentId(row.id),
        email=row.email,
        name=row.name,
        role=Role(row.role),
        languages=tuple(json.loads(row.languages)),
        skills=tuple(json.loads(row.skills)),
        active=row.active,
    )


def _folded(email: str) -> str:
    return plain(email.strip().casefold())


def _taken(agent: Agent) -> AgentExistsError:
    return AgentExistsError(f"Expected a new e-mail address, but {agent.email} has an agent")
