"""The store's tables. What no query asks for stays in one JSON text per row (see codec.py).

JSON is kept as text, not as PostgreSQL's `jsonb`: that refuses U+0000, which shoppers can send.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bot.store.base import UtcDateTime, metadata


def _of_conversation(*, primary_key: bool = False) -> Column[str]:
    return Column(
        "conversation",
        Text,
        ForeignKey("conversations.id", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=False,
    )


conversations = Table(
    "conversations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("customer", Text, index=True),
    Column("handoff", Text),
    Column("state", Text, nullable=False),
    UniqueConstraint("channel", "user"),
)
"""`handoff` is the newest one's id: the owner follows from it and is kept nowhere else."""

messages = Table(
    "messages",
    metadata,
    _of_conversation(primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("speaker", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("delivery", Text, nullable=False),
    Column("sent_at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    Column("error", Text),
)
"""`seq` and `delivery` of the row count; those inside `body` are of the time of writing."""

turns = Table(
    "turns",
    metadata,
    _of_conversation(primary_key=True),
    Column("client_id", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("body", Text, nullable=False),
)

handoffs = Table(
    "handoffs",
    metadata,
    Column("id", Text, primary_key=True),
    _of_conversation(),
    Column("priority", Integer, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("agent", Text),
    Column("ended_at", UtcDateTime, index=True),
    Column("body", Text, nullable=False),
    Index(None, "conversation"),
)
Index(
    "ix_handoffs_open",
    handoffs.c.priority.desc(),
    handoffs.c.opened_at,
    sqlite_where=handoffs.c.ended_at.is_(None),
    postgresql_where=handoffs.c.ended_at.is_(None),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    _of_conversation(),
    Column("seq", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False, index=True),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("lease_until", UtcDateTime),
    Column("holder", Text),
    Column("error", Text),
    UniqueConstraint("conversation", "seq"),
    sqlite_autoincrement=True,  # else SQLite gives a sent message's id to the next one
)
"""Only what is not sent yet; the message itself says what became of it."""

leases = Table(
    "leases",
    metadata,
    Column("conversation", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", UtcDateTime, nullable=False),
)

ratings = Table(
    "ratings",
    metadata,
    _of_conversation(primary_key=True),
    Column(
        "score", Integer, CheckConstraint("score BETWEEN 1 AND 5", name="score"), nullable=False
    ),
    Column("comment", Text),
    Column("rated_at", UtcDateTime, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("token_hash", Text, primary_key=True),
    _of_conversation(),
    Column("expires_at", UtcDateTime),
    Index(None, "conversation"),
)

agents = Table(
    "agents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("languages", Text, nullable=False),
    Column("skills", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("password_hash", Text, nullable=False),
)

desk_sessions = Table(
    "desk_sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("agent", Text, ForeignKey("agents.id", ondelete="CASCADE"), nullable=False),
    Column("csrf", Text, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

articles = Table(
    "articles",
    metadata,
    Column("id", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("published", Boolean, nullable=False),
)

article_versions = Table(
    "article_versions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("topics", Text, nullable=False),
    Column("url", Text),
    Column("published_at", UtcDateTime, nullable=False),
)

generations = Table(
    "generations",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Integer, nullable=False),
)

proof_tries = Table(
    "proof_tries",
    metadata,
    Column("number", Text, primary_key=True),
    Column("failed", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False, index=True),
    Column("blocked_until", UtcDateTime),
)

erasures = Table(
    "erasures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("erased_at", UtcDateTime, nullable=False),
    Column("conversations", Integer, nullable=False),
    Column("messages", Integer, nullable=False),
    Column("turns", Integer, nullable=False),
    Column("handoffs", Integer, nullable=False),
    Column("ratings", Integer, nullable=False),
)
"""What erased conversations leave behind: counts, so that the shop's figures stay true."""
