"""The middle database of a front-end machine, on a real PostgreSQL."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pyarrow as pa
import pytest

import connectors
from connectors.sql import postgres_sessions as postgres
from hub.core.batches import CHUNK_ROWS
from hub.core.errors import SourceRefused, SourceUnavailable

TABLE = """
CREATE TABLE "EX_SB" (
  "SN" bigint PRIMARY KEY, "SBLSH" varchar(30), "SQR" char(6), "SFJE" numeric(16,2), "SQSJ" timestamp,
  "JSBS" char(1) NOT NULL DEFAULT '0')
"""
SETTINGS = {
    "table": "EX_SB", "order": "SN",
    "flag": {"column": "JSBS", "new": "0", "done": "1", "error": "2"},
}  # fmt: skip
Sql = Callable[..., list[tuple[Any, ...]]]


def direct(url: str, **options: Any) -> psycopg.Connection:
    """A connection past the hub."""
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True, **options)


@pytest.fixture
def sql(exchange_url: str) -> Sql:
    """Run statements as the department's own system; the rows of the last one."""

    def run(*statements: str) -> list[tuple[Any, ...]]:
        with direct(exchange_url) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
def open_exchange(make_department, exchange_url):
    def opened(
        url: str = exchange_url, protection: str = "{}", **settings: Any
    ) -> connectors.Connector:
        department = make_department({"cases": SETTINGS | settings}, "exchange", protection)
        return connectors.open(department, url)

    return opened


def fates(*given: str) -> pl.DataFrame:
    return pl.DataFrame(
        {"_src": range(len(given)), "fate": given}, schema={"_src": pl.Int64, "fate": pl.String}
    )


def fill(sql: Sql, rows: int, first: int = 1) -> None:
    sql(
        f"""INSERT INTO "EX_SB" SELECT n, 'GT-' || n, '张三', n / 4.0, timestamp '2012-03-05 14:30:00'
        FROM generate_series({first}, {first + rows - 1}) n"""  # noqa: S608
    )


def test_new_rows_come_with_their_native_types(sql, open_exchange, reserved_types):
    sql(TABLE)
    fill(sql, 3)
    sql("""UPDATE "EX_SB" SET "JSBS" = '1' WHERE "SN" = 2""")
    (batch,) = open_exchange().read("cases", None)
    assert [(row["SN"], row["_row"], row["_file"]) for row in batch.table.to_pylist()] == [
        (1, 1, "EX_SB"), (3, 3, "EX_SB"),
    ]  # fmt: skip
    types = {field.name: field.type for field in batch.table.schema}
    assert types == {
        "SN": pa.int64(), "SBLSH": pa.string(), "SQR": pa.string(), "SFJE": pa.decimal128(16, 2),
        "SQSJ": pa.timestamp("us"), "JSBS": pa.string(),
    } | reserved_types  # fmt: skip
    first = batch.table.slice(0, 1).to_pylist()[0]
    assert (first["SQR"], str(first["SFJE"]), first["SQSJ"].isoformat()) == (
        "张三    ", "0.25", "2012-03-05T14:30:00",
    )  # fmt: skip
    assert batch.cursor == {"order": 3}
    assert [(file.name, file.rows) for file in batch.files] == [("EX_SB", 2)]


def test_other_types_come_as_the_text_that_postgresql_gives(sql, open_exchange):
    sql(
        """CREATE TABLE "EX_SB" ("SN" int, a uuid, b json, c inet, d time, e interval, f int[], g numeric(19),
        h boolean, i date, j bytea, "_row" text, "JSBS" int)""",
        """INSERT INTO "EX_SB" VALUES (1, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"x": 1}', '127.0.0.1', '09:30',
        '1 day', '{1,2}', 1234567890123456789, true, '2012-03-05', '\\x00ff', 'mine', 0)""",
    )
    (batch,) = open_exchange().read("cases", None)
    (row,) = batch.table.to_pylist()
    assert [row[name] for name in ("a", "b", "c", "d", "e", "f", "g", "h", "j", "_row#2")] == [
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", '{"x": 1}', "127.0.0.1/32", "09:30:00", "1 day", "{1,2}",
        Decimal("1234567890123456789"), True, "00ff", "mine",
    ]  # fmt: skip
    assert row["i"].isoformat() == "2012-03-05"
    open_exchange().acknowledge("cases", batch.table, fates("landed"))
    assert sql('SELECT "JSBS" FROM "EX_SB"') == [(1,)]


def test_flags_follow_the_fates_and_nothing_is_read_twice(sql, open_exchange):
    sql(TABLE)
    fill(sql, 6)
    opened = open_exchange()
    (batch,) = opened.read("cases", None)
    sql("""UPDATE "EX_SB" SET "JSBS" = '9' WHERE "SN" = 6""")
    opened.acknowledge(
        "cases", batch.table,
        fates("landed", "quarantined", "unchanged", "superseded", "quarantined", "landed").filter(
            pl.col("_src") != 4
        ),
    )  # fmt: skip
    assert sql('SELECT "SN", "JSBS" FROM "EX_SB" ORDER BY 1') == [
        (1, "1"), (2, "2"), (3, "1"), (4, "1"), (5, "0"), (6, "9"),
    ]  # fmt: skip
    (again,) = opened.read("cases", batch.cursor)
    assert again.table["SN"].to_pylist() == [5]
    opened.acknowledge("cases", again.table, fates("quarantined"))
    assert list(opened.read("cases", again.cursor)) == []


def test_a_row_that_commits_late_with_a_lower_number_is_not_missed(
    sql, open_exchange, exchange_url
):
    sql(TABLE)
    opened = open_exchange()
    with direct(exchange_url) as late, late.transaction():
        late.execute("""INSERT INTO "EX_SB" ("SN") VALUES (1)""")
        fill(sql, 2, first=2)
        (batch,) = opened.read("cases", None)
        assert batch.table["SN"].to_pylist() == [2, 3]
        opened.acknowledge("cases", batch.table, fates("landed", "landed"))
    (after,) = opened.read("cases", batch.cursor)
    assert after.table["SN"].to_pylist() == [1]


def test_rows_that_were_not_acknowledged_come_again(sql, open_exchange):
    sql(TABLE)
    fill(sql, 2)
    (first,) = open_exchange().read("cases", None)
    (second,) = open_exchange().read("cases", first.cursor)
    assert second.table.equals(first.table)


def test_a_large_table_is_read_in_chunks_up_to_what_was_new(sql, open_exchange):
    sql(TABLE)
    fill(sql, CHUNK_ROWS + 7)
    reading = open_exchange().read("cases", None)
    first = next(reading)
    assert first.table.num_rows == CHUNK_ROWS and first.cursor == {"order": CHUNK_ROWS}
    open_exchange().acknowledge("cases", first.table, fates(*["landed"] * CHUNK_ROWS))
    fill(sql, 5, first=CHUNK_ROWS + 100)  # arrives while we read: for the next run
    (second,) = reading
    assert second.table["SN"].to_pylist() == list(range(CHUNK_ROWS + 1, CHUNK_ROWS + 8))
    assert sql("""SELECT "JSBS", count(*) FROM "EX_SB" GROUP BY 1 ORDER BY 1""") == [
        ("0", 12), ("1", CHUNK_ROWS),
    ]  # fmt: skip


def test_one_session_at_a_time_and_none_while_the_hub_works(sql, open_exchange, exchange_url):
    sql(TABLE)
    fill(sql, 25)
    seen = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'hub'"
    for batch in open_exchange(protection="{rows_per_second: 100}").read("cases", None):
        assert sql(seen) == [(0,)]
        assert batch.table.num_rows == 25


def test_the_agreed_rate_bounds_the_chunks_and_the_pace(sql, open_exchange, monkeypatch):
    monkeypatch.setattr("connectors.pace.SECONDS_OF_ROWS", 0.1)
    sql(TABLE)
    fill(sql, 250)
    started = time.monotonic()
    batches = list(open_exchange(protection="{rows_per_second: 1000}").read("cases", None))
    assert [batch.table.num_rows for batch in batches] == [100, 100, 50]
    assert time.monotonic() - started >= 0.2


def test_reading_cannot_write(sql, open_exchange):
    sql(
        TABLE,
        """CREATE FUNCTION touch() RETURNS bigint LANGUAGE sql AS
        $$ INSERT INTO "EX_SB" ("SN") VALUES (99) RETURNING "SN" $$""",
        """CREATE VIEW trap AS SELECT touch() AS "SN", '0'::text AS "JSBS" """,
    )
    with pytest.raises(SourceRefused, match="read-only transaction"):
        list(open_exchange(table="trap").read("cases", None))
    assert sql('SELECT count(*) FROM "EX_SB"') == [(0,)]


def test_null_may_mean_new_and_a_table_may_have_a_schema(sql, open_exchange):
    sql(
        "CREATE SCHEMA qz",
        "CREATE TABLE qz.queue (sn numeric(19), gtsync text)",
        "INSERT INTO qz.queue VALUES (-3, null), (5, null), (6, '1')",
    )
    flag = {"column": "gtsync", "new": None, "done": "1", "error": "3"}
    opened = open_exchange(table="qz.queue", order="sn", flag=flag)
    (batch,) = opened.read("cases", None)
    assert batch.table["_row"].to_pylist() == [-3, 5]
    opened.acknowledge("cases", batch.table, fates("landed", "quarantined"))
    assert sql("SELECT gtsync FROM qz.queue ORDER BY sn") == [("1",), ("3",), ("1",)]


def test_an_empty_table_gives_no_batch(sql, open_exchange):
    sql(TABLE)
    assert list(open_exchange().read("cases", None)) == []


def test_rows_without_a_number_are_named_after_the_others_were_read(sql, open_exchange):
    sql(TABLE.replace("PRIMARY KEY", ""))
    fill(sql, 2)
    sql("""INSERT INTO "EX_SB" ("SBLSH") VALUES ('x'), ('y')""")
    reading = open_exchange().read("cases", None)
    assert next(reading).table.num_rows == 2
    with pytest.raises(SourceRefused, match="2 new rows have no SN"):
        next(reading)


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_number_that_occurs_twice_is_refused_wherever_a_chunk_ends(
    sql, open_exchange, monkeypatch, limit
):
    sql(TABLE.replace("PRIMARY KEY", ""))
    fill(sql, 4)
    fill(sql, 1, first=2)
    monkeypatch.setattr("hub.core.batches.CHUNK_ROWS", limit)
    with pytest.raises(SourceRefused, match="SN 2 occurs twice"):
        list(open_exchange().read("cases", None))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"table": "EX_NO"}, r'"EX_NO" does not exist'),
        ({"order": "NO"}, "there is no column NO"),
        ({"order": "SBLSH"}, "SBLSH holds no integers"),
        ({"flag": SETTINGS["flag"] | {"column": "NO"}}, "there is no column NO"),
    ],
)
def test_what_is_not_in_the_database_is_refused(sql, open_exchange, settings, said):
    sql(TABLE)
    fill(sql, 1)
    with pytest.raises(SourceRefused, match=said) as caught:
        list(open_exchange(**settings).read("cases", None))
    assert "test_bureau/cases" in str(caught.value)


def test_missing_permissions_are_refused(sql, open_exchange, exchange_url):
    sql(TABLE, "CREATE ROLE reader LOGIN")
    fill(sql, 1)
    opened = open_exchange(exchange_url.replace("//postgres@", "//reader@"))
    with pytest.raises(SourceRefused, match="permission denied"):
        list(opened.read("cases", None))
    sql('GRANT SELECT ON "EX_SB" TO reader')
    (batch,) = opened.read("cases", None)
    with pytest.raises(SourceRefused, match="permission denied"):
        opened.acknowledge("cases", batch.table, fates("landed"))
    sql('GRANT UPDATE ("JSBS") ON "EX_SB" TO reader')
    opened.acknowledge("cases", batch.table, fates("landed"))
    assert sql('SELECT "JSBS" FROM "EX_SB"') == [("1",)]
    sql("DROP OWNED BY reader", "DROP ROLE reader")


@pytest.fixture
def locked_role(exchange_url: str) -> Iterator[str]:
    """A role that must give a password, which all others of the server need not."""
    with direct(exchange_url) as connection:
        rules = Path(connection.execute("SHOW hba_file").fetchone()[0])
        before = rules.read_text()
        connection.execute("CREATE ROLE locked LOGIN PASSWORD 'right'")
        try:
            rules.write_text("local all locked scram-sha-256\n" + before)
            connection.execute("SELECT pg_reload_conf()")
            deadline = time.monotonic() + 10
            with pytest.raises(psycopg.OperationalError):  # once the server has read its rules
                while time.monotonic() < deadline:
                    direct(exchange_url.replace("//postgres@", "//locked@")).close()
            yield "locked"
        finally:
            rules.write_text(before)
            connection.execute("DROP ROLE locked")
            connection.execute("SELECT pg_reload_conf()")


def test_bad_credentials_are_refused_and_the_password_is_not_told(
    open_exchange, exchange_url, locked_role
):
    for user in (f"//{locked_role}:geheim@", "//nobody@"):
        opened = open_exchange(exchange_url.replace("//postgres@", user))
        with pytest.raises(SourceRefused, match="refuses the connection") as caught:
            list(opened.read("cases", None))
        assert "geheim" not in str(caught.value)
        with pytest.raises(SourceRefused):
            opened.acknowledge("cases", pa.table({"_row": [1]}), fates("landed"))


def test_a_database_that_does_not_exist_is_refused(open_exchange, exchange_url):
    with pytest.raises(SourceRefused, match="does not exist"):
        list(open_exchange(exchange_url.replace("/exchange_", "/no_")).read("cases", None))


def test_a_server_that_does_not_answer_is_unavailable(open_exchange):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    for url in (f"postgresql://hub@127.0.0.1:{port}/x", "postgresql://hub@/x?host=/no/such/folder"):
        opened = open_exchange(url)
        with pytest.raises(SourceUnavailable, match="no connection"):
            list(opened.read("cases", None))
        with pytest.raises(SourceUnavailable):
            opened.acknowledge("cases", pa.table({"_row": [1]}), fates("landed"))


def test_a_session_that_is_cut_is_unavailable(exchange_url, open_exchange):
    parameters = open_exchange().backends["cases"].parameters
    cut = "SELECT pg_terminate_backend(pg_backend_pid())"
    with pytest.raises(SourceUnavailable, match="here"), postgres.reading(parameters, "here") as it:
        it.execute(cut)
        it.fetch_arrow_table()
    with pytest.raises(SourceUnavailable, match="here"), postgres.writing(parameters, "here") as it:
        it.execute(cut)


def test_a_message_never_holds_a_value(sql, open_exchange):
    sql(
        """CREATE TABLE plain (sn bigint, jsbs text, id text)""",
        "INSERT INTO plain VALUES (1, '0', '36012119540715686X')",
        "CREATE VIEW cast_view AS SELECT sn, jsbs, id::bigint AS id FROM plain",
    )
    flag = SETTINGS["flag"] | {"column": "jsbs"}
    with pytest.raises(SourceRefused, match="22P02") as caught:
        list(open_exchange(table="cast_view", order="sn", flag=flag).read("cases", None))
    assert "36012119540715686" not in str(caught.value)


def test_a_row_with_bytes_of_another_charset_is_known_as_damaged(
    sql, open_exchange, exchange_url, pg_server
):
    sql("CREATE DATABASE plain_ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    url = re.sub(r"/exchange_\d+", "/plain_ascii", exchange_url)
    with direct(url, client_encoding="SQL_ASCII") as connection:
        connection.execute("CREATE TABLE t (sn int, jsbs text, x text)")
        connection.execute(
            "INSERT INTO t VALUES (1, '0', convert_from('\\xd5c5', 'SQL_ASCII')), (2, '0', 'y')"
        )
    settings = {"table": "t", "order": "sn", "flag": SETTINGS["flag"] | {"column": "jsbs"}}
    opened = open_exchange(url, **settings)
    (batch,) = opened.read("cases", None)
    assert batch.table.select(["x", "_defect", "_bytes"]).to_pylist() == [
        {"x": None, "_defect": "illegal_bytes", "_bytes": b"x=\xd5\xc5"},
        {"x": "y", "_defect": None, "_bytes": None},
    ]  # fmt: skip
    opened.acknowledge("cases", batch.table, fates("quarantined", "landed"))
    (told,) = open_exchange(
        url, charset="gb18030", **settings | {"flag": settings["flag"] | {"new": "2", "error": "3"}}
    ).read("cases", None)
    assert told.table["x"].to_pylist() == ["张"]
    pg_server.drop("plain_ascii")


def test_two_statements_mark_a_batch_whatever_its_size(sql, open_exchange):
    """Set-based: the department's machine sees one UPDATE per flag, counted by a statement trigger."""
    sql(
        TABLE, "CREATE TABLE seen (n int)",
        "CREATE FUNCTION count_it() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO seen VALUES (1); RETURN NULL; END $$",
        'CREATE TRIGGER t AFTER UPDATE ON "EX_SB" EXECUTE FUNCTION count_it()',
    )  # fmt: skip
    fill(sql, 500)
    opened = open_exchange()
    (batch,) = opened.read("cases", None)
    opened.acknowledge("cases", batch.table, fates(*["landed", "quarantined"] * 250))
    assert sql("SELECT count(*) FROM seen") == [(2,)]
    assert sql("""SELECT count(*) FROM "EX_SB" WHERE "JSBS" = '2'""") == [(250,)]
