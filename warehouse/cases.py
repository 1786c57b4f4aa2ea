"""A case that several datasets tell of: it is the union of what its living records say, in whatever order they came.

A case is deleted when none of its contributions lives; alone, it keeps its last image. While others live on, the
columns that only the ended contribution's dataset owns are emptied: a closing that was entered by mistake and
deleted leaves an open case.
"""

# ruff: noqa: S608 (statements are made of our own table and column names; values are binds)

from __future__ import annotations

import json
from collections.abc import Sequence

import polars as pl
from sqlalchemy import Connection, text

from hub.core.batches import BatchHeader, Landing
from hub.core.entities import CASE
from warehouse.fingerprints import qualified, quoted, row_hash
from warehouse.merge import LIVING, bury, core, remember, run

_EVERYONES = frozenset((*CASE.key, "source_case_no"))


def settle(
    connection: Connection, landing: Landing, rows: pl.DataFrame, known: pl.DataFrame
) -> None:
    """After the merge: empty what ended contributions said, and mark cases without a living one as deleted."""
    header = landing.header
    columns = _ownership(connection, landing)
    left = _left(rows, known)
    if len(columns) > 1:
        _withdraw(connection, header, columns, header.dataset, left)
        for dataset, cases in _ended(connection, rows):
            _withdraw(connection, header, columns, dataset, cases)
    if left:
        doomed = (
            "c.case_id = any(cast(:cases as uuid[])) and c.deleted_at is null "
            f"and not {LIVING.format(case='c.case_id')}"
        )
        bury(connection, header, CASE, doomed, cases=left)


def _ownership(connection: Connection, landing: Landing) -> dict[str, set[str]]:
    """Dataset → the columns of a case that it owns, for the whole department, this batch's dataset being noted."""
    header = landing.header
    found = connection.execute(
        text("select dataset, columns from ops.case_columns where department = :department"),
        {"department": header.department},
    )
    columns = {dataset: set(names) for dataset, names in found}
    mine = set(landing.owned.get(CASE.name, ()))
    if mine != columns.get(header.dataset, set()):
        connection.execute(
            text(
                "insert into ops.case_columns (department, dataset, columns) "
                "values (:department, :dataset, cast(:columns as jsonb)) "
                "on conflict (department, dataset) do update set columns = excluded.columns"
            ),
            {
                "department": header.department,
                "dataset": header.dataset,
                "columns": json.dumps(sorted(mine)),
            },
        )
        columns[header.dataset] = mine
    return columns


def _left(rows: pl.DataFrame, known: pl.DataFrame) -> list[str]:
    """Cases that records of this batch told of before and tell of no longer."""
    landed = rows.filter(pl.col("winner") & (pl.col("fate") == "landed"))
    return (
        landed.select("record_key", now="case_id")
        .join(known.select("record_key", before="case_id"), on="record_key")
        .filter(pl.col("before").is_not_null() & pl.col("before").ne_missing(pl.col("now")))["before"]
        .unique()
        .to_list()
    )  # fmt: skip


def _ended(connection: Connection, rows: pl.DataFrame) -> list[tuple[str, list[str]]]:
    """Dataset → living cases that landed in this batch of which it has nothing but deleted records."""
    landed = rows.filter(pl.col("winner") & (pl.col("fate") == "landed"))["case_id"]
    found = connection.execute(
        text(
            f"""
            select ended.dataset, array_agg(distinct ended.case_id::text)
            from ops.record ended
            where ended.case_id = any(cast(:cases as uuid[])) and ended.deleted
              and {LIVING.format(case="ended.case_id")}
            group by ended.dataset
            """
        ),
        {"cases": landed.drop_nulls().unique().to_list()},
    )
    return [(dataset, list(cases)) for dataset, cases in found]


def _withdraw(
    connection: Connection,
    header: BatchHeader,
    columns: dict[str, set[str]],
    dataset: str,
    cases: Sequence[str],
) -> None:
    """Empty the columns that only that dataset owns, in those cases, unless a living record of it tells of them."""
    others = set().union(*(names for name, names in columns.items() if name != dataset))
    alone = [
        name for name in CASE.names if name in columns.get(dataset, set()) - others - _EVERYONES
    ]
    if not alone or not cases:
        return
    doomed = (
        f"c.case_id = any(cast(:cases as uuid[])) and num_nonnulls({', '.join(f'c.{quoted(n)}' for n in alone)}) > 0 "
        "and not exists (select from ops.record o where o.case_id = c.case_id and not o.deleted "
        "and o.department = :department and o.dataset = :ended)"
    )
    binds = {"cases": list(cases), "ended": dataset}
    remember(connection, header, CASE, f"(select) s on true where {doomed}", **binds)
    kept = {n: v for n, v in qualified(CASE.columns, "c").items() if n not in alone}
    emptied = ", ".join(f"{quoted(name)} = null" for name in alone)
    run(
        connection, header,
        f"update {core(CASE)} c set {emptied}, row_hash = {row_hash(CASE.columns, kept)}, "
        f"landed_at = now(), batch_id = cast(:batch as uuid) where {doomed}",
        **binds,
    )  # fmt: skip
