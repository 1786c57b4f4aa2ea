"""What stewards and management ask: status, quarantine, certificates; and the summary that the demo prints."""

from __future__ import annotations

import shutil
from datetime import datetime
from typing import Any

import catalogue
import supervision
import warehouse
from hub.core.batches import Certificate, Step
from hub.core.errors import HubError
from hub.core.settings import Settings
from hub.pipeline.installation import Hub
from hub.pipeline.replay import replay
from hub.pipeline.supervise import refresh_reference, supervise
from warehouse import decisions, overview, pauses, runs
from warehouse.workbench import Selection


def prepare_warehouse(hub: Hub) -> None:
    """Migrate the warehouse and bring its reference data up to date; cheap when nothing changed."""
    warehouse.migrate(hub.engine)
    with hub.engine.begin() as connection:
        refresh_reference(hub, connection)


def status(hub: Hub) -> dict[str, Any]:
    """Per department what landed, what waits in quarantine; drift; the last supervision run."""
    with hub.engine.connect() as connection:
        return {
            "departments": department_rows(connection, None),
            "quarantine": overview.quarantine_counts(connection),
            "unmapped": overview.unmapped_codes(connection),
            "drift": overview.drift(connection),
            "refused": runs.refusals(connection),
            "load": runs.loads(connection),
            "stopped": decisions.waiting(connection),
            "paused": pauses.paused(connection),
            "supervision": overview.last_run(connection),
            "batches": overview.recent_batches(connection),
        }


def department_rows(connection: Any, batches: list[str] | None) -> list[dict[str, Any]]:
    """Totals per department with rows per second and the open quarantine by reason."""
    reasons: dict[str, dict[str, int]] = {}
    for row in overview.quarantine_counts(connection):
        of = reasons.setdefault(row["department"], {})
        of[row["reason"]] = of.get(row["reason"], 0) + row["rows"]
    rows = []
    for total in overview.department_totals(connection, batches):
        stages = {
            stage: round(total.pop(f"{stage}_s") or 0.0, 2)
            for stage in ("extract", "map", "gate", "land")
        }
        spent = sum(stages.values())
        rows.append(
            total
            | {
                "rows_per_second": round(total["read"] / spent) if spent else 0,
                "seconds": stages,
                "rows_per_second_by_stage": {
                    stage: round(total["read"] / seconds)
                    for stage, seconds in stages.items()
                    if seconds
                },
                "quarantined_by_reason": reasons.get(total["slug"], {}),
            }
        )
    return rows


def certificate(hub: Hub, batch_id: str) -> dict[str, Any]:
    """The certificate of a batch. Raises HubError if there is none."""
    with hub.engine.connect() as connection:
        found = overview.certificate(connection, batch_id)
    if found is None:
        raise HubError(
            f"no certificate for batch {batch_id}", remedy="hub status --json lists the batches"
        )
    return found


def certificate_document(certificate: Certificate) -> dict[str, Any]:
    """A certificate as JSON-ready values, without the fates of its rows."""
    return {name: getattr(certificate, name) for name in Certificate.__slots__ if name != "fates"}


def replay_and_supervise(
    hub: Hub,
    department: str | None = None,
    reason: str | None = None,
    quarantine_id: int | None = None,
    as_of: datetime | None = None,
    *,
    chosen: Selection | None = None,
    step: Step | None = None,
) -> tuple[list[Certificate], supervision.RunSummary | None]:
    """Replay open quarantined rows, then supervise what changed (as of the last run's clock unless given)."""
    prepare_warehouse(hub)
    certificates = replay(hub, department, reason, quarantine_id, chosen=chosen, step=step)
    return certificates, supervise_again(hub, as_of) if certificates else None


def supervise_again(hub: Hub, as_of: datetime | None = None) -> supervision.RunSummary:
    """Supervise what changed, as of the last run's clock unless another is given."""
    with hub.engine.connect() as connection:
        last = overview.last_run(connection)
    if as_of is None and last is not None:
        as_of = supervision.local_time(last["as_of"])
    return supervise(hub, as_of)


def run_rule_tests(hub: Hub, rule_id: str | None = None) -> list[dict[str, Any]]:
    """Run the rules' own tests in a scratch database of the same server. Raises SpecError if no such rule."""
    rules = supervision.load_rules()
    chosen = [rule for rule in rules if rule_id in (None, rule.id)]
    if not chosen:
        raise HubError(f"no rule '{rule_id}'", remedy="see hub rules list")
    results = []
    with warehouse.scratch(hub.settings) as engine, engine.begin() as connection:
        warehouse.replace_calendar(connection, supervision.calendar_frame())
        for rule in chosen:
            results.extend(supervision.run_rule_tests(connection, rule))
    return [
        {"rule": r.rule_id, "test": r.name, "passed": r.passed, "message": "; ".join(r.problems)}
        for r in results
    ]


def batch_ids(hub: Hub) -> set[str]:
    """Ids of the batches that have landed."""
    with hub.engine.connect() as connection:
        return overview.landed_batches(connection)


def demo_summary(hub: Hub, known: set[str]) -> dict[str, Any]:
    """What landed since `known`, what the last run found, the ten gravest findings."""
    with hub.engine.connect() as connection:
        new = sorted(overview.landed_batches(connection) - known)
        run = overview.last_run(connection) or {}
        departments = department_rows(connection, new)
        seen = {row["slug"] for row in departments}
        idle = [row for row in department_rows(connection, None) if row["slug"] not in seen]
        zeros = dict.fromkeys(
            ("batches", "read", "landed", "unchanged", "superseded", "quarantined", "rejected", "rows_per_second"), 0
        )  # fmt: skip
        return {
            "departments": sorted(
                departments + [row | zeros | {"seconds": {}, "rows_per_second_by_stage": {}} for row in idle], key=lambda r: r["slug"]
            ),
            "rules": run.get("rules", []),
            "findings_hash": run.get("findings_hash"),
            "gravest": supervision.gravest(connection, 10),
            "drift": overview.drift(connection),
            "powers": len(catalogue.load().powers),
        }  # fmt: skip


def clear_installation(settings: Settings, *databases: str) -> None:
    """Remove the warehouse, the other `databases`, objects and files, keeping the key and Airflow's database."""
    warehouse.drop_databases(settings, ("hub", *databases))
    for part in ("objects", "demo", "quality"):
        shutil.rmtree(settings.home / part, ignore_errors=True)
