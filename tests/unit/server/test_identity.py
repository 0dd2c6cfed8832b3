"""Signing in: whose token counts, and what happens in a conversation that has a customer."""

import time
import warnings
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.channels.web.identity import read_identities
from bot.contract import ApiError
from bot.model import ConversationId
from bot.server.app import create_app
from bot.settings import Settings, SettingsError
from tests.unit.server.parts import Parts, asking, make_parts, start

KEY = "a secret that is long enough, " * 3
HOUR = 3_600


def claims(**more: object) -> dict[str, Any]:
    return {"sub": "c-1", "exp": int(time.time()) + HOUR, **more}


def signed(key: str = KEY, algorithm: str = "HS256", **more: object) -> str:
    return jwt.encode(claims(**more), key, algorithm=algorithm)


def identities(**settings: object) -> Any:
    return read_identities(Settings.model_validate(settings))


def test_a_token_of_the_shop_names_its_customer() -> None:
    assert identities(identity_key=KEY).customer(signed()) == "c-1"


def test_a_short_secret_works_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        token = signed(key="short")

    assert identities(identity_key="short").customer(token) == "c-1"


@pytest.mark.parametrize(
    "token",
    [
        signed(key="another secret that is long enough, truly"),
        signed(exp=int(time.time()) - 1),
        "not.a.token",
        "",
        "a.b",
        jwt.encode({"sub": ["c-1"]}, KEY, algorithm="HS256"),
        jwt.encode({"sub": None}, KEY, algorithm="HS256"),
        jwt.encode({"exp": int(time.time()) + HOUR}, KEY, algorithm="HS256"),
        jwt.encode(claims(), "", algorithm="none"),
        signed(sub=" "),
        signed(nbf=int(time.time()) + HOUR),
        signed(algorithm="HS512"),
        "退货",
    ],
    ids=str.__len__,  # tokens hold the time, and workers have to agree on a test's name
)
def test_any_other_token_is_refused(token: str) -> None:
    with pytest.raises(ApiError) as caught:
        identities(identity_key=KEY).customer(token)

    assert (caught.value.status, caught.value.code) == (401, "bad_identity")


def test_a_token_needs_no_end() -> None:
    token = jwt.encode({"sub": "c-1"}, KEY, algorithm="HS256")

    assert identities(identity_key=KEY).customer(token) == "c-1"


def test_an_id_may_be_a_number_as_in_an_import() -> None:
    assert identities(identity_key=KEY).customer(signed(sub=7)) == "7"


@pytest.mark.parametrize(
    ("more", "accepted"),
    [
        ({}, False),
        ({"aud": "shopbell", "iss": "https://shop.test"}, True),
        ({"aud": "another", "iss": "https://shop.test"}, False),
        ({"aud": "shopbell", "iss": "https://another.test"}, False),
        ({"aud": "shopbell"}, False),
        ({"iss": "https://shop.test"}, False),
    ],
)
def test_audience_and_issuer_must_match_once_they_are_set(
    more: dict[str, str], *, accepted: bool
) -> None:
    check = identities(
        identity_key=KEY, identity_audience="shopbell", identity_issuer="https://shop.test"
    )

    if accepted:
        assert check.customer(signed(**more)) == "c-1"
    else:
        with pytest.raises(ApiError):
            check.customer(signed(**more))


def test_an_audience_that_nobody_asked_for_does_no_harm() -> None:
    assert identities(identity_key=KEY).customer(signed(aud="whoever")) == "c-1"


@pytest.fixture(scope="module")
def rsa_keys() -> tuple[str, str]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem.decode(), public.decode()


def test_a_pem_file_means_rs256_and_nothing_else(
    tmp_path: Path, rsa_keys: tuple[str, str]
) -> None:
    private, public = rsa_keys
    path = tmp_path / "shop.pem"
    path.write_text(public)
    check = identities(identity_key=str(path))

    assert check.customer(signed(private, "RS256")) == "c-1"
    with pytest.raises(ApiError):
        check.customer(signed(KEY, "HS256"))


@pytest.mark.parametrize("text", [None, "no key at all"])
def test_a_wrong_key_file_is_named_at_the_start(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "shop.pem"
    if text is not None:
        path.write_text(text)

    with pytest.raises(SettingsError, match=r"SHOPBELL_IDENTITY_KEY.*shop\.pem"):
        identities(identity_key=str(path))


def test_a_private_key_is_no_key_to_check_with(tmp_path: Path, rsa_keys: tuple[str, str]) -> None:
    path = tmp_path / "shop.pem"
    path.write_text(rsa_keys[0])

    with pytest.raises(SettingsError, match="public key"):
        identities(identity_key=str(path))


@pytest.fixture
def signing_parts(sqlite_engine: AsyncEngine, tmp_path: Path) -> Parts:
    return make_parts(sqlite_engine, home=tmp_path, identity_key=KEY, demo=True)


async def test_an_identity_at_the_start_signs_in(signing_parts: Parts) -> None:
    async with asking(create_app(signing_parts)) as client:
        path, _ = await start(client, identity=signed())

    kept = await signing_parts.store.get(ConversationId(path.rpartition("/")[2]))
    assert kept.customer == "c-1"


async def test_a_guest_signs_in_later_and_another_customer_cannot(signing_parts: Parts) -> None:
    async with asking(create_app(signing_parts)) as client:
        path, headers = await start(client)
        await client.post(
            f"{path}/messages", json={"client_id": "c1", "text": "a"}, headers=headers
        )
        first, again, other = [
            await client.post(f"{path}/identity", json={"identity": token}, headers=headers)
            for token in (signed(), signed(), signed(sub="c-2"))
        ]

    assert (first.status_code, again.status_code, other.status_code) == (200, 200, 409)
    assert other.json()["error"]["code"] == "other_customer"
    kept = await signing_parts.store.get(ConversationId(path.rpartition("/")[2]))
    assert kept.customer == "c-1"


async def test_without_a_key_every_identity_is_refused(client: httpx.AsyncClient) -> None:
    path, headers = await start(client)

    started = await client.post("/api/v1/conversations", json={"identity": signed()})
    later = await client.post(f"{path}/identity", json={"identity": signed()}, headers=headers)

    assert (started.status_code, later.status_code) == (401, 401)


async def test_only_the_demo_signs_identities(
    signing_parts: Parts, client: httpx.AsyncClient
) -> None:
    refused = await client.post("/demo/identity", json={"customer_id": "c-1"})
    async with asking(create_app(signing_parts)) as demo:
        given = await demo.post("/demo/identity", json={"customer_id": "c-1"})
        path, _ = await start(demo, identity=given.json()["identity"])

    assert refused.status_code in {404, 405}
    kept = await signing_parts.store.get(ConversationId(path.rpartition("/")[2]))
    assert kept.customer == "c-1"
