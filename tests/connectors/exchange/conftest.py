"""Middle databases on every back end that runs here, and a connector on a table whose key has several columns."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import polars as pl
import psycopg
import pytest

import connectors
from tests.services.mariadb import PASSWORD, MariaDb

SETTINGS: dict[str, Any] = {
    "table": "ea_proc", "key": ["projid", "dataver", "sn"], "changed": "maketime",
    "flag": {"column": "signstate", "new": "0", "done": "1", "error": "2", "error_column": "reason",
             "acknowledged_at": "told_at"},
}  # fmt: skip
_numbers = itertools.count(1)


@dataclass
class Place:
    """A middle database: the URL that the hub gets, and a connection past it."""

    name: str
    url: str
    connect: Callable[[], Any]
    time: str = "timestamp"

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """As the department's own system; the rows of the last statement."""
        rows: Any = []
        with closing(self.connect()) as connection:
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(statement)
            if cursor.description:
                rows = cursor.fetchall()
            connection.commit()
        return [tuple(row) for row in rows]

    def create(self) -> None:
        self.run(
            f"""CREATE TABLE ea_proc (projid varchar(30) NOT NULL, dataver int NOT NULL, sn int NOT NULL,
            opinion varchar(100), maketime {self.time}, signstate varchar(2) NOT NULL, reason varchar(50),
            told_at {self.time}, PRIMARY KEY (projid, dataver, sn))"""
        )

    def put(
        self,
        projid: str,
        dataver: int,
        sn: int,
        made: str | None = "2012-03-05 14:30:00",
        opinion: str = "同意",
    ) -> None:
        time = f"'{made}'" if made else "NULL"
        self.run(
            f"""INSERT INTO ea_proc (projid, dataver, sn, opinion, maketime, signstate)
            VALUES ('{projid}', {dataver}, {sn}, '{opinion}', {time}, '0')"""  # noqa: S608
        )

    def flags(self) -> list[tuple[Any, ...]]:
        return self.run(
            "SELECT projid, dataver, sn, signstate, reason FROM ea_proc ORDER BY 1, 2, 3"
        )


@pytest.fixture(params=["postgresql", "mariadb", "sqlite", "odbc"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    name = f"middle_{next(_numbers)}"
    if request.param == "sqlite":
        file = tmp_path / "middle.db"
        sqlite3.connect(file).close()
        yield Place("sqlite", f"sqlite:///{file}", lambda: sqlite3.connect(file), "text")
    elif request.param == "mariadb":
        mariadb: MariaDb = request.getfixturevalue("mariadb_server")
        mariadb.run(f"CREATE DATABASE {name}")
        url = f"mysql://hub:{PASSWORD}@127.0.0.1:{mariadb.port}/{name}"
        yield Place("mariadb", url, lambda: mariadb.connect(name), "datetime")
        mariadb.run(f"DROP DATABASE {name}")
    else:
        server = request.getfixturevalue("pg_server")
        direct = server.create(name).replace("+psycopg", "")
        url = direct if request.param == "postgresql" else over_odbc(direct)
        yield Place(request.param, url, lambda: psycopg.connect(direct))
        server.drop(name)


def over_odbc(url: str) -> str:
    """The same PostgreSQL database through its ODBC driver. Skips where that is not installed."""
    pyodbc = pytest.importorskip(
        "pyodbc", reason="pyodbc or unixODBC is missing: make system-packages"
    )
    if "PostgreSQL Unicode" not in pyodbc.drivers():
        pytest.skip("the ODBC driver of PostgreSQL is missing: make system-packages")
    parts = psycopg.conninfo.conninfo_to_dict(url)
    string = (
        f"Driver=PostgreSQL Unicode;Server={parts['host']};Port={parts['port']};"
        f"Database={parts['dbname']};UID={parts['user']}"
    )
    return f"odbc://?odbc_connect={quote_plus(string)}"


@pytest.fixture
def open_place(make_department: Any, place: Place) -> Callable[..., connectors.Connector]:
    """A connector on the table that `Place.create` makes; keywords change its settings."""
    place.create()

    def opened(**settings: Any) -> connectors.Connector:
        return connectors.open(
            make_department({"cases": SETTINGS | settings}, "exchange"), place.url
        )

    return opened


def fated(*given: str | tuple[str, str]) -> pl.DataFrame:
    """Fates of the rows of a batch, in their order; of quarantined ones with the reason code."""
    pairs = [(each, None) if isinstance(each, str) else each for each in given]
    return pl.DataFrame(
        [(at, fate, reason) for at, (fate, reason) in enumerate(pairs)],
        schema={"_src": pl.Int64, "fate": pl.String, "reason": pl.String}, orient="row",
    )  # fmt: skip
