"""supervision: rules, runs, outcomes, findings and their life cycle."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Identity,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    Table,
)

from warehouse.tables.metadata import (
    METADATA,
    bigint,
    date,
    identifier,
    instant,
    json,
    text,
)

_RULE = Table(
    "rule",
    METADATA,
    *text("rule_id", "version", "theme", "level", "title_zh", "title_en"),
    *text("basis", null=True),
    *text("status"),
    *instant("loaded_at"),
    PrimaryKeyConstraint("rule_id", "version"),
    schema="supervision",
)

_RUN = Table(
    "run",
    METADATA,
    *identifier("run_id"),
    *text("kind"),
    *instant("as_of", "started_at"),
    *instant("finished_at", null=True),
    *bigint("ledger_from", "ledger_to", null=True),
    *text("catalogue_version", "calendar_version", "rules_version", null=True),
    *text("state"),
    *text("findings_hash", null=True),
    *json("errors", null=True),
    PrimaryKeyConstraint("run_id"),
    Index(None, "started_at"),
    schema="supervision",
)

_OUTCOME = Table(
    "outcome",
    METADATA,
    *identifier("run_id"),
    *text("rule_id", "department"),
    *bigint("violations", "compliant", "not_evaluable"),
    *json("reasons", null=True),
    Column("seconds", Double),
    PrimaryKeyConstraint("run_id", "rule_id", "department"),
    schema="supervision",
)

_FINDING = Table(
    "finding",
    METADATA,
    *identifier("finding_id"),
    *text("rule_id", "rule_version", "subject"),
    *identifier("case_id", null=True),
    *text("power_code", null=True),
    *text("department", "level", "state"),
    *json("facts"),
    Column("limit_value", Numeric),
    *text("limit_unit", null=True),
    Column("elapsed", Numeric),
    *date("due_on", null=True),
    *instant("first_seen", "last_seen"),
    *identifier("first_run", "last_run"),
    *text("catalogue_version", "calendar_version", null=True),
    *json("evidence", null=True),
    PrimaryKeyConstraint("finding_id"),
    Index(None, "rule_id", "subject"),
    Index(None, "case_id"),
    Index(None, "department", "state", "level"),
    schema="supervision",
)

_FINDING_EVENT = Table(
    "finding_event",
    METADATA,
    Column("event_no", BigInteger, Identity(), nullable=False),
    *identifier("finding_id"),
    *instant("at"),
    *text("actor", "action"),
    *text("state_from", null=True),
    *text("state_to"),
    *text("reason", "previous_hash", null=True),
    *text("hash"),
    PrimaryKeyConstraint("event_no"),
    Index(None, "finding_id", "event_no"),
    schema="supervision",
)

SUPERVISION: dict[str, Table] = {
    table.name: table for table in (_RULE, _RUN, _OUTCOME, _FINDING, _FINDING_EVENT)
}
