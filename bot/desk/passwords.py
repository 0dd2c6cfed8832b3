"""Passwords of agents: hashed with Argon2id, away from the event loop."""

import asyncio
import secrets
import unicodedata
from functools import cached_property
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST: Final = 8
"""NIST SP 800-63B section 3.1.1.2: no shorter, and no rules on which characters."""
LONGEST: Final = 1024


class WeakPasswordError(ValueError):
    """A password is too short or too long to be used."""


class Passwords:
    """Makes and checks hashes; at most two at once, because each takes 19 MiB while it runs.

    Memory, passes and lanes are OWASP's first recommendation for Argon2id:
    https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
    """

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._turns = asyncio.Semaphore(2)

    async def hash(self, password: str) -> str:
        """Return the hash to keep; raises WeakPasswordError."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise WeakPasswordError(
                f"Expected a password of {SHORTEST} to {LONGEST} characters, "
                f"but got {len(password)}"
            )
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, _plain(password))

    async def matches(self, password: str, kept: str | None) -> bool:
        """Return whether a password has that hash. None takes as long and is never right."""
        async with self._turns:
            return await asyncio.to_thread(self._verify, password[:LONGEST], kept)

    def _verify(self, password: str, kept: str | None) -> bool:
        try:
            self._hasher.verify(kept or self._decoy, _plain(password))
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None

    @cached_property
    def _decoy(self) -> str:
        return self._hasher.hash(secrets.token_hex())


def _plain(password: str) -> str:
    """Fold the ways in which keyboards write the same character (RFC 8265 section 4.2)."""
    return unicodedata.normalize("NFKC", password)
