"""The migrated database is what the tables say, once and again."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

import warehouse
from hub.core.entities import ENTITIES, LINEAGE
from tests.conftest import Server
from warehouse.migrate import VERSION_TABLE, compared
from warehouse.tables import METADATA, SCHEMAS


def test_the_frozen_revisions_make_exactly_the_tables_of_the_metadata(database: Engine) -> None:
    with database.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True, "include_name": compared, "compare_type": True,
                "version_table": VERSION_TABLE, "version_table_schema": "ops",
                "target_metadata": METADATA,
            },
        )  # fmt: skip
        assert compare_metadata(context, METADATA) == []


def test_core_and_history_follow_the_canonical_entities(database: Engine) -> None:
    columns = inspect(database)
    common = [column.name for column in LINEAGE]
    for entity in ENTITIES.values():
        expected = common + list(entity.names)
        core = [c["name"] for c in columns.get_columns(entity.name, schema="core")]
        history = [c["name"] for c in columns.get_columns(entity.name, schema="history")]
        assert core == expected
        assert history == [*expected, "changed_at", "changed_by_batch"]
        key = columns.get_pk_constraint(entity.name, schema="core")["constrained_columns"]
        assert tuple(key) == entity.key


def test_migrating_again_changes_nothing_and_keeps_data(database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(text("insert into reference.release values ('calendar', 'v1', now())"))
    warehouse.migrate(database)
    with database.connect() as connection:
        assert connection.scalar(text("select version from reference.release")) == "v1"
        schemas = set(inspect(connection).get_schema_names())
    assert set(SCHEMAS) <= schemas


def test_two_databases_of_one_server_share_the_roles(pg_server: Server) -> None:
    from warehouse.access import create_engine_without_pool

    for name in ("roles_a", "roles_b"):
        engine = create_engine_without_pool(pg_server.create(name))
        warehouse.migrate(engine)
        pg_server.drop(name)


def _as_role(engine: Engine, role: str, statement: str) -> str:
    """The SQLSTATE of a statement run under a role; 00000 when it is allowed."""
    with engine.connect() as connection:
        connection.exec_driver_sql(f"set local role {role}")
        try:
            connection.exec_driver_sql(statement)
        except Exception as refused:
            return str(refused.orig.sqlstate)  # type: ignore[attr-defined]
    return "00000"


def test_roles_see_what_they_may_and_no_identity_data(database: Engine) -> None:
    allowed, refused = "00000", "42501"
    assert _as_role(database, "hub_supervision", 'select * from core."case"') == allowed
    assert _as_role(database, "hub_supervision", "select * from restricted.party") == refused
    assert _as_role(database, "hub_supervision", 'delete from core."case"') == refused
    assert (
        _as_role(database, "hub_supervision", "update supervision.finding_event set reason = ''")
        == refused
    )
    assert _as_role(database, "hub_dashboard", "select * from mart.finding_detail") == allowed
    assert _as_role(database, "hub_dashboard", 'select * from core."case"') == refused
    assert _as_role(database, "hub_dashboard", "select * from restricted.party") == refused
