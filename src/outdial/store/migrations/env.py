"""Alembic runs this file to carry out a command on the connection it is handed; see ``store/migrating.py``."""

from __future__ import annotations

from alembic import context

from outdial.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot change a column in place: Alembic copies the table.
    render_as_batch=True,
    compare_type=True,
    compare_server_default=False,
)
with context.begin_transaction():
    context.run_migrations()
