"""Tables as datasets that could be read, on every back end that runs here."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import psycopg
import pytest

import connectors
from connectors.sql import open_backend
from hub.core.errors import SourceUnavailable, SpecError
from tests.connectors.files.test_offering import department

TABLE = 'CREATE TABLE "BJ_XX" ("ID" integer PRIMARY KEY, "MC" varchar(20))'
VIEW = 'CREATE VIEW "V_XX" AS SELECT "ID" FROM "BJ_XX"'


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    with closing(sqlite3.connect(tmp_path / "a.db")) as database, database:
        database.execute(TABLE)
        database.execute(VIEW)
        database.executemany("INSERT INTO BJ_XX VALUES (?, ?)", [(1, "受理"), (2, "审批")])
    return f"sqlite:///{tmp_path}/a.db"


@pytest.fixture
def postgres_url(pg_server: Any) -> Iterator[str]:
    url = pg_server.create("offering").replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        connection.execute(TABLE)
        connection.execute(VIEW)
        connection.execute("INSERT INTO \"BJ_XX\" VALUES (1, '受理'), (2, '审批')")
        connection.execute("CREATE SCHEMA other")
        connection.execute("CREATE TABLE other.log (a text)")
    yield url
    pg_server.drop("offering")


def test_tables_of_sqlite(sqlite_url: str) -> None:
    assert open_backend(sqlite_url, "here").tables() == ("BJ_XX", "V_XX")


def test_tables_of_postgresql(postgres_url: str) -> None:
    assert open_backend(postgres_url, "here").tables() == ("BJ_XX", "V_XX", "other.log")


def test_tables_of_mariadb(mariadb_server: Any) -> None:
    mariadb_server.run("CREATE DATABASE offering", "CREATE TABLE offering.bj_xx (id int)")
    try:
        assert open_backend(mariadb_server.url("offering"), "here").tables() == ("bj_xx",)
    finally:
        mariadb_server.run("DROP DATABASE offering")


@pytest.mark.parametrize("source", ["sqlite_url", "postgres_url"])
def test_a_table_is_offered_with_its_key_and_its_rows(
    source: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(source)
    (offer,) = connectors.offers(department("database"), url, ["bj*"])
    assert (offer.title, dict(offer.settings), offer.unique) == (
        "BJ_XX",
        {"table": "BJ_XX"},
        (("ID",),),
    )
    (table,) = offer.sample(1)
    assert table.num_rows == 1
    assert table.column_names[:2] == ["ID", "MC"]
    assert "UTF" in offer.remarks["charset"]


def test_bytes_of_another_charset_are_seen(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as database, database:
        database.execute("CREATE TABLE T (A TEXT)")
        database.execute(
            "INSERT INTO T VALUES (CAST(? AS TEXT))",
            ("南昌县民政局的时间和结果".encode("gb18030"),),
        )
    (offer,) = connectors.offers(department("database"), f"sqlite:///{tmp_path}/a.db")
    assert offer.settings["charset"] == "gb18030"
    (table,) = offer.sample(10)
    assert table["A"].to_pylist() == ["南昌县民政局的时间和结果"]


def test_nothing_of_that_name(sqlite_url: str) -> None:
    with pytest.raises(SpecError, match="no table matches") as told:
        list(connectors.offers(department("database"), sqlite_url, ["NOTHING*"]))
    assert "BJ_XX" in told.value.remedy


def test_a_url_that_is_none_is_not_shown() -> None:
    with pytest.raises(SpecError) as told:
        list(connectors.offers(department("database"), "secret-password@nowhere"))
    assert "secret" not in str(told.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable):
        list(connectors.offers(department("exchange"), f"sqlite:///{tmp_path}/no.db"))


def test_tables_over_odbc(tmp_path: Path, sqlite_url: str) -> None:
    driver = "SQLite3"
    if driver not in pytest.importorskip("pyodbc").drivers():
        pytest.skip(f"the ODBC driver '{driver}' is not installed: make system-packages")
    url = "odbc://?odbc_connect=" + quote_plus(f"Driver={driver};Database={tmp_path / 'a.db'}")
    assert set(open_backend(url, "here").tables()) == {"BJ_XX", "V_XX"}
    (offer,) = connectors.offers(department("database"), url, ["BJ_XX"])
    assert sum(table.num_rows for table in offer.sample(10)) == 2
