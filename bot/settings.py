"""Settings: `SHOPBELL_*` of the environment, and the shop's rules in `shopbell.yml` of the home.

Both are read when asked for, never at import. docs/configuration.md lists every one; a test
compares.
"""

import re
import zoneinfo
from datetime import time
from pathlib import Path
from typing import Annotated, Any, TypeAlias
from urllib.parse import urlsplit

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(Exception):
    """A setting or a rule of the shop is wrong; the message names it and what was expected."""


def _known_database(url: str) -> str:
    if re.match(r"(postgres(ql)?|sqlite)(\+\w+)?://", url) is None:
        # The URL may hold a password, so it isn't repeated.
        raise ValueError(
            "Expected postgresql://USER:PASSWORD@HOST/DATABASE, or sqlite:///FILE; leave it out "
            "for a database in the home"
        )
    return url


def _web_address(url: str) -> str:
    problem = "Expected http://HOST:PORT or https://HOST:PORT"
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError as error:
        raise ValueError(problem) from error
    if not known:
        raise ValueError(problem)
    return url.rstrip("/")


class Settings(BaseSettings):
    """The environment of this process."""

    model_config = SettingsConfigDict(
        env_prefix="SHOPBELL_", extra="ignore", env_ignore_empty=True
    )

    home: Path = Path("var")
    """The shop's own state: database, rules, own phrases, index."""
    cache: Path = Path("~/.cache/shopbell")
    """What can be made again: encoder, trained heads, vectors of texts."""
    database_url: Annotated[str, AfterValidator(_known_database)] | None = None
    """SQLAlchemy URL; by default SQLite in the home."""
    redis_url: str | None = None
    """Fan-out between several workers; without it, one process serves."""
    encoder: str | None = None
    """Another sentence-transformers model, by name or folder."""
    identity_key: SecretStr | None = None
    """HS256 secret, or the path of a PEM file with an RSA public key."""
    identity_audience: str | None = None
    identity_issuer: str | None = None
    rate_limit: str = "60/minute"
    """Messages per conversation, as `limits` writes them, or "off"."""
    start_limit: str = "30/minute"
    """New conversations per client address, or "off"."""
    evaluation: Path | None = None
    """Folder with outside data for benchmarks and tests."""
    telegram_token: SecretStr | None = None
    """Token of the Telegram bot; with it the Telegram channel is on."""
    telegram_secret: SecretStr | None = None
    """Secret token that Telegram sends back with each update."""
    telegram_api: str = "https://api.telegram.org"
    """Base URL of the Bot API."""
    rasa_auth_token: SecretStr | None = None
    """What callers of Rasa's protocols must send as `?token=`; without it they are guests."""
    rasa_url: Annotated[str, AfterValidator(_web_address)] | None = None
    """A Rasa server that says what messages mean, instead of the own heads."""
    rasa_token: SecretStr | None = None
    """The token of that server, if it wants one."""
    rasa_timeout: Annotated[float, Field(gt=0, le=60)] = 1.0
    """Seconds that it may take for one message."""
    log_level: str = "info"
    log_json: bool | None = None
    """JSON log lines; by default when standard error is no terminal."""

    @model_validator(mode="after")
    def _expand(self) -> "Settings":
        self.home = self.home.expanduser()
        self.cache = self.cache.expanduser()
        return self

    @property
    def database(self) -> str:
        """Return the async SQLAlchemy URL of the store, with a driver that Shopbell has."""
        if self.database_url is None:
            return f"sqlite+aiosqlite:///{(self.home / 'shopbell.db').absolute()}"
        url = re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql+asyncpg://", self.database_url)
        return re.sub(r"^sqlite://", "sqlite+aiosqlite://", url)


def read_settings(**values: Any) -> Settings:
    """Read the environment; raises SettingsError."""
    try:
        return Settings(**values)
    except ValidationError as error:
        raise SettingsError(_explain("environment", error, prefix="SHOPBELL_")) from error


# -- the shop's rules ----------------------------------------------------------------------------


class _Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _known_zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("Expected a time zone such as Asia/Shanghai") from error
    return name


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"Expected a regular expression, but {error}") from error
    return pattern


def _clock_time(value: Any) -> Any:
    """Put right what YAML 1.1 makes of 18:00 without quotes: the number 1080, in base 60."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return f"{value // 60:02}:{value % 60:02}" if is_number else value


_ClockTime: TypeAlias = Annotated[time, BeforeValidator(_clock_time)]


class Hours(_Rules):
    """When people answer, by weekday; a missing day is closed."""

    days: dict[str, tuple[_ClockTime, _ClockTime]] = Field(
        default_factory=lambda: {
            day: (time(9), time(21)) for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
        },
        validate_default=True,
    )

    @model_validator(mode="after")
    def _check(self) -> "Hours":
        known = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
        if unknown := set(self.days) - known:
            raise ValueError(f"Expected days {sorted(known)}, but got {sorted(unknown)}")
        for day, (start, end) in self.days.items():
            if start >= end:
                raise ValueError(f"Expected {day} to open before it closes, got {start}-{end}")
        return self


class Escalate(_Rules):
    """When a person is called in."""

    misses: Annotated[int, Field(ge=1)] = 2
    """Turns in a row without an answer."""
    anger: Annotated[float, Field(gt=0, le=1)] = 0.85
    """Intensity of one angry message that is enough."""
    anger_trend: Annotated[float, Field(gt=0)] = 1.2
    """Sum of anger over the last three turns that is enough."""
    sensitive: tuple[str, ...] = ()
    """Intents that always go to a person."""
    return_to_bot: bool = True


class ProofRules(_Rules):
    """How often a guest may try to prove an order."""

    tries: Annotated[int, Field(ge=1)] = 5
    delay_seconds: Annotated[float, Field(ge=0)] = 30
    """Delay on an order after its fifth wrong proof; doubles with each further one."""
    longest_delay_seconds: Annotated[float, Field(ge=0)] = 3600


class Understand(_Rules):
    """How sure the understanding has to be."""

    reject: Annotated[float, Field(gt=0, lt=1)] = 0.01
    """Share of valid messages that may be taken for out of scope, per language."""
    accepted_error: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Share of wrong intents among the messages that are acted on without asking back."""


class ShopRules(_Rules):
    """The file `shopbell.yml`; every field has a default."""

    name: str | dict[str, str] = "Shopbell"
    """The shop's name, one for all or by language."""
    language: str = "en"
    """Language of a conversation before the shopper has written."""
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "Asia/Shanghai"
    order_number: Annotated[str, AfterValidator(_compiles)] = (
        r"#?(?:[A-Z]{1,4}-?\d{4,14}|\d{3}-\d{7}(?:-\d{7})?|\d{5,18})"
    )
    """Regular expression of the shop's order numbers."""
    currency: str = "USD"
    hours: Hours = Hours()
    escalate: Escalate = Escalate()
    proof: ProofRules = ProofRules()
    understand: Understand = Understand()
    disclose_bot: bool = True
    """Say at first contact that a bot speaks (EU AI Act, Article 50)."""
    widget_origins: tuple[str, ...] = ("*",)
    """Web origins that may embed the widget."""

    def name_in(self, language: str) -> str:
        """Return the shop's name in a language."""
        if isinstance(self.name, str):
            return self.name
        return self.name.get(language) or next(iter(self.name.values()), "Shopbell")


def read_rules(home: Path) -> ShopRules:
    """Read `shopbell.yml` of a home, or the defaults when there is none; raises SettingsError."""
    path = home / "shopbell.yml"
    if not path.exists():
        return ShopRules()
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: expected YAML in UTF-8, but {error}") from error
    if not isinstance(data, dict):
        raise SettingsError(f"{path}: expected a mapping of rules, but got {type(data).__name__}")
    try:
        return ShopRules.model_validate(data)
    except ValidationError as error:
        raise SettingsError(_explain(str(path), error)) from error


def _explain(where: str, error: ValidationError, *, prefix: str = "") -> str:
    lines = []
    for item in error.errors():
        name = ".".join(str(part) for part in item["loc"])
        lines.append(f"{where}: {prefix + name.upper() if prefix else name}: {item['msg']}")
    return "\n".join(lines)
