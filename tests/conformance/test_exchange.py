"""The access method `exchange` under the conformance kit: middle databases on PostgreSQL, MariaDB and SQLite."""

from __future__ import annotations

from typing import Any

from tests.conformance.databases import MariaDbTable, SqliteTable
from tests.conformance.kit import conformance
from tests.conformance.sql import NAME, PostgresTable, SqlTable

FLAG = {"column": "jsbs", "new": "0", "done": "1", "error": "2"}
LACKS = {
    "keys": "the flag decides what is read; rows are removed from a middle database after a while",
    "whole": "what was read is no longer new, and may be removed",
    "ranges": "the flag decides what is read",
}


class Numbered(SqlTable):
    """Rows are numbered by the department and never corrected in place: a correction is a new row."""

    method = "exchange"
    settings = {"table": NAME, "order": "sn", "flag": FLAG}
    key = ""
    flag = "jsbs"
    broken = {"table": "no_such_table"}
    lacks = LACKS

    def forget(self, cursor: Any, ids: list[int]) -> None:
        """A corrected row comes as a new one."""

    def order(self) -> str:
        return "sn"


class Exchange(Numbered, PostgresTable):
    """A middle database on PostgreSQL."""

    own_columns = ", sn bigserial PRIMARY KEY, jsbs char(1) NOT NULL DEFAULT '0'"
    lacks = LACKS | {
        "illegal_bytes": "the server itself refuses bytes that are not of its charset; see PostgreSql for others"
    }


class ExchangeMariaDb(Numbered, MariaDbTable):
    """A middle database on MariaDB."""

    own_columns = ", sn bigint AUTO_INCREMENT PRIMARY KEY, jsbs char(1) CHARACTER SET ascii NOT NULL DEFAULT '0'"

    def spoil(self, ident: int) -> bytes:
        raw = super().spoil(ident)
        self.settings = {**self.settings, "charset": "gb18030"}
        return raw


class ExchangeByKey(SqliteTable):
    """Rows with a key of the department's own, corrected in place, on SQLite."""

    method = "exchange"
    settings = {"table": NAME, "key": ["id"], "changed": "changed", "flag": FLAG}
    own_columns = ", jsbs char(1) NOT NULL DEFAULT '0'"
    flag = "jsbs"
    broken = {"table": "no_such_table"}
    lacks = LACKS | {
        "credentials": "a file has none",
        "late": "one writer at a time: whoever commits later also began to write later",
    }


TestExchange = conformance(Exchange)
TestExchangeMariaDb = conformance(ExchangeMariaDb)
TestExchangeByKey = conformance(ExchangeByKey)
