"""Runs migrations on a connection that is given, inside its transaction.

`bot.store.engine.migrate` opens both: the transaction is also the lock against a second process.
"""

from alembic import context

from bot.store.base import metadata


def run() -> None:
    """Upgrade with the caller's connection."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        transactional_ddl=True,
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
