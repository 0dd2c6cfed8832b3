"""What the server counts, for Prometheus: each turn once, however often it is delivered."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from bot.model import Turn

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_REMEMBERED = 10_000


class _Seen:
    """Remembers the last ids, to tell a first time from a repetition."""

    def __init__(self) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()

    def is_new(self, id_: str) -> bool:
        if id_ in self._ids:
            return False
        self._ids[id_] = None
        if len(self._ids) > _REMEMBERED:
            self._ids.popitem(last=False)
        return True


class _Outcomes(Collector):
    """Shows counts that somebody else keeps."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = counts

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily(
            "shopbell_rasa_parses", "Messages put to a Rasa server", labels=["outcome"]
        )
        for outcome, count in self._counts.items():
            family.add_metric([outcome], count)
        yield family


@dataclass(slots=True)
class Metrics:
    """One server's counters, in a registry of their own: two servers may live in one process."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    _turns: Counter = field(init=False)
    _handoffs: Counter = field(init=False)
    _failures: Counter = field(init=False)
    _sent: Counter = field(init=False)
    _requests: Counter = field(init=False)
    _whole: Histogram = field(init=False)
    _station: Histogram = field(init=False)
    _waiting: Gauge = field(init=False)
    _seen: _Seen = field(default_factory=_Seen)
    _seen_handoffs: _Seen = field(default_factory=_Seen)

    def __post_init__(self) -> None:
        to = self.registry
        self._turns = Counter(
            "shopbell_turns",
            "Shopper messages by decision, skill, language and owner afterwards",
            ["decision", "skill", "language", "owner"],
            registry=to,
        )
        self._handoffs = Counter(
            "shopbell_handoffs", "Handoffs first seen open, by reason", ["reason"], registry=to
        )
        self._failures = Counter(
            "shopbell_turn_failures", "Turns that broke, by error", ["error"], registry=to
        )
        self._sent = Counter(
            "shopbell_outbox", "Sends by channel and outcome", ["channel", "outcome"], registry=to
        )
        self._requests = Counter(
            "shopbell_http_requests",
            "Requests by method and status",
            ["method", "status"],
            registry=to,
        )
        self._whole = Histogram(
            "shopbell_turn_seconds", "A whole turn", buckets=_SECONDS, registry=to
        )
        self._station = Histogram(
            "shopbell_station_seconds",
            "One station of a turn",
            ["station"],
            buckets=_SECONDS,
            registry=to,
        )
        self._waiting = Gauge(
            "shopbell_outbox_waiting", "Messages committed and not yet sent", registry=to
        )

    def turn(self, turn: Turn, seconds: float) -> None:
        """Count a turn; a redelivered one is known and isn't counted again."""
        if not self._seen.is_new(turn.message.id):
            return
        self._turns.labels(turn.decision, turn.skill or "", turn.language, turn.owner).inc()
        self._whole.observe(seconds)
        for station, milliseconds in turn.timings.items():
            self._station.labels(station).observe(milliseconds / 1000)
        if turn.handoff is not None and self._seen_handoffs.is_new(turn.handoff.id):
            self._handoffs.labels(turn.handoff.reason).inc()

    def failure(self, error: Exception) -> None:
        """Count a turn that broke."""
        self._failures.labels(type(error).__name__).inc()

    def sent(self, channel: str, outcome: str) -> None:
        """Count what became of one send."""
        self._sent.labels(channel, outcome).inc()

    def request(self, method: str, status: int) -> None:
        """Count an HTTP request; odd methods are counted together."""
        known = method in {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}
        self._requests.labels(method if known else "other", str(status)).inc()

    def watch_rasa(self, outcomes: Mapping[str, int]) -> None:
        """Show what came of asking a Rasa server, as its adapter counts it."""
        self.registry.register(_Outcomes(outcomes))

    def page(self, *, waiting: int | None) -> bytes:
        """Return everything in Prometheus' text format."""
        if waiting is not None:
            self._waiting.set(waiting)
        return generate_latest(self.registry)
