"""Source codes that no crosswalk knows, and how much of what departments report is mapped."""

# ruff: noqa: S608 (statements are made of our own table and column names; values are binds)

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from hub.core.settings import TIME_ZONE
from warehouse.fingerprints import quoted

Row = dict[str, Any]
PART = 20_000

Place = tuple[str, str]
"""Entity and column."""


def codes(connection: Connection, department: str | None = None) -> list[Row]:
    """Codes that some batch met without a line: how many rows carried each then, when it was seen first and last."""
    found = connection.execute(
        text(
            "select department, codelist, source_code, source_name, rows as rows_seen, first_seen, last_seen "
            "from ops.unmapped_code where cast(:department as text) is null or department = :department order by 1, 2, 3"
        ),
        {"department": department},
    )
    return [dict(row) for row in found.mappings()]


def waiting(connection: Connection, department: str) -> Iterator[tuple[str, pl.DataFrame]]:
    """The department's open rows as text (masked), as tables of one shape: dataset and rows, at most PART at a time."""
    after: tuple[Any, ...] = ("", "00000000-0000-0000-0000-000000000000", 0)
    while rows := _part(connection, department, after):
        by_batch: dict[tuple[str, str], list[Row]] = {}
        for dataset, batch_id, _, masked in rows:
            by_batch.setdefault((dataset, batch_id), []).append(masked)
        for (dataset, _), of_batch in by_batch.items():
            yield dataset, pl.from_dicts(of_batch, infer_schema_length=None)
        after = tuple(rows[-1][:3])


def _part(connection: Connection, department: str, after: tuple[Any, ...]) -> list[Any]:
    query = text(
        """
        select dataset, batch_id::text, quarantine_id, raw_masked from ops.quarantine
        where department = :department and state = 'open' and raw_masked is not null
          and (dataset, batch_id, quarantine_id) > (:dataset, cast(:batch as uuid), :number)
        order by 1, batch_id, 3 limit :part
        """
    )
    dataset, batch, number = after
    binds = {"department": department, "dataset": dataset, "batch": batch, "number": number}
    return [*connection.execute(query, binds | {"part": PART})]


def waiting_with(connection: Connection, department: str, reason: str, code: str) -> list[int]:
    """The numbers of open rows that were rejected for that reason because of that code, as their message shows it."""
    query = text(
        "select quarantine_id from ops.quarantine where department = :department and state = 'open' "
        "and reason = :reason and position('“' || :code || '”' in message) > 0 order by 1"
    )
    binds = {"department": department, "reason": reason, "code": code}
    return [*connection.scalars(query, binds)]


def coverage(
    connection: Connection,
    department: str,
    columns: Mapping[str, Collection[Place]],
    fields: Collection[tuple[str, str, str]],
) -> list[Row]:
    """Per month (local, of landing) and code list: rows and codes that are mapped, and that wait because they are not.

    `columns`: code list → the columns that it fills. `fields`: dataset, source field and code list of what is
    translated. A code that is mapped is counted as the canonical code that landed, an item as the source's own code.
    """
    if not columns:
        return []
    landed = " union all ".join(
        _landed(codelist, place)
        for codelist, places in sorted(columns.items())
        for place in sorted(places)
    )
    found = connection.execute(
        text(
            f"""
            with landed as ({landed}), fields as (
                select * from jsonb_to_recordset(cast(:fields as jsonb)) as f (dataset text, field text, codelist text)
            ), waiting as (
                select f.codelist, {_month("q.created_at")} as month, q.raw_masked->>f.field as code, count(*) as rows
                from ops.quarantine q
                join fields f on f.dataset = q.dataset and f.field = q."column"
                where q.department = :department and q.state = 'open' and q.reason in ('unmapped_power', 'unmapped_code')
                group by 1, 2, 3
            ), met as (
                select codelist, month, sum(rows) as rows, count(distinct code) as codes, 0 as unmapped_rows,
                    0 as unmapped_codes from landed group by 1, 2
                union all
                select codelist, month, 0, 0, sum(rows), count(distinct code) from waiting group by 1, 2
            )
            select month, codelist, sum(rows)::bigint as rows_mapped, sum(unmapped_rows)::bigint as rows_unmapped,
                sum(codes)::bigint as codes_mapped, sum(unmapped_codes)::bigint as codes_unmapped
            from met group by 1, 2 order by 1, 2
            """
        ),
        {
            "department": department,
            "fields": json.dumps(
                [{"dataset": d, "field": f, "codelist": c} for d, f, c in sorted(fields)],
                ensure_ascii=False,
            ),
        },
    )
    return [dict(row) for row in found.mappings()]


def _landed(codelist: str, place: Place) -> str:
    entity, column = place
    own = "coalesce(source_item_code, power_code)" if column == "power_code" else quoted(column)
    return (
        f"select '{codelist}' as codelist, {_month('landed_at')} as month, {own} as code, count(*) as rows "
        f"from core.{quoted(entity)} where department = :department and {quoted(column)} is not null group by 1, 2, 3"
    )


def _month(instant: str) -> str:
    return f"to_char({instant} at time zone '{TIME_ZONE}', 'YYYY-MM')"
