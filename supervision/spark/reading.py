"""Which tables and columns of the warehouse the rules read, and their shape outside of PostgreSQL.

Identities: `uuid` and `jsonb` travel as text, `timestamptz` as microseconds of UTC, `numeric` as a decimal of the column's
precision and scale (20 digits, six of them behind the point, where the column has none).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from supervision import preparation
from supervision.rulebook import Rule
from supervision.spark.translation import names, tables

if TYPE_CHECKING:
    import pyarrow as pa

FREE_DECIMAL = (20, 6)
_AS_TEXT = re.compile("uuid|jsonb|numeric")


@dataclass(frozen=True, slots=True)
class Source:
    """One table of the warehouse as Spark gets it: its name there, the SELECT that reads it, its Arrow schema."""

    name: str
    select: str
    columns: tuple[tuple[str, str], ...]
    """Name and PostgreSQL type of each."""

    @classmethod
    def of(cls, name: str, table: str, columns: Mapping[str, str]) -> Source:
        """That table with these columns."""
        listed = ", ".join(
            f'cast("{column}" as text) as "{column}"' if _AS_TEXT.match(kind) else f'"{column}"'
            for column, kind in columns.items()
        )
        return cls(name, f"select {listed} from {table}", tuple(columns.items()))  # noqa: S608

    @property
    def schema(self) -> pa.Schema:
        """Its Arrow schema."""
        import pyarrow as pa

        return pa.schema([(column, _arrow(kind)) for column, kind in self.columns])

    def table(self, rows: Sequence[Sequence[Any]]) -> pa.Table:
        """Rows of the SELECT as a table; for small ones, such as those of a run."""
        import pyarrow as pa

        columns = [[_in_utc(value) for value in column] for column in zip(*rows, strict=True)]
        columns = columns or [[]] * len(self.columns)
        texts = [_AS_TEXT.match(kind) for _, kind in self.columns]
        batch = pa.RecordBatch.from_arrays(
            [
                pa.array(column, pa.string() if as_text else field.type)
                for column, field, as_text in zip(columns, self.schema, texts, strict=True)
            ],
            names=self.schema.names,
        )
        return pa.Table.from_batches([self.typed(batch)])

    def typed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch that the SELECT gave, in the schema's types. Raises ArrowInvalid for a number that does not fit."""
        import pyarrow as pa

        columns = [
            column.cast(field.type)
            for column, field in zip(batch.columns, self.schema, strict=True)
        ]
        return pa.record_batch(columns, schema=self.schema)


def statements(rules: Iterable[Rule]) -> dict[str, str]:
    """Every SELECT of a run by the file that it comes from."""
    working = {
        f"supervision/working/{name}.sql": preparation.statement(f"working/{name}.sql")
        for name in preparation.WORKING
    }
    return working | {str(rule.path.with_suffix(".sql")): rule.sql for rule in rules}


def sources(connection: Connection, rules: Iterable[Rule]) -> list[Source]:
    """What these rules and the working tables read: only columns that one of them mentions. Raises RuleError."""
    texts = statements(rules)
    wanted = {table for where, sql in texts.items() for table in tables(sql, where)}
    wanted |= {("core", "disclosure"), ("reference", "department"), ("core", "case")}
    mentioned = {name for where, sql in texts.items() for name in names(sql, where)}
    mentioned |= {"case_id", "department", "item_code"}
    columns: dict[tuple[str, str], dict[str, str]] = {}
    for schema, table, column, kind in connection.execute(_COLUMNS):
        if (schema, table) in wanted and column in mentioned:
            columns.setdefault((schema, table), {})[column] = kind
    return [
        Source.of(f"{schema}_{table}", f'{schema}."{table}"', found)
        for (schema, table), found in sorted(columns.items())
    ]


_COLUMNS = text("""
    select table_schema, table_name, column_name, concat(
        case data_type when 'ARRAY' then udt_name else data_type end,
        case when data_type = 'numeric' then format('(%s,%s)', numeric_precision, numeric_scale) end)
    from information_schema.columns
    where table_schema in ('core', 'history', 'catalogue', 'reference', 'ops')
    order by 1, 2, ordinal_position
""")


def _in_utc(value: Any) -> Any:
    """A time as UTC: pyspark tells Arrow to ignore time zones (PYARROW_IGNORE_TIMEZONE) as soon as it loads pandas."""
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _arrow(kind: str) -> pa.DataType:
    import pyarrow as pa

    if kind.startswith("numeric"):
        given = [int(digits) for digits in re.findall(r"\d+", kind)]
        return pa.decimal128(*(given or FREE_DECIMAL))
    known = {
        "text": pa.string(), "uuid": pa.string(), "jsonb": pa.string(), "character varying": pa.string(),
        "bigint": pa.int64(), "integer": pa.int32(), "smallint": pa.int16(), "boolean": pa.bool_(),
        "date": pa.date32(), "timestamp with time zone": pa.timestamp("us", "UTC"), "_text": pa.list_(pa.string()),
        "double precision": pa.float64(), "_uuid": pa.list_(pa.string()),
    }  # fmt: skip
    return known[kind]
