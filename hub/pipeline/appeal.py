"""What stands up to an appeal: a finding's chain of evidence down to the source's bytes, findings as they were known
once, and what a draft of a rule would change."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

import mappings
import supervision
import warehouse
from hub.core.batches import FILE, RESERVED, ROW
from hub.core.errors import HubError, SpecError
from hub.core.settings import TIME_ZONE
from hub.core.specs import read_department
from hub.pipeline.installation import Hub
from hub.pipeline.supervise import refresh_reference
from quality import quarantine
from warehouse import evidence, past, reference

RELEASES = ("catalogue", "calendar", "department", "codelist")


def explain(hub: Hub, finding_id: str, raw: bool = False) -> dict[str, Any]:
    """The chain of one finding (a whole id or the beginning of one), each link checked, as JSON-ready values.

    Keys: finding, rule, rows (row versions with batch, raw object, source file and row; where the finding says that
    something is not there, the department's last deliveries), batches, releases, life,
    broken (links that do not hold). With `raw` each row carries its source fields, sensitive ones masked. Raises
    HubError when there is no such finding, or more than one.
    """
    with hub.engine.connect() as connection:
        found = evidence.finding(connection, finding_id)
        if len(found) != 1:
            raise HubError(
                f"{'several findings begin' if found else 'no finding begins'} with {finding_id}",
                remedy="hub findings list shows the ids",
            )
        finding = found[0]
        proof = finding.pop("evidence") or {}
        rule = evidence.rule(connection, finding["rule_id"], finding["rule_version"])
        rows = proof.get("rows", [])
        rows = rows or _deliveries(connection, finding)
        named = [row["batch_id"] for row in rows]
        named += [b for b in [(finding["facts"] or {}).get("batch_id")] if b]
        batches = evidence.batches(connection, named)
        rows = [_row(connection, row, batches) for row in rows]
        releases = evidence.releases(
            connection,
            {"catalogue": finding["catalogue_version"], "calendar": finding["calendar_version"]},
        )
        life = evidence.events(connection, finding["finding_id"])
    _find_in_raw_objects(hub, rows, raw)
    return {
        "finding": finding, "rule": rule, "rows": rows, "batches": list(batches.values()),
        "releases": releases, "life": life, "broken": _broken(rule, rows, batches, releases),
    }  # fmt: skip


def _deliveries(connection: Any, finding: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What stands for rows where a finding says that something is not there: the department's last deliveries, in
    which it was not, each with its first row."""
    return [
        {"entity": None, "key": None, "row_hash": None, "raw_row": 0, **batch}
        for batch in evidence.delivered(connection, finding["department"], finding["last_run"])
    ]


def _row(
    connection: Any, row: Mapping[str, Any], batches: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    place = "delivered"
    if row["entity"] is not None:
        place = evidence.where_row_is(connection, row["entity"], row["key"], row["row_hash"])
    batch = batches.get(row["batch_id"], {})
    return {
        **row,
        "version": place,
        "department": batch.get("department"),
        "raw_object": batch.get("raw_object"),
    }


def _find_in_raw_objects(hub: Hub, rows: list[dict[str, Any]], raw: bool) -> None:
    """Look each row up in its raw object: `source_file`, `source_row`, and with `raw` its masked fields."""
    by_object: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        row.update(raw_exists=False, source_file=None, source_row=None)
        if row["raw_object"]:
            by_object.setdefault(row["raw_object"], []).append(row)
    for name, mine in by_object.items():
        try:
            table = pl.read_parquet(io.BytesIO(hub.store.get(name)))
        except HubError as problem:
            for row in mine:
                row["raw_problem"] = problem.what
            continue
        for row in mine:
            if not 0 <= row["raw_row"] < table.height:
                row["raw_problem"] = f"the raw object has {table.height} rows"
                continue
            source = table[row["raw_row"]]
            row.update(
                raw_exists=True, source_file=source[FILE].item(), source_row=source[ROW].item()
            )
            if raw:
                row["fields"] = _masked(hub, row, source)


def _masked(hub: Hub, row: Mapping[str, Any], source: pl.DataFrame) -> dict[str, Any]:
    """The source row's fields. Without a mapping that says which are sensitive, none is shown."""
    try:
        mapping = mappings.read(read_department(hub.settings.departments, row["department"]))
        roles = mapping.sensitive_roles(row["dataset"])
    except (SpecError, KeyError):
        return {}
    fields = quarantine.masked_rows(source, roles)[0]
    return {name: value for name, value in fields.items() if name not in RESERVED}


def _broken(
    rule: Mapping[str, Any] | None,
    rows: list[dict[str, Any]],
    batches: Mapping[str, Mapping[str, Any]],
    releases: Mapping[str, bool],
) -> list[str]:
    """Links of the chain that do not hold, in words."""
    broken = (
        [] if rule and rule["sql"] else ["the warehouse does not keep this version of the rule"]
    )
    for row in rows:
        named = f"{row['entity'] or row['dataset']} {row['key'] or ''}".strip()
        if row["version"] == "missing":
            broken.append(f"{named}: this version of the row is neither in core nor in history")
        if row["batch_id"] not in batches:
            broken.append(f"{named}: its batch is not in the ledger")
        if not row["raw_exists"]:
            broken.append(f"{named}: {row.get('raw_problem', 'no raw object')}")
    for batch in batches.values():
        if not batch["checksums_agree"]:
            broken.append(f"batch {batch['batch_id']}: no certificate, or its checksums differ")
    broken += [f"the {name} of that day is not kept" for name, kept in releases.items() if not kept]
    return broken


@dataclass(frozen=True, slots=True)
class Repeated:
    """A run repeated from what was known then. `expected`: the hash that the run recorded."""

    run_id: str
    ran_at: datetime
    as_of: datetime
    ledger_no: int
    later: int
    """Batches that have landed since."""
    rows: int
    findings: int
    expected: str
    found: str
    engine_same: bool
    """Whether the SQL that all rules stand on is the one of then; it is code, and not kept in the warehouse."""

    @property
    def same(self) -> bool:
        return self.expected == self.found


def repeat(hub: Hub, at: datetime | None = None, run_id: str | None = None) -> Repeated:
    """Find again what the last complete run before `at` (default: now; local time), or that run, had found.

    In a scratch database: the data as the ledger knew it, and the catalogue, calendar, rules and parameters of then,
    whatever has come since. Raises HubError when no run fits or a release of then is not kept.
    """
    moment = supervision.local_time(at or datetime.now(ZoneInfo(TIME_ZONE)))
    with hub.engine.connect() as connection:
        run = evidence.run_known_at(connection, moment, run_id)
        if run is None or not run["inputs"] or run["state"] != "complete":
            raise HubError(
                "no complete run of the rules that could be repeated",
                remedy="hub status shows the last run; give a later --as-of",
            )
        inputs = run["inputs"]
        frames = {name: _release(connection, name, inputs["versions"]) for name in RELEASES}
        kept = evidence.rules_of(connection, inputs["rules"])
        if len(kept) != len(inputs["rules"]):
            raise HubError("a version of a rule of then is not kept", where=run["run_id"])
        rules = [supervision.rule_of(row["spec"], row["sql"], row["version"]) for row in kept]
        later = past.last_ledger_no(connection) - run["ledger_to"]
        with warehouse.scratch(hub.settings) as engine, engine.begin() as scratch:
            for name, release in frames.items():
                reference.replace(scratch, release, name, inputs["versions"][name])
            rows = past.copy_as_known(connection, scratch, run["ledger_to"])
            summary = supervision.evaluate(
                scratch, rules, run["as_of"], True, inputs["versions"],
                supervision.from_records(inputs["parameters"]),
            )  # fmt: skip
    return Repeated(
        run_id=run["run_id"], ran_at=run["finished_at"], as_of=summary.as_of,
        ledger_no=run["ledger_to"], later=later, rows=rows, findings=summary.open_findings,
        expected=run["findings_hash"], found=summary.findings_hash,
        engine_same=supervision.engine_version() == inputs["engine"],
    )  # fmt: skip


def _release(connection: Any, name: str, versions: Mapping[str, str]) -> dict[str, pl.DataFrame]:
    frames = reference.archived(connection, name, versions[name])
    if not frames:
        raise HubError(
            f"the {name} of version {versions[name]} is not kept",
            remedy="the warehouse keeps releases from revision 0004 on; give a later --as-of",
        )
    return frames


def rules_diff(
    hub: Hub, drafts: Path, only: str | None = None, as_of: datetime | None = None
) -> list[supervision.Difference]:
    """What each draft below that folder (or that `.yml`) would change, beside the active rule of the same id.

    Nothing is written. Raises SpecError for a broken draft, RuleError for one that cannot be run, HubError when
    there is none.
    """
    files = [drafts] if drafts.is_file() else sorted(drafts.glob("*/*.yml"))
    found = [supervision.read_rule(path) for path in files]
    chosen = [rule for rule in found if only in (None, rule.id)]
    if not chosen:
        raise HubError(f"no draft of a rule in {drafts}", remedy="<theme>/<rule>.yml and .sql")
    active = {rule.id: rule for rule in supervision.load_rules() if rule.status == "active"}
    overrides = supervision.read_overrides([*active.values(), *chosen])
    moment = as_of or datetime.now(ZoneInfo(TIME_ZONE)).replace(tzinfo=None)
    with hub.engine.begin() as connection:
        refresh_reference(hub, connection)
    still = hub.engine.execution_options(isolation_level="REPEATABLE READ")
    with still.connect() as connection, connection.begin() as everything:
        differences = [
            supervision.compare(connection, active.get(rule.id), rule, moment, overrides)
            for rule in chosen
        ]
        everything.rollback()
    return differences
