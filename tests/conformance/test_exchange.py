"""The access method `exchange` on PostgreSQL, under the conformance kit."""

from __future__ import annotations

from typing import Any

from tests.conformance.kit import conformance
from tests.conformance.sql import NAME, PostgresTable


class Exchange(PostgresTable):
    """A middle database: rows are numbered by the department and never corrected in place."""

    method = "exchange"
    settings = {
        "table": NAME, "order": "sn", "flag": {"column": "jsbs", "new": "0", "done": "1", "error": "2"},
    }  # fmt: skip
    own_columns = ", sn bigserial PRIMARY KEY, jsbs char(1) NOT NULL DEFAULT '0'"
    key = ""
    flag = "jsbs"
    broken = {"table": "no_such_table"}
    lacks = {
        "illegal_bytes": "the server itself refuses bytes that are not of its charset",
        "keys": "the flag decides what is read; rows are removed from a middle database after a while",
        "whole": "what was read is no longer new, and may be removed",
        "ranges": "the flag decides what is read",
    }

    def forget(self, cursor: Any, ids: list[int]) -> None:
        """A corrected row comes as a new one."""

    def order(self) -> str:
        return "sn"


TestExchange = conformance(Exchange)
