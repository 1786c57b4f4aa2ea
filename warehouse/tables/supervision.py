"""supervision: rules, runs, outcomes, findings and their life cycle."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Identity,
    Index,
    LargeBinary,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from warehouse.tables.metadata import (
    METADATA,
    bigint,
    boolean,
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
    *json("spec", null=True),
    *text("sql", null=True),
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
    # With what it ran: overrides of parameters, versions of rules, engine and releases.
    *json("inputs", null=True),
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

# Of whom a run could not say that anything is in order: data stale, or a batch stopped at the gate.
_STATEMENT = Table(
    "statement",
    METADATA,
    *identifier("run_id"),
    *text("department"),
    *boolean("stated"),
    *text("reason", null=True),
    *json("facts", null=True),
    PrimaryKeyConstraint("run_id", "department"),
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
    # What the rule said last (violation, compliant, not_evaluable, not_judged), whatever the state of the procedure.
    *text("judged"),
    # Until when whoever is to act next must have acted.
    *date("respond_by", null=True),
    # What the finding says, in 32 bytes (supervision.finding_digest); the key's index holds it, and the runs' hash reads that.
    Column("digest", LargeBinary, nullable=False),
    PrimaryKeyConstraint("finding_id", postgresql_include=["digest", "judged"]),
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
    UniqueConstraint("previous_hash"),
    Index(None, "finding_id", "event_no"),
    schema="supervision",
)

# How far finding_event had come at the end of each transaction that wrote it; `run_id` if a run did.
_CHAIN_HEAD = Table(
    "chain_head",
    METADATA,
    Column("head_no", BigInteger, Identity(), nullable=False),
    *instant("at"),
    *identifier("run_id", null=True),
    *bigint("events", "event_no"),
    *text("event_hash", "previous_hash", "hash"),
    PrimaryKeyConstraint("head_no"),
    UniqueConstraint("previous_hash"),
    Index(None, "run_id"),
    schema="supervision",
)

_NOTICE = Table(
    "notice",
    METADATA,
    *text("notice_no", "kind", "department", "title"),
    *instant("issued_at"),
    *text("issued_by"),
    *date("respond_by", null=True),
    Column("html", LargeBinary, nullable=False),
    Column("docx", LargeBinary, nullable=False),
    *text("content_hash"),
    PrimaryKeyConstraint("notice_no"),
    Index(None, "department", "issued_at"),
    schema="supervision",
)

_NOTICE_FINDING = Table(
    "notice_finding",
    METADATA,
    *text("notice_no"),
    *identifier("finding_id"),
    PrimaryKeyConstraint("notice_no", "finding_id"),
    Index(None, "finding_id"),
    schema="supervision",
)

# One row per month, department and power; power_code '' is the department as a whole. `inputs`: every number of the sum.
_SCORE = Table(
    "score",
    METADATA,
    *date("month"),
    *text("department", "power_code", "formula", "formula_version"),
    Column("score", Numeric(7, 2), nullable=False),
    *json("inputs"),
    *instant("as_of", "computed_at"),
    PrimaryKeyConstraint("month", "department", "power_code"),
    schema="supervision",
)

SUPERVISION: dict[str, Table] = {
    table.name: table
    for table in (
        _RULE, _RUN, _OUTCOME, _STATEMENT, _FINDING, _FINDING_EVENT, _CHAIN_HEAD, _NOTICE, _NOTICE_FINDING, _SCORE,
    )
}  # fmt: skip
