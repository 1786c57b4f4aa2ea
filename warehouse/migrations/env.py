"""Alembic's environment: runs on the connection that `warehouse.migrate` hands over."""

from __future__ import annotations

from alembic import context

from warehouse.migrate import VERSION_TABLE, compared
from warehouse.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    include_schemas=True,
    include_name=compared,
    version_table=VERSION_TABLE,
    version_table_schema="ops",
)
with context.begin_transaction():
    context.run_migrations()
