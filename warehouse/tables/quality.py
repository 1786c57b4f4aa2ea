"""ops, the part that stewards read: what the gate and Great Expectations judged, and what people decided of it.

`check_outcome`: what each check of the gate looked at, per batch. `batch_decision`: what became of a batch that the gate
stopped. `quarantine_event`: every step of a quarantined row, append only. `expectation_*`: the runs of the quality
checkpoints, their results, and the keys of every row that failed.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Index, PrimaryKeyConstraint, Table

from warehouse.tables.metadata import METADATA, bigint, identifier, instant, json, text

# `state`: evaluated, no_values (no row had anything to judge) or not_evaluated (it did not run: red, never green).
# `decisive`: source rows of which it is the first reason; over all checks of a batch, the rows rejected.
# `examples`: up to three failing rows as people may read them (masked), with their place in the source.
_CHECK_OUTCOME = Table(
    "check_outcome",
    METADATA,
    *identifier("batch_id"),
    *text("department", "dataset", "entity", "column", "reason", "state"),
    *bigint("rows", "failures", "decisive"),
    *json("examples", null=True),
    PrimaryKeyConstraint("batch_id", "entity", "column", "reason"),
    Index(None, "department", "dataset"),
    schema="ops",
)

# `decision`: release (it landed all the same) or reject (none of it lands; its rows are accounted for as rejected).
# `told_at`: when the source was told what became of the rows; null where it still has to be.
_BATCH_DECISION = Table(
    "batch_decision",
    METADATA,
    *identifier("batch_id"),
    *text("decision", "actor", "reason"),
    *instant("decided_at"),
    *instant("told_at", null=True),
    PrimaryKeyConstraint("batch_id"),
    schema="ops",
)

# `batch_id`: the batch by which the step was taken, if it was one. `outcome`: the row's fate in it, or why it waits on.
# `raw_object` and `raw_row`: where another reading of the same row lies.
_QUARANTINE_EVENT = Table(
    "quarantine_event",
    METADATA,
    Column("event_no", BigInteger, Identity(), nullable=False),
    *bigint("quarantine_id"),
    *instant("at"),
    *text("actor", "action", "state_from", "state_to"),
    *text("note", null=True),
    *identifier("batch_id", null=True),
    *text("outcome", "raw_object", null=True),
    *bigint("raw_row", null=True),
    PrimaryKeyConstraint("event_no"),
    Index(None, "quarantine_id"),
    schema="ops",
)

# `department`: whose checkpoint it was; '*' is the whole warehouse.
_EXPECTATION_RUN = Table(
    "expectation_run",
    METADATA,
    *identifier("run_id"),
    *text("department"),
    *instant("started_at", "finished_at"),
    *bigint("expectations", "evaluated", "failed", "no_values", "not_evaluated"),
    *json("seconds", "rows"),
    PrimaryKeyConstraint("run_id"),
    Index(None, "department", "started_at"),
    schema="ops",
)

# `observed` and `allowed`: what was found and what is bearable, in the expectation's own terms (shares, counts, sums).
_EXPECTATION_RESULT = Table(
    "expectation_result",
    METADATA,
    *identifier("run_id"),
    *text("expectation_id", "department", "entity", "type", "zh", "en", "severity", "state"),
    *bigint("rows", "unexpected"),
    *json("columns"),
    *json("observed", "allowed", null=True),
    *text("error", null=True),
    PrimaryKeyConstraint("run_id", "expectation_id", "department"),
    schema="ops",
)

_EXPECTATION_FAILURE = Table(
    "expectation_failure",
    METADATA,
    *identifier("run_id"),
    *text("expectation_id", "department", "row_key"),
    PrimaryKeyConstraint("run_id", "expectation_id", "department", "row_key"),
    schema="ops",
)

QUALITY: dict[str, Table] = {
    table.name: table
    for table in (
        _CHECK_OUTCOME, _BATCH_DECISION, _QUARANTINE_EVENT, _EXPECTATION_RUN, _EXPECTATION_RESULT,
        _EXPECTATION_FAILURE,
    )
}  # fmt: skip
