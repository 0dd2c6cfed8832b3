"""The port `Recognizer` by a Rasa server: intents and entities are its, the rest is our own.

Protocol: https://legacy-docs-oss.rasa.com/docs/rasa/pages/http-api, `POST /model/parse`. Whatever
goes wrong with it, our own recognizer has answered already.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import httpx
import structlog
from pydantic import BaseModel, Field, StrictStr

from bot.model import Entity, Guess, Language, Recognition, Understanding
from bot.ports import Recognizer
from bot.settings import Settings, SettingsError

FALLBACK = "nlu_fallback"
"""The intent by which Rasa's FallbackClassifier says that it isn't sure."""
ENOUGH = 3
"""Failures in a row after which the server is left alone."""
PAUSE = 10.0
"""Seconds for which it is left alone; then one message tries it again."""

_OK = 200
_LONGEST_TYPE = 64

log = structlog.get_logger(__name__)


class _Guess(BaseModel):
    name: StrictStr | None
    # A little more than one, because float32 may be.
    confidence: Annotated[float, Field(ge=0, le=1.01, allow_inf_nan=False)]


class _Entity(BaseModel):
    entity: Annotated[StrictStr, Field(min_length=1, max_length=_LONGEST_TYPE)]
    start: int = -1
    end: int = -1
    value: Any = None


class _Parsed(BaseModel):
    intent: _Guess
    intent_ranking: list[_Guess] = []
    entities: list[_Entity] = []


class _FailedError(Exception):
    """The server gave no answer that can be used; `outcome` says why in one word."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


@dataclass(slots=True, kw_only=True)
class Breaker:
    """Says whether to ask a server that failed lately; a failure must not cost every shopper."""

    clock: Callable[[], float] = time.monotonic
    failures: int = 0
    _quiet_until: float = 0.0

    def allows(self) -> bool:
        """Return whether to ask now; after a pause, one asks and the others wait for it."""
        if self.failures < ENOUGH:
            return True
        now = self.clock()
        if now < self._quiet_until:
            return False
        self._quiet_until = now + PAUSE
        return True

    def failed(self) -> None:
        """Count a failure."""
        self.failures += 1
        if self.failures >= ENOUGH:
            self._quiet_until = self.clock() + PAUSE

    def worked(self) -> None:
        """Forget the failures."""
        self.failures = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RasaRecognizer:
    """Understands texts as a Rasa server does; safe to share between tasks.

    Language, emotion, reserved commands, what our finders find and the vector for the search are
    our own recognizer's, and so is everything while Rasa gives no answer.
    """

    own: Recognizer
    client: httpx.AsyncClient
    token: str | None = None
    timeout: float = 1.0
    breaker: Breaker = field(default_factory=Breaker)
    outcomes: Counter[str] = field(default_factory=Counter)
    """How often Rasa answered, or why it didn't: timeout, unreachable, refused, nonsense,
    left_alone."""

    async def recognize(self, text: str, *, hint: Language | None = None) -> Recognition:
        """Understand any text; reserved commands and buttons aren't asked about."""
        heard = await self.own.recognize(text, hint=hint)
        said = heard.understanding
        if said.exact is not None or not said.text.strip():
            return heard
        parsed = await self._ask(said.text.strip())
        if parsed is None:
            return heard
        return replace(heard, understanding=_joined(said, parsed))

    async def close(self) -> None:
        """Close the connections."""
        await self.client.aclose()

    async def _ask(self, text: str) -> _Parsed | None:
        if not self.breaker.allows():
            self.outcomes["left_alone"] += 1
            return None
        try:
            parsed = await self._parse(text)
        except _FailedError as error:
            self._note_failure(error.outcome)
            return None
        if self.breaker.failures:
            log.info("rasa.answers_again", failures=self.breaker.failures)
        self.breaker.worked()
        self.outcomes["answered"] += 1
        return parsed

    async def _parse(self, text: str) -> _Parsed:
        params = {"token": self.token} if self.token else None
        try:
            # httpx's own time-out is per read: a server that drips would never run into it.
            async with asyncio.timeout(self.timeout):
                answer = await self.client.post("/model/parse", json={"text": text}, params=params)
        except (TimeoutError, httpx.TimeoutException):
            raise _FailedError("timeout") from None
        except httpx.HTTPError:
            raise _FailedError("unreachable") from None
        if answer.status_code != _OK:
            raise _FailedError("refused")
        try:
            return _Parsed.model_validate(answer.json())
        except (ValueError, RecursionError):
            # From None: the errors quote the answer, and that what the shopper wrote.
            raise _FailedError("nonsense") from None

    def _note_failure(self, outcome: str) -> None:
        self.outcomes[outcome] += 1
        self.breaker.failed()
        left_alone = PAUSE if self.breaker.failures >= ENOUGH else 0
        log.warning("rasa.no_answer", outcome=outcome, left_alone_seconds=left_alone)


def with_rasa(settings: Settings, own: Recognizer) -> Recognizer:
    """Return the recognizer that the settings ask for; raises SettingsError."""
    if settings.rasa_url is None:
        return own
    try:
        client = httpx.AsyncClient(base_url=settings.rasa_url, timeout=settings.rasa_timeout)
    except httpx.InvalidURL as error:
        problem = f"SHOPBELL_RASA_URL: expected http://HOST:PORT, but {error}"
        raise SettingsError(problem) from error
    token = settings.rasa_token.get_secret_value() if settings.rasa_token else None
    return RasaRecognizer(own=own, client=client, token=token, timeout=settings.rasa_timeout)


def _joined(own: Understanding, parsed: _Parsed) -> Understanding:
    """Put Rasa's intents and entities into our own understanding."""
    known = parsed.intent.name not in {None, "", FALLBACK}
    ranking = tuple(_ranking(parsed)) or own.ranking
    agreed = known and any(one.intent == parsed.intent.name for one in own.requests)
    return replace(
        own,
        ranking=ranking,
        in_scope=known,
        sure=known,
        entities=_entities(own, parsed.entities),
        requests=own.requests if agreed else (),
    )


def _ranking(parsed: _Parsed) -> Iterator[Guess]:
    """Return each intent once, the chosen one first; the fallback isn't one."""
    seen = {"", FALLBACK}
    for guess in (parsed.intent, *parsed.intent_ranking):
        if guess.name is not None and guess.name not in seen:
            seen.add(guess.name)
            yield Guess(intent=guess.name, confidence=round(min(guess.confidence, 1.0), 6))


def _entities(own: Understanding, found: Sequence[_Entity]) -> tuple[Entity, ...]:
    """Return our own entities and those of Rasa that overlap none of them."""
    # Rasa strips a text before it counts.
    shift = len(own.text) - len(own.text.lstrip())
    longest = len(own.text)
    kept = list(own.entities)
    for one in found:
        start, end = one.start + shift, one.end + shift
        if not shift <= start < end <= longest:
            continue
        if any(start < other.end and other.start < end for other in kept):
            continue
        text = own.text[start:end]
        value = str(one.value) if isinstance(one.value, str | int | float) else text
        kept.append(Entity(type=one.entity, value=value, text=text, start=start, end=end))
    return tuple(sorted(kept, key=lambda entity: entity.start))
