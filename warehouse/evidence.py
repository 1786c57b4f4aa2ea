"""What a finding rests on, read back link by link. Read only, JSON-ready rows."""

# ruff: noqa: S608 (statements are made of our own table and column names; values are binds)

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, text

from hub.core.entities import ENTITIES
from warehouse.fingerprints import quoted

Row = dict[str, Any]


def finding(connection: Connection, written: str) -> list[Row]:
    """The findings whose id begins so: one for a full id; at most two, to tell that a short one is ambiguous."""
    rows = connection.execute(
        text("""
            select cast(finding_id as text) as finding_id, rule_id, rule_version, subject,
                cast(case_id as text) as case_id, power_code, department, level, state, judged, facts,
                limit_value, limit_unit, elapsed, due_on, respond_by, first_seen, last_seen,
                cast(first_run as text) as first_run, cast(last_run as text) as last_run, catalogue_version,
                calendar_version, evidence
            from supervision.finding where cast(finding_id as text) like :written order by finding_id limit 2
        """),
        {"written": written.replace("%", "").replace("_", "") + "%"},
    )
    return [dict(row) for row in rows.mappings()]


def rule(connection: Connection, rule_id: str, version: str) -> Row | None:
    """A version of a rule as the warehouse keeps it."""
    row = connection.execute(
        text("""
            select rule_id, version, title_zh, title_en, basis, spec, sql, loaded_at
            from supervision.rule where rule_id = :rule_id and version = :version
        """),
        {"rule_id": rule_id, "version": version},
    )
    return next((dict(found) for found in row.mappings()), None)


def events(connection: Connection, finding_id: str) -> list[Row]:
    """The finding's life, in order."""
    rows = connection.execute(
        text("""
            select event_no, at, actor, action, state_from, state_to, reason, hash
            from supervision.finding_event where finding_id = cast(:id as uuid) order by event_no
        """),
        {"id": finding_id},
    )
    return [dict(row) for row in rows.mappings()]


def batches(connection: Connection, ids: Iterable[str]) -> dict[str, Row]:
    """Batches with their certificates, by id."""
    rows = connection.execute(
        text("""
            select cast(b.batch_id as text) as batch_id, b.department, b.dataset, b.kind, b.state, b.raw_object,
                b.landed_at, b.ledger_no, b.versions, c.rows_read, c.landed, c.unchanged, c.superseded,
                c.quarantined, c.rejected, c.checksum_read, c.checksum_landed,
                c.checksum_read = c.checksum_landed as checksums_agree
            from ops.batch b left join ops.certificate c using (batch_id)
            where b.batch_id = any (cast(:ids as uuid[]))
        """),
        {"ids": sorted(set(ids))},
    )
    return {row["batch_id"]: dict(row) for row in rows.mappings()}


def delivered(connection: Connection, department: str, run_id: str) -> list[Row]:
    """The last batch with rows of each of the department's datasets that a run knew: dataset and batch_id."""
    rows = connection.execute(
        text("""
            select distinct on (b.dataset) b.dataset, cast(b.batch_id as text) as batch_id
            from ops.batch b
            join supervision.run r on r.run_id = cast(:run as uuid) and b.ledger_no <= r.ledger_to
            where b.department = :department and b.rows_read > 0
            order by b.dataset, b.ledger_no desc
        """),
        {"department": department, "run": run_id},
    )
    return [dict(row) for row in rows.mappings()]


def where_row_is(connection: Connection, entity: str, key: Mapping[str, Any], row_hash: str) -> str:
    """Whether core still holds that version of the row (`current`), or history does (`earlier`), or neither
    (`missing`)."""
    columns = ENTITIES[entity].key
    same = " and ".join(f"t.{quoted(name)} = k.{quoted(name)}" for name in columns)
    keyed = (
        f"select * from jsonb_populate_record(null::core.{quoted(entity)}, cast(:key as jsonb)) k"
    )
    for place, schema in (("current", "core"), ("earlier", "history")):
        found = connection.scalar(
            text(
                f"select exists (select from {schema}.{quoted(entity)} t join ({keyed}) k on {same} "
                "where t.row_hash = :row_hash)"
            ),
            {"key": json.dumps(key), "row_hash": row_hash},
        )
        if found:
            return place
    return "missing"


def releases(connection: Connection, versions: Mapping[str, str | None]) -> dict[str, bool]:
    """Whether the warehouse keeps the release `name` of that version."""
    return {
        name: bool(
            connection.scalar(
                text(
                    "select exists (select from reference.archive where name = :name and version = :version)"
                ),
                {"name": name, "version": version},
            )
        )
        for name, version in versions.items()
    }


def run_known_at(connection: Connection, at: Any, run_id: str | None) -> Row | None:
    """The last complete run that had ended by that time, or the run of that id."""
    row = connection.execute(
        text("""
            select cast(run_id as text) as run_id, kind, as_of, started_at, finished_at, ledger_to,
                catalogue_version, calendar_version, rules_version, findings_hash, inputs, state
            from supervision.run
            where case when cast(:run_id as text) is not null then cast(run_id as text) = :run_id
                else state = 'complete' and finished_at <= :at end
            order by finished_at desc limit 1
        """),
        {"at": at, "run_id": run_id},
    )
    return next((dict(found) for found in row.mappings()), None)


def rules_of(connection: Connection, versions: Mapping[str, str]) -> list[Row]:
    """The kept versions of those rules (id → version)."""
    rows = connection.execute(
        text("""
            select r.rule_id, r.version, r.spec, r.sql
            from jsonb_each_text(cast(:versions as jsonb)) v
            join supervision.rule r on r.rule_id = v.key and r.version = v.value
            where r.sql is not null order by r.rule_id
        """),
        {"versions": json.dumps(dict(versions))},
    )
    return [dict(row) for row in rows.mappings()]
