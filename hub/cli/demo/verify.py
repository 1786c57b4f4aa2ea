"""Did the hub find exactly what the generator hid? Compares findings and row fates with truth.json."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import text

from demo import truth
from hub.pipeline import Hub

KEYS = ["department", "dataset", "file", "row"]
OPEN_FINDINGS = text("""
    select f.rule_id, f.department, coalesce(c.source_case_no, f.subject) as subject
    from supervision.finding f
    left join core."case" c using (case_id)
    where f.state not in ('withdrawn', 'dismissed', 'closed')
""")
LANDED_CASES = text('select department, source_case_no from core."case" where deleted_at is null')
BATCHES = text("""
    select batch_id::text, department, dataset, raw_object from ops.batch
    where state = 'landed' and kind = 'extract' order by ledger_no
""")
CURRENT = text("""
    select b.batch_id::text, r.raw_row from ops.record r join ops.batch b using (batch_id)
    where b.kind = 'extract'
""")
REJECTED = text("select batch_id::text, raw_row, reason from ops.quarantine")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What differs; empty lists mean that everything matched."""

    missed: list[str]
    invented: list[str]
    rows: list[str]
    violations: int
    rows_compared: int

    @property
    def matched(self) -> bool:
        """True when nothing differs."""
        return not (self.missed or self.invented or self.rows)


def verify(hub: Hub, document: dict[str, Any]) -> Verdict:
    """Compare the warehouse with the truth document, violation by violation and row by row."""
    with hub.engine.connect() as connection:
        found = {tuple(row) for row in connection.execute(OPEN_FINDINGS)}
        landed = {tuple(row) for row in connection.execute(LANDED_CASES)}
    expected = truth.expected_violations(document, landed)
    differing, compared = _differing_rows(hub, document)
    return Verdict(
        missed=sorted(" ".join(item) for item in expected - found),
        invented=sorted(" ".join(map(str, item)) for item in found - expected),
        rows=differing,
        violations=len(expected),
        rows_compared=compared,
    )


def _differing_rows(hub: Hub, document: dict[str, Any]) -> tuple[list[str], int]:
    actual = _actual_fates(hub)
    expected = truth.fate_frame(document)
    joined = expected.join(actual, on=KEYS, how="full", coalesce=True, suffix="_actual")
    # Of a record that came twice, the end state shows which row won; the others are told apart by the ledger's sums.
    told = pl.col("fate").replace({"unchanged": "repeated", "superseded": "repeated"})
    differing = joined.filter(told.ne_missing(pl.col("fate_actual")))
    lines = [
        f"{department}.{dataset} {file} row {row}: expected {fate}, is {is_now}"
        for department, dataset, file, row, fate, is_now in differing.head(50).rows()
    ]
    if differing.height > len(lines):
        lines.append(f"… and {differing.height - len(lines)} more rows")
    return lines, joined.height


def _actual_fates(hub: Hub) -> pl.DataFrame:
    with hub.engine.connect() as connection:
        batches = connection.execute(BATCHES).all()
        current = _frame(connection.execute(CURRENT).all(), {"fate": "landed"})
        rejected = _frame(connection.execute(REJECTED).all())
    fates = pl.concat([current, rejected]).partition_by("batch_id", as_dict=True)
    nothing = pl.DataFrame(
        schema=dict.fromkeys(KEYS, pl.String()) | {"row": pl.Int64(), "fate": pl.String()}
    )
    return pl.concat(
        [nothing, *(_batch_fates(hub, batch, fates.get((batch.batch_id,))) for batch in batches)]
    )


def _frame(rows: Any, constant: dict[str, str] | None = None) -> pl.DataFrame:
    schema = {"batch_id": pl.String(), "raw_row": pl.Int64(), "fate": pl.String()}
    if constant:
        rows = [(*row, constant["fate"]) for row in rows]
        return pl.DataFrame(rows, schema=schema, orient="row")
    frame = pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")
    return frame.with_columns((pl.lit("quarantined:") + pl.col("fate")).alias("fate"))


def _batch_fates(hub: Hub, batch: Any, fates: pl.DataFrame | None) -> pl.DataFrame:
    raw = pl.read_parquet(io.BytesIO(hub.store.get(batch.raw_object)), columns=["_file", "_row"])
    rows = raw.with_row_index("raw_row").select(
        pl.lit(batch.department).alias("department"),
        pl.lit(batch.dataset).alias("dataset"),
        pl.col("_file").alias("file"),
        pl.col("_row").cast(pl.Int64).alias("row"),
        pl.col("raw_row").cast(pl.Int64),
    )
    if fates is None:
        return rows.drop("raw_row").with_columns(fate=pl.lit("repeated"))
    joined = rows.join(fates.drop("batch_id"), on="raw_row", how="left")
    return joined.drop("raw_row").with_columns(pl.col("fate").fill_null("repeated"))
