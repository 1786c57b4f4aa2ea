"""What `hub doctor` finds on real servers, and what it says to do."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from connectors.diagnosis import Diagnosis

KEYSET = {
    "table": "t", "strategy": {"keyset": {"cursor": "changed", "key": ["id"], "lag": "15m"}},
}  # fmt: skip
GOOD = "CREATE TABLE t (id bigint PRIMARY KEY, changed timestamptz, name text)"


def diagnosed(connector: Any) -> dict[str, Diagnosis]:
    return {found.check: found for found in connector.diagnose()}


@pytest.fixture
def reader_url(pg_server: Any, source_url: str, sql: Any) -> Any:
    """The URL with an account that may read and nothing else."""
    sql("CREATE ROLE hub_reader LOGIN", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO hub_reader")
    sql("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO hub_reader")
    yield source_url.replace("//postgres@", "//hub_reader@")
    with psycopg.connect(source_url, autocommit=True) as connection:
        connection.execute("DROP OWNED BY hub_reader")
        connection.execute("DROP ROLE hub_reader")


def test_a_source_that_is_kept_well(sql, reader_url, open_database):
    sql(
        GOOD,
        "CREATE INDEX ON t (changed, id)",
        "INSERT INTO t VALUES (1, now(), '张三')",
        "ANALYZE t",
    )
    found = diagnosed(open_database(reader_url, **KEYSET))
    assert {name: one.state for name, one in found.items()} == dict.fromkeys(
        (
            "reachable", "credentials", "version", "clock_skew", "table", "read_only", "charset", "cursor_index", "key",
            "row_count",
        ),
        "ok",
    )  # fmt: skip
    assert found["row_count"].found == "about 1 rows (estimate)"
    assert "e5 bc a0 e4 b8 89" in found["charset"].found and "张" not in found["charset"].found


def test_a_source_that_is_kept_badly(sql, open_database):
    sql("CREATE TABLE t (id bigint, changed timestamptz, name text)")
    found = diagnosed(open_database(**KEYSET))
    warned = {name for name, one in found.items() if one.state == "warning"}
    assert warned == {"read_only", "cursor_index", "key"}
    assert "(changed, id)" in found["cursor_index"].remedy
    assert found["row_count"].state == "skipped"
    assert all(found[name].remedy for name in warned)


def test_a_table_and_a_column_that_are_not_there(sql, open_database):
    sql(GOOD)
    assert diagnosed(open_database(**KEYSET | {"table": "x"}))["table"].state == "failed"
    found = diagnosed(open_database(**KEYSET | {"columns": ["x"]}))["table"]
    assert found.state == "failed" and "no column x" in found.found and found.remedy


def test_a_table_that_may_not_be_read(sql, reader_url, open_database):
    sql(GOOD, "REVOKE SELECT ON t FROM hub_reader")
    found = diagnosed(open_database(reader_url, **KEYSET))["table"]
    assert found.state == "failed" and "permission denied" in found.found and found.remedy


def test_a_clock_that_is_wrong_and_a_server_too_old():
    from dataclasses import replace
    from datetime import UTC, datetime, timedelta

    from connectors.database import diagnosis
    from connectors.pace import Pace
    from connectors.sql import Server
    from hub.core.specs import Protection

    now = datetime.now(UTC) - timedelta(hours=1)
    answer = Server("Oracle", (8, 1), (9, 2), "US7ASCII", now)

    class Answering:
        def server(self) -> Server:
            return answer

    found = {each.check: each for each in diagnosis.server(Answering(), Pace(Protection()))}  # type: ignore[arg-type]
    assert found["version"].state == "warning" and "8.1 is older than 9.2" in found["version"].found
    assert found["clock_skew"].state == "warning" and "-3600 s" in found["clock_skew"].found
    answer = replace(answer, clock=None)
    found = {each.check: each for each in diagnosis.server(Answering(), Pace(Protection()))}  # type: ignore[arg-type]
    assert found["clock_skew"].state == "skipped"


def test_mariadb_tells_rights_indexes_and_an_estimate(mariadb_server, open_database):
    mariadb_server.run("CREATE DATABASE doctor")
    try:
        mariadb_server.run(
            "CREATE TABLE t (id bigint PRIMARY KEY, changed datetime, name varchar(9), KEY (changed, id))",
            "INSERT INTO t VALUES (1, now(), '张三')", database="doctor",
        )  # fmt: skip
        found = diagnosed(open_database(mariadb_server.url("doctor"), **KEYSET))
    finally:
        mariadb_server.run("DROP DATABASE doctor")
    states = {name: one.state for name, one in found.items()}
    assert states.pop("read_only") == "warning"
    assert set(states.values()) == {"ok"}
