"""The desk's pages: HTML from the server, kept live by htmx, usable without any script.

A form posted without htmx is answered by a redirect, so that reloading sends nothing twice; one
posted by htmx gets the parts of the page that changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Header, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse
from jinja2 import Environment

from bot.contract import ApiError
from bot.desk import stream
from bot.desk.desk import Desk, answered
from bot.desk.login import Session, check_csrf
from bot.desk.payloads import audience_of, text_of
from bot.desk.statics import Statics, environment
from bot.desk.views import Reader
from bot.model import Audience, Language
from escalation.model import HandoffId, State

LANGUAGE_COOKIE: Final = "shopbell_desk_language"
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_YEAR: Final = 365 * 24 * 3600
_ENDED_SHOWN: Final = 20

_Text = Annotated[str, Form()]
_Csrf = Annotated[str | None, Header(alias="X-CSRF-Token")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request of somebody who is signed in."""

    request: Request
    session: Session
    reader: Reader
    language: Language

    @property
    def is_htmx(self) -> bool:
        """Return whether a script asks, which takes parts of a page."""
        return self.request.headers.get("hx-request") == "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """The routes under /desk."""

    desk: Desk
    statics: Statics = field(default_factory=Statics)
    templates: Environment = field(default_factory=environment)

    def router(self) -> APIRouter:
        """Return the routes."""
        pages = APIRouter(prefix="/desk", include_in_schema=False)
        one = "/handoffs/{handoff}"
        for path, get in (
            ("", self.queue),
            ("/login", self.login_page),
            ("/queue", self.queue_part),
            ("/events", self.queue_events),
            ("/static/{name}", self.static),
            (one, self.handoff),
            (f"{one}/talk", self.talk_part),
            (f"{one}/events", self.talk_events),
        ):
            pages.add_api_route(path, get, methods=["GET"], response_model=None)
        for path, post in (
            ("/login", self.sign_in),
            ("/logout", self.sign_out),
            (f"{one}/accept", self.accept),
            (f"{one}/messages", self.say),
            (f"{one}/end", self.end),
        ):
            pages.add_api_route(path, post, methods=["POST"], response_model=None)
        return pages

    def static(self, request: Request, name: str) -> Response:
        """Return a style sheet or script of the desk."""
        return self.statics.response(name, request)

    # -- signing in and out ------------------------------------------------------------

    async def login_page(self, request: Request) -> Response:
        """Show the form, or the queue to those who are signed in already."""
        if await self.desk.login.session(request) is not None:
            return RedirectResponse("/desk", 303)
        return self._login_form(request)

    async def sign_in(self, request: Request, email: _Text = "", password: _Text = "") -> Response:
        """Sign in and go on to the page that was asked for."""
        response = RedirectResponse(_next(request), 303)
        try:
            await self.desk.login.sign_in(request, response, email, password)
        except ApiError as error:
            return self._login_form(request, error=error, email=email)
        return response

    async def sign_out(self, request: Request, csrf: _Text = "") -> Response:
        """Sign out."""
        response = RedirectResponse("/desk/login", 303)
        session = await self.desk.login.session(request)
        if session is not None:
            check_csrf(request, session, csrf)
            await self.desk.login.sign_out(request, response)
        return response

    # -- the queue ------------------------------------------------------------

    async def queue(self, request: Request) -> Response:
        """Show who waits, who is helped, and what ended of late."""
        visit = await self._visit(request)
        if visit is None:
            return _to_login(request)
        return self._page(visit, "queue.html", await self._lists(visit))

    async def queue_part(self, request: Request) -> Response:
        """Return the lists alone."""
        visit = await self._visit(request)
        if visit is None:
            return _gone()
        return self._page(visit, "parts/lists.html", await self._lists(visit))

    async def queue_events(self, request: Request) -> Response:
        """Tell the queue's page when to look again."""
        return await self._events(request, None)

    async def _lists(self, visit: Visit) -> dict[str, Any]:
        reader = visit.reader
        return {
            "waiting": await self.desk.rows(State.WAITING, reader),
            "active": await self.desk.rows(State.ACTIVE, reader),
            "ended": await self.desk.rows(State.ENDED, reader, limit=_ENDED_SHOWN),
        }

    # -- one handoff ------------------------------------------------------------

    async def handoff(self, request: Request, handoff: HandoffId) -> Response:
        """Show the whole story."""
        visit = await self._visit(request)
        if visit is None:
            return _to_login(request)
        return await self._case(visit, handoff, "handoff.html")

    async def talk_part(self, request: Request, handoff: HandoffId, seen: str = "") -> Response:
        """Return what changed on a handoff's page; `seen` stamps the controls shown there."""
        visit = await self._visit(request)
        if visit is None:
            return _gone()
        return await self._case(visit, handoff, "parts/update.html", seen=seen)

    async def talk_events(self, request: Request, handoff: HandoffId) -> Response:
        """Tell a handoff's page when to look again."""
        return await self._events(request, handoff)

    async def accept(
        self,
        request: Request,
        handoff: HandoffId,
        csrf: _Text = "",
        take_over: _Text = "",
        token: _Csrf = None,
    ) -> Response:
        """Accept a handoff, or say who was first."""
        visit = await self._visit(request)
        if visit is None:
            return _to_login(request)
        try:
            check_csrf(request, visit.session, token or csrf)
            async with answered(self.desk, handoff):
                await self.desk.console.accept(
                    handoff, visit.session.agent, take_over=bool(take_over)
                )
        except ApiError as error:
            return await self._refused(visit, handoff, error)
        return await self._done(visit, handoff)

    async def say(
        self,
        request: Request,
        handoff: HandoffId,
        text: _Text = "",
        audience: _Text = "staff",
        csrf: _Text = "",
        token: _Csrf = None,
    ) -> Response:
        """Answer the shopper or leave a note."""
        visit = await self._visit(request)
        if visit is None:
            return _to_login(request)
        console = self.desk.console
        try:
            check_csrf(request, visit.session, token or csrf)
            write = console.say if audience_of(audience) is Audience.EVERYONE else console.note
            async with answered(self.desk, handoff):
                await write(handoff, visit.session.agent, text_of(text))
        except ApiError as error:
            return await self._refused(visit, handoff, error, draft=text, audience=audience)
        return await self._done(visit, handoff, audience=audience)

    async def end(
        self,
        request: Request,
        handoff: HandoffId,
        resolution: _Text = "",
        return_to_bot: _Text = "",
        csrf: _Text = "",
        token: _Csrf = None,
    ) -> Response:
        """End a handoff."""
        visit = await self._visit(request)
        if visit is None:
            return _to_login(request)
        try:
            check_csrf(request, visit.session, token or csrf)
            async with answered(self.desk, handoff):
                await self.desk.console.end(
                    handoff,
                    visit.session.agent,
                    return_to_bot=bool(return_to_bot),
                    resolution=resolution.strip()[:2_000] or None,
                )
        except ApiError as error:
            return await self._refused(visit, handoff, error)
        return await self._done(visit, handoff)

    # -- answers ------------------------------------------------------------

    async def _done(self, visit: Visit, handoff: HandoffId, **more: Any) -> Response:
        if not visit.is_htmx:
            return RedirectResponse(f"/desk/handoffs/{handoff}#latest", 303)
        return await self._case(visit, handoff, "parts/update.html", **more)

    async def _refused(
        self, visit: Visit, handoff: HandoffId, error: ApiError, **more: Any
    ) -> Response:
        """Show the page as it is now, with what went wrong and the draft kept."""
        template = "parts/update.html" if visit.is_htmx else "handoff.html"
        return await self._case(visit, handoff, template, error=error, **more)

    async def _case(
        self,
        visit: Visit,
        handoff: HandoffId,
        template: str,
        *,
        error: ApiError | None = None,
        **more: Any,
    ) -> Response:
        try:
            case = await self.desk.case(handoff, visit.reader)
        except ApiError as unknown:
            return self._page(visit, "missing.html", {"error": unknown}, status=unknown.status)
        shown = {
            "case": case,
            "error": error,
            "waiting": await self.desk.rows(State.WAITING, visit.reader),
            "return_to_bot": self.desk.app.rules.escalate.return_to_bot,
            "seen": "",
            "draft": "",
            "audience": "",
            **more,
        }
        # htmx leaves a page alone on errors unless told otherwise; the parts say what is wrong.
        status = 200 if error is None or visit.is_htmx else error.status
        return self._page(visit, template, shown, status=status)

    async def _events(self, request: Request, handoff: HandoffId | None) -> Response:
        if await self.desk.login.session(request) is None:
            return _gone()
        conversation = None if handoff is None else (await self.desk.find(handoff))[0].id

        async def still_welcome() -> bool:
            return await self.desk.login.session(request) is not None

        told = stream.events(self.desk.app.live, conversation, still_welcome)
        return StreamingResponse(told, media_type=stream.MEDIA_TYPE, headers=stream.HEADERS)

    async def _visit(self, request: Request) -> Visit | None:
        session = await self.desk.login.session(request)
        if session is None:
            return None
        language = self._language(request, *session.agent.languages)
        reader = await self.desk.reader(session, language)
        return Visit(request=request, session=session, reader=reader, language=language)

    def _language(self, request: Request, *wishes: str) -> Language:
        chosen = request.query_params.get("language"), request.cookies.get(LANGUAGE_COOKIE)
        return self.desk.language(*chosen, *wishes)

    def _login_form(
        self, request: Request, *, error: ApiError | None = None, email: str = ""
    ) -> Response:
        language = self._language(request, *_accepted(request))
        shown = {"error": error, "email": email, "next": _next(request)}
        status = 200 if error is None else error.status
        return self._render(request, language, "login.html", shown, status=status)

    def _page(
        self, visit: Visit, template: str, shown: Mapping[str, Any], *, status: int = 200
    ) -> Response:
        own = {"agent": visit.session.agent, "csrf": visit.session.csrf}
        return self._render(
            visit.request, visit.language, template, {**own, **shown}, status=status
        )

    def _render(
        self,
        request: Request,
        language: Language,
        template: str,
        shown: Mapping[str, Any],
        *,
        status: int,
    ) -> Response:
        page = self.templates.get_template(template).render(
            say=self.desk.wording(language),
            language=language,
            languages=self.desk.languages,
            asset=self.statics.url,
            path=request.url.path,
            shop=self.desk.app.rules.name_in(language),
            **shown,
        )
        response = HTMLResponse(page, status, headers=SECURITY_HEADERS)
        if request.query_params.get("language") == language:
            response.set_cookie(
                LANGUAGE_COOKIE, language, max_age=_YEAR, path="/desk", samesite="lax"
            )
        return response


def _next(request: Request) -> str:
    """Return the desk's page that was asked for; never another site's."""
    wanted = request.query_params.get("next", "")
    return wanted if wanted.startswith("/desk/handoffs/") else "/desk"


def _accepted(request: Request) -> list[str]:
    """Return the languages of the browser, the first parts of their tags."""
    tags = request.headers.get("accept-language", "").split(",")
    return [tag.partition(";")[0].strip().partition("-")[0].casefold() for tag in tags]


def _to_login(request: Request) -> Response:
    if request.headers.get("hx-request") == "true":
        return _gone()
    return RedirectResponse(f"/desk/login?next={request.url.path}", 303)


def _gone() -> Response:
    """Make htmx load the login page: the session has ended."""
    return Response(status_code=401, headers={"HX-Redirect": "/desk/login"})
