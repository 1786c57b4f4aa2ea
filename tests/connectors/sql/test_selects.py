"""What stands in statements, for databases that run here and for those that do not."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

from connectors.sql import Column, UrlError, open_backend, selects, with_charset

CHANGED = Column("变更", "DATETIME", pa.timestamp("us"))
ID = Column("ID", "NUMBER(38,0)", pa.decimal128(38, 0))
MOMENT = dt.datetime.fromisoformat("2012-03-05 14:30:00")
ORACLE = "oracle+oracledb://u:p@host/?service_name=x"
SQL_SERVER = "mssql+pyodbc://u:p@host/d?driver=FreeTDS&TDS_Version=7.0"


def statement(url: str, position: list[object] | None = None, limit: int = 5) -> str:
    backend = open_backend(url, "here")
    columns = (CHANGED, ID)
    select = selects.select(backend, columns, selects.table("S.T")).limit(limit)
    if position:
        select = select.where(selects.after(backend, columns, position))
    ordered = select.order_by(selects.column("变更"), selects.column("ID"))
    return " ".join(selects.compiled(ordered, backend.dialect).split())


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://h/d", '("变更", "ID") > (\'2012-03-05 14:30:00\', 7)'),
        ("sqlite:////x.db", '("变更", "ID") > (\'2012-03-05 14:30:00.000000\', 7)'),
        (
            "mysql://h/d",
            "`变更` >= '2012-03-05 14:30:00' AND (`变更` > '2012-03-05 14:30:00'"
            " OR `变更` = '2012-03-05 14:30:00' AND `ID` > 7)",
        ),
        (
            SQL_SERVER,
            "[变更] >= CAST('2012-03-05T14:30:00.000' AS DATETIME) AND ([变更] > CAST('2012-03-05T14:30:00.000' AS"
            " DATETIME) OR [变更] = CAST('2012-03-05T14:30:00.000' AS DATETIME) AND [ID] > 7)",
        ),
        (ORACLE, "\"变更\" >= TO_DATE('2012-03-05 14:30:00', 'YYYY-MM-DD HH24:MI:SS') AND"),
    ],
)  # fmt: skip
def test_a_position_can_be_found_by_an_index_on_its_first_column(url, expected):
    assert expected in statement(url, [MOMENT, Decimal(7)])


@pytest.mark.parametrize(
    ("url", "begin", "end"),
    [
        ("postgresql://h/d", 'SELECT "变更"', "LIMIT 5"),
        (SQL_SERVER, "SELECT TOP 5 ", '[变更], [ID]'),
        (ORACLE, 'SELECT anon_1.hub_0', "WHERE ROWNUM <= 5"),
        ("odbc://h/d?driver=DM8+ODBC+DRIVER", "SELECT ", "LIMIT 5"),
        ("odbc://h/d?driver=IBM+DB2+ODBC+DRIVER", "SELECT ", "FETCH FIRST 5 ROWS ONLY"),
        ("odbc://h/d?driver=Adaptive+Server+Enterprise", "SELECT TOP 5 ", '"变更", "ID"'),
        ("odbc://h/d?driver=IBM+INFORMIX+ODBC+DRIVER", "SELECT FIRST 5 ", '"变更", "ID"'),
        ("odbc://some_dsn?dialect=none", "SELECT ", '"变更", "ID"'),
    ],
)  # fmt: skip
def test_each_database_limits_a_query_in_its_own_way(url, begin, end):
    said = statement(url)
    assert said.startswith(begin) and said.endswith(end)


def test_rows_are_ordered_by_the_columns_and_not_by_their_texts():
    backend = open_backend(ORACLE, "here")
    number = Column("ID", "NUMBER(38,0)", pa.decimal128(38, 0), "text")
    select = selects.select(backend, [number], selects.table("T")).order_by(selects.column("ID"))
    said = selects.compiled(select, backend.dialect)
    assert "AS hub_0" in said and said.endswith('ORDER BY "ID"')


@pytest.mark.parametrize(
    ("url", "literal"),
    [("postgresql://h/d", "'a''b\\c 100%'"), ("mysql://h/d", "'a''b\\\\c 100%'"), ("sqlite:////x", "'a''b\\c 100%'")],
)  # fmt: skip
def test_texts_are_quoted_as_the_database_reads_them(url, literal):
    backend = open_backend(url, "here")
    select = selects.select(backend, [ID], selects.table("T"))
    said = selects.compiled(
        select.where(selects.among(backend, [ID], [("a'b\\c 100%",)])), backend.dialect
    )
    assert f"IN ({literal})" in said


def test_moments_with_a_zone_are_said_so_that_they_are_the_same_moment():
    beijing = dt.timezone(dt.timedelta(hours=8))
    aware = MOMENT.replace(tzinfo=beijing)
    assert "'2012-03-05 06:30:00'" in statement("mysql://h/d", [aware, 7])
    assert "to_timestamp_tz('2012-03-05 14:30:00.000000+08:00'" in statement(ORACLE, [aware, 7])
    assert "'2012-03-05 14:30:00+08:00'" in statement("postgresql://h/d", [aware, 7])


def test_oracle_is_asked_for_the_bytes_of_a_text_of_another_charset():
    backend = open_backend(ORACLE, "here")
    name = with_charset(Column("XM", "VARCHAR", pa.string(), is_text=True), "gb18030")
    said = selects.compiled(selects.select(backend, [name], selects.table("T")), backend.dialect)
    assert 'UTL_RAW.CAST_TO_RAW("XM")' in said


def test_a_query_of_the_department_keeps_its_colons_and_percent_signs():
    backend = open_backend("postgresql://h/d", "here")
    query = "SELECT a::text AS a FROM t WHERE b LIKE '%:x%';"
    said = selects.compiled(selects.select(backend, [ID], selects.subquery(query)), backend.dialect)
    assert "(SELECT a::text AS a FROM t WHERE b LIKE '%:x%'\n) AS hub_query" in said


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        (SQL_SERVER, ["Driver=FreeTDS", "Server=host", "Port=1433", "TDS_Version=7.0"]),
        (
            "mssql+pyodbc://sa:p%7Dw%3Bd@host:1444/d?driver=ODBC+Driver+18+for+SQL+Server",
            ["Driver={ODBC Driver 18 for SQL Server}", "Server=host,1444", "UID=sa", "PWD={p}}w;d}"],
        ),
        ("odbc://u:p@some_dsn", ["DSN=some_dsn", "UID=u", "PWD=p"]),
        ("odbc://?odbc_connect=Driver%3DX%3BServer%3Dy", ["Driver=X", "Server=y"]),
    ],
)  # fmt: skip
def test_odbc_urls_become_connection_strings(url, parts):
    backend = open_backend(url, "here")
    assert [part for part in parts if part not in backend.string] == []  # type: ignore[attr-defined]
    assert "p}}w" not in repr(backend) and "PWD" not in repr(backend)


@pytest.mark.parametrize(
    ("url", "parameters"),
    [
        ("oracle+cx_oracle://u:p@h/ORCL", {"sid": "ORCL", "port": 1521}),
        ("oracle+oracledb://u:p@h:1522/?service_name=x", {"service_name": "x", "port": 1522}),
    ],
)  # fmt: skip
def test_oracle_urls_of_both_names_are_taken(url, parameters):
    backend = open_backend(url, "here")
    assert parameters.items() <= backend.parameters.items()  # type: ignore[attr-defined]
    assert open_backend(f"{ORACLE}&lib_dir=/opt/ic", "here").lib_dir == "/opt/ic"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "url",
    [
        "geheim", "ftp://u:geheim@h/x", "oracle://u:geheim@h/", "mysql://u:geheim@h/", "mysql://u:geheim@h/d?x=1",
        "sqlite://", "odbc://", "postgresql://u:geheim@h/d?x=1", "odbc://u:geheim@x?dialect=x",
    ],
)  # fmt: skip
def test_urls_of_other_kinds_are_refused_and_the_password_is_not_told(url):
    with pytest.raises(UrlError) as caught:
        open_backend(url, "here")
    assert "geheim" not in str(caught.value)
