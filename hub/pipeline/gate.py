"""The gate as stewards see it: what it found in a batch, which batches it stopped, and the decision about these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import mappings
from hub.core.batches import BatchHeader, Certificate, Decision
from hub.core.crash import crash_point
from hub.core.errors import HubError, SpecError
from hub.core.privacy import mask_message
from hub.core.specs import read_department
from hub.pipeline.batch import prepare, read_raw, remembered_shape
from hub.pipeline.busy import working_alone
from hub.pipeline.installation import Hub
from hub.pipeline.reading import open_source, tell_decisions
from warehouse import decisions, ledger, outcomes
from warehouse.landing import land

_UNKNOWN_REMEDY = "hub gate list, hub run and hub status print batch ids"


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that was carried out. `untold`: why the source could not be told; the next run tells it then."""

    decision: Decision
    certificate: Certificate
    untold: str | None


def waiting(hub: Hub, department: str | None = None) -> list[dict[str, Any]]:
    """Batches of which nothing landed because of the gate or the drift policy, oldest first, with share and reasons."""
    with hub.engine.connect() as connection:
        found = decisions.waiting(connection, department)
    return [row | {"share": _share(row["rejected"], row["rows_read"])} for row in found]


def report(hub: Hub, batch: str) -> dict[str, Any]:
    """What the gate made of one batch; `batch` is its id or the beginning of it. JSON-ready.

    `rejected`: source rows that the gate, or the landing, did not let in; `reasons`: these by their first reason;
    `checks`: what each check looked at, examples masked. Raises HubError for an unknown or ambiguous id.
    """
    with hub.engine.connect() as connection:
        found = _batch(connection, batch)
        checks = outcomes.of_batch(connection, found["batch_id"])
    reasons: dict[str, dict[str, int]] = {}
    for check in checks:
        if check["failures"]:
            of = reasons.setdefault(check["reason"], {"rows": 0, "failures": 0})
            of["rows"] += check["decisive"]
            of["failures"] += check["failures"]
    rejected = sum(check["decisive"] for check in checks)
    states = [check["state"] for check in checks]
    decision = {
        name: found.pop(name)
        for name in ("decision", "actor", "decision_reason", "decided_at", "told_at")
    }
    return found | {
        "threshold": _threshold(hub, found["department"], found["dataset"]),
        "rows_rejected": rejected,
        "share": _share(rejected, found["rows_read"]),
        "evaluated": states.count("evaluated"),
        "no_values": states.count("no_values"),
        "not_evaluated": states.count("not_evaluated"),
        "reasons": dict(sorted(reasons.items(), key=lambda item: -item[1]["rows"])),
        "checks": checks,
        "decision": decision if decision["decision"] else None,
    }  # fmt: skip


def release(hub: Hub, batch: str, actor: str, reason: str) -> Decided:
    """Land a stopped batch all the same, with today's mapping: rows that are rejected still go to quarantine.

    The cursor moves as it would have. Raises HubError for a batch that is not stopped, DepartmentBusy, and what
    mapping, gate and landing raise; the batch waits on then.
    """

    def landed(header: BatchHeader, decision: Decision) -> Certificate:
        department = read_department(hub.settings.departments, header.department)
        mapping = mappings.read(department)
        before = remembered_shape(hub, header)
        landing = prepare(hub, department, mapping, header, read_raw(hub, header), before=before)
        return replace(land(hub.engine, replace(landing, decision=decision)), fates=None)

    return _decide(hub, batch, Decision(decisions.RELEASE, actor, reason), landed)


def reject(hub: Hub, batch: str, actor: str, reason: str) -> Decided:
    """Let nothing of a stopped batch in: its rows are accounted for as rejected, and the cursor moves past them.

    The raw object stays as evidence; the department sends corrected data. Raises HubError for a batch that is not
    stopped, DepartmentBusy.
    """

    def rejected(header: BatchHeader, decision: Decision) -> Certificate:
        with hub.engine.begin() as connection:
            certificate = decisions.reject(connection, header, decision)
            crash_point("before_commit")
        crash_point("after_commit")
        return certificate

    return _decide(hub, batch, Decision(decisions.REJECT, actor, reason), rejected)


def _decide(
    hub: Hub, batch: str, decision: Decision, act: Callable[[BatchHeader, Decision], Certificate]
) -> Decided:
    if not (decision.actor.strip() and decision.reason.strip()):
        raise SpecError(
            "a decision needs somebody who answers for it, and a reason",
            file=f"hub gate {decision.what}", remedy="--actor and --reason may not be blank",
        )  # fmt: skip
    decision = replace(decision, reason=mask_message(decision.reason.strip()))
    with hub.engine.connect() as connection:
        found = _batch(connection, batch)
    with working_alone(hub, found["department"]):
        with hub.engine.connect() as connection:
            found = _batch(connection, found["batch_id"])
            header = ledger.read_header(connection, found["batch_id"])
        if found["state"] != "stopped":
            raise HubError(
                f"the batch is {found['state']}, not stopped: there is nothing to decide",
                where=f"{header.department}/{header.dataset}, batch {header.batch_id}",
                remedy="hub gate list says what waits",
            )
        certificate = act(header, decision)
        return Decided(decision, certificate, _tell(hub, header.department))


def _tell(hub: Hub, slug: str) -> str | None:
    """Tell the source; what it cannot be told now, the next run tells. The decision stands in either case."""
    try:
        tell_decisions(hub, open_source(hub, slug))
    except HubError as failure:
        return mask_message(str(failure))
    return None


def _batch(connection: Any, written: str) -> dict[str, Any]:
    found = decisions.batch(connection, written)
    if len(found) != 1:
        what = "several batches begin with" if found else "the ledger knows no batch"
        raise HubError(f"{what} {written}", remedy=_UNKNOWN_REMEDY)
    return found[0]


def _threshold(hub: Hub, slug: str, dataset: str) -> dict[str, Any] | None:
    """When a batch of the dataset stops, as source.yml says today; None where it says nothing of the dataset."""
    try:
        threshold = read_department(hub.settings.departments, slug).threshold(dataset)
    except (SpecError, KeyError):
        return None
    return {"stop_above": float(threshold.stop_above), "at_least": threshold.at_least}


def _share(rejected: int, rows: int) -> float:
    return float(round(Decimal(rejected) / rows, 4)) if rows else 0.0
