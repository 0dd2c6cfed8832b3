"""The promises of the `Agents` and `Tokens` ports."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.model import Agent, ConversationId, Role
from bot.ports import AgentExistsError, Agents, Tokens, UnknownConversationError
from bot.store import privacy
from bot.store.agents import SqlAgents
from bot.store.conversations import SqlStore
from bot.store.tokens import SqlTokens
from escalation.model import AgentId
from tests.contract import store_values as values
from tests.contract.store_values import START, Clock

LI = Agent(
    id=AgentId("a1"),
    email="li@shop.example",
    name="李雷",
    role=Role.SUPERVISOR,
    languages=("zh", "en"),
    skills=("returns",),
)
LATER = START + timedelta(hours=8)


@pytest.fixture
def agents(engine: AsyncEngine) -> Agents:
    return SqlAgents(engine)


async def test_an_agent_is_found_whatever_the_case_of_the_address(agents: Agents) -> None:
    await agents.add(replace(LI, email=" Li@Shop.example"), "hash")
    assert await agents.by_email("LI@shop.EXAMPLE ") == (LI, "hash")
    assert await agents.by_email("nobody@shop.example") is None
    assert await agents.get(LI.id) == LI
    assert await agents.get(AgentId("none")) is None


async def test_an_address_has_one_agent(agents: Agents) -> None:
    await agents.add(LI, "hash")
    with pytest.raises(AgentExistsError, match="li@shop"):
        await agents.add(replace(LI, id=AgentId("a2")), "other")
    other = replace(LI, id=AgentId("a2"), email="han@shop.example")
    await agents.add(other, "hash")
    with pytest.raises(AgentExistsError):
        await agents.change(replace(other, email=LI.email))
    assert list(await agents.list()) == [other, LI]


async def test_a_session_lasts_until_it_expires(agents: Agents) -> None:
    await agents.add(LI, "hash")
    await agents.open_session(LI.id, token_hash="t", csrf="c", expires_at=LATER, now=START)
    assert await agents.session("t", START) == (LI, "c")
    assert await agents.session("t", LATER) is None
    assert await agents.session("other", START) is None


async def test_a_closed_session_is_over(agents: Agents) -> None:
    await agents.add(LI, "hash")
    for token in ("t1", "t2"):
        await agents.open_session(LI.id, token_hash=token, csrf="c", expires_at=LATER, now=START)
    await agents.close_session("t1")
    await agents.close_session("t1")
    assert await agents.session("t1", START) is None
    assert await agents.session("t2", START) is not None


@pytest.mark.parametrize("locked_out", [True, False])
async def test_a_new_password_or_deactivation_ends_all_sessions(
    agents: Agents, *, locked_out: bool
) -> None:
    await agents.add(LI, "hash")
    await agents.open_session(LI.id, token_hash="t", csrf="c", expires_at=LATER, now=START)
    assert await agents.change(replace(LI, name="Lei")) is True
    assert await agents.session("t", START) == (replace(LI, name="Lei"), "c")
    change = {"password_hash": None if locked_out else "new"}
    await agents.change(replace(LI, active=not locked_out), **change)
    assert await agents.session("t", START) is None
    found = await agents.by_email(LI.email)
    assert found == (replace(LI, active=not locked_out), "hash" if locked_out else "new")


async def test_an_unknown_agent_cannot_be_changed(agents: Agents) -> None:
    assert await agents.change(LI) is False


async def test_a_token_opens_its_conversation_until_it_expires(engine: AsyncEngine) -> None:
    store = SqlStore(engine, push_channels=frozenset(), shared=False, now=Clock())
    tokens: Tokens = SqlTokens(engine)
    started = await store.start(values.conversation())
    await tokens.grant(started.id, "short", LATER)
    await tokens.grant(started.id, "forever", None)
    assert await tokens.conversation_of("short", START) == started.id
    assert await tokens.conversation_of("short", LATER) is None
    assert await tokens.conversation_of("forever", LATER) == started.id
    assert await tokens.conversation_of("unknown", START) is None
    await privacy.erase(engine, started.id)
    assert await tokens.conversation_of("forever", START) is None


async def test_nobody_gets_a_token_for_an_unknown_conversation(engine: AsyncEngine) -> None:
    with pytest.raises(UnknownConversationError):
        await SqlTokens(engine).grant(ConversationId("none"), "t", None)
