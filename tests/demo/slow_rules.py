"""The rules of single cases, evaluated slowly and obviously for one case, from the catalogue and the calendar alone.

Independent of the simulation and of the hub: day by day, pair by pair. `None` stands for not evaluable.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise

from chinese_calendar import is_workday

from catalogue import Catalogue
from catalogue.spec import Limit, PowerVersion
from demo.model import DemoCase, Publication, Step

BODIES = {
    "public_security": "36012100GA",
    "housing": "36012100FC",
    "industry_commerce": "36012100GS",
    "civil_affairs": "36012100MZ",
    "land_resources": "36012100GT",
}
WORK = {"review", "survey", "publicity", "examine", "decide"}
Verdicts = dict[str, bool | None]

workday = cache(is_workday)


def judge(case: DemoCase, catalogue: Catalogue, as_of: datetime) -> Verdicts:
    """Rule → violated, not violated, or not evaluable; a rule whose subject the case is not stays out."""
    on = (case.accepted_at or case.applied_at).date()
    version = catalogue.in_force(case.power_code, on)
    return {
        **_timeliness(case, version, as_of),
        **_flow(case, version),
        **_listing(case, catalogue, version),
        **_materials(case, version),
        **_fees(case, version),
        **_intervals(case, as_of),
        **_steps(case, version),
        **_officials(case, version),
        **_records(case, version),
    }


def _timeliness(case: DemoCase, version: PowerVersion | None, as_of: datetime) -> Verdicts:
    rules = ("timeliness.overdue_promised", "timeliness.overdue_statutory", "timeliness.due_soon")
    end = case.decided_at or case.closed_at
    if case.accepted_at is None:
        done = case.decided_at or (case.closed_at and case.result in ("granted", "denied"))
        return dict.fromkeys(rules[:2]) if done else {}
    if version is None or (end is not None and end < case.accepted_at):
        return dict.fromkeys(rules)
    left = _left(case, version.promised_limit, end, as_of)
    verdicts: Verdicts = {rules[0]: left < 0}
    verdicts[rules[1]] = _left(case, version.statutory_limit, end, as_of) < 0
    if case.decided_at is None and case.closed_at is None:
        verdicts[rules[2]] = 0 <= left <= 1
    return verdicts


def _left(case: DemoCase, limit: Limit, end: datetime | None, as_of: datetime) -> int:
    assert case.accepted_at is not None
    assert limit.unit in ("working_day", "calendar_day")
    last = (end or as_of).date()
    stopped = {
        day
        for stop in case.stops
        for day in _days(stop.started_at.date(), (stop.ended_at or end or as_of).date())
    }
    counted = [
        day
        for day in _days(case.accepted_at.date(), last)
        if day not in stopped and (limit.unit == "calendar_day" or workday(day))
    ]
    return limit.value - len(counted)


def _days(after: date, until: date) -> Iterator[date]:
    day = after + timedelta(days=1)
    while day <= until:
        yield day
        day += timedelta(days=1)


def _flow(case: DemoCase, version: PowerVersion | None) -> Verdicts:
    verdicts: Verdicts = {}
    if case.closed_at and case.result in ("granted", "denied"):
        verdicts["procedure.step_skipped"] = _skipped(case, version)
    if case.steps:
        verdicts["procedure.step_out_of_order"] = _disordered(case, version)
    work = [step for step in case.steps if step.code in WORK]
    if work and case.accepted_at is None:
        verdicts["procedure.work_before_acceptance"] = None
    elif work:
        verdicts["procedure.work_before_acceptance"] = any(
            _before(step.started_at, case.accepted_at) for step in work
        )
    return verdicts


def _skipped(case: DemoCase, version: PowerVersion | None) -> bool | None:
    if version is None or not case.steps:
        return None
    there = {step.code for step in case.steps}
    return any(step.mandatory and step.code not in there for step in version.steps)


def _disordered(case: DemoCase, version: PowerVersion | None) -> bool | None:
    known = {step.code for step in version.steps} if version else set()
    if version is None or any(step.code not in known for step in case.steps):
        return None
    row = [s.code for s in sorted(case.steps, key=lambda s: (s.started_at, s.no))]
    return any(a != b and b not in _reachable(a, version) for a, b in pairwise(row))


def _reachable(start: str, version: PowerVersion) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        here = waiting.pop()
        for transition in version.transitions:
            if transition.from_step == here and transition.to_step not in found:
                found.add(transition.to_step)
                waiting.append(transition.to_step)
    return found


def _before(started: datetime, accepted: datetime | None) -> bool:
    assert accepted is not None
    if time() in (started.time(), accepted.time()):
        return started.date() < accepted.date()
    return started < accepted


def _listing(case: DemoCase, catalogue: Catalogue, version: PowerVersion | None) -> Verdicts:
    power = catalogue.powers.get(case.power_code)
    foreign = power is not None and power.body != BODIES[case.department]
    verdicts: Verdicts = {"procedure.unlisted_power": power is None or version is None or foreign}
    if case.result in ("refused", "returned", "denied"):
        verdicts["procedure.refusal_without_reason"] = not case.reason.strip()
    return verdicts


def _materials(case: DemoCase, version: PowerVersion | None) -> Verdicts:
    rule = "completeness.material_missing"
    if case.accepted_at is None:
        return {}
    if version is None or not case.papers:
        return {rule: None}
    required = {material.code for material in version.materials if material.required}
    received = {paper.code for paper in case.papers if paper.received}
    return {rule: not required <= received} if required else {}


def _fees(case: DemoCase, version: PowerVersion | None) -> Verdicts:
    if not case.charges:
        return {}
    if version is None:
        return {"fees.above_standard": None, "fees.on_free_power": None}
    if not version.charges:
        return {"fees.on_free_power": any(charge.amount > 0 for charge in case.charges)}
    standard = {fee.code: fee.standard_max for fee in version.fees}
    above = [
        charge.amount > standard[charge.fee_code] * Decimal(charge.quantity or 1)
        for charge in case.charges
        if charge.fee_code in standard
    ]
    paid = [charge for charge in case.charges if charge.amount > 0]
    return {
        "fees.above_standard": any(above),
        "fees.not_listed": any(charge.fee_code not in standard for charge in paid),
        "fees.receipt_missing": any(not charge.receipt_no for charge in paid),
    }


def _workdays(start: datetime, end: datetime) -> int:
    return sum(workday(day) for day in _days(start.date(), end.date()))


def _intervals(case: DemoCase, as_of: datetime) -> Verdicts:
    """What is judged by the days between two times alone."""
    end = case.accepted_at or case.decided_at or case.closed_at or as_of
    since: datetime | None = case.applied_at
    verdicts: Verdicts = {}
    if case.notices:
        told = case.notices[0].notified_at
        verdicts["timeliness.supplement_notice_late"] = _workdays(case.applied_at, told) > 5
        verdicts["procedure.supplement_repeated"] = len(case.notices) > 1
        since = case.notices[-1].received_at
    verdicts["timeliness.acceptance_late"] = since is not None and _workdays(since, end) > 5
    if case.decided_at and case.result == "granted":
        late = case.delivered_at or as_of
        verdicts["timeliness.delivery_late"] = _workdays(case.decided_at, late) > 10
    if case.stops:
        verdicts["timeliness.clock_stop_overrun"] = any(
            _workdays(stop.started_at, stop.ended_at or as_of) > stop.limit_days
            for stop in case.stops
        )
        verdicts["procedure.clock_stop_unapproved"] = any(
            not stop.approver or not stop.reason for stop in case.stops
        )
    times = (case.decided_at, case.closed_at, case.delivered_at)
    last = max((at for at in times if at), default=case.accepted_at or case.applied_at)
    late_report = case.reported_at and case.reported_at - last > timedelta(hours=24)
    verdicts["timeliness.report_late"] = bool(late_report) if case.reported_at else None
    return verdicts


def _steps(case: DemoCase, version: PowerVersion | None) -> Verdicts:
    """Steps against their limits and posts, work after closing, and everything in one second."""
    verdicts: Verdicts = {}
    timed = case.department not in ("civil_affairs", "housing")
    known = {step.code: step for step in version.steps} if version else {}
    told = [(step, known[step.code]) for step in case.steps if step.code in known]
    if timed and told:
        verdicts["timeliness.step_overdue"] = any(
            wanted.limit is not None and _spent(case, step, wanted.limit) > wanted.limit.value
            for step, wanted in told
        )
    if case.department in ("public_security", "land_resources") and told:
        verdicts["procedure.unauthorised_handler"] = any(
            step.post != wanted.post for step, wanted in told
        )
    if case.closed_at and told:
        ends = [
            step.ended_at if timed else step.started_at for step, _ in told if step.code in WORK
        ]
        verdicts["procedure.work_after_closing"] = (
            max(ends, default=case.closed_at) > case.closed_at
        )
    if timed and case.closed_at and case.accepted_at and case.kind != "instant":
        moments = {case.accepted_at, case.decided_at or case.closed_at, case.closed_at}
        moments |= {step.started_at for step in case.steps}
        verdicts["integrity.zero_length_chain"] = len(moments) == 1
    return verdicts


def _spent(case: DemoCase, step: Step, limit: Limit) -> int:
    """Days of a step, those of clock stops taken out; minutes of office time of steps that have them."""
    if limit.unit == "minute":
        return _office_minutes(step.started_at, step.ended_at)
    stopped = {
        day
        for stop in case.stops
        for day in _days(stop.started_at.date(), (stop.ended_at or step.ended_at).date())
    }
    days = set(_days(step.started_at.date(), step.ended_at.date())) - stopped
    return sum(limit.unit == "calendar_day" or workday(day) for day in days)


def _office_minutes(start: datetime, end: datetime) -> int:
    """Whole minutes, minute by minute; far more than any limit is enough."""
    minutes, at = 0, start
    while at < end and minutes < 1000:
        open_then = time(8, 30) <= at.time() < time(12) or time(14, 30) <= at.time() < time(17, 30)
        minutes += open_then and workday(at.date())
        at += timedelta(minutes=1)
    return minutes if at == end else minutes - 1


def _officials(case: DemoCase, version: PowerVersion | None) -> Verdicts:
    verdicts: Verdicts = {}
    if case.decided_at and case.kind != "instant":
        named = case.acceptor and case.approver
        verdicts["procedure.same_person"] = case.acceptor == case.approver if named else None
    if case.accepted_at and version:
        wanted = [case.acceptor, case.applicant.identity, case.title]
        wanted += [case.unit] if case.department not in ("civil_affairs", "housing") else []
        wanted += [case.approver, case.result or ""] if case.decided_at else []
        verdicts["completeness.field_missing"] = not all(wanted)
    return verdicts


def _records(case: DemoCase, version: PowerVersion | None) -> Verdicts:
    verdicts: Verdicts = {
        "completeness.identity_invalid": not case.applicant.identity_is_valid,
    }
    if case.decided_at and case.result == "granted" and "-BM-" not in case.power_code:
        verdicts["completeness.document_missing"] = not case.document_no
    for penalty in case.penalties if version else ():
        ranges = {each.code: each for each in version.discretion if version}
        grade = ranges[penalty.circumstance]
        low, high = grade.min_amount or 0, grade.max_amount
        outside = penalty.amount < low or (high is not None and penalty.amount > high)
        verdicts["integrity.discretion_out_of_range"] = outside
    return verdicts


def published_late(item: Publication, catalogue: Catalogue, as_of: datetime) -> bool:
    """Working days from production to publication, or to now, beyond the item's own limit."""
    version = catalogue.disclosure_in_force(item.item_code, item.produced_at.date())
    assert version is not None
    assert version.publish_within.unit == "working_day"
    until = (item.published_at or as_of).date()
    gone = sum(workday(day) for day in _days(item.produced_at.date(), until))
    return gone > version.publish_within.value


def fields_incomplete(item: Publication, catalogue: Catalogue) -> bool:
    """A published item without its address, or without one of the fields that the catalogue demands."""
    version = catalogue.disclosure_in_force(item.item_code, item.produced_at.date())
    assert version is not None
    if item.published_at is None or not item.fields:
        return False
    return not item.url or not all(field in item.fields for field in version.fields_required)
