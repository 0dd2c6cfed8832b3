"""Who sits at the desk: signing in, the session behind a cookie, and proof against forged writes.

The cookie holds a random token, signed so that guesses cost no database look-up; the session's
row holds only the token's hash. Writes must come from the desk's own pages: the cookie is
SameSite=Lax, a foreign `Origin` is refused, and the session's CSRF token has to be sent along.
"""

import hashlib
import hmac
import os
import secrets
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request, Response
from itsdangerous import BadSignature, URLSafeSerializer

from bot.contract import ApiError
from bot.desk.passwords import Passwords
from bot.desk.throttle import Throttle, latest
from bot.model import Agent
from bot.ports import Agents, Now
from bot.settings import SettingsError

COOKIE: Final = "shopbell_desk"
CSRF_HEADER: Final = "X-CSRF-Token"
LASTS: Final = timedelta(hours=12)
"""A session ends after a shift, used or not."""

_KEY_BYTES: Final = 32
_PER_EMAIL: Final = 10
_PER_ADDRESS: Final = 30
_WINDOW: Final = timedelta(minutes=10)


def read_secret(home: Path) -> bytes:
    """Return the key of this home, made at first use and readable by its owner only.

    Raises:
        SettingsError: the file is too short to be a key, or can't be read or made.
    """
    path = home / "secret"
    try:
        if not path.exists():
            _make_secret(path)
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: expected a key in hexadecimal, but {error}") from error
    if len(key) < _KEY_BYTES:
        raise SettingsError(
            f"{path}: expected {_KEY_BYTES} bytes or more, but got {len(key)}; "
            "delete the file to have a new one made (agents sign in again)"
        )
    return key


def _make_secret(path: Path) -> None:
    """Write the whole file under another name, then link it: nobody ever reads half a key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".secret-")  # mode 0600
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_KEY_BYTES) + "\n")
        path.hardlink_to(draft)
    except FileExistsError:
        return  # another process was first: its key counts
    finally:
        draft.unlink()


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An agent at the desk, and the token that their writes carry."""

    agent: Agent
    csrf: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Signs agents in and out, and recognizes them."""

    agents: Agents
    now: Now
    key: bytes = field(repr=False)
    passwords: Passwords = field(default_factory=Passwords)
    by_email: Throttle = field(default_factory=lambda: Throttle(limit=_PER_EMAIL, window=_WINDOW))
    by_address: Throttle = field(
        default_factory=lambda: Throttle(limit=_PER_ADDRESS, window=_WINDOW)
    )

    async def sign_in(
        self, request: Request, response: Response, email: str, password: str
    ) -> Session:
        """Open a session and put its cookie on the response.

        Raises:
            ApiError: 401 with the same words for an unknown address, a wrong password and an
                inactive agent; 429 after too many of them; 403 for a foreign origin.
        """
        check_origin(request)
        at = self.now()
        keys = (email.strip().casefold(), _address(request))
        self._check_throttle(*keys, at)
        found = await self.agents.by_email(email.strip())
        kept = found[1] if found is not None and found[0].active else None
        if not await self.passwords.matches(password, kept) or found is None:
            self.by_email.failed(keys[0], at)
            self.by_address.failed(keys[1], at)
            raise ApiError(401, "wrong_credentials", "This e-mail and password don't match.")
        self.by_email.forget(keys[0])
        await self._close(request)
        return await self._open(request, response, found[0], at)

    async def session(self, request: Request) -> Session | None:
        """Return who sends a request, None for nobody."""
        token = self._token(request)
        found = None if token is None else await self.agents.session(_hash(token), self.now())
        return None if found is None else Session(agent=found[0], csrf=found[1])

    async def sign_out(self, request: Request, response: Response) -> None:
        """End the session behind the cookie, if there is one."""
        await self._close(request)
        response.delete_cookie(COOKIE, path="/")

    def _check_throttle(self, email: str, address: str, at: datetime) -> None:
        until = latest(
            (self.by_email.blocked_until(email, at), self.by_address.blocked_until(address, at))
        )
        if until is not None:
            seconds = max(1, round((until - at).total_seconds()))
            raise ApiError(
                429,
                "too_many_tries",
                "Too many wrong passwords of late.",
                expected=f"another try in {seconds} seconds",
                headers={"Retry-After": str(seconds)},
            )

    async def _open(
        self, request: Request, response: Response, agent: Agent, at: datetime
    ) -> Session:
        token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
        await self.agents.open_session(
            agent.id, token_hash=_hash(token), csrf=csrf, expires_at=at + LASTS, now=at
        )
        response.set_cookie(
            COOKIE,
            self._serializer().dumps(token),
            max_age=int(LASTS.total_seconds()),
            path="/",
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )
        return Session(agent=agent, csrf=csrf)

    async def _close(self, request: Request) -> None:
        token = self._token(request)
        if token is not None:
            await self.agents.close_session(_hash(token))

    def _token(self, request: Request) -> str | None:
        try:
            token = self._serializer().loads(request.cookies.get(COOKIE, ""))
        except BadSignature:
            return None
        return token if isinstance(token, str) else None

    def _serializer(self) -> URLSafeSerializer:
        return URLSafeSerializer(
            self.key, salt="desk-session", signer_kwargs={"digest_method": hashlib.sha256}
        )


def check_origin(request: Request) -> None:
    """Refuse what another site's page sends; programs that send no Origin pass.

    Only host and port are compared: behind a proxy that ends TLS, the scheme seen here may be
    another than the browser's.
    """
    origin = request.headers.get("origin")
    if origin is None:
        own = request.headers.get("sec-fetch-site", "none") in {"none", "same-origin"}
    else:
        own = urlsplit(origin).netloc.casefold() == request.headers.get("host", "").casefold()
    if not own:
        raise ApiError(
            403,
            "foreign_origin",
            "This request came from a page of another site.",
            expected="an Origin that is this server's own",
        )


def check_csrf(request: Request, session: Session, offered: str | None) -> None:
    """Refuse a write without the session's token or from another site; raises ApiError."""
    check_origin(request)
    if not hmac.compare_digest((offered or "").encode(), session.csrf.encode()):
        raise ApiError(
            403,
            "wrong_csrf_token",
            "The page is out of date or the token is missing.",
            expected=f"the session's token in the header {CSRF_HEADER}",
        )


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
