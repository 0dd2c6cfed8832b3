"""The desk's JSON routes, for its own pages' scripts and for other programs."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from bot.contract import ApiError
from bot.desk.desk import Desk, answered
from bot.desk.login import Session, check_csrf
from bot.desk.payloads import (
    AcceptBody,
    EndBody,
    LoginBody,
    MessageBody,
    agent_json,
    audience_of,
    handoff_json,
    message_json,
    text_of,
    turn_json,
)
from bot.model import Audience, Conversation
from escalation.model import Handoff, HandoffId, State

_Csrf = Annotated[str | None, Header(alias="X-CSRF-Token")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The contract's desk routes under /api/v1/desk."""

    desk: Desk

    def router(self) -> APIRouter:
        """Return the routes."""
        api = APIRouter(prefix="/api/v1/desk", tags=["desk"])
        one = "/handoffs/{handoff}"
        api.add_api_route("/session", self.sign_in, methods=["POST"], summary="Sign in")
        api.add_api_route("/session", self.who, methods=["GET"], summary="Who is signed in")
        api.add_api_route(
            "/session", self.sign_out, methods=["DELETE"], summary="Sign out", status_code=204
        )
        api.add_api_route("/handoffs", self.handoffs, methods=["GET"], summary="List handoffs")
        api.add_api_route(one, self.handoff, methods=["GET"], summary="One handoff, whole story")
        api.add_api_route(f"{one}/accept", self.accept, methods=["POST"], summary="Accept")
        api.add_api_route(f"{one}/messages", self.say, methods=["POST"], summary="Reply or note")
        api.add_api_route(f"{one}/end", self.end, methods=["POST"], summary="End")
        return api

    # -- sessions ------------------------------------------------------------

    async def sign_in(
        self, request: Request, response: Response, body: LoginBody
    ) -> dict[str, Any]:
        """Open a session: its cookie comes back, and the token that writes need."""
        session = await self.desk.login.sign_in(request, response, body.email, body.password)
        return {"agent": agent_json(session.agent), "csrf": session.csrf}

    async def who(self, request: Request) -> dict[str, Any]:
        """Return who is signed in."""
        session = await self._session(request)
        return {"agent": agent_json(session.agent), "csrf": session.csrf}

    async def sign_out(self, request: Request, response: Response, token: _Csrf = None) -> None:
        """End the session."""
        check_csrf(request, await self._session(request), token)
        await self.desk.login.sign_out(request, response)

    # -- handoffs ------------------------------------------------------------

    async def handoffs(self, request: Request, state: str = State.WAITING) -> dict[str, Any]:
        """Return the handoffs of a state: waiting ones in queue order, others newest first."""
        session = await self._session(request)
        wanted = _state(state)
        found = await self.desk.app.store.handoffs(wanted)
        waiting = wanted is State.WAITING
        listed = [
            await self._handoff_json(session, c, c.handoff, place if waiting else None)
            for place, c in enumerate(found, start=1)
            if c.handoff is not None
        ]
        return {"handoffs": listed}

    async def handoff(self, request: Request, handoff: HandoffId) -> dict[str, Any]:
        """Return one handoff with the transcript, notes included, and what was understood."""
        session = await self._session(request)
        return await self._whole(session, handoff)

    async def accept(
        self,
        request: Request,
        handoff: HandoffId,
        body: AcceptBody | None = None,
        token: _Csrf = None,
    ) -> dict[str, Any]:
        """Accept a handoff; who comes second gets 409 `already_taken`."""
        session = await self._writer(request, token)
        take_over = body is not None and body.take_over
        async with answered(self.desk, handoff):
            await self.desk.console.accept(handoff, session.agent, take_over=take_over)
        return await self._whole(session, handoff)

    async def say(
        self, request: Request, handoff: HandoffId, body: MessageBody, token: _Csrf = None
    ) -> dict[str, Any]:
        """Answer the shopper, or leave a note for colleagues."""
        session = await self._writer(request, token)
        text, audience = text_of(body.text), audience_of(body.audience)
        console = self.desk.console
        write = console.say if audience is Audience.EVERYONE else console.note
        async with answered(self.desk, handoff):
            message = await write(handoff, session.agent, text)
        return message_json(message, {session.agent.id: session.agent.name})

    async def end(
        self, request: Request, handoff: HandoffId, body: EndBody, token: _Csrf = None
    ) -> dict[str, Any]:
        """End a handoff."""
        session = await self._writer(request, token)
        back = body.return_to_bot
        async with answered(self.desk, handoff):
            await self.desk.console.end(
                handoff,
                session.agent,
                return_to_bot=self.desk.app.rules.escalate.return_to_bot if back is None else back,
                resolution=(body.resolution or "").strip() or None,
            )
        return await self._whole(session, handoff)

    # -- helpers ------------------------------------------------------------

    async def _session(self, request: Request) -> Session:
        session = await self.desk.login.session(request)
        if session is None:
            raise ApiError(
                401,
                "not_signed_in",
                "Nobody is signed in.",
                expected="the cookie of POST /api/v1/desk/session",
            )
        return session

    async def _writer(self, request: Request, token: str | None) -> Session:
        session = await self._session(request)
        check_csrf(request, session, token)
        return session

    async def _whole(self, session: Session, handoff: HandoffId) -> dict[str, Any]:
        conversation, current = await self.desk.find(handoff)
        names = await self.desk.names()
        place = await self.desk.app.store.position(handoff)
        turns = await self.desk.app.store.turns(conversation.id)
        messages = await self.desk.transcript(conversation)
        return {
            **await self._handoff_json(session, conversation, current, place),
            "owner": conversation.owner.value,
            "messages": [message_json(message, names) for message in messages],
            "turns": [turn_json(turn) for turn in turns],
        }

    async def _handoff_json(
        self, session: Session, conversation: Conversation, handoff: Handoff, place: int | None
    ) -> dict[str, Any]:
        language = self.desk.language(*session.agent.languages)
        return handoff_json(
            conversation,
            handoff,
            story=self.desk.wording(language).story(handoff.summary),
            names=await self.desk.names(),
            position=place,
        )


def _state(word: str) -> State:
    try:
        return State(word)
    except ValueError as error:
        known = [state.value for state in State]
        raise ApiError(
            422, "unknown_state", "No handoff has that state.", expected=f"one of {known}"
        ) from error
