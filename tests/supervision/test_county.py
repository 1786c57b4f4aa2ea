"""The rules against a simulated county: every violation that was seeded is found, and none is invented.

The county is put into the warehouse as it was lived, past connectors and mappings, so that what differs here differs in
the rules.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, text

import catalogue
import supervision
from demo import county, truth
from demo.model import DemoCase
from hub.core.settings import CONTENT_ROOT
from hub.core.specs import department_slugs, read_department
from supervision import statements
from warehouse.reference import replace

CASES = 1500
LINEAGE = {
    "dataset": "d", "record_key": "x", "source_version": 0, "batch_id": str(uuid.UUID(int=1)), "raw_row": 0,
    "row_hash": "x", "landed_at": "2012-01-01",
}  # fmt: skip
Row = dict[str, Any]


CASE_COLUMNS = (
    "power_code", "item_name", "title", "applied_at", "accepted_at", "decided_at", "closed_at", "delivered_at",
    "reported_at", "result", "document_no", "unit", "acceptor", "approver",
)  # fmt: skip
AMENDED = {"integrity.record_altered", "platform.deleted_at_source"}
"""What a second delivery breaks; here everything is put into core once."""


def entity_rows(simulated: county.County) -> Iterator[tuple[str, Row]]:
    """Entity and columns of everything that happened. Land resources reports no materials."""
    for department, cases in simulated.cases.items():
        for case in cases:
            of = {
                "department": department,
                "case_id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{department} {case.case_no}")),
            }
            for entity, row in case_rows(case):
                yield entity, of | row
    for department, publications in simulated.publications.items():
        for item in publications:
            names = (
                "source_no",
                "item_code",
                "title",
                "produced_at",
                "published_at",
                "url",
                "fields",
            )
            row = {name: getattr(item, name) or None for name in names}
            yield "disclosure", {"department": department} | row


def case_rows(case: DemoCase) -> Iterator[tuple[str, Row]]:
    """The rows of one case, with what its department's system holds of it."""
    timed = case.department not in ("civil_affairs", "housing")
    posted = case.department in ("public_security", "land_resources")
    valid = "valid" if case.applicant.identity_is_valid else "invalid"
    yield "case", {name: getattr(case, name) or None for name in CASE_COLUMNS} | {
        "source_case_no": case.case_no, "result_reason": case.reason, "case_kind": case.kind,
        "applicant_token": case.applicant.identity, "applicant_identity_state": valid,
    }  # fmt: skip
    for step in case.steps:
        yield "event", {"event_no": step.no, "step_code": step.code, "started_at": step.started_at,
                        "ended_at": step.ended_at if timed else None, "post": step.post if posted else None}  # fmt: skip
    for stop in case.stops:
        yield "clock_stop", {"stop_no": stop.no, "kind": stop.kind, "started_at": stop.started_at,
                             "ended_at": stop.ended_at, "reason": stop.reason, "approver": stop.approver,
                             "limit_value": stop.limit_days, "limit_unit": "working_day"}  # fmt: skip
    for notice in case.notices:
        yield "supplement", {"notice_no": notice.no, "notified_at": notice.notified_at, "received_at": notice.received_at}  # fmt: skip
    for paper in case.papers if case.department != "land_resources" else ():
        yield "material", {"material_code": paper.code, "received": paper.received}
    for charge in case.charges:
        yield "fee", {"fee_no": charge.no, "fee_code": charge.fee_code, "amount": str(charge.amount),
                      "quantity": charge.quantity, "receipt_no": charge.receipt_no}  # fmt: skip
    for penalty in case.penalties:
        yield "penalty", {"penalty_no": penalty.no, "circumstance_code": penalty.circumstance, "kind": penalty.kind,
                          "amount": str(penalty.amount), "decided_at": penalty.decided_at}  # fmt: skip


def load(connection: Connection, simulated: county.County) -> None:
    connection.execute(text("set local timezone = 'Asia/Shanghai'"))
    powers = catalogue.load()
    replace(connection, powers.frames(), "catalogue", powers.version)
    root = CONTENT_ROOT / "departments"
    for slug in department_slugs(root):
        connection.execute(
            text("insert into reference.department values (:slug, :body, 'x', 'x', :freshness)"),
            {"slug": slug}
            | read_department(root, slug).spec.model_dump(include={"body", "freshness"}),
        )
    rows: dict[str, list[Row]] = {}
    for entity, row in entity_rows(simulated):
        rows.setdefault(entity, []).append(LINEAGE | row)
    for entity, given in rows.items():
        columns = ", ".join(given[0])
        connection.execute(
            text(f'insert into core."{entity}" ({columns}) select {columns} from '  # noqa: S608
                 f'jsonb_populate_recordset(null::core."{entity}", cast(:rows as jsonb))'),
            {"rows": json.dumps(given, default=datetime.isoformat)},
        )  # fmt: skip


@pytest.mark.parametrize("seed", [360121, 2012])
def test_every_seeded_violation_is_found_and_none_invented(
    connection: Connection, seed: int
) -> None:
    simulated = county.simulate(CASES, seed)
    load(connection, simulated)
    versions = {"catalogue": "c", "calendar": "k"}
    summary = supervision.evaluate(
        connection, supervision.load_rules(), simulated.as_of, False, versions
    )
    assert summary.state == "complete"
    found = connection.execute(
        text("""
            select rule_id, f.department, coalesce(source_case_no, subject)
            from supervision.finding f left join core."case" using (case_id)
        """)
    )
    expected = {
        (rule, subject["department"], subject.get("case_no") or subject["subject"])
        for rule, subjects in truth.violations(simulated).items()
        for subject in subjects
        if rule not in AMENDED
    }
    assert len({rule for rule, *_ in expected}) >= 33
    assert {tuple(row) for row in found} == expected
    undeclared = {
        (result.rule_id, reason)
        for result, rule in zip(summary.rules, supervision.load_rules(), strict=True)
        for reason in set(result.reasons) - set(rule.spec.not_evaluable)
    }
    assert undeclared <= {(rule.id, statements.REASON) for rule in supervision.load_rules()}
    assert {one.department for one in summary.withheld} == {
        department for rule, department, _ in expected if rule == "platform.source_silent"
    }
