"""Signing in, staying signed in, and keeping others out."""

import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from itsdangerous import URLSafeSerializer

from bot.desk.login import COOKIE, read_secret
from bot.desk.passwords import LONGEST, Passwords, WeakPasswordError
from bot.desk.throttle import Throttle
from bot.settings import SettingsError
from tests.unit.desk.kit import (
    ANN,
    BOB,
    PASSWORD,
    SUE,
    Clock,
    DeskApp,
    browser,
    open_talk,
    served,
    sign_in,
)

SESSION = "/api/v1/desk/session"
HANDOFFS = "/api/v1/desk/handoffs"


def credentials(email: str = ANN.email, password: str = PASSWORD) -> dict[str, str]:
    return {"email": email, "password": password}


# -- passwords ------------------------------------------------------------


async def test_a_hash_matches_its_password_only() -> None:
    passwords = Passwords()
    kept = await passwords.hash("пароль 密码 ①")
    assert kept.startswith("$argon2id$")
    assert await passwords.matches("пароль 密码 ①", kept)
    assert await passwords.matches("пароль 密码 1", kept)  # NFKC: another keyboard's same digit
    assert not await passwords.matches("пароль 密码 2", kept)


@pytest.mark.parametrize("password", ["", "short", "x" * (LONGEST + 1)])
async def test_weak_and_endless_passwords_are_refused(password: str) -> None:
    with pytest.raises(WeakPasswordError, match="Expected a password of 8 to 1024"):
        await Passwords().hash(password)


@pytest.mark.parametrize("kept", [None, "", "no hash at all", "$argon2id$v=19$broken"])
async def test_without_a_sound_hash_nothing_matches(kept: str | None) -> None:
    assert not await Passwords().matches(PASSWORD, kept)


async def test_an_unknown_address_costs_a_real_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """No timing here: the same work is done, counted in calls of the hasher."""
    passwords = Passwords()
    checked: list[str] = []
    inner = PasswordHasher.verify

    def counted(hasher: PasswordHasher, kept: str, password: str) -> bool:
        checked.append(kept)
        return inner(hasher, kept, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    assert not await passwords.matches(PASSWORD, None)
    real = await passwords.hash(PASSWORD)
    assert await passwords.matches(PASSWORD, real)
    assert [kept.rpartition("$")[0].rpartition("$")[0] for kept in checked] == [
        "$argon2id$v=19$m=19456,t=2,p=1"
    ] * 2


# -- the key ------------------------------------------------------------


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    key = read_secret(home)
    assert len(key) == 32
    assert read_secret(home) == key
    assert stat.S_IMODE((home / "secret").stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["secret"]


@pytest.mark.parametrize("content", ["", "zz", "abcd", "密"])
def test_a_damaged_key_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "secret").write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match="secret: expected"):
        read_secret(tmp_path)


# -- the session ------------------------------------------------------------


async def test_signing_in_gives_agent_token_and_a_guarded_cookie(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post(SESSION, json=credentials("ANN@example.com"))
    assert answer.status_code == 200
    assert answer.json()["agent"]["name"] == "Ann Lee"
    assert len(answer.json()["csrf"]) >= 32
    cookie = answer.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=lax", "path=/", "max-age=43200"))
    assert "secure" not in cookie
    assert (await client.get(SESSION)).json()["agent"]["id"] == "ann"


async def test_over_https_the_cookie_is_secure(api: FastAPI) -> None:
    transport = httpx.ASGITransport(app=api)
    async with httpx.AsyncClient(transport=transport, base_url="https://desk.test") as client:
        answer = await client.post(SESSION, json=credentials())
    assert "secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    "body", [credentials(password="wrong horse"), credentials(email="nobody@example.com")]
)
async def test_unknown_address_and_wrong_password_look_alike(
    client: httpx.AsyncClient, body: dict[str, str]
) -> None:
    answer = await client.post(SESSION, json=body)
    assert answer.status_code == 401
    assert answer.json() == {
        "error": {
            "code": "wrong_credentials",
            "message": "This e-mail and password don't match.",
        }
    }
    assert "set-cookie" not in answer.headers


async def test_an_inactive_agent_stays_out(client: httpx.AsyncClient, app: DeskApp) -> None:
    await sign_in(client)
    await app.agents.change(replace(ANN, active=False))
    assert (await client.get(SESSION)).status_code == 401
    assert (await client.post(SESSION, json=credentials())).status_code == 401


async def test_a_session_ends_after_twelve_hours(client: httpx.AsyncClient, clock: Clock) -> None:
    await sign_in(client)
    clock.move(timedelta(hours=11, minutes=59))
    assert (await client.get(SESSION)).status_code == 200
    clock.move(timedelta(minutes=1))
    assert (await client.get(SESSION)).status_code == 401


async def test_signing_out_ends_the_session_not_just_the_cookie(
    client: httpx.AsyncClient,
) -> None:
    await sign_in(client)
    stolen = client.cookies[COOKIE]
    assert (await client.delete(SESSION)).status_code == 204
    assert COOKIE not in client.cookies
    client.cookies.set(COOKIE, stolen)
    assert (await client.get(SESSION)).status_code == 401


async def test_signing_in_again_ends_the_session_before(client: httpx.AsyncClient) -> None:
    await sign_in(client)
    first = client.cookies[COOKIE]
    await sign_in(client, BOB)
    client.cookies.clear()
    client.cookies.set(COOKIE, first)
    assert (await client.get(SESSION)).status_code == 401


async def test_forged_cookies_open_nothing(
    client: httpx.AsyncClient, app: DeskApp, tmp_path: Path
) -> None:
    await sign_in(client)
    real = client.cookies[COOKIE]
    unsigned = real.rpartition(".")[0]
    foreign = URLSafeSerializer(b"x" * 32, salt="desk-session").dumps("guess")
    own_key = URLSafeSerializer(read_secret(tmp_path), salt="other").dumps("guess")
    for forged in ("", "x", unsigned, real + "x", foreign, own_key):
        client.cookies.clear()
        client.cookies.set(COOKIE, forged)
        assert (await client.get(SESSION)).status_code == 401, forged


async def test_a_new_key_ends_every_session(
    client: httpx.AsyncClient, app: DeskApp, tmp_path: Path
) -> None:
    await sign_in(client)
    (tmp_path / "secret").unlink()
    async with browser(served(app)) as other:
        other.cookies.set(COOKIE, client.cookies[COOKIE])
        assert (await other.get(SESSION)).status_code == 401


# -- throttling ------------------------------------------------------------


async def test_ten_wrong_passwords_and_even_the_right_one_waits(
    client: httpx.AsyncClient, api: FastAPI, clock: Clock
) -> None:
    for _ in range(10):
        assert (await client.post(SESSION, json=credentials(password="no"))).status_code == 401
    async with browser(api, client="198.51.100.1") as elsewhere:
        answer = await elsewhere.post(SESSION, json=credentials())
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "too_many_tries"
    assert answer.headers["retry-after"] == "600"
    assert (await client.post(SESSION, json=credentials(BOB.email))).status_code == 200
    clock.move(timedelta(minutes=10))
    assert (await client.post(SESSION, json=credentials())).status_code == 200


async def test_one_address_can_not_try_everybody(client: httpx.AsyncClient) -> None:
    for number in range(30):
        email = f"someone{number}@example.com"
        assert (await client.post(SESSION, json=credentials(email))).status_code == 401
    assert (await client.post(SESSION, json=credentials(SUE.email))).status_code == 429


def test_the_throttle_forgets_in_time_and_stays_small() -> None:
    clock, throttle = Clock(), Throttle(limit=2, window=timedelta(minutes=1))
    for number in range(10_050):
        throttle.failed(f"key{number}", clock())
    assert len(throttle._failures) == 10_000
    throttle.failed("key10049", clock())
    assert throttle.blocked_until("key10049", clock()) == clock() + timedelta(minutes=1)
    clock.move(timedelta(minutes=1))
    assert throttle.blocked_until("key10049", clock()) is None


# -- forged requests ------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "", "wrong", "é"])
async def test_writes_need_the_sessions_own_token(
    client: httpx.AsyncClient, app: DeskApp, token: str | None
) -> None:
    handoff = await open_talk(app)
    await sign_in(client)
    del client.headers["X-CSRF-Token"]
    headers = {} if token is None else {b"X-CSRF-Token": token.encode()}
    answer = await client.post(f"{HANDOFFS}/{handoff}/accept", headers=headers)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "wrong_csrf_token"
    conversation, _ = await app.store.by_handoff(handoff)
    assert conversation.owner == "queue"


async def test_another_agents_token_is_of_no_use(
    client: httpx.AsyncClient, api: FastAPI, app: DeskApp
) -> None:
    handoff = await open_talk(app)
    await sign_in(client)
    async with browser(api) as other:
        client.headers["X-CSRF-Token"] = await sign_in(other, BOB)
    assert (await client.post(f"{HANDOFFS}/{handoff}/accept")).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Origin": "http://desk.test.evil.test"},
        {"Origin": "http://desk.test:81"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_other_sites_write_nothing_even_with_the_token(
    client: httpx.AsyncClient, app: DeskApp, headers: dict[str, str]
) -> None:
    handoff = await open_talk(app)
    await sign_in(client)
    answer = await client.post(f"{HANDOFFS}/{handoff}/accept", headers=headers)
    assert answer.json()["error"]["code"] == "foreign_origin"
    login = await client.post(SESSION, json=credentials(), headers=headers)
    assert login.status_code == 403


async def test_the_desks_own_origin_passes(client: httpx.AsyncClient, app: DeskApp) -> None:
    handoff = await open_talk(app)
    await sign_in(client)
    own = {"Origin": "https://desk.test", "Sec-Fetch-Site": "same-origin"}  # TLS ends at a proxy
    answer = await client.post(f"{HANDOFFS}/{handoff}/accept", headers=own)
    assert answer.status_code == 200


async def test_a_plain_form_of_another_site_can_not_be_json(
    client: httpx.AsyncClient, app: DeskApp
) -> None:
    handoff = await open_talk(app)
    await sign_in(client)
    answer = await client.post(
        f"{HANDOFFS}/{handoff}/messages",
        content='{"text": "x", "audience": "staff"}',
        headers={"Content-Type": "text/plain"},
    )
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", HANDOFFS),
        ("GET", f"{HANDOFFS}/h-c1"),
        ("POST", f"{HANDOFFS}/h-c1/accept"),
        ("GET", SESSION),
        ("DELETE", SESSION),
        ("GET", "/desk/queue"),
        ("GET", "/desk/events"),
        ("GET", "/desk/handoffs/h-c1/talk"),
        ("GET", "/desk/handoffs/h-c1/events"),
    ],
)
async def test_nobody_gets_in_without_a_session(
    client: httpx.AsyncClient, app: DeskApp, method: str, path: str
) -> None:
    await open_talk(app)
    answer = await client.request(method, path)
    assert answer.status_code == 401
    assert "ridiculous" not in answer.text
