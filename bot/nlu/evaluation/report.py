"""What an evaluation found, as values. docs/how-to/measure-understanding.md explains each field.

These are also the keys of the command's JSON: renaming a field is a change of that contract.
"""

from dataclasses import dataclass

from bot.nlu.evaluation.measures import Bin, Point, wilson


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many of how many."""

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """Return the share, None of nothing."""
        return self.hits / self.of if self.of else None

    @property
    def low(self) -> float:
        """Return the lower end of the 95 % interval."""
        return wilson(self.hits, self.of)[0]

    @property
    def high(self) -> float:
        """Return the upper end of the 95 % interval."""
        return wilson(self.hits, self.of)[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelScore:
    """One intent or emotion; `support` is how many phrases have it."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Phrases of one label that were taken for another; `accepted` of them rightly so."""

    wanted: str
    said: str
    count: int
    accepted: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Classified:
    """How well labels were told apart. `near` also accepts each phrase's near-equivalents."""

    strict: Share
    near: Share
    macro_f1: float
    labels: tuple[LabelScore, ...]
    confusions: tuple[Confusion, ...]
    matrix: tuple[tuple[int, ...], ...]
    """Row: the label of the data; column: what was said; both in the order of `columns`."""
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Whether a confidence means what it says."""

    ece: float | None
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Automation:
    """What one accepted error buys; None where even the surest answers are wrong more often."""

    accepted_error: float
    asked_for: bool
    """The caller asked for this error, or it is the shop's own."""
    threshold: float | None
    answered: Share
    wrong: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """What the recogniser answers as it is set now."""

    accepted_error: float | None
    threshold: float | None
    answered: Share
    wrong: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """What is gained and lost by asking back where the bot isn't sure."""

    curve: tuple[Point, ...]
    with_out_of_scope: tuple[Point, ...]
    """The same with phrases that are out of scope, each answer to which is wrong."""
    automation: tuple[Automation, ...]
    dial: Dial


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """An out-of-scope phrase that was let in, or one of an intent that was turned away."""

    text: str
    intent: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """How scores are spread: shares of the phrases inside and outside between the edges."""

    edges: tuple[float, ...]
    inside: tuple[float, ...]
    outside: tuple[float, ...]
    threshold: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeFound:
    """Whether phrases that fit no intent are told from those that do."""

    auroc: float | None
    refused: Share
    """Out-of-scope phrases taken for such, at the current threshold."""
    kept: Share
    """Phrases of intents that were not taken for out of scope."""
    let_in: tuple[Stray, ...]
    turned_away: tuple[Stray, ...]
    histogram: Histogram | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Milliseconds from text to understanding, one message at a time."""

    p50: float
    p95: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One language, or all together. A part is None where the data has no phrase for it."""

    phrases: int
    intents: Classified | None
    calibration: Calibration | None
    doubt: Doubt | None
    scope: ScopeFound | None
    emotions: Classified | None
    latency: Latency


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownLabel:
    """A label of the data that the model lacks; `place` is file and line of its first phrase."""

    label: str
    count: int
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What was evaluated, and on what."""

    model: str | None
    """Its folder; None is the shop's own, or one that was trained like it."""
    encoder: str
    sources: tuple[str, ...]
    """Files and folders. None: a fifth of what the shop trains on, with the habits of its
    writers, asked of a model that was trained on the rest."""
    trained_on: int
    """Phrases that the model was trained on: they flatter it."""
    unknown: tuple[UnknownLabel, ...]
    without_emotions: int
    """Phrases of emotions that were left out, because the model knows none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that an evaluation found."""

    subject: Subject
    overall: Section
    languages: dict[str, Section]
