"""What officials do wrong in writing a case down: each slip breaks one rule, and is only true of a case that bears it."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from demo.model import DemoCase
from demo.outlook import (
    NO_DOCUMENT,
    NO_FIELD,
    NO_RECEIPT,
    NOT_LISTED,
    OUT_OF_RANGE,
    REPORTED_LATE,
    SAME_PERSON,
    UNAPPROVED,
    UNAUTHORISED,
)
from demo.seeding import Seed

WRONG_POST = "收发岗"
"""A post that no flow of the county knows."""
WRONG_FEE = "F9"
WORK = ("review", "survey", "examine", "decide")


def slip(case: DemoCase, seed: Seed | None, rng: Random) -> None:
    """Let the seed come up in the record of a case, and say which rule that breaks."""
    match seed:
        case Seed.SAME_PERSON if case.approver:
            _name_approver(case, case.acceptor)
            case.violations.add(SAME_PERSON)
        case Seed.UNAUTHORISED:
            _lend_post(case, rng)
        case Seed.NO_FIELD:
            _leave_blank(case, rng)
        case Seed.NO_DOCUMENT if case.document_no and case.result == "granted":
            case.document_no = ""
            case.violations.add(NO_DOCUMENT)
        case Seed.NOT_LISTED if case.charges:
            case.charges[0].fee_code = WRONG_FEE
            case.violations.add(NOT_LISTED)
        case Seed.NO_RECEIPT if case.charges:
            case.charges[0].receipt_no = ""
            case.violations.add(NO_RECEIPT)
        case Seed.UNAPPROVED if case.stops:
            if rng.random() < 0.5:
                case.stops[0].approver = ""
            else:
                case.stops[0].reason = ""
            case.violations.add(UNAPPROVED)
        case Seed.FINED if case.penalties:
            case.violations.add(OUT_OF_RANGE)


def _name_approver(case: DemoCase, person: str) -> None:
    case.approver = person
    for step in case.steps:
        if step.code == "decide":
            step.handler = person


def _lend_post(case: DemoCase, rng: Random) -> None:
    """Somebody of another post did one of the steps."""
    work = [step for step in case.steps if step.code in WORK]
    if work:
        rng.choice(work).post = WRONG_POST
        case.violations.add(UNAUTHORISED)


def _leave_blank(case: DemoCase, rng: Random) -> None:
    """A field that every accepted or decided case must have was not filled in."""
    fields = ["acceptor"] if case.accepted_at else []
    fields += ["approver"] if case.decided_at else []
    fields += ["unit"] if case.unit and fields else []
    if fields:
        setattr(case, rng.choice(fields), "")
        case.violations.add(NO_FIELD)


def report(case: DemoCase, late: bool, now: datetime, whole_minutes: bool, rng: Random) -> None:
    """When the system passed the case on: within hours of what happened last, or, when late, after days."""
    ends = [at for at in (case.decided_at, case.closed_at, case.delivered_at) if at]
    last = max(ends) if ends else case.accepted_at or case.applied_at
    delay = timedelta(seconds=600 + int(rng.random() * 5 * 3600))
    if late and last + timedelta(days=9) < now:
        delay = timedelta(hours=25, seconds=int(rng.random() ** 2 * 7 * 86400))
        case.violations.add(REPORTED_LATE)
    at = min(last + delay, now)
    case.reported_at = at.replace(second=0) if whole_minutes and at > last else at
