"""What may stand in a source.yml, and values of positions: no database is asked."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest

import connectors
from connectors.database import positions
from hub.core.errors import SpecError

KEYSET = {"keyset": {"cursor": "changed", "key": ["id"], "lag": "15m"}}
SNAPSHOT = {"snapshot": {"key": ["id"]}}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"strategy": SNAPSHOT}, "one of 'table' and 'query'"),
        ({"table": "t", "query": "SELECT 1", "strategy": SNAPSHOT}, "one of 'table' and 'query'"),
        ({"table": "t", "strategy": {}}, "one of 'keyset' and 'snapshot'"),
        ({"table": "t", "strategy": {**KEYSET, **SNAPSHOT}}, "one of 'keyset' and 'snapshot'"),
        ({"table": "t", "strategy": {"snapshot": {"key": []}}}, "at least 1"),
        ({"table": "t", "strategy": {"keyset": {"cursor": "c", "key": ["id"]}}}, "lag"),
        ({"table": "t", "strategy": {"keyset": KEYSET["keyset"] | {"lag": "soon"}}}, "such as 15m"),
        ({"table": "t", "strategy": {"keyset": KEYSET["keyset"] | {"lag": -1}}}, "negative"),
        ({"query": "DELETE FROM t", "strategy": SNAPSHOT}, "single SELECT"),
        ({"query": "SELECT 1; SELECT 2", "strategy": SNAPSHOT}, "single SELECT"),
        ({"query": "SELECT * INTO x FROM t", "strategy": SNAPSHOT}, "INTO"),
        ({"query": "WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a", "strategy": SNAPSHOT}, "DELETE"),
        ({"table": "t", "charset": "klingon", "strategy": SNAPSHOT}, "no charset"),
        ({"table": "t", "colums": ["a"], "strategy": SNAPSHOT}, "colums"),
    ],
)  # fmt: skip
def test_wrong_settings_are_named_with_their_line(make_department, settings, message):
    with pytest.raises(SpecError, match=message) as caught:
        connectors.check(make_department({"cases": settings}, "database"))
    assert caught.value.line


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 'INSERT; DELETE' AS \"UPDATE\" FROM t -- DROP; x", "with a as (select 1) select * from a;",
        "SELECT [INTO], update_time FROM t /* ; */",
    ],
)  # fmt: skip
def test_words_in_texts_names_and_comments_are_no_statements(make_department, query):
    connectors.check(make_department({"cases": {"query": query, "strategy": SNAPSHOT}}, "database"))


def test_gbk_is_read_as_gb18030_for_all_columns_or_one(make_department):
    from connectors.database import _settings

    settings = {"table": "t", "strategy": SNAPSHOT}
    for charset, expected in (
        ("gbk", ("gb18030", "gb18030")),
        ({"a": "gb2312"}, ("gb18030", None)),
    ):
        parsed = _settings(
            make_department({"cases": {**settings, "charset": charset}}, "database")
        )["cases"]
        assert (parsed.charset_of("a"), parsed.charset_of("b")) == expected


@pytest.mark.parametrize("url", ["ftp://u:geheim@h/d", "mysql://u:geheim@h/"])
def test_a_url_of_another_kind_is_an_error_of_the_connection(make_department, url):
    department = make_department({"cases": {"table": "t", "strategy": SNAPSHOT}}, "database")
    with pytest.raises(SpecError, match="connection 'test_source'") as caught:
        connectors.open(department, url)
    assert caught.value.line == 5 and "geheim" not in str(caught.value)


BEIJING = dt.timezone(dt.timedelta(hours=8))
FIRST = dt.datetime.min.replace(tzinfo=BEIJING)
AT = dt.datetime(2012, 3, 5, 14, 30, 0, 123456, BEIJING)


@pytest.mark.parametrize(
    "value",
    [
        2**80, -1, "张三", "", AT, AT.replace(tzinfo=None), dt.date(1, 1, 1), Decimal("1.20"), 0.1, Decimal(10) ** 37, None,
    ],
)  # fmt: skip
def test_positions_come_back_from_json_as_they_were(value):
    (back,) = positions.from_json(json.loads(json.dumps(positions.to_json([value]))))
    assert back == value and type(back) is type(value) and str(back) == str(value)


@pytest.mark.parametrize(
    ("value", "lag", "expected"),
    [
        (100, 7, 93), (Decimal(100), 7, Decimal(93)), (AT, "1m", AT - dt.timedelta(minutes=1)),
        (dt.date(2012, 3, 1), "1h", dt.date(2012, 2, 29)), (dt.date(1, 1, 1), "9d", dt.date(1, 1, 1)),
        (FIRST, "1s", FIRST), ("2012-03-01 00:00:00", "1s", "2012-02-29 23:59:59"),
        ("20120301", "1d", "20120229"), ("2012-03-01 00:00:00.250", "250s", "2012-02-29 23:55:50.250"),
    ],
)  # fmt: skip
def test_a_lag_before_a_value(value, lag, expected):
    assert positions.before(value, lag) == expected


@pytest.mark.parametrize(("value", "lag"), [(1, "1m"), (AT, 5), ("2012-3-5", "1m"), ("x", "1m")])
def test_a_lag_of_another_kind_is_none(value, lag):
    with pytest.raises(TypeError):
        positions.before(value, lag)
