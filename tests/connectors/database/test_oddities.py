"""Values that one product alone has, on real servers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from hub.core.errors import SourceRefused

SNAPSHOT: dict[str, Any] = {"table": "t", "strategy": {"snapshot": {"key": ["id"]}}}


@pytest.fixture
def mariadb(mariadb_server: Any) -> Iterator[Any]:
    """A database of the test's own, named `oddities`."""
    mariadb_server.run("CREATE DATABASE oddities")
    yield mariadb_server
    mariadb_server.run("DROP DATABASE oddities")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "department.db"


def fill(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def read(opened: Any) -> list[dict[str, Any]]:
    return [row for batch in opened.read("cases", None) for row in batch.table.to_pylist()]


def test_mysql_zero_dates_unsigned_numbers_floats_and_bits(mariadb, open_database):
    mariadb.run(
        "SET SESSION sql_mode = ''",
        "CREATE TABLE t (id int PRIMARY KEY, d date, dt datetime, big bigint unsigned, f float, b bit(3), y year,"
        " e enum('是','否'), raw varbinary(4), z int(5) zerofill, t time)",
        "INSERT INTO t VALUES (1, '0000-00-00', '2012-03-00', 18446744073709551615, 16777217.5, b'101', 2012, '否',"
        " x'00ff', 42, '-838:59:59'), (2, '2012-03-05', NULL, NULL, 0.1, NULL, NULL, NULL, NULL, NULL, NULL)",
        database="oddities",
    )  # fmt: skip
    one, two = read(open_database(mariadb.url("oddities"), **SNAPSHOT))
    assert (one["d"], one["dt"]) == ("0000-00-00", "2012-03-00 00:00:00")
    assert (two["d"], two["dt"]) == ("2012-03-05", None)
    assert one["big"] == 2**64 - 1 and one["f"] == 16777218.0
    assert abs(two["f"] - 0.1) < 1e-7
    assert (one["b"], one["y"], one["e"], one["raw"]) == ("5", 2012, "否", "00ff")
    assert (one["z"], one["t"]) == (42, "-838:59:59")


def test_mysql_keys_that_are_equal_without_case_are_all_read(mariadb, open_database, chunks):
    chunks(1)
    mariadb.run(
        "CREATE TABLE t (id varchar(9) COLLATE utf8mb4_general_ci NOT NULL)",
        "INSERT INTO t VALUES ('b'), ('A'), ('c')",
        database="oddities",
    )
    rows = read(open_database(mariadb.url("oddities"), **SNAPSHOT))
    assert [row["id"] for row in rows] == ["A", "b", "c"]


def test_sqlite_values_that_are_not_of_the_declared_type_are_all_kept(file, open_database):
    fill(
        file,
        "CREATE TABLE t (id integer PRIMARY KEY, n integer, d decimal(10,2), c varchar(9), at datetime, x, b blob)",
        "INSERT INTO t VALUES (1, 'abc', 1.25, 12, 1330930200, 7, x'00ff'), (2, 9223372036854775807, '0.1', 'x',"
        " '2012-03-05', 'y', NULL), (3, 2.5, 7, NULL, NULL, NULL, NULL)",
    )  # fmt: skip
    rows = read(open_database(f"sqlite:///{file}", **SNAPSHOT))
    assert [row["n"] for row in rows] == ["abc", "9223372036854775807", "2.5"]
    assert [str(row["d"]) for row in rows] == ["1.25", "0.10", "7.00"]
    assert [row["c"] for row in rows] == ["12", "x", None]
    assert [row["at"] for row in rows] == ["1330930200", "2012-03-05", None]
    assert [row["x"] for row in rows] == ["7", "y", None]
    assert [row["b"] for row in rows] == ["00ff", None, None]


def test_a_decimal_with_more_digits_than_declared_keeps_them(file, open_database):
    fill(file, "CREATE TABLE t (id integer, d decimal(10,2))", "INSERT INTO t VALUES (1, 0.125)")
    (row,) = read(open_database(f"sqlite:///{file}", **SNAPSHOT))
    assert row["d"] == "0.125"


def test_postgresql_not_a_number_and_years_that_no_calendar_has(sql, open_database):
    sql(
        "CREATE TABLE t (id int PRIMARY KEY, n numeric(9,2), d date, at timestamp, m money, u uuid, a int[], open numeric)",
        "INSERT INTO t VALUES (1, 'NaN', '0044-03-15 BC', '-infinity', 1.5, NULL, '{1,2}', 1.230)",
    )
    (row,) = read(open_database(**SNAPSHOT))
    assert (row["n"].lower(), row["d"], row["at"]) == ("nan", "0044-03-15 BC", "-infinity")
    assert (row["m"], row["u"], row["a"], row["open"]) == ("$1.50", None, "{1,2}", "1.230")


def test_gbk_bytes_in_a_latin1_database(pg_server, open_database):
    pg_server_url = pg_server.url.replace("+psycopg", "")
    with psycopg.connect(pg_server_url, autocommit=True) as server:
        server.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    try:
        url = pg_server_url.replace("/postgres?", "/latin?")
        good, bad = "赣州市".encode("gbk").hex(), "ffff"
        with psycopg.connect(url, autocommit=True) as source:
            source.execute("CREATE TABLE t (id int PRIMARY KEY, name text, plain text)")
            source.execute(
                "INSERT INTO t SELECT n, convert_from(decode(raw, 'hex'), 'LATIN1'), 'ok'"
                " FROM unnest(ARRAY[1, 2], %s::text[]) AS given(n, raw)", ([good, bad],),
            )  # fmt: skip
        one, two = read(open_database(url, charset={"name": "gbk"}, **SNAPSHOT))
        doctor = {
            found.check: found for found in open_database(url, charset="gbk", **SNAPSHOT).diagnose()
        }
    finally:
        pg_server.drop("latin")
    assert (one["name"], one["_defect"]) == ("赣州市", None)
    assert (two["name"], two["plain"]) == (None, "ok")
    assert (two["_defect"], two["_bytes"]) == ("illegal_bytes", b"name=\xff\xff")
    assert "LATIN1; name begins with the bytes b8 d3 d6 dd ca d0" in doctor["charset"].found


def test_a_key_in_another_charset_must_be_ascii(file, open_database, chunks):
    chunks(1)
    fill(file, "CREATE TABLE t (id text)", "INSERT INTO t VALUES ('甲'), ('乙')")
    with pytest.raises(SourceRefused, match="other characters than ASCII"):
        read(open_database(f"sqlite:///{file}", charset="utf-8", **SNAPSHOT))


def test_a_file_that_is_no_database_is_refused(file, open_database):
    file.write_bytes(b"no database" * 99)
    with pytest.raises(SourceRefused, match="SQLITE_NOTADB"):
        read(open_database(f"sqlite:///{file}", **SNAPSHOT))
