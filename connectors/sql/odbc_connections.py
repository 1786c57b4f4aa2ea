"""ODBC connections: the connection string behind a URL, which SQL the product behind a driver speaks, and errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mssql, mysql, oracle, postgresql, sqlite
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql.compiler import SQLCompiler

from connectors.sql import UrlError
from hub.core.errors import HubError, SourceRefused, SourceUnavailable

PRODUCTS = (
    ("postgres", "postgresql"), ("psqlodbc", "postgresql"), ("kingbase", "postgresql"), ("maria", "mysql"),
    ("mysql", "mysql"), ("sqlite", "sqlite"), ("sql server", "mssql"), ("freetds", "mssql"), ("tdsodbc", "mssql"),
    ("sybase", "top"), ("adaptive server", "top"), ("access", "top"), ("oracle", "oracle"), ("informix", "first"),
    ("db2", "fetch"), ("dm8", "limit"), ("dm7", "limit"), ("dameng", "limit"),
)  # fmt: skip
"""Part of a driver's name → dialect, or, where SQLAlchemy has none, how a query is limited."""
_STATE = re.compile(r"State: ([0-9A-Z]{5})\b|^\[?([0-9A-Z]{5})\b")
_NATIVE = re.compile(r"Native error: (-?\d+)|\((\d+)\)")
_STATES_THAT_HEAL = ("08", "40", "HYT", "57", "53", "55")
_WRONG_CREDENTIALS = (
    "password authentication failed",
    "login failed",
    "access denied",
    "login incorrect",
)
_NATIVE_THAT_HEAL = {
    "mysql": {1040, 1205, 1213, 1927, 2002, 2003, 2005, 2006, 2013, 3024},
    "sqlite": {5, 6, 10, 14, 15},
    "mssql": {1205, 1222, 10053, 10054, 10060, 17142, 20002, 20003, 20004, 20006, 20009},
}  # fmt: skip
"""Drivers that say HY000 for everything tell what it is in the product's own number."""


def connection_string(url: sa.URL) -> str:
    """What the driver manager is given. Raises UrlError."""
    query = {key: str(value) for key, value in url.query.items()}
    query.pop("dialect", None)
    if given := query.pop("odbc_connect", None):
        return given
    driver = query.pop("driver", None)
    if not driver and not url.host:
        raise UrlError(
            "its URL must say ?driver=… or ?odbc_connect=…, such as"
            " mssql+pyodbc://user:password@host:1433/database?driver=FreeTDS&TDS_Version=7.0"
        )
    parts: dict[str, Any] = {}
    if driver:
        parts["Driver"] = driver
        if "sql server" in driver.lower():
            parts["Server"] = f"{url.host},{url.port or 1433}"
        else:
            default = 1433 if url.drivername.startswith("mssql") else None
            parts |= {"Server": url.host, "Port": url.port or default}
    else:
        parts["DSN"] = url.host
    parts |= {"Database": url.database, "UID": url.username, "PWD": url.password, **query}
    return ";".join(
        f"{key}={_braced(str(each))}" for key, each in parts.items() if each is not None
    )


def _braced(value: str) -> str:
    return "{" + value.replace("}", "}}") + "}" if re.search(r"[^\w.,:/@\\-]", value) else value


def dialect_of(url: sa.URL, string: str) -> sa.Dialect:
    """By `dialect` in the URL, its scheme, or the name of the driver; else one that knows no limit."""
    scheme = url.drivername.partition("+")[0]
    name = str(url.query.get("dialect", "")) or (scheme if scheme != "odbc" else "")
    if not name:
        driver = (re.search(r"driver\s*=\s*(\{[^}]*\}|[^;]*)", string, re.IGNORECASE) or [""])[0]
        name = next((kind for part, kind in PRODUCTS if part in driver.lower()), "none")
    dialect = _known(name)
    if dialect is None:
        raise UrlError(f"there is no dialect '{name}'; known: {', '.join((*_DIALECTS, *_LIMITS))}")
    return dialect


def _known(name: str) -> sa.Dialect | None:
    if name in _DIALECTS:
        dialect = _DIALECTS[name].dialect(paramstyle="qmark")
        if name == "postgresql":
            dialect._backslash_escapes = False
        if name == "oracle":
            dialect._supports_offset_fetch = False
        return dialect  # type: ignore[no-any-return]
    if name in _LIMITS:
        dialect = DefaultDialect(paramstyle="qmark")
        dialect.statement_compiler = _LIMITS[name]
        return dialect
    return None


class _WithoutLimit(SQLCompiler):
    """The reader stops after the rows that were asked for."""

    def limit_clause(self, select: Any, **kw: Any) -> str:
        return ""


class _Fetch(SQLCompiler):
    def limit_clause(self, select: Any, **kw: Any) -> str:
        return f" FETCH FIRST {self.process(select._limit_clause, **kw)} ROWS ONLY"


class _Top(_WithoutLimit):
    word = "TOP"

    def get_select_precolumns(self, select: Any, **kw: Any) -> str:
        before = super().get_select_precolumns(select, **kw)
        if select._limit_clause is None:
            return before
        return f"{before}{self.word} {self.process(select._limit_clause, **kw)} "


class _First(_Top):
    word = "FIRST"


_DIALECTS: Mapping[str, Any] = {
    "mssql": mssql, "mysql": mysql, "mariadb": mysql, "oracle": oracle, "postgresql": postgresql, "sqlite": sqlite,
}  # fmt: skip
_LIMITS: Mapping[str, type[SQLCompiler]] = {
    "limit": SQLCompiler, "top": _Top, "first": _First, "fetch": _Fetch, "none": _WithoutLimit,
}  # fmt: skip


def translated(failure: Exception, dialect: str, where: str) -> HubError:
    """What to do about an error of arrow-odbc or pyodbc, by its SQLSTATE and the product's own number."""
    said = " ".join(str(part) for part in failure.args) or str(failure)
    found = _STATE.search(said)
    state = (found[1] or found[2]) if found else "HY000"
    native = _NATIVE.search(said)
    number = int(native[1] or native[2]) if native else 0
    if "Can't open lib" in said or state in ("IM002", "IM003", "IM004"):
        return SourceRefused(
            "the ODBC driver or data source is not installed", where=where,
            remedy="odbcinst -q -d lists what is; docs/connectors.md names the package of each driver",
        )  # fmt: skip
    if state == "28000" or any(words in said.lower() for words in _WRONG_CREDENTIALS):
        return SourceRefused(
            f"the server refuses the account (SQLSTATE {state})", where=where,
            remedy="check user, password and database of the connection",
        )  # fmt: skip
    if state.startswith(_STATES_THAT_HEAL) or number in _NATIVE_THAT_HEAL.get(dialect, ()):
        return SourceUnavailable(
            f"the server does not answer, or gave up the query (SQLSTATE {state}, error {number})",
            where=where, remedy="check network and server, then run again",
        )  # fmt: skip
    return SourceRefused(
        f"the query is refused (SQLSTATE {state}, error {number})", where=where,
        remedy="compare source.yml with the database (names are spelled exactly) and ask for the right to read",
    )  # fmt: skip
