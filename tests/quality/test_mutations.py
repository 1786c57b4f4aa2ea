"""Fifty kinds of corruption of a warehouse, all at once and each in rows of its own: a named expectation finds each of them.

The same checkpoint finds nothing in the warehouse as it was.
"""

# ruff: noqa: S608 (statements of this test's own)

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Connection, text

from hub.core.entities import ENTITIES
from hub.pipeline.quality import inspect
from tests.quality.conftest import Open

ELSEWHERE = "'00000000-0000-4000-8000-000000000000'"
DAY = "interval '1 day'"


@dataclass(frozen=True)
class Spoiled:
    """One row of `main` (or of `department`) that an update spoils; `id` is who must find exactly that row."""

    id: str
    change: str
    department: str = "main"
    where: str = "true"


ROWS = (
    Spoiled("case.source_case_no.filled", "source_case_no = ''"),
    Spoiled("case.status.in_codelist", "status = 'nonsense'"),
    Spoiled("case.result.in_codelist", "result = 'nonsense'"),
    Spoiled("case.channel.in_codelist", "channel = 'nonsense'"),
    Spoiled("case.applicant_kind.in_codelist", "applicant_kind = 'nonsense'"),
    Spoiled("case.applicant_identity_state.in_codelist", "applicant_identity_state = 'nonsense'"),
    Spoiled("case.case_kind.in_codelist", "case_kind = 'nonsense'"),
    Spoiled("case.applied_at.plausible", "applied_at = timestamptz '1900-01-01'"),
    Spoiled("case.accepted_at.not_before_applied_at", f"accepted_at = applied_at - 3 * {DAY}"),
    Spoiled("case.decided_at.not_before_accepted_at", f"decided_at = accepted_at - 3 * {DAY}"),
    Spoiled("case.closed_at.not_before_accepted_at", f"closed_at = accepted_at - 3 * {DAY}"),
    Spoiled("case.promised_at.not_before_accepted_at", f"promised_at = accepted_at - 3 * {DAY}"),
    Spoiled("case.delivered_at.not_before_decided_at", f"delivered_at = decided_at - 3 * {DAY}"),
    Spoiled("case.times.not_in_the_future", f"delivered_at = now() + 30 * {DAY}"),
    Spoiled("case.power_code.in_catalogue", "power_code = '36012100XX-XK-9999'"),
    Spoiled("case.region_code.known", "region_code = '999999'"),
    Spoiled("case.applicant_token.well_formed", "applicant_token = '12'"),
    Spoiled("case.applicant_masked.is_masked", "applicant_masked = '360121190001010000'"),
    Spoiled("case.lineage.filled", "record_key = null"),
    Spoiled("case.batch_id.landed", f"batch_id = {ELSEWHERE}"),
    Spoiled("event.case_id.has_case", f"case_id = {ELSEWHERE}"),
    Spoiled("event.step_code.filled", "step_code = ''"),
    Spoiled("event.started_at.filled", "started_at = null"),
    Spoiled("event.started_at.plausible", "started_at = timestamptz '3000-01-01', ended_at = null"),
    Spoiled("event.action.in_codelist", "action = 'nonsense'"),
    Spoiled("event.event_no.from_one", "event_no = 0"),
    Spoiled("event.ended_at.not_before_started_at", f"ended_at = started_at - {DAY}"),
    Spoiled("event.department.of_case", "department = 'certified'", "certified"),
    Spoiled("clock_stop.kind.in_codelist", "kind = 'nonsense'"),
    Spoiled("clock_stop.ended_at.not_before_started_at", f"ended_at = started_at - {DAY}"),
    Spoiled("clock_stop.limit_value.positive", "limit_value = 0"),
    Spoiled("clock_stop.limit_unit.with_value", "limit_unit = null"),
    Spoiled("supplement.received_at.not_before_notified_at", f"received_at = notified_at - {DAY}"),
    Spoiled("material.received_at.when_received", "received = false"),
    Spoiled("fee.amount.not_negative", "amount = -5"),
    Spoiled("fee.amount.not_excessive", "amount = 9000000"),
    Spoiled("fee.quantity.positive", "quantity = -1"),
    Spoiled("disclosure.item_code.in_catalogue", "item_code = 'nonsense'"),
    Spoiled("disclosure.url.is_address", "url = 'nonsense'"),
    Spoiled("disclosure.withdrawn_at.not_before_published_at", f"withdrawn_at = published_at - {DAY}"),
    Spoiled("feedback.rating.from_one_to_five", "rating = 9"),
    Spoiled("feedback.at.not_before_applied_at", f"at = at - 900 * {DAY}"),
    Spoiled("penalty.amount.not_negative", "amount = -1"),
    Spoiled("penalty.amount.not_excessive", "amount = 900000000"),
)  # fmt: skip

LAST_MONTH = "applied_at >= timestamptz '2012-12-01 00:00+08'"
WHOLE = {
    ("case.key.unique", "main"): "insert into core.\"case\" select * from core.\"case\" where source_case_no = 'main-000299'",
    ("event.key.unique", "main"): "insert into core.event select * from core.event where record_key = 'main-000299' and event_no = 1",
    ("case.source_case_no.unique", "main"): "update core.\"case\" set source_case_no = 'main-000297' where source_case_no = 'main-000298'",
    ("case.power_code.share", "sparse"): "update core.\"case\" set power_code = null where department = 'sparse' and raw_row % 3 = 0",
    ("event.handler.share", "sparse"): "update core.event set handler = null where department = 'sparse' and raw_row % 3 = 0",
    ("event.step_code.in_flow", "sparse"): "update core.event set step_code = 'nonsense' where department = 'sparse' and raw_row % 9 = 1",
    ("material.material_code.in_catalogue", "sparse"): "update core.material set material_code = 'zz' where department = 'sparse' and raw_row % 9 = 1",
    ("fee.fee_code.in_catalogue", "sparse"): "update core.fee set fee_code = 'zz' where department = 'sparse' and raw_row % 3 = 1",
    ("fee.receipts.cover_payments", "sparse"): "update core.fee set receipt_no = null where department = 'sparse' and raw_row > 275",
    ("case.result.when_decided", "sparse"): "update core.\"case\" set result = null where department = 'sparse' and raw_row % 9 = 1",
    ("case.events.of_closed_case", "sparse"): "update core.event set deleted_at = now() where department = 'sparse' and raw_row % 9 = 2",
    ("case.volume.not_dropped", "dropped"): f"update core.\"case\" set deleted_at = now() where department = 'dropped' and {LAST_MONTH} and raw_row % 5 > 0",
    ("case.volume.not_jumped", "jumped"): "update core.\"case\" set applied_at = timestamptz '2012-12-05 09:00+08' where department = 'jumped' and raw_row % 6 = 0",
    ("case.refused.share_steady", "drifting"): f"update core.\"case\" set result = 'denied' where department = 'drifting' and {LAST_MONTH}",
    ("case.channel.distribution_steady", "drifting"): f"update core.\"case\" set channel = 'letter' where department = 'drifting' and {LAST_MONTH}",
    ("case.power_code.distribution_steady", "drifting"): f"update core.\"case\" set power_code = (select max(power_code) from core.\"case\") where department = 'drifting' and {LAST_MONTH}",
    ("case.duration.mean_steady", "certified"): f"update core.\"case\" set applied_at = applied_at - 60 * {DAY}, accepted_at = accepted_at - 60 * {DAY} where department = 'certified' and {LAST_MONTH}",
    ("event.step_code.distribution_steady", "drifting"): "update core.event set step_code = (select min(step_code) from core.event where department = 'drifting') where department = 'drifting' and started_at >= timestamptz '2012-12-01 00:00+08'",
    ("department.fresh", "drifting"): f"update ops.batch set landed_at = now() - 3 * {DAY} where department = 'drifting'",
    ("department.known", "jumped"): "delete from reference.department where department = 'jumped'",
    ("department.certificates.whole", "sparse"): "delete from ops.certificate where department = 'sparse'",
    ("department.certificates.add_up", "certified"): "update ops.certificate set quarantined = 1 where department = 'certified'",
    ("department.records.of_certificate", "jumped"): "update ops.certificate set landed = landed - 1, unchanged = 1 where department = 'jumped'",
    ("department.cases.of_records", "dropped"): "select 1",  # by the cases that are gone
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """What the checkpoint said before and after, by (expectation, department), and the failing keys afterwards."""

    before: dict[str, Any]
    after: dict[tuple[str, str], dict[str, Any]]
    keys: dict[tuple[str, str], list[str]]
    spoiled: dict[str, str]


@pytest.fixture(scope="module")
def found(open_county: Open) -> Found:
    """The flawless county judged, spoiled in every way, and judged again."""
    hub = open_county()
    before = inspect(hub)
    with hub.engine.begin() as connection:
        _loosen(connection)
        used: list[str] = []
        spoiled = {one.id: _spoil(connection, one, used) for one in ROWS}
        for statement in WHOLE.values():
            connection.execute(text(statement.replace(":", r"\:")))
    after = inspect(hub)
    with hub.engine.connect() as connection:
        keys: dict[tuple[str, str], list[str]] = {}
        for name, department, key in connection.execute(
            text("select expectation_id, department, row_key from ops.expectation_failure where run_id = cast(:run as uuid)"),
            {"run": after["run_id"]},
        ):  # fmt: skip
            keys.setdefault((name, department), []).append(key)
    checks = {(check["expectation_id"], check["department"]): check for check in after["checks"]}
    return Found(before, checks, keys, spoiled)


def test_the_warehouse_was_flawless(found: Found) -> None:
    assert [(c["expectation_id"], c["department"]) for c in found.before["failures"]] == []
    assert [(c["expectation_id"], c["error"]) for c in found.before["errors"]] == []


@pytest.mark.parametrize("spoiled", ROWS, ids=lambda one: one.id)
def test_a_spoiled_row_is_named(found: Found, spoiled: Spoiled) -> None:
    check = found.after[spoiled.id, spoiled.department]
    assert (check["state"], check["unexpected"]) == ("failed", 1)
    assert found.keys[spoiled.id, spoiled.department] == [found.spoiled[spoiled.id]]


@pytest.mark.parametrize(("name", "department"), WHOLE, ids=lambda part: part)
def test_a_spoiled_department_is_named(found: Found, name: str, department: str) -> None:
    check = found.after[name, department]
    assert check["state"] == "failed", check
    assert len(found.keys[name, department]) == check["unexpected"] > 0


def test_every_failure_has_all_its_keys_and_nothing_went_unevaluated(found: Found) -> None:
    failed = {place: check for place, check in found.after.items() if check["state"] == "failed"}
    assert {place: len(keys) for place, keys in found.keys.items()} == {
        place: check["unexpected"] for place, check in failed.items()
    }
    assert [
        check["error"] for check in found.after.values() if check["state"] == "not_evaluated"
    ] == []


def test_there_are_corruptions_of_every_entity() -> None:
    named = [one.id for one in ROWS] + [name for name, _ in WHOLE]
    assert len(named) >= 60
    assert {name.partition(".")[0] for name in named} == {*ENTITIES, "department"}


def _loosen(connection: Connection) -> None:
    """Take away what the database itself forbids: corruption comes by ways that it does not guard."""
    for entity in ENTITIES.values():
        connection.execute(
            text(f'alter table core."{entity.name}" drop constraint "{entity.name}_pkey"')
        )
        for column in ("record_key", *(c.name for c in entity.columns if c.required)):
            connection.execute(
                text(f'alter table core."{entity.name}" alter "{column}" drop not null')
            )


def _spoil(connection: Connection, one: Spoiled, used: list[str]) -> str:
    """Spoil the next row that no other corruption has touched; returns its key as it is afterwards."""
    entity = ENTITIES[one.id.partition(".")[0]]
    parts = ", ".join(f'cast("{name}" as text)' for name in entity.key)
    key = f"concat('{entity.name}:', concat_ws('/', {parts}))".replace(":", r"\:")
    touched = "source_no" if entity.name == "disclosure" else "cast(case_id as text)"
    row = connection.execute(
        text(
            f"""
            update core."{entity.name}" set {one.change} where ctid = (
                select ctid from core."{entity.name}"
                where department = 'main' and {touched} <> all (:used) and raw_row < 270 order by raw_row limit 1
            ) returning {key}, {touched}
            """
        ),
        {"used": used},
    ).one()  # fmt: skip
    used.append(row[1])
    return str(row[0])
