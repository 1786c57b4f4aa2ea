"""What the hub reads from each department's system is what the department lived, value by value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from demo.county import UNLISTED_POWERS
from demo.model import County, DemoCase
from demo.people import upgraded
from demo.plans import VOCABULARY
from demo.writers import DEMO_FIX, Written
from demo.writers.flat import CHECKLIST
from hub.core.batches import FILE, ROW
from hub.core.privacy import mask_message

SLUGS = ("civil_affairs", "housing", "industry_commerce", "land_resources", "public_security")
FLAT = SLUGS[:3]
Rows = list[dict[str, Any]]

CASE_TIMES = ("applied_at", "accepted_at", "promised_at", "decided_at", "closed_at", "delivered_at")
KEYS_OF = {
    "case": "source_case_no", "event": "event_no", "clock_stop": "stop_no", "supplement": "notice_no",
    "material": "material_code", "fee": "fee_no", "penalty": "penalty_no",
}  # fmt: skip


def instant(local: datetime | None) -> datetime | None:
    """Shanghai local time as the hub keeps it."""
    return (local - timedelta(hours=8)).replace(tzinfo=UTC) if local else None


def text(value: str | None) -> str | None:
    return mask_message(value.strip()) or None if value else None


def expected(case: DemoCase) -> dict[str, Rows]:
    """Every entity row that the hub should hold of the case; columns that the system does not keep are absent."""
    flat, slug = case.department in FLAT, case.department
    applicant = case.applicant
    head = {
        "source_case_no": case.case_no,
        "power_code": case.power_code,
        "item_name": case.item_name,
        "title": text(case.title),
        "applicant_kind": applicant.kind,
        "applicant_masked": applicant.name[0] + "＊" * min(max(len(applicant.name) - 1, 1), 3),
        "applicant_identity_state": "valid" if applicant.identity_is_valid else "invalid",
        "case_kind": case.kind,
        "channel": case.channel,
        "result": case.result,
        "result_reason": text(case.reason),
        "document_no": case.document_no or None,
        "status": case.status,
        "acceptor": case.acceptor or None,
        "approver": case.approver or None,
        "unit": case.unit or None,
        "reported_at": instant(case.reported_at),
    } | {name: instant(getattr(case, name)) for name in CASE_TIMES}
    return {
        "case": [head],
        "event": [_event(step, slug) for step in case.steps],
        "clock_stop": [
            {
                "stop_no": stop.no, "kind": stop.kind, "started_at": instant(stop.started_at),
                "ended_at": instant(stop.ended_at), "reason": text(stop.reason), "approver": stop.approver or None,
                "limit_value": stop.limit_days, "limit_unit": "working_day",
            }
            for stop in case.stops
        ],
        "supplement": [
            {
                "notice_no": notice.no, "notified_at": instant(notice.notified_at),
                "list": text(notice.missing), "received_at": instant(notice.received_at),
            }
            for notice in case.notices
        ],
        "material": _materials(case, flat),
        "fee": [
            {
                "fee_no": charge.no, "fee_code": charge.fee_code, "amount": charge.amount,
                "quantity": charge.quantity, "paid_at": instant(charge.paid_at),
                "receipt_no": charge.receipt_no or None,
            }
            for charge in case.charges
        ],
        "penalty": [
            {
                "penalty_no": penalty.no, "circumstance_code": penalty.circumstance, "kind": penalty.kind,
                "amount": penalty.amount, "decided_at": instant(penalty.decided_at),
            }
            for penalty in case.penalties
        ],
    }  # fmt: skip


def _event(step: Any, slug: str) -> dict[str, Any]:
    known = {
        "event_no": VOCABULARY.index(step.code) + 1 if slug in FLAT else step.no,
        "step_code": step.code,
        "handler": step.handler,
        "started_at": instant(step.started_at),
    }
    if slug not in ("civil_affairs", "housing"):
        known["ended_at"] = instant(step.ended_at)
    if slug not in FLAT:
        known |= {
            "step_name": step.name,
            "action": step.action,
            "post": step.post,
            "opinion": text(step.opinion),
        }
    return known


def _materials(case: DemoCase, flat: bool) -> Rows:
    if case.department == "land_resources" or (flat and case.accepted_at is None):
        return []
    if not flat:
        return [
            {
                "material_code": paper.code, "name": paper.name, "required": paper.required,
                "received": paper.received, "received_at": instant(paper.received_at),
            }
            for paper in case.papers
        ]  # fmt: skip
    received = {paper.code for paper in case.papers if paper.received}
    listed = (
        {paper.code for paper in case.papers} if case.department == "housing" else set(CHECKLIST)
    )
    if not case.papers:
        return []
    return [{"material_code": code, "received": code in received} for code in sorted(listed)]


def by_case(heard: dict[str, Any]) -> dict[str, dict[str, Rows]]:
    """Case number → entity → rows, columns of one row put together from all datasets that own some."""
    numbers = {
        row["case_id"]: row["source_case_no"]
        for told in heard.values()
        for row in told.entities.get("case", ())
        if row["record_key"] not in told.dead
    }
    found: dict[str, dict[str, dict[Any, dict[str, Any]]]] = defaultdict(lambda: defaultdict(dict))
    for told in heard.values():
        for entity, rows in told.entities.items():
            for row in rows:
                if entity != "disclosure" and (number := numbers.get(row["case_id"])):
                    found[number][entity].setdefault(row[KEYS_OF[entity]], {}).update(row)
    return {
        number: {entity: [rows[key] for key in sorted(rows)] for entity, rows in entities.items()}
        for number, entities in found.items()
    }


def differences(case: DemoCase, got: dict[str, Rows]) -> Iterator[str]:
    """What is missing, invented or different in the hub's image of a case."""
    for entity, rows in expected(case).items():
        key = KEYS_OF[entity]
        there = {row[key]: row for row in got.get(entity, ())}
        wanted = {row[key]: row for row in rows}
        for number in wanted.keys() ^ there.keys():
            yield f"{entity} {number} {'missing' if number in wanted else 'invented'}"
        for number in wanted.keys() & there.keys():
            for column, value in wanted[number].items():
                held = there[number].get(column)
                if isinstance(held, str) and "\n" in held:
                    held = held.replace("\n", "")
                if held != value:
                    yield f"{entity} {number} {column}: {held!r} is not {value!r}"


Hear = Callable[[str], dict[str, Any]]


@pytest.mark.parametrize("slug", SLUGS)
def test_every_row_has_the_fate_that_was_said(slug: str, written: Written, heard: Hear) -> None:
    for dataset, told in heard(slug).items():
        said = {
            (file, row): fate
            for file, rows in written.fates[slug].get(dataset, {}).items()
            for row, fate in rows
        }
        found = {(file, row): fate for file, row, fate in told.rows.iter_rows()}
        assert found == said, dataset


@pytest.mark.parametrize("slug", SLUGS)
def test_rows_that_are_no_records_are_furniture(slug: str, written: Written, heard: Hear) -> None:
    for dataset, told in heard(slug).items():
        expected_furniture = written.furniture[slug].get(dataset, {})
        assert {file: n for file, n in told.furniture.items() if n} == expected_furniture
    assert (slug == "housing") == bool(written.furniture[slug])


def test_every_excel_row_is_a_record_or_furniture(written: Written, heard: Hear) -> None:
    for file, rows in written.fates["housing"]["cases"].items():
        last = max(row for row, _ in rows) + 2  # the total follows, and maybe a subtotal
        assert len(rows) + written.furniture["housing"]["cases"][file] in (last - 1, last)


@pytest.mark.parametrize("slug", SLUGS)
def test_cases_arrive_as_they_were_lived(
    slug: str, county: County, written: Written, heard: Hear
) -> None:
    hub = by_case(heard(slug))
    latent = {case.case_no for case in written.latent}
    spared = _may_be_lost(slug)
    lost = set()
    amended = {amendment.case_no: amendment.now for amendment in county.amendments.get(slug, ())}
    for lived in county.cases[slug]:
        case = amended.get(lived.case_no, lived)
        if case is None:
            assert lived.case_no not in hub
            continue
        if case.case_no not in hub:
            assert not case.violations or case.case_no in latent
            lost.add(case.case_no)
            continue
        found = [
            d
            for d in differences(case, hub[case.case_no])
            if case.violations or not spared(case, d)
        ]
        assert found == [], case.case_no
    assert hub.keys() <= {case.case_no for case in county.cases[slug]}
    assert (0 < len(lost) < 0.15 * len(county.cases[slug])) == (slug in FLAT)


def _may_be_lost(slug: str) -> Callable[[DemoCase, str], bool]:
    """Rows that may be in quarantine without a change of any rule's outcome: all of cases that violate nothing."""

    def spared(case: DemoCase, difference: str) -> bool:
        entity, number, what = difference.split(" ", 2)
        if what != "missing":
            return False
        if entity == "event":
            return next(s.code for s in case.steps if s.no == int(number)) in ("issue", "deliver")
        if entity == "material":
            return not next(p.required for p in case.papers if p.code == number)
        return entity == "fee"

    return (lambda case, difference: False) if slug in FLAT else spared


@pytest.mark.parametrize("slug", SLUGS)
def test_publications_arrive(slug: str, county: County, heard: Hear) -> None:
    if not county.publications[slug]:
        assert "disclosures" not in heard(slug)
        return
    told = heard(slug)["disclosures"]
    hub = {row["source_no"]: row for row in told.entities["disclosure"]}
    assert len(hub) == sum(fate == "landed" for fate in told.rows["fate"])
    missing = [item for item in county.publications[slug] if item.source_no not in hub]
    assert 1 <= len(missing) <= 2
    assert not any(item.violations for item in missing)
    for item in county.publications[slug]:
        if row := hub.get(item.source_no):
            assert (row["item_code"], row["title"], row["url"]) == (
                item.item_code,
                item.title,
                item.url or None,
            )
            assert (row["produced_at"], row["published_at"]) == (
                instant(item.produced_at), instant(item.published_at),
            )  # fmt: skip


def test_one_applicant_has_one_token_everywhere(county: County, heard: Hear) -> None:
    identities: dict[str, set[str]] = defaultdict(set)
    departments: dict[str, set[str]] = defaultdict(set)
    for slug in SLUGS:
        hub = by_case(heard(slug))
        for case in county.cases[slug]:
            identity = case.applicant.identity
            if case.case_no in hub and case.applicant.identity_is_valid:
                token = hub[case.case_no]["case"][0]["applicant_token"]
                identities[token].add(upgraded(identity) if len(identity) == 15 else identity)
                departments[token].add(slug)
    assert all(len(same) == 1 for same in identities.values())
    assert len({identity for same in identities.values() for identity in same}) == len(identities)
    assert any(len(where) > 1 for where in departments.values())


def test_clear_names_and_numbers_stay_among_the_parties(county: County, heard: Hear) -> None:
    for slug in SLUGS:
        secret = {v for c in county.cases[slug] for v in (c.applicant.identity, c.applicant.phone)}
        for told in heard(slug).values():
            for value in _texts(row for rows in told.entities.values() for row in rows):
                assert not any(number in secret for number in _digits(value))
        parties = pl.concat(t.parties for t in heard(slug).values() if t.parties.height)
        assert set(parties["phone"].drop_nulls()) <= secret


def _texts(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield from (
            v for k, v in row.items() if isinstance(v, str) and not k.endswith(("_id", "_token"))
        )


def _digits(value: str) -> list[str]:
    return "".join(sign if sign.isdigit() or sign == "X" else " " for sign in value).split()


def test_deleted_rows_are_entries_of_their_own(county: County, heard: Hear) -> None:
    told = heard("civil_affairs")["cases"]
    known = {case.case_no for case in county.cases["civil_affairs"]}
    assert told.dead
    assert not told.dead & known


def test_unlisted_powers_arrive_under_their_codes(county: County, heard: Hear) -> None:
    for unlisted in UNLISTED_POWERS:
        codes = {c["case"][0]["power_code"] for c in by_case(heard(unlisted.department)).values()}
        assert unlisted.power_code in codes


def test_shares_of_the_fates_are_small(written: Written) -> None:
    fates = [
        fate
        for datasets in written.fates.values()
        for files in datasets.values()
        for rows in files.values()
        for _, fate in rows
    ]
    quarantined = sum(fate.startswith("quarantined:") for fate in fates) / len(fates)
    assert 0.003 < quarantined < 0.03  # at least two of each kind weigh more in a small county
    assert {"landed", "unchanged", "superseded"} <= set(fates)


def test_only_the_announced_drift_is_there(heard: Hear) -> None:
    drift = {
        (slug, d.column, d.change) for slug in SLUGS for t in heard(slug).values() for d in t.drift
    }
    assert drift == {("industry_commerce", "备注2", "new")}


@pytest.mark.parametrize("slug", sorted(DEMO_FIX))
def test_adding_the_missing_line_lands_the_latent_cases(
    slug: str, county: County, written: Written, heard: Hear, copied_department: Any
) -> None:
    from hub.core.specs import read_department
    from tests.departments.conftest import read_back

    folder = copied_department(slug)
    with (folder / slug / "powers.csv").open("a", encoding="utf-8") as powers:
        powers.write(DEMO_FIX[slug] + "\n")
    department = read_department(folder, slug)
    fixed = read_back(department, written.connections[department.spec.connection])["cases"]
    before = heard(slug)["cases"].rows
    unmapped = before.filter(pl.col("fate") == "quarantined:unmapped_power")
    assert unmapped.height >= 5
    assert (
        fixed.rows.join(unmapped, on=[FILE, ROW])["fate"].to_list() == ["landed"] * unmapped.height
    )
    after = by_case({"cases": fixed})
    latent = [case for case in written.latent if case.department == slug]
    assert latent
    for case in county.cases[slug]:
        if case.case_no in {known.case_no for known in latent}:
            assert list(differences(case, after[case.case_no])) == []
            rules = next(known.rules for known in latent if known.case_no == case.case_no)
            assert rules == tuple(sorted(case.violations))
