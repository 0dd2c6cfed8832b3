"""The `Tokens` port on SQLAlchemy: who may speak in which conversation."""

from datetime import datetime

from sqlalchemy import bindparam, exc, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.model import ConversationId
from bot.ports import UnknownConversationError
from bot.store.engine import fetch, transact
from bot.store.tables import tokens

_OPENS = select(tokens.c.conversation).where(
    tokens.c.token_hash == bindparam("t"),
    or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > bindparam("now")),
)


class SqlTokens:
    """Keeps hashes of bearer tokens; they go with their conversation."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def grant(
        self, conversation: ConversationId, token_hash: str, expires_at: datetime | None
    ) -> None:
        """Let the bearer speak in a conversation; raises UnknownConversationError."""
        values = {
            "token_hash": token_hash,
            "conversation": conversation,
            "expires_at": expires_at,
        }
        try:
            await transact(self._engine, lambda c: c.execute(insert(tokens), values))
        except exc.IntegrityError as error:
            raise UnknownConversationError(
                f"Expected a known conversation and a new token, but got {conversation!r}"
            ) from error

    async def conversation_of(self, token_hash: str, now: datetime) -> ConversationId | None:
        """Return what a token opens; None when it is unknown or expired."""
        found = await fetch(self._engine, _OPENS, {"t": token_hash, "now": now})
        return ConversationId(found[0].conversation) if found else None
