"""The access method `database` on Oracle, SQL Server and MySQL under the conformance kit, where a URL is given.

HUB_TEST_ORACLE_URL, HUB_TEST_MSSQL_URL and HUB_TEST_MYSQL_URL are connection URLs as in connections.yml, of an empty
database of their own: docs/conformance.md.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from sqlalchemy import make_url

from tests.conformance.databases import MariaDbTable
from tests.conformance.kit import conformance
from tests.conformance.test_database import KEYSET, NO_TABLE, NOT_WHOLE, WITHOUT_LAG
from tests.conformance.vendors import MssqlTable, OracleTable, VendorTable


def given(name: str) -> str:
    """The URL in the environment. Skips where there is none."""
    if not (url := os.environ.get(name)):
        pytest.skip(f"no server here: {name} is not set, see docs/conformance.md")
    return url


@pytest.fixture(scope="session")
def oracle_url() -> str:
    return given("HUB_TEST_ORACLE_URL")


@pytest.fixture(scope="session")
def mssql_url() -> str:
    return given("HUB_TEST_MSSQL_URL")


@pytest.fixture(scope="session")
def mysql_url() -> str:
    return given("HUB_TEST_MYSQL_URL")


class Oracle(OracleTable):
    """Oracle through python-oracledb."""

    method = "database"
    settings = KEYSET
    without_lag = WITHOUT_LAG
    broken = NO_TABLE
    lacks = NOT_WHOLE | {"null_and_empty": "Oracle itself keeps '' as NULL"}


class SqlServer(MssqlTable):
    """SQL Server through ODBC."""

    method = "database"
    settings = KEYSET
    without_lag = WITHOUT_LAG
    broken = NO_TABLE
    lacks = NOT_WHOLE


class MySql(VendorTable):
    """MySQL through PyMySQL: as MariaDB, on a database that is there."""

    method = "database"
    server = "mysql_url"
    port = 3306
    quote = "``"
    types = MariaDbTable.types
    settings = KEYSET
    without_lag = WITHOUT_LAG
    broken = NO_TABLE
    lacks = NOT_WHOLE
    value = MariaDbTable.value
    spoil = MariaDbTable.spoil

    def connect(self) -> Any:
        import pymysql

        url = make_url(self.url)
        host, port = self.address
        connection = pymysql.connect(
            host=host, port=port, user=url.username, password=url.password or "", database=url.database,
            charset="utf8mb4", init_command="SET time_zone = '+00:00'",
        )  # fmt: skip
        # Else a writer that deletes before it inserts waits for every other one.
        connection.cursor().execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        return connection


TestOracle = conformance(Oracle)
TestSqlServer = conformance(SqlServer)
TestMySql = conformance(MySql)
