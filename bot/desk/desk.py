"""Common ground of pages and API: reading handoffs, errors in the contract's words."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.contract import ApiError
from bot.desk.app import App
from bot.desk.console import Console
from bot.desk.login import Login, Session, read_secret
from bot.desk.views import Case, Reader, Row
from bot.desk.wording import Wording
from bot.model import Audience, Conversation, Language, Message
from bot.ports import ConflictError, UnknownConversationError
from escalation.model import (
    AgentId,
    AlreadyTakenError,
    Handoff,
    HandoffId,
    NotOpenError,
    NotYoursError,
    State,
)

_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The desk of one running program."""

    app: App
    login: Login
    console: Console
    languages: tuple[Language, ...]
    """Languages that the desk has words in."""

    async def rows(self, state: State, reader: Reader, *, limit: int = 200) -> list[Row]:
        """Return the handoffs of a state, in the order in which they matter."""
        found = await self.app.store.handoffs(state, limit=limit)
        waiting = state is State.WAITING
        return [
            reader.row(conversation, conversation.handoff, place if waiting else None)
            for place, conversation in enumerate(found, start=1)
            if conversation.handoff is not None
        ]

    async def case(self, handoff: HandoffId, reader: Reader) -> Case:
        """Return one handoff with its whole story; raises ApiError when unknown."""
        conversation, current = await self.find(handoff)
        return reader.case(
            conversation,
            current,
            await self.app.store.position(handoff),
            await self.transcript(conversation),
            await self.app.store.turns(conversation.id),
        )

    async def find(self, handoff: HandoffId) -> tuple[Conversation, Handoff]:
        """Return a handoff and its conversation; raises ApiError when unknown."""
        async with answered(self):
            return await self.app.store.by_handoff(handoff)

    async def transcript(self, conversation: Conversation) -> Sequence[Message]:
        """Return all messages with the staff's notes, in order."""
        messages: list[Message] = []
        while True:
            after = messages[-1].seq if messages else 0
            page = await self.app.store.messages(
                conversation.id, after=after, audience=Audience.STAFF, limit=_PAGE
            )
            messages += page
            if len(page) < _PAGE:
                return messages

    async def reader(self, session: Session, language: Language) -> Reader:
        """Return who looks."""
        return Reader(
            agent=session.agent,
            wording=self.wording(language),
            now=self.app.now(),
            names=await self.names(),
        )

    async def names(self) -> dict[AgentId, str]:
        """Return the name of every agent, inactive ones too."""
        return {agent.id: agent.name for agent in await self.app.agents.list()}

    def wording(self, language: Language) -> Wording:
        """Return the desk's words in a language."""
        return Wording(self.app.words, language, self.app.rules.time_zone)

    def language(self, *wishes: str | None) -> Language:
        """Return the first wish that the desk has words for, else the shop's, else any."""
        for wish in (*wishes, self.app.rules.language):
            if wish in self.languages:
                return Language(wish)
        return self.languages[0]


def open_desk(app: App) -> Desk:
    """Join the desk's parts; makes the key of its cookies at the first start."""
    login = Login(agents=app.agents, now=app.now, key=read_secret(app.settings.home))
    console = Console(
        store=app.store, live=app.live, words=app.words, now=app.now, new_id=app.new_id
    )
    known = (Language(name) for name in app.languages)
    return Desk(
        app=app,
        login=login,
        console=console,
        languages=tuple(name for name in known if app.words.variants("desk.title", name)),
    )


@asynccontextmanager
async def answered(desk: Desk, handoff: HandoffId | None = None) -> AsyncIterator[None]:
    """Turn what a handoff refuses into the contract's errors."""
    try:
        yield
    except UnknownConversationError as error:
        raise ApiError(404, "unknown_handoff", "There is no such handoff.") from error
    except AlreadyTakenError as error:
        raise ApiError(409, "already_taken", await _taken(desk, handoff)) from error
    except NotYoursError as error:
        raise ApiError(
            409,
            "not_yours",
            "Only the agent who accepted a handoff may do this.",
            expected="an accepted handoff, or the role supervisor",
        ) from error
    except NotOpenError as error:
        raise ApiError(409, "ended", "This handoff has ended.") from error
    except ConflictError as error:
        raise ApiError(409, "conflict", "The conversation changed meanwhile.") from error


async def _taken(desk: Desk, handoff: HandoffId | None) -> str:
    """Say who was first."""
    if handoff is None:
        return "Another agent was first."
    _, current = await desk.app.store.by_handoff(handoff)
    names = await desk.names()
    who = names.get(current.agent, current.agent) if current.agent else "Another agent"
    return f"{who} was first."
