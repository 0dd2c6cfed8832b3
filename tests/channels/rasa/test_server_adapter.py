"""The recognizer that asks a Rasa server: what is taken from it, and what when it fails."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
import pytest
from structlog.testing import capture_logs

from bot.model import Emotion, Entity, Guess, Language, Recognition, Request, Understanding
from bot.nlu.rasa_server import ENOUGH, PAUSE, Breaker, RasaRecognizer, with_rasa
from bot.server.app import create_app
from bot.settings import SettingsError, read_settings
from tests.channels.rasa.fake_server import FakeRasa, answer, fake_rasa
from tests.unit.server.parts import Parts, asking

TEXT = "can I send SB-20417 back, my mail is a@b.co"


@dataclass
class Own:
    """Our own recognizer, scripted; what it says must stay where Rasa has no say."""

    changes: dict[str, Any] = field(default_factory=dict)

    async def recognize(self, text: str, *, hint: Language | None = None) -> Recognition:
        start = text.find("SB-20417")
        number = Entity(
            type="order_number", value="SB-20417", text="SB-20417", start=start, end=start + 8
        )
        said = Understanding(
            text=text,
            language=hint or Language("en"),
            ranking=(Guess(intent="greeting", confidence=0.4), Guess(intent="x", confidence=0.1)),
            in_scope=True,
            emotion=Emotion(name="anxious", confidence=0.8, intensity=0.5),
            entities=(number,) if start >= 0 else (),
        )
        for name, value in self.changes.items():
            object.__setattr__(said, name, value)
        return Recognition(understanding=said, vector=np.ones(3, np.float32))


@dataclass
class Seconds:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def server() -> AsyncIterator[FakeRasa]:
    async with fake_rasa() as fake:
        yield fake


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def own() -> Own:
    return Own()


@pytest.fixture
async def rasa(server: FakeRasa, own: Own, clock: Seconds) -> AsyncIterator[RasaRecognizer]:
    recognizer = RasaRecognizer(
        own=own,
        client=httpx.AsyncClient(base_url=server.url),
        timeout=5.0,
        breaker=Breaker(clock=clock),
    )
    yield recognizer
    await recognizer.close()


async def understood(rasa: RasaRecognizer, text: str = TEXT) -> Understanding:
    return (await rasa.recognize(text, hint=Language("en"))).understanding


async def test_intents_are_rasas_and_the_rest_is_ours(
    server: FakeRasa, rasa: RasaRecognizer
) -> None:
    ranking = [
        {"name": "return_request", "confidence": 0.7},
        {"name": "refund_policy", "confidence": 0.2},
    ]
    server.body = answer("return_request", 0.7, intent_ranking=ranking)

    heard = await rasa.recognize(TEXT, hint=Language("zh"))

    said = heard.understanding
    assert [(guess.intent, guess.confidence) for guess in said.ranking] == [
        ("return_request", 0.7),
        ("refund_policy", 0.2),
    ]
    assert (said.in_scope, said.sure, said.exact) == (True, True, None)
    assert said.language == "zh"
    assert said.emotion.name == "anxious"
    assert [entity.value for entity in said.entities] == ["SB-20417"]
    assert heard.vector is not None
    assert server.asked == [{"text": TEXT, "token": None}]
    assert rasa.outcomes == {"answered": 1}


async def test_entities_of_rasa_join_ours(server: FakeRasa, rasa: RasaRecognizer) -> None:
    server.body = answer(
        "return_request",
        entities=[
            # Over one of ours: our finder stands.
            {"entity": "product", "start": 11, "end": 16, "value": "SB-20"},
            {"entity": "mail", "start": 37, "end": 43, "value": "a@b.co", "extractor": "DIET"},
            {"entity": "verb", "start": 6, "end": 10, "value": {"unit": "x"}},
        ],
    )

    said = await understood(rasa)

    assert [(e.type, e.value, e.text) for e in said.entities] == [
        ("verb", "send", "send"),
        ("order_number", "SB-20417", "SB-20417"),
        ("mail", "a@b.co", "a@b.co"),
    ]


async def test_spans_are_those_of_the_text_that_rasa_stripped(
    server: FakeRasa, rasa: RasaRecognizer
) -> None:
    server.body = answer("x", entities=[{"entity": "verb", "start": 0, "end": 3, "value": "can"}])

    said = await understood(rasa, "  " + TEXT)

    assert [(e.text, e.start) for e in said.entities if e.type == "verb"] == [("can", 2)]
    assert server.asked[0]["text"] == TEXT


@pytest.mark.parametrize(
    "span", [(0, 0), (5, 2), (-3, 2), (0, 500), (43, 44), (10**30, 10**31), (None, None)]
)
async def test_entities_outside_of_the_text_are_left_out(
    server: FakeRasa, rasa: RasaRecognizer, span: tuple[int, int] | tuple[None, None]
) -> None:
    if span[0] is None:
        server.body = answer("x", entities=[{"entity": "verb", "value": "v"}])
    else:
        found = {"entity": "verb", "start": span[0], "end": span[1], "value": "v"}
        server.body = answer("x", entities=[found])

    said = await understood(rasa)

    assert [entity.type for entity in said.entities] == ["order_number"]


async def test_the_fallback_is_out_of_scope(server: FakeRasa, rasa: RasaRecognizer) -> None:
    ranking = [
        {"name": "nlu_fallback", "confidence": 0.3},
        {"name": "return_request", "confidence": 0.2},
    ]
    server.body = answer("nlu_fallback", 0.3, intent_ranking=ranking)

    said = await understood(rasa)

    assert (said.in_scope, said.sure, said.intent) == (False, False, "return_request")
    assert len(said.ranking) == 1


@pytest.mark.parametrize("name", ["nlu_fallback", None, ""])
async def test_without_any_intent_the_best_guess_is_ours(
    server: FakeRasa, rasa: RasaRecognizer, name: str | None
) -> None:
    server.body = answer(name, 0.0)

    said = await understood(rasa)

    assert (said.in_scope, said.intent, said.confidence) == (False, "greeting", 0.4)


async def test_the_chosen_intent_stands_first_and_each_once(
    server: FakeRasa, rasa: RasaRecognizer
) -> None:
    names = ["a", "b", "b", "c", None]
    ranking = [{"name": name, "confidence": 0.5} for name in names]
    server.body = answer("c", 1.0000001, intent_ranking=ranking)

    said = await understood(rasa)

    assert [guess.intent for guess in said.ranking] == ["c", "a", "b"]
    assert said.confidence == 1.0


async def test_several_requests_stay_where_rasa_found_one_of_them(
    server: FakeRasa, rasa: RasaRecognizer, own: Own
) -> None:
    requests = tuple(
        Request(intent=name, confidence=0.9, start=n, end=n + 1)
        for n, name in enumerate(["refund_policy", "cancel_order"])
    )
    own.changes = {"requests": requests}
    assert (await understood(rasa)).requests == requests

    server.body = answer("complaint")
    assert (await understood(rasa)).requests == ()


@pytest.mark.parametrize(("text", "exact"), [("human", "contact_human"), ("", None), (" ", None)])
async def test_reserved_words_and_nothing_are_not_asked_about(
    server: FakeRasa, rasa: RasaRecognizer, own: Own, text: str, exact: str | None
) -> None:
    own.changes = {"exact": exact}

    assert (await understood(rasa, text)).intent == "greeting"
    assert server.asked == []


# -- failures ------------------------------------------------------------


async def assert_ours(rasa: RasaRecognizer, outcome: str) -> None:
    with capture_logs() as logs:
        said = await understood(rasa)
    assert (said.intent, said.in_scope) == ("greeting", True)
    assert rasa.outcomes[outcome] == 1
    (line,) = [line for line in logs if line["event"] == "rasa.no_answer"]
    assert line["outcome"] == outcome
    assert TEXT not in str(logs)


@pytest.mark.parametrize(
    ("mode", "outcome"),
    [
        ("no json", "nonsense"),
        ("refuse", "refused"),
        ("broken", "refused"),
        ("elsewhere", "refused"),
    ],
)
async def test_when_rasa_fails_we_answer(
    server: FakeRasa, rasa: RasaRecognizer, mode: str, outcome: str
) -> None:
    server.mode = mode
    await assert_ours(rasa, outcome)


@pytest.mark.parametrize("mode", ["slow", "drip"])
async def test_when_rasa_is_slow_we_answer(server: FakeRasa, own: Own, mode: str) -> None:
    server.mode = mode
    client = httpx.AsyncClient(base_url=server.url)
    rasa = RasaRecognizer(own=own, client=client, timeout=0.2)
    await assert_ours(rasa, "timeout")
    await rasa.close()


async def test_when_rasa_is_not_there_we_answer(own: Own, unused_tcp_port: int) -> None:
    client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{unused_tcp_port}")
    rasa = RasaRecognizer(own=own, client=client)
    await assert_ours(rasa, "unreachable")
    await rasa.close()


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "refund_policy",
        {},
        {"intent": None},
        {"intent": "refund_policy"},
        {"intent": {"name": "refund_policy"}},
        {"intent": {"name": 5, "confidence": 0.5}},
        {"intent": {"name": "refund_policy", "confidence": "high"}},
        {"intent": {"name": "refund_policy", "confidence": 7}},
        {"intent": {"name": "refund_policy", "confidence": -0.1}},
        answer("refund_policy", intent_ranking=["a"]),
        answer("refund_policy", entities={"a": 1}),
        answer("refund_policy", entities=[{"entity": "", "start": 0, "end": 1}]),
        answer("refund_policy", entities=[{"entity": "x", "start": "first", "end": 1}]),
    ],
)
async def test_when_rasa_talks_nonsense_we_answer(
    server: FakeRasa, rasa: RasaRecognizer, body: object
) -> None:
    server.body = body
    await assert_ours(rasa, "nonsense")


async def test_after_some_failures_rasa_is_left_alone_for_a_while(
    server: FakeRasa, rasa: RasaRecognizer, clock: Seconds
) -> None:
    server.mode = "broken"
    for _ in range(ENOUGH + 4):
        assert (await understood(rasa)).intent == "greeting"
    assert len(server.asked) == ENOUGH
    assert rasa.outcomes == {"refused": ENOUGH, "left_alone": 4}

    clock.now += PAUSE
    await understood(rasa)
    await understood(rasa)
    assert len(server.asked) == ENOUGH + 1  # one tried, in vain: the pause begins again

    server.mode = "answer"
    clock.now += PAUSE
    with capture_logs() as logs:
        assert (await understood(rasa)).intent == "refund_policy"
        assert (await understood(rasa)).intent == "refund_policy"
    assert [line["event"] for line in logs] == ["rasa.answers_again"]


async def test_failures_in_between_do_not_add_up(server: FakeRasa, rasa: RasaRecognizer) -> None:
    for mode in ["broken", "broken", "answer"] * 3:
        server.mode = mode
        await understood(rasa)
    assert len(server.asked) == 9


def test_while_one_tries_the_others_wait(clock: Seconds) -> None:
    breaker = Breaker(clock=clock)
    for _ in range(ENOUGH):
        breaker.failed()
    clock.now += PAUSE

    assert [breaker.allows() for _ in range(3)] == [True, False, False]


# -- settings ------------------------------------------------------------


async def test_the_settings_choose(server: FakeRasa, own: Own) -> None:
    assert with_rasa(read_settings(rasa_url=None), own) is own

    settings = read_settings(rasa_url=server.url + "/", rasa_token="s3cret", rasa_timeout=2)
    rasa = with_rasa(settings, own)

    assert isinstance(rasa, RasaRecognizer)
    assert rasa.timeout == 2
    assert (await understood(rasa)).intent == "refund_policy"
    assert server.asked == [{"text": TEXT, "token": "s3cret"}]
    await rasa.close()


@pytest.mark.parametrize("url", ["rasa:5005", "ftp://rasa", "http://", "http://[", "http://x:y"])
def test_a_wrong_address_is_refused_at_the_start(own: Own, url: str) -> None:
    with pytest.raises(SettingsError, match="RASA_URL"):
        with_rasa(read_settings(rasa_url=url), own)


async def test_metrics_tell_what_came_of_it(
    server: FakeRasa, rasa: RasaRecognizer, parts: Parts
) -> None:
    parts.recognizer = rasa  # type: ignore[assignment]  # a scripted one otherwise
    async with asking(create_app(parts)) as client:
        await client.post("/model/parse", json={"text": TEXT})
        server.mode = "broken"
        await client.post("/model/parse", json={"text": TEXT})
        page = (await client.get("/metrics")).text

    assert 'shopbell_rasa_parses_total{outcome="answered"} 1.0' in page
    assert 'shopbell_rasa_parses_total{outcome="refused"} 1.0' in page
