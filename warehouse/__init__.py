"""Where records land: tables, migrations, the landing transaction, marts, roles, and the embedded server."""

from warehouse.access import (
    create_database,
    database_url,
    drop_databases,
    open_engine,
    scratch,
)
from warehouse.migrate import migrate
from warehouse.reference import replace_calendar

__all__ = [
    "create_database",
    "database_url",
    "drop_databases",
    "migrate",
    "open_engine",
    "replace_calendar",
    "scratch",
]
