"""Who a shopper is: a token signed by the shop, checked here and nowhere else."""

import warnings
from pathlib import Path
from typing import Any

import jwt

from bot.commerce import CustomerId
from bot.contract import ApiError
from bot.settings import Settings, SettingsError

_LONGEST_PATH = 1_024
_EXPECTED = "an identity token signed by this shop, with sub and no exp that has passed"


class Identities:
    """Checks identity tokens with one key and one algorithm, so that neither can be swapped."""

    def __init__(
        self, key: str | None, *, audience: str | None = None, issuer: str | None = None
    ) -> None:
        """Take the key as text: a PEM public key means RS256, anything else is HS256's secret."""
        self._key = key
        self._algorithm = "RS256" if key is not None and "-----BEGIN" in key else "HS256"
        self._audience = audience
        self._issuer = issuer

    def customer(self, token: str) -> CustomerId:
        """Return the customer that a token names; raises ApiError (401)."""
        if self._key is None:
            raise _refused("This shop has set no key for identities", expected="no identity")
        try:
            claims = self._decode(token)
        except jwt.PyJWTError as error:
            # The library's words name the claim that is wrong, never its value.
            raise _refused(f"The identity was not accepted: {_fault(error)}") from error
        subject = claims["sub"]
        if not isinstance(subject, str | int) or not str(subject).strip():
            raise _refused("The identity names no customer")
        return CustomerId(str(subject))

    def _decode(self, token: str) -> dict[str, Any]:
        with warnings.catch_warnings():
            # The shop chose its secret; a warning at each sign-in changes nothing.
            warnings.simplefilter("ignore", jwt.InsecureKeyLengthWarning)
            claims: dict[str, Any] = jwt.decode(
                token,
                key=self._key or "",
                algorithms=[self._algorithm],
                audience=self._audience,
                issuer=self._issuer,
                options={
                    "require": ["sub"],
                    # Shops whose ids are numbers write them as numbers; imports take both too.
                    "verify_sub": False,
                    "verify_aud": self._audience is not None,
                    # A shop's clock may run a little ahead; `exp` and `nbf` say what counts.
                    "verify_iat": False,
                },
            )
        return claims


def read_identities(settings: Settings) -> Identities:
    """Make the check from the settings; the key may be the path of a PEM file.

    Raises:
        SettingsError: the file can't be read or holds no PEM key.
    """
    key = settings.identity_key and settings.identity_key.get_secret_value()
    if key and _looks_like_path(key):
        key = _read_pem(Path(key).expanduser())
    return Identities(
        key or None, audience=settings.identity_audience, issuer=settings.identity_issuer
    )


def _looks_like_path(key: str) -> bool:
    if "-----BEGIN" in key:
        return False
    return key.endswith(".pem") or (len(key) <= _LONGEST_PATH and Path(key).expanduser().is_file())


def _read_pem(path: Path) -> str:
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"SHOPBELL_IDENTITY_KEY: expected a PEM file at {path}") from error
    if "-----BEGIN PUBLIC KEY" not in text and "-----BEGIN RSA PUBLIC KEY" not in text:
        raise SettingsError(f"SHOPBELL_IDENTITY_KEY: expected an RSA public key in {path}")
    return text


def _fault(error: jwt.PyJWTError) -> str:
    faults = {
        jwt.ExpiredSignatureError: "it has expired",
        jwt.InvalidAudienceError: "its audience is another",
        jwt.InvalidIssuerError: "its issuer is another",
        jwt.InvalidSignatureError: "its signature is wrong",
        jwt.InvalidAlgorithmError: "its algorithm is another",
        jwt.MissingRequiredClaimError: "sub, or a claim that the shop requires, is missing",
    }
    return faults.get(type(error), "it is no valid token")


def _refused(message: str, *, expected: str = _EXPECTED) -> ApiError:
    return ApiError(401, "bad_identity", message, expected=expected)
