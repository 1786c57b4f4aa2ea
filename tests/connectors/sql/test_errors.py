"""Errors of drivers: what may heal and what will not, without the words that may hold values."""

from __future__ import annotations

import pytest

from connectors.sql import odbc_connections, oracle
from hub.core.errors import SourceRefused, SourceUnavailable


class OracleCode:
    def __init__(self, code: str) -> None:
        self.full_code = code


@pytest.mark.parametrize(
    ("code", "kind", "remedy"),
    [
        ("ORA-12541", SourceUnavailable, "run again"), ("DPY-6005", SourceUnavailable, "run again"),
        ("ORA-01017", SourceRefused, "password"), ("DPY-3010", SourceRefused, "lib_dir"),
        ("ORA-00942", SourceRefused, "spelled"), ("ORA-29275", SourceRefused, "charset"),
    ],
)  # fmt: skip
def test_oracle_errors_by_their_code(code, kind, remedy):
    failure = oracle.translated(Exception(OracleCode(code)), "here")
    assert type(failure) is kind and code in failure.what and remedy in failure.remedy


@pytest.mark.parametrize(
    ("said", "dialect", "kind"),
    [
        ("State: 08001, Native error: 101, Message: no route", "postgresql", SourceUnavailable),
        ("State: 08001, Native error: 0, Message: Login failed for user 'x'", "mssql", SourceRefused),
        ("State: HY000, Native error: 2013, Message: lost", "mysql", SourceUnavailable),
        ("State: HY000, Native error: 1, Message: no such table", "sqlite", SourceRefused),
        ("State: HYT00, Native error: 0, Message: timeout", "default", SourceUnavailable),
        ("State: 42S02, Native error: 208, Message: Invalid object name", "mssql", SourceRefused),
        ("There is a problem: State: 08S01, Native error: 35, Message: lost", "postgresql", SourceUnavailable),
    ],
)  # fmt: skip
def test_odbc_errors_by_their_state_and_number(said, dialect, kind):
    failure = odbc_connections.translated(Exception(said), dialect, "here")
    assert type(failure) is kind and failure.remedy
    assert "Message" not in str(failure) and "user 'x'" not in str(failure)


def test_a_driver_that_is_not_installed_is_named_as_such():
    said = "State: 01000, Native error: 0, Message: [unixODBC]Can't open lib 'x' : file not found"
    failure = odbc_connections.translated(Exception(said), "mssql", "here")
    assert isinstance(failure, SourceRefused) and "not installed" in failure.what
