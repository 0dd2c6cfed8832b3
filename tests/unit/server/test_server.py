"""What surrounds the routes: limits, headers, health, metrics, logs, and the way it stops."""

import asyncio
import io
import json
import logging
import logging.config
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import structlog
from fastapi import FastAPI
from limits import parse
from sqlalchemy.ext.asyncio import AsyncEngine
from uvicorn.config import LOGGING_CONFIG

from bot.model import ConversationId, Inbound
from bot.ports import ShopbellError
from bot.server import logs
from bot.server.app import create_app
from bot.server.edge import Edge
from bot.server.limits import LocalLimit, read_limit
from bot.server.metrics import Metrics
from bot.settings import SettingsError, ShopRules
from tests.unit.server.parts import Parts, asking, make_parts, start

SECRET_TEXT = "my card is 4111 1111 1111 1111"


async def say(
    client: httpx.AsyncClient, path: str, headers: dict[str, str], client_id: str, text: str = "a"
) -> httpx.Response:
    body = {"client_id": client_id, "text": text}
    return await client.post(f"{path}/messages", json=body, headers=headers)


# -- limits ------------------------------------------------------------


async def test_messages_are_limited_per_conversation(
    sqlite_engine: AsyncEngine, tmp_path: Path
) -> None:
    parts = make_parts(sqlite_engine, home=tmp_path, rate_limit="2/minute")
    async with asking(create_app(parts)) as client:
        path, headers = await start(client)
        other, others = await start(client)
        answers = [await say(client, path, headers, f"c{n}") for n in range(3)]
        elsewhere = await say(client, other, others, "c1")

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["error"]["code"] == "too_many_requests"
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 61
    assert elsewhere.status_code == 200


async def test_new_conversations_are_limited_per_address(
    sqlite_engine: AsyncEngine, tmp_path: Path
) -> None:
    parts = make_parts(sqlite_engine, home=tmp_path, start_limit="1/minute")
    async with asking(create_app(parts)) as client:
        first = await client.post("/api/v1/conversations")
        second = await client.post("/api/v1/conversations")

    assert (first.status_code, second.status_code) == (201, 429)


async def test_limits_can_be_off(sqlite_engine: AsyncEngine, tmp_path: Path) -> None:
    parts = make_parts(sqlite_engine, home=tmp_path, rate_limit="off", start_limit="OFF")
    async with asking(create_app(parts)) as client:
        path, headers = await start(client)
        answers = {(await say(client, path, headers, f"c{n}")).status_code for n in range(70)}

    assert answers == {200}


def test_a_limit_that_says_nothing_is_named() -> None:
    with pytest.raises(SettingsError, match=r"SHOPBELL_RATE_LIMIT.*60/minute.*many"):
        read_limit("many", setting="SHOPBELL_RATE_LIMIT")


async def test_a_window_moves_on_and_says_how_long_to_wait() -> None:
    now = 0.0
    limit = LocalLimit(parse("2/minute"), clock=lambda: now)

    assert [await limit.hit("a"), await limit.hit("a"), await limit.hit("b")] == [None] * 3
    now = 20.0
    assert await limit.hit("a") == 40.0
    now = 60.0
    assert await limit.hit("a") is None


# -- headers ------------------------------------------------------------


async def test_answers_carry_security_headers_and_a_request_id(client: httpx.AsyncClient) -> None:
    response = await client.get("/healthz", headers={"X-Request-ID": "from-the-proxy.1"})

    assert response.headers["X-Request-ID"] == "from-the-proxy.1"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Frame-Options"] == "DENY"


async def test_a_strange_request_id_is_replaced(client: httpx.AsyncClient) -> None:
    response = await client.get("/healthz", headers={"X-Request-ID": 'x"; evil=1'})

    assert len(response.headers["X-Request-ID"]) == 32


async def test_answers_of_the_api_are_not_kept_by_caches(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/v1/conversations")).headers["Cache-Control"] == "no-store"


async def test_pages_of_the_shop_may_embed_the_widget_and_others_may_not(
    sqlite_engine: AsyncEngine, tmp_path: Path
) -> None:
    rules = ShopRules(widget_origins=("https://shop.test",))
    parts = make_parts(sqlite_engine, home=tmp_path, rules=rules)
    asked = {"Access-Control-Request-Method": "POST"}
    async with asking(create_app(parts)) as client:
        ours, theirs, desk = [
            await client.options(path, headers={"Origin": origin, **asked})
            for path, origin in [
                ("/api/v1/conversations", "https://shop.test"),
                ("/api/v1/conversations", "https://another.test"),
                ("/api/v1/desk/session", "https://shop.test"),
            ]
        ]

    assert ours.headers["Access-Control-Allow-Origin"] == "https://shop.test"
    assert "Access-Control-Allow-Origin" not in theirs.headers
    assert "Access-Control-Allow-Origin" not in desk.headers


async def test_the_api_describes_itself(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/api/v1/openapi.json")).json()["paths"]

    assert "/api/v1/conversations/{conversation}/messages" in paths


async def test_files_outside_the_page_are_not_served(client: httpx.AsyncClient) -> None:
    for path in ("/demo/../routes.py", "/demo/%2e%2e/routes.py", "/demo//etc/passwd"):
        assert (await client.get(path)).status_code == 404


# -- health and metrics ------------------------------------------------------------


async def test_it_is_healthy_and_ready(client: httpx.AsyncClient) -> None:
    health, ready = await client.get("/healthz"), await client.get("/readyz")

    assert (health.status_code, ready.status_code) == (200, 200)
    assert ready.json() == {
        "status": "ready",
        "checks": {"database": "ok", "model": "ok", "index": "ok"},
    }


@pytest.mark.parametrize("part", ["database", "model", "index"])
async def test_a_part_that_is_gone_makes_it_not_ready(
    client: httpx.AsyncClient, parts: Parts, tmp_path: Path, part: str
) -> None:
    if part == "database":
        (tmp_path / "shopbell.db").write_bytes(b"no database at all" * 1_000)
        await parts.engine.dispose()
    else:
        broken = parts.recognizer if part == "model" else parts.retriever
        broken.broken = True

    response = await client.get("/readyz")

    assert response.status_code == 503
    assert [name for name, state in response.json()["checks"].items() if state != "ok"] == [part]


async def test_each_turn_is_counted_once(client: httpx.AsyncClient, parts: Parts) -> None:
    path, headers = await start(client)
    for _ in range(3):
        await say(client, path, headers, "c1")
    parts.assistant.faults.append(RuntimeError())
    await say(client, path, headers, "c2")
    await say(client, path, headers, "c3")

    page = (await client.get("/metrics")).text

    assert (
        'shopbell_turns_total{decision="say",language="en",owner="bot",skill="order_status"} 1.0'
        in page
    )
    assert 'shopbell_handoffs_total{reason="internal_error"} 1.0' in page
    assert 'shopbell_turn_failures_total{error="RuntimeError"} 1.0' in page
    assert 'shopbell_station_seconds_count{station="understand"} 3.0' in page
    assert 'shopbell_http_requests_total{method="POST",status="200"} 5.0' in page
    assert "shopbell_outbox_waiting 0.0" in page


# -- logs ------------------------------------------------------------


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that is logged, as JSON lines; the loggers are put back afterwards."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    root, ours = logging.getLogger(), logging.getLogger("bot")
    before, levels = root.handlers[:], (root.level, ours.level)
    logging.config.dictConfig(LOGGING_CONFIG)  # a plain uvicorn in this process leaves these
    logs.configure(level="debug", as_json=True)
    yield stream
    root.handlers[:] = before
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
    structlog.reset_defaults()


async def test_logs_hold_ids_and_durations_but_no_text_and_no_token(
    client: httpx.AsyncClient, parts: Parts, written: io.StringIO
) -> None:
    path, headers = await start(client)
    await say(client, path, headers, "c1", SECRET_TEXT)
    parts.assistant.faults.append(ValueError(f"Expected a number, but got {SECRET_TEXT!r}"))
    await say(client, path, headers, "c2", SECRET_TEXT)
    await client.get(f"{path}/messages?after=1&token={SECRET_TEXT}", headers=headers)

    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    turn = next(line for line in lines if line["event"] == "turn")
    broke = [line for line in lines if line["event"] == "turn.broke"]
    assert SECRET_TEXT not in written.getvalue()
    assert headers["Authorization"][7:] not in written.getvalue()
    assert turn["conversation"] == path.rpartition("/")[2]
    assert turn["turn"]
    assert turn["ms"] >= 0
    assert turn["request"]
    assert len(broke) == 1
    assert "in handle" in broke[0]["trace"]
    assert "ValueError" in broke[0]["trace"]


def test_shopbell_s_own_errors_keep_their_words(written: io.StringIO) -> None:
    structlog.get_logger("bot.test").error(
        "broke", exc_info=ShopbellError("Expected a port, but got a ship")
    )

    assert "but got a ship" in json.loads(written.getvalue())["trace"]


def test_a_library_s_error_is_written_without_its_words(written: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").error("It broke", exc_info=ValueError(SECRET_TEXT))

    line = json.loads(written.getvalue())
    assert SECRET_TEXT not in written.getvalue()
    assert line["trace"].endswith("ValueError")


# -- the edge and the end ------------------------------------------------------------


async def test_a_turn_goes_on_when_its_caller_went_away_and_stopping_waits_for_it(
    parts: Parts,
) -> None:
    async with asking(create_app(parts)) as client:
        path, headers = await start(client)
        parts.assistant.gate = asyncio.Event()
        edge = Edge(parts.assistant, Metrics(), lambda: None)
        inbound = _inbound(parts, path)
        caller = asyncio.create_task(edge.handle(inbound))
        await parts.assistant.started.wait()
        caller.cancel()
        draining = asyncio.create_task(edge.drain())
        await asyncio.sleep(0)
        assert not draining.done()
        parts.assistant.gate.set()
        await draining
        history = (await client.get(f"{path}/messages", headers=headers)).json()

    assert [row["text"] for row in history["messages"]] == ["hello", "You said: hello"]


async def test_a_factory_is_opened_when_the_server_starts_and_closed_when_it_stops(
    parts: Parts,
) -> None:
    async def open_parts() -> Parts:
        return parts

    api: FastAPI = create_app(open_parts)
    async with api.router.lifespan_context(api):
        async with asking(api) as client:
            assert (await client.get("/readyz")).status_code == 200
        assert not parts.closed

    assert parts.closed


def _inbound(parts: Parts, path: str) -> Inbound:
    return Inbound(
        conversation=ConversationId(path.rpartition("/")[2]),
        client_id="c1",
        text="hello",
        received_at=parts.now(),
    )
