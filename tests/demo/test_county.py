"""The simulated county: deterministic, realistic in its base rates, obviously invented, right in its numbers."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path

import pytest
from chinese_calendar import is_workday

import catalogue
from demo import county as simulation
from demo.county import AS_OF, UNLISTED_POWERS, simulate
from demo.model import County, DemoCase
from demo.outlook import INVALID
from demo.people import identity_check, organisation_check
from demo.plans import VOCABULARY
from demo.profiles import DEPARTMENTS
from demo.slips import WRONG_FEE
from hub.core.privacy import SENSITIVE_PATTERN

ROOT = Path(__file__).resolve().parents[2]
SENSITIVE = re.compile(SENSITIVE_PATTERN)
DAY_PRECISION = ("civil_affairs", "housing")
FLAT = (*DAY_PRECISION, "industry_commerce")


@cache
def county() -> County:
    return simulate(5000)


@cache
def large() -> County:
    return simulate(20_000)


def all_cases(of: County | None = None) -> Iterator[DemoCase]:
    for cases in (of or county()).cases.values():
        yield from cases


def fingerprint(of: County) -> str:
    """A hash of everything, sets in order."""
    digest = hashlib.sha256()
    for part in (of.cases, of.publications):
        for department, items in part.items():
            for item in items:
                digest.update(f"{department}{sorted(item.violations)}".encode())
                shown = repr(item)
                digest.update(shown[: shown.rindex("violations=")].encode())
    return digest.hexdigest()


def test_the_same_seed_gives_the_same_county_in_any_process() -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests/demo'); import test_county as t;"
        "print(t.fingerprint(t.simulate(700, 11)))"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True,
            env={**os.environ, "PYTHONHASHSEED": salt, "PYTHONPATH": str(ROOT)},
        ).stdout.strip()
        for salt in ("1", "2")
    }  # fmt: skip
    assert printed == {fingerprint(simulate(700, 11))}
    assert printed != {fingerprint(simulate(700, 12))}


def test_no_department_depends_on_another(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = simulate(1000, 3)
    monkeypatch.setattr(simulation, "DEPARTMENTS", DEPARTMENTS[::-1])
    turned = simulate(1000, 3)
    assert list(turned.cases) == list(whole.cases)[::-1]
    for department, cases in whole.cases.items():
        assert turned.cases[department] == cases
        assert turned.publications[department] == whole.publications[department]


def test_volumes_and_base_rates() -> None:
    of = county()
    assert {d: len(cases) for d, cases in of.cases.items()} == {
        "public_security": 1500, "housing": 1100, "industry_commerce": 1000,
        "civil_affairs": 900, "land_resources": 500,
    }  # fmt: skip
    results = Counter(case.result for case in all_cases())
    still_open = sum(c.decided_at is None and c.closed_at is None for c in all_cases())
    broken = Counter(rule for case in all_cases() for rule in case.violations)
    assert 0.06 < still_open / 5000 < 0.10
    assert 0.014 < results["refused"] / 5000 < 0.027
    assert 0.012 < results["denied"] / 5000 < 0.025
    assert 0.009 < (results["returned"] + results["withdrawn"]) / 5000 < 0.02
    assert 0.028 < broken["timeliness.overdue_promised"] / 5000 < 0.032
    assert (
        0.2 < broken["timeliness.overdue_statutory"] / broken["timeliness.overdue_promised"] < 0.33
    )
    assert 0.02 < sum(bool(case.stops) for case in all_cases()) / 5000 < 0.06
    assert 50 <= sum(map(len, of.publications.values())) <= 100
    for rule, count in broken.items():
        assert count >= 3, rule


def test_common_powers_dominate() -> None:
    asked = Counter(case.power_code for case in all_cases())
    common = ("GA-QR-0001", "FC-QR-0002", "GS-XK-0001", "MZ-QR-0001")
    assert sum(asked[f"36012100{code}"] for code in common) > 0.4 * 5000
    exercised = {
        code
        for code, power in catalogue.load().powers.items()
        if all(version.on_platform and version.steps for version in power.versions)
    }
    everything = Counter(case.power_code for case in all_cases(large()))
    assert exercised <= set(everything)


def test_applications_come_on_working_days_in_office_hours() -> None:
    for case in all_cases():
        assert is_workday(case.applied_at)
        assert case.applied_at <= AS_OF
        if case.department not in DAY_PRECISION:
            clock = case.applied_at.time()
            assert time(8, 30) <= clock < time(12) or time(14) <= clock < time(17, 30)


def test_cases_stand_in_order_under_unique_numbers() -> None:
    for department, cases in county().cases.items():
        times = [case.applied_at for case in cases]
        assert times == sorted(times), department
        assert len({case.case_no for case in cases}) == len(cases)
        assert all("/" not in case.case_no and case.case_no.strip() for case in cases)
    source_nos = [p.source_no for items in county().publications.values() for p in items]
    assert len(set(source_nos)) == len(source_nos)


def moments(case: DemoCase) -> Iterator[datetime]:
    times = [
        case.applied_at, case.accepted_at, case.decided_at, case.closed_at, case.delivered_at,
        *(at for step in case.steps for at in (step.started_at, step.ended_at)),
        *(at for stop in case.stops for at in (stop.started_at, stop.ended_at)),
        *(at for notice in case.notices for at in (notice.notified_at, notice.received_at)),
        *(paper.received_at for paper in case.papers),
        *(charge.paid_at for charge in case.charges),
    ]  # fmt: skip
    return (at for at in times if at is not None)


def test_times_have_the_precision_of_the_system_and_nothing_lies_in_the_future() -> None:
    seconds = 0
    for case in all_cases():
        for at in moments(case):
            assert at <= AS_OF
            if case.department in DAY_PRECISION:
                assert at.time() == time()
            elif case.department == "industry_commerce":
                assert at.second == 0
            seconds += at.second > 0
    assert seconds > 1000


def test_the_times_of_a_sound_case_follow_each_other() -> None:
    for case in all_cases():
        if case.violations:
            continue
        course = [case.applied_at, case.accepted_at, case.decided_at, case.closed_at]
        known = [at for at in course if at is not None]
        assert known == sorted(known), case.case_no
        assert (case.result is None) == (case.decided_at is None and case.closed_at is None)
        assert (case.status == "closed") == (case.closed_at is not None)
        assert case.accepted_at is None or case.promised_at is not None
        assert all(step.started_at <= step.ended_at for step in case.steps)


def test_steps_keep_their_limits_unless_the_case_is_seeded() -> None:
    known = catalogue.load()
    compared = 0
    for case in all_cases():
        on = (case.accepted_at or case.applied_at).date()
        version = known.in_force(case.power_code, on)
        if version is None or case.violations & {
            "timeliness.overdue_promised", "procedure.work_before_acceptance", "procedure.step_out_of_order",
            "timeliness.step_overdue", "timeliness.delivery_late",
        }:  # fmt: skip
            continue
        limits = {step.code: step.limit for step in version.steps}
        for step in case.steps:
            limit = limits[step.code]
            if limit is not None and limit.unit in ("working_day", "calendar_day"):
                days = (step.ended_at.date() - step.started_at.date()).days
                spent = [step.started_at.date() + timedelta(days=n + 1) for n in range(days)]
                counted = [d for d in spent if limit.unit == "calendar_day" or is_workday(d)]
                assert len(counted) <= limit.value, (case.case_no, step)
                compared += 1
    assert compared > 10_000


def test_each_system_holds_no_more_than_it_can() -> None:
    for case in all_cases():
        if case.department in FLAT:
            codes = [step.code for step in case.steps]
            assert len(set(codes)) == len(codes)
            assert all(step.no == VOCABULARY.index(step.code) + 1 for step in case.steps)
            assert len(case.stops) <= 1
            assert len(case.charges) <= 1
            assert all(c.quantity == 1 and c.fee_code in ("F1", WRONG_FEE) for c in case.charges)
            assert len(case.penalties) <= 1
            accepts = [step for step in case.steps if step.code == "accept"]
            assert all(step.started_at == case.accepted_at for step in accepts)
        if case.department == "housing":
            assert not case.notices
        if case.department == "land_resources":
            assert not case.papers
        assert sum(stop.ended_at is None for stop in case.stops) <= 1
        assert all(c.amount >= 0 and c.amount.as_tuple().exponent == -2 for c in case.charges)


def test_tables_of_steps_hold_what_one_row_cannot() -> None:
    repeated = several = overlapping = more = 0
    for case in all_cases(large()):
        codes = [step.code for step in case.steps]
        repeated += len(set(codes)) < len(codes)
        several += len(case.stops) > 1
        spans = [(stop.started_at, stop.ended_at or AS_OF) for stop in case.stops]
        overlapping += len(spans) > 1 and spans[1][0] < spans[0][1]
        more += any(charge.quantity > 1 for charge in case.charges)
    assert min(repeated, several, overlapping, more) >= 10


def test_unlisted_powers_are_the_published_ones() -> None:
    listed = {(unlisted.department, unlisted.power_code) for unlisted in UNLISTED_POWERS}
    seen = {
        (case.department, case.power_code)
        for case in all_cases()
        if "procedure.unlisted_power" in case.violations
    }
    assert seen == listed


def right(identity: str) -> bool:
    if len(identity) == 18:
        return identity_check(identity[:17]) == identity[17]
    if len(identity) == 9:
        return organisation_check(identity[:8]) == identity[8]
    return len(identity) == 15 and identity.isdigit()


def test_check_digits_are_right_but_where_they_are_seeded_wrong() -> None:
    wrong = 0
    for case in all_cases():
        applicant = case.applicant
        assert right(applicant.identity) == applicant.identity_is_valid
        wrong += not applicant.identity_is_valid
        assert applicant.identity_is_valid or case.violations == {INVALID}
        if applicant.kind == "person":
            digits = applicant.identity
            assert digits.startswith("360121")
            year = digits[6:10] if len(digits) == 18 else f"19{digits[6:8]}"
            assert 1920 <= int(year) <= 1994
            assert len(digits) == 18 or int(year) < 1985
        assert re.fullmatch(r"1390000\d{4}", applicant.phone)
    assert 0.002 < wrong / 5000 < 0.004
    old = sum(len(case.applicant.identity) == 15 for case in all_cases())
    assert 0.05 < old / 5000 < 0.10


@pytest.mark.parametrize(
    ("body", "check"), [("11010519491231002", "X"), ("44052418800101001", "4")]
)
def test_identity_check_digits_of_the_standard(body: str, check: str) -> None:
    """The examples printed in GB 11643-1999."""
    assert identity_check(body) == check


def test_organisation_check_character_of_the_standard() -> None:
    """The example printed in GB 11714-1997."""
    assert organisation_check("D2143569") == "X"


def test_numbers_of_cases_do_not_look_like_those_of_people() -> None:
    of = large()
    for case in all_cases(of):
        numbers = [case.case_no, case.document_no, case.power_code, case.item_name]
        numbers += [charge.receipt_no for charge in case.charges]
        assert not SENSITIVE.search("\n".join(numbers))
    for items in of.publications.values():
        for item in items:
            assert not SENSITIVE.search(f"{item.source_no}\n{item.url}\n{item.title}")


def test_names_are_invented_and_some_are_rare() -> None:
    names = {case.applicant.name for case in all_cases() if case.applicant.kind == "person"}
    invented = set("测试样例拟虚演范示模")
    assert all(invented & set(name) for name in names)
    # Four bytes in GB 18030: outside what GBK can write.
    assert any(len(sign.encode("gb18030")) == 4 for name in names for sign in name)


def test_free_texts_carry_numbers_that_must_be_hidden() -> None:
    leaks: Counter[str] = Counter()
    for case in all_cases(large()):
        fields = {
            "title": case.title,
            "reason": case.reason,
            "opinion": " ".join(step.opinion for step in case.steps),
            "stop": " ".join(stop.reason for stop in case.stops),
            "notice": " ".join(notice.missing for notice in case.notices),
        }
        leaks.update(name for name, text in fields.items() if SENSITIVE.search(text))
    assert min(leaks[name] for name in ("title", "reason", "opinion", "stop", "notice")) >= 2
    assert leaks["opinion"] > 200


def test_people_apply_at_several_departments() -> None:
    visited: dict[str, set[str]] = {}
    for case in all_cases():
        if case.applicant.kind == "person":
            visited.setdefault(case.applicant.phone + case.applicant.name, set()).add(
                case.department
            )
    assert sum(len(departments) > 1 for departments in visited.values()) > 200
