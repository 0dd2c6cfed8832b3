"""The demo shop's sign-in: what a shop's own server does for its customers, for everybody."""

import time

import jwt
from fastapi import APIRouter
from pydantic import BaseModel, Field

from bot.settings import Settings

_LASTS = 3_600


class WhoBody(BaseModel):
    """`POST /demo/identity`."""

    customer_id: str = Field(min_length=1, max_length=64)


def router(settings: Settings) -> APIRouter:
    """Return the route that signs identities of the demo's made-up customers."""
    api = APIRouter(tags=["demo"])

    @api.post("/demo/identity", summary="Sign in as a customer of the demo shop")
    async def identity(body: WhoBody) -> dict[str, str]:
        return {"identity": sign(settings, body.customer_id, int(time.time()))}

    return api


def can_sign(settings: Settings) -> bool:
    """Say whether the identity key is a secret: with a public key nothing can be signed."""
    key = settings.identity_key.get_secret_value() if settings.identity_key else ""
    return bool(key) and "-----BEGIN" not in key and not key.endswith(".pem")


def sign(settings: Settings, customer: str, now: int) -> str:
    """Return an identity that this server accepts for an hour."""
    key = settings.identity_key.get_secret_value() if settings.identity_key else ""
    claims: dict[str, str | int] = {"sub": customer, "iat": now, "exp": now + _LASTS}
    if settings.identity_audience is not None:
        claims["aud"] = settings.identity_audience
    if settings.identity_issuer is not None:
        claims["iss"] = settings.identity_issuer
    return jwt.encode(claims, key, algorithm="HS256")
