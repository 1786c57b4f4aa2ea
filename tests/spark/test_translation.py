"""PostgreSQL's SQL in Spark's words, construct by construct, and what is refused. Needs no Spark."""

from __future__ import annotations

import pytest
from sqlglot import exp

from hub.core.errors import RuleError
from supervision.spark.translation import names, tables, translate

TYPES = {
    "id": "uuid", "d": "date", "at": "timestamptz", "n": "int", "m": "bigint", "amount": "decimal(14, 2)", "value": "decimal(20, 6)", "t": "text",
    "list": "text[]", "other": "text[]", "yes": "boolean",
}  # fmt: skip
SCHEMA = {
    name: {column: exp.DataType.build(kind, dialect="postgres") for column, kind in TYPES.items()}
    for name in ("core_case", "a")
}


def spark(expression: str) -> str:
    """The translation of one expression over a row of `a`."""
    made = translate(f"select {expression} as x from a", SCHEMA, "rule.sql").select  # noqa: S608
    return made.removeprefix("SELECT ").removesuffix(" AS x FROM a AS a").replace("a.", "")


@pytest.mark.parametrize(
    ("postgres", "expected"),
    [
        ("d - d", "DATEDIFF(d, d)"),
        ("d - n", "d - n"),
        ("(d - d) - n", "(DATEDIFF(d, d)) - n"),
        ("(at at time zone 'Asia/Shanghai')::date - d", "DATEDIFF(CAST((at) AS DATE), d)"),
        ("(d + n * interval '1 month')::date", "CAST((ADD_MONTHS(d, n)) AS DATE)"),
        ("(d + make_interval(months => n))::date", "CAST((ADD_MONTHS(d, n)) AS DATE)"),
        ("n / 2", "n DIV 2"),
        ("n::numeric / 3", "CAST((CAST((n) AS DECIMAL(13, 0))) AS DECIMAL(24, 10)) / CAST((3) AS DECIMAL(13, 0))"),
        ("amount::int", "CAST(ROUND(amount) AS INT)"),
        ("yes::int", "CAST(yes AS INT)"),
        ("extract(isodow from d)", "CAST((WEEKDAY(d) + 1) AS DECIMAL(10, 0))"),
        (
            "extract(epoch from at - at) / 60",
            "CAST(((CAST((UNIX_MICROS(at) - UNIX_MICROS(at)) AS DECIMAL(20, 0)) / 1000000)) AS DECIMAL(24, 10)) / CAST((60) AS DECIMAL(13, 0))",
        ),
        ("to_char(at at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS')", "DATE_FORMAT(at, 'yyyy-MM-dd HH:mm:ss')"),
        ("n = any (array[1, 2])", "ARRAY_CONTAINS(ARRAY(1, 2), n)"),
        ("t <> all (list)", "NOT ARRAY_CONTAINS(list, t)"),
        ("other[1]", "GET(other, 0)"),
        ("t ~ '^[[:digit:]]+$'", r"t RLIKE '^[\\d]+$'"),
        ("coalesce(list, '{}')", "COALESCE(list, CAST(ARRAY() AS ARRAY<STRING>))"),
    ],
)  # fmt: skip
def test_what_spark_calls_otherwise(postgres: str, expected: str) -> None:
    assert spark(postgres) == expected


def test_rows_and_tables_of_schemas() -> None:
    made = translate(
        'select id, c.t from core."case" c where exists (select from core.case)', SCHEMA, "x"
    )
    assert made.select == (
        "SELECT c.id AS id, c.t AS t FROM core_case AS c WHERE EXISTS(SELECT 1 FROM core_case AS case)"
    )
    assert tables('select 1 from core."case" join scope on true', "x") == {("core", "case")}
    assert names("select c.t from core.case c where n = 1", "x") == {"t", "n"}


def test_what_only_keeps_subqueries_apart_is_taken_out() -> None:
    assert "OFFSET" not in spark("(select max(n) from (select n from a offset 0) kept)")


def test_an_ordered_aggregate_is_a_sorted_list_with_its_nulls_last_and_null_of_no_rows() -> None:
    made = spark("array_agg(t order by n) filter (where yes)")
    assert made == (
        "CASE WHEN COUNT(*) FILTER(WHERE yes) > 0 THEN TRANSFORM(ARRAY_SORT(COLLECT_LIST(NAMED_STRUCT('k0', n IS NULL, "
        "'k1', n, 'k2', t)) FILTER(WHERE yes)), row -> row.k2) END"
    )


def test_objects_are_structs_and_trimmed_numbers_variants() -> None:
    made = spark("jsonb_strip_nulls(jsonb_build_object('n', n, 'amount', trim_scale(amount)))")
    assert made == "NAMED_STRUCT('n', n, 'amount', CAST(amount AS VARIANT))"
    undeclared = spark("jsonb_strip_nulls(jsonb_build_object('amount', amount, 'limit', value))")
    assert undeclared == "NAMED_STRUCT('amount', amount, 'limit', CAST(value AS VARIANT))"


def test_a_lateral_of_expressions_keeps_its_types() -> None:
    made = translate(
        "select l.day - a.d as x from a cross join lateral (select a.d + 1 as day) l", SCHEMA, "x"
    ).select
    assert made == (
        "SELECT DATEDIFF((l.day), a.d) AS x FROM a AS a CROSS JOIN LATERAL (SELECT a.d + 1 AS day) AS l"
    )


def test_a_recursion_is_taken_out_as_base_and_step() -> None:
    made = translate(
        "with recursive r (n, t) as (select n, t from a union select r.n, a.t from r join a on a.n = r.n) "
        "select r.n from r",
        SCHEMA,
        "x",
    )
    (recursion,) = made.recursions
    assert (recursion.name, recursion.columns) == ("r", ("n", "t"))
    assert recursion.base == "SELECT a.n AS n, a.t AS t FROM a AS a"
    assert recursion.step == "SELECT r.n AS n, a.t AS t FROM r AS r JOIN a AS a ON a.n = r.n"
    assert made.select == "SELECT r.n AS n FROM r AS r"


@pytest.mark.parametrize(
    ("postgres", "named"),
    [
        ("now()", "CurrentTimestamp"),
        ("random()", "Rand"),
        ("gen_random_uuid()", "Uuid"),
        ("at::time", "cast to time"),
        ("at::text", "the text of"),
        ("at at time zone 'UTC'", "time zone"),
        ("jsonb_build_object('n', n)", "outside of jsonb_strip_nulls"),
        ("t ~ '(?=x)'", "regular expression"),
        ("to_char(n, '000')", "to_char"),
        ("daterange(d, d)", "daterange"),
        ("array(select n from a)", "array(select"),
        ("(select n from a limit 1)", "limit"),
        ("(select n from a offset 1)", "limit"),
        ("d + interval '1 day'", "interval"),
        ("percentile_cont(0.5) within group (order by n)", "WithinGroup"),
    ],
)
def test_what_is_not_known_to_mean_the_same_is_refused_by_name(postgres: str, named: str) -> None:
    with pytest.raises(RuleError, match=r"rule\.sql") as refused:
        spark(postgres)
    assert named in str(refused.value)


def test_distinct_on_is_refused() -> None:
    with pytest.raises(RuleError, match="distinct on"):
        translate("select distinct on (n) n, t from a", SCHEMA, "rule.sql")
