"""Whatever comes in, the answer has the contract's shape and nothing is lost."""

import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from bot.channels.web.access import LIFETIME
from bot.ports import ConflictError, StoreUnavailableError
from bot.server.middleware import LARGEST_BODY
from tests.unit.server.parts import Parts, start

JSON = {"Content-Type": "application/json"}


def assert_error(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    error: dict[str, Any] = response.json()["error"]
    assert error["code"] == code
    assert error["message"]
    assert set(error) <= {"code", "message", "expected"}
    return error


@pytest.mark.parametrize(
    "body",
    [
        b'{"client_id": "c1", "text"',
        b"\xff\xfe",
        b"",
        b"hello",
    ],
)
async def test_what_is_no_json_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    path, headers = await start(client)

    response = await client.post(f"{path}/messages", content=body, headers={**headers, **JSON})

    assert response.status_code in {400, 422}
    assert response.json()["error"]["expected"]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"text": "a"}, "client_id"),
        ({"client_id": "c1"}, "text"),
        ({"client_id": 7, "text": "a"}, "client_id"),
        ({"client_id": "", "text": "a"}, "client_id"),
        ({"client_id": "c" * 129, "text": "a"}, "client_id"),
        ({"client_id": "a\u0000b", "text": "a"}, "client_id"),
        ({"client_id": "c1", "text": None}, "text"),
        ({"client_id": "c1", "text": ["a"]}, "text"),
        ([], "body"),
        ("text", "body"),
    ],
)
async def test_a_wrong_field_is_named_with_what_was_expected(
    client: httpx.AsyncClient, body: object, named: str
) -> None:
    path, headers = await start(client)

    response = await client.post(f"{path}/messages", json=body, headers=headers)

    error = assert_error(response, 422, "invalid")
    assert named in error["message"]
    assert error["expected"]


@pytest.mark.parametrize("text", ["", "   \n\t", "\u0000", "\u001b\u0007", "\u3000"])
async def test_a_text_that_says_nothing_is_refused(client: httpx.AsyncClient, text: str) -> None:
    path, headers = await start(client)

    response = await client.post(
        f"{path}/messages", json={"client_id": "c1", "text": text}, headers=headers
    )

    assert_error(response, 422, "empty_text")


async def test_a_text_of_ten_thousand_characters_is_taken_and_one_more_is_not(
    client: httpx.AsyncClient,
) -> None:
    path, headers = await start(client)

    taken = await client.post(
        f"{path}/messages", json={"client_id": "c1", "text": "退" * 10_000}, headers=headers
    )
    refused = await client.post(
        f"{path}/messages", json={"client_id": "c2", "text": "退" * 10_001}, headers=headers
    )
    huge = await client.post(
        f"{path}/messages", json={"client_id": "c3", "text": "a" * 100_000}, headers=headers
    )

    assert taken.status_code == 200
    assert_error(refused, 413, "text_too_long")
    assert_error(huge, 413, "text_too_long")


async def test_a_body_over_the_limit_is_refused_before_it_is_read(
    client: httpx.AsyncClient,
) -> None:
    path, headers = await start(client)

    response = await client.post(
        f"{path}/messages",
        json={"client_id": "c1", "text": "a" * LARGEST_BODY},
        headers=headers,
    )

    assert_error(response, 413, "too_large")


async def test_a_body_without_a_length_is_cut_off_at_the_limit(client: httpx.AsyncClient) -> None:
    path, headers = await start(client)
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while sent < 4 * LARGEST_BODY:
            sent += 65_536
            yield b"a" * 65_536

    response = await client.post(
        f"{path}/messages", content=endless(), headers={**headers, **JSON}
    )

    assert response.status_code == 413
    assert response.json()["error"]["code"] == "too_large"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("hi\u0000 there\u001b[31m", "hi there[31m"),
        ("two\r\nlines\tand a tab", "two\nlines\tand a tab"),
        ("👩‍👩‍👧 🎉", "👩‍👩‍👧 🎉"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("'; DROP TABLE messages; --", "'; DROP TABLE messages; --"),
        ('{"half": ', '{"half": '),
    ],
)
async def test_odd_texts_are_taken_as_texts(
    client: httpx.AsyncClient, text: str, kept: str
) -> None:
    path, headers = await start(client)

    turn = await client.post(
        f"{path}/messages", json={"client_id": "c1", "text": text}, headers=headers
    )

    assert turn.json()["replies"][0]["text"] == f"You said: {kept}"


async def test_half_of_a_surrogate_pair_does_no_harm(client: httpx.AsyncClient) -> None:
    path, headers = await start(client)

    response = await client.post(
        f"{path}/messages",
        content=b'{"client_id": "c1", "text": "a\\ud800b"}',
        headers={**headers, **JSON},
    )

    assert response.status_code in {200, 422}
    response.json()


async def test_without_a_token_nothing_opens(client: httpx.AsyncClient) -> None:
    path, _ = await start(client)
    body = {"client_id": "c1", "text": "a"}

    for response in (
        await client.post(f"{path}/messages", json=body),
        await client.get(f"{path}/messages"),
        await client.post(f"{path}/rating", json={"score": 5}),
        await client.post(f"{path}/identity", json={"identity": "x"}),
    ):
        assert_error(response, 401, "unauthorized")
        assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer nonsense", "Basic abc", "Bearer ", "nonsense"])
async def test_a_wrong_token_opens_nothing(client: httpx.AsyncClient, header: str) -> None:
    path, _ = await start(client)

    response = await client.get(f"{path}/messages", headers={"Authorization": header})

    assert_error(response, 401, "unauthorized")


async def test_a_token_expires(client: httpx.AsyncClient, parts: Parts) -> None:
    path, headers = await start(client)
    parts.now.go_on(seconds=LIFETIME.total_seconds() + 1)

    response = await client.get(f"{path}/messages", headers=headers)

    assert_error(response, 401, "unauthorized")


async def test_a_token_opens_its_own_conversation_only(client: httpx.AsyncClient) -> None:
    mine, _ = await start(client)
    _, other = await start(client)

    assert_error(await client.get(f"{mine}/messages", headers=other), 403, "forbidden")


@pytest.mark.parametrize("id_", ["nobody", "a%00b", "..%2F..", "x" * 500, "'%20OR%201=1"])
async def test_an_unknown_conversation_is_not_found(client: httpx.AsyncClient, id_: str) -> None:
    _, headers = await start(client)

    for given in (headers, {"Authorization": "Bearer nonsense"}):
        response = await client.get(f"/api/v1/conversations/{id_}/messages", headers=given)
        assert_error(response, 404, "not_found")


async def test_a_stranger_hears_of_the_token_before_all_about_the_body(
    client: httpx.AsyncClient,
) -> None:
    path, _ = await start(client)

    assert_error(await client.post(f"{path}/messages", json={}), 401, "unauthorized")


async def test_unknown_routes_and_wrong_methods_answer_in_the_same_shape(
    client: httpx.AsyncClient,
) -> None:
    assert_error(await client.get("/api/v1/nothing"), 404, "not_found")
    wrong = await client.delete("/api/v1/conversations")

    error = assert_error(wrong, 405, "method_not_allowed")
    assert error["expected"] == "POST"


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "99999999999999999999"])
async def test_a_strange_seq_is_refused(client: httpx.AsyncClient, after: str) -> None:
    path, headers = await start(client)

    response = await client.get(f"{path}/messages?after={after}", headers=headers)

    assert_error(response, 422, "invalid")


@pytest.mark.parametrize("score", [0, 6, 2.5, "5", True, None])
async def test_a_rating_is_a_whole_number_from_one_to_five(
    client: httpx.AsyncClient, score: object
) -> None:
    path, headers = await start(client)

    response = await client.post(f"{path}/rating", json={"score": score}, headers=headers)

    assert_error(response, 422, "invalid")


async def test_a_store_that_is_gone_says_try_again_and_the_repetition_succeeds(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    path, headers = await start(client)
    parts.assistant.faults.append(StoreUnavailableError("The database is locked"))
    body = {"client_id": "c1", "text": "a"}

    failed = await client.post(f"{path}/messages", json=body, headers=headers)
    again = await client.post(f"{path}/messages", json=body, headers=headers)

    assert_error(failed, 503, "unavailable")
    assert failed.headers["Retry-After"]
    assert again.json()["decision"]["type"] == "say"


async def test_a_conversation_that_kept_changing_says_try_again(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    path, headers = await start(client)
    parts.assistant.faults.append(ConflictError("It kept changing"))

    response = await client.post(
        f"{path}/messages", json={"client_id": "c1", "text": "a"}, headers=headers
    )

    assert_error(response, 503, "busy")
    assert response.headers["Retry-After"]


async def test_a_turn_that_breaks_calls_a_person(client: httpx.AsyncClient, parts: Parts) -> None:
    path, headers = await start(client)
    parts.assistant.faults.append(ValueError("something private"))

    response = await client.post(
        f"{path}/messages", json={"client_id": "c1", "text": "a"}, headers=headers
    )

    turn = response.json()
    assert response.status_code == 200
    assert (turn["owner"], turn["handoff"]["reason"]) == ("queue", "internal_error")
    assert "something private" not in response.text


async def test_a_fault_outside_a_turn_is_answered_without_its_words(
    client: httpx.AsyncClient, api: FastAPI
) -> None:
    @api.get("/broken")
    async def broken() -> None:
        raise ValueError("something private")

    response = await client.get("/broken")

    error = assert_error(response, 500, "internal")
    assert "private" not in json.dumps(error)
    assert response.headers["X-Request-ID"]
