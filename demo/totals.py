"""What the county breaks as a whole: silence, empty days, lost numbers, evenings, minutes, items that nobody published.

Counted from what a department's rows tell once they have landed, in plain loops and without the engines: case by case
nothing is wrong here. Subjects are named as the rules name them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from catalogue import Catalogue
from demo import outlook
from demo.model import County, DemoCase, Publication
from demo.profiles import DEPARTMENTS, Traits
from demo.workdays import work_calendar

Subject = tuple[str, str]
"""Department and subject."""
CLOSINGS = 5
ABOVE_BASELINE = 0.10
BASELINE_MONTHS, MIN_APPROVALS = 3, 30
SHARE, MIN_BASELINE, COMPARABLE = 0.2, 20, 4
ONE_DAY = timedelta(days=1)
OFFICE = ((time(8, 30), time(12)), (time(14, 30), time(17, 30)))


def violations(
    county: County,
    powers: Catalogue,
    freshness: Mapping[str, int],
    lost: Mapping[str, Collection[str]],
) -> dict[str, list[Subject]]:
    """Rule → subjects. `freshness`: department → hours. `lost`: department → case numbers that never land."""
    found: dict[str, list[Subject]] = defaultdict(list)
    publications: dict[str, list[Publication]] = {}
    bodies = {traits.body: traits.slug for traits in DEPARTMENTS}
    for traits in DEPARTMENTS:
        slug = traits.slug
        cases = [
            case for case in county.cases.get(slug, ()) if case.case_no not in lost.get(slug, ())
        ]
        there = _as_amended(county, slug, cases)
        items = [
            item
            for item in county.publications.get(slug, ())
            if item.source_no not in lost.get(slug, ())
        ]
        if _is_silent(there, items, county.as_of, freshness[slug]):
            found[outlook.SILENT].append((slug, f"department:{slug}"))
        found[outlook.VOLUME_DROP] += _empty_days(slug, there, county.as_of)
        found[outlook.SERIAL_GAP] += _gaps(traits, county.cases.get(slug, ()))
        if traits.precision != "day":
            found[outlook.BATCH_CLOSING] += _minutes(slug, there)
            found[outlook.AFTER_HOURS] += _evenings(slug, there)
        publications[slug] = items
    found[outlook.UNPUBLISHED] += _unpublished(publications, powers, county.as_of.date(), bodies)
    found[outlook.POWER_INCOMPLETE] += _incomplete(powers, county.as_of.date(), bodies)
    return dict(found)


def _as_amended(county: County, slug: str, cases: Iterable[DemoCase]) -> list[DemoCase]:
    changed = {amendment.case_no: amendment.now for amendment in county.amendments.get(slug, ())}
    there = (changed.get(case.case_no, case) for case in cases)
    return [case for case in there if case is not None]


def _is_silent(
    cases: Iterable[DemoCase], items: Iterable[Publication], as_of: datetime, hours: int
) -> bool:
    """Non-working days that lie wholly in the silence do not count."""
    told = [
        at for case in cases
        for at in (case.applied_at, case.accepted_at, case.decided_at, case.closed_at, case.reported_at)
        if at is not None and at <= as_of
    ]  # fmt: skip
    told += [item.published_at for item in items if item.published_at]
    if not told:
        return True
    last, silence = max(told), timedelta()
    day = last.date() + ONE_DAY
    working = set(work_calendar().days)
    while day < as_of.date():
        silence += timedelta() if day in working else ONE_DAY
        day += ONE_DAY
    return as_of - last - silence > timedelta(hours=hours)


def _empty_days(slug: str, cases: Iterable[DemoCase], as_of: datetime) -> Iterator[Subject]:
    """Working days with less than a fifth of what the same weekday brought in the eight weeks before."""
    accepted = Counter(case.accepted_at.date() for case in cases if case.accepted_at)
    if not accepted:
        return
    first, last = min(accepted), max(accepted)
    days = [day for day in work_calendar().days if first <= day <= last and day < as_of.date()]
    for day in days:
        before = [day - timedelta(weeks=n) for n in range(1, 9)]
        alike = [accepted[other] for other in before if other in set(days)]
        if len(alike) < COMPARABLE:
            continue
        mean = round(sum(alike) / len(alike), 2)
        if mean >= MIN_BASELINE and accepted[day] < SHARE * mean:
            yield slug, f"day:{slug}/{day}"


def _gaps(traits: Traits, cases: Iterable[DemoCase]) -> Iterator[Subject]:
    """The first number of every run that is missing between the first and the last. Deleted numbers were given."""
    digits = traits.serials
    if not digits:
        return
    series: dict[str, list[int]] = defaultdict(list)
    for case in cases:
        series[case.case_no[:-digits]].append(int(case.case_no[-digits:]))
    for prefix, numbers in series.items():
        there = set(numbers)
        for number in sorted(there):
            if number + 1 not in there and number != max(there):
                yield traits.slug, f"serial:{traits.slug}/{prefix}/{number + 1:0{digits}}"


def _minutes(slug: str, cases: Iterable[DemoCase]) -> Iterator[Subject]:
    """Minutes in which one approver closed five cases or more that are not dealt with at once."""
    closed = Counter(
        (case.closed_at.replace(second=0), case.approver)
        for case in cases
        if case.closed_at and case.approver and case.kind != "instant"
    )
    for (minute, approver), times in closed.items():
        if times >= CLOSINGS:
            yield slug, f"closing:{slug}/{minute:%Y-%m-%d %H:%M}/{approver}"


def _evenings(slug: str, cases: Sequence[DemoCase]) -> Iterator[Subject]:
    """Months whose share of decisions outside office hours is far above that of the months before."""
    every: Counter[int] = Counter()
    late: Counter[int] = Counter()
    working = set(work_calendar().days)
    for case in cases:
        if case.decided_at:
            every[case.decided_at.month] += 1
            late[case.decided_at.month] += _is_late(case.decided_at, working)
    for month in sorted(every):
        before = [earlier for earlier in range(1, month) if every[earlier]]
        approvals = sum(every[earlier] for earlier in before)
        enough = len(before) >= BASELINE_MONTHS and min(every[month], approvals) >= MIN_APPROVALS
        if enough:
            share = round(late[month] / every[month], 4)
            baseline = round(sum(late[earlier] for earlier in before) / approvals, 4)
            if share > baseline + ABOVE_BASELINE:
                yield slug, f"month:{slug}/2012-{month:02}"


def _is_late(at: datetime, working: Collection[date]) -> bool:
    in_hours = any(opens <= at.time() <= closes for opens, closes in OFFICE)
    return at.date() not in working or not in_hours


def _unpublished(
    publications: Mapping[str, Iterable[Publication]],
    powers: Catalogue,
    on: date,
    bodies: Mapping[str, str],
) -> Iterator[Subject]:
    """Items in force for longer than they may take, of which their department published nothing at all."""
    calendar = work_calendar()
    told = {
        item.item_code for items in publications.values() for item in items if item.published_at
    }
    for code, item in powers.disclosure_items.items():
        slug = bodies.get(item.body, "")
        version = powers.disclosure_in_force(code, on)
        if version is None or code in told or not publications.get(slug):
            continue
        since = calendar.number(min(each.effective_from for each in item.versions))
        if calendar.number(on) - since > version.publish_within.value:
            yield slug, f"item:{code}"


def _incomplete(powers: Catalogue, on: date, bodies: Mapping[str, str]) -> Iterator[Subject]:
    for code, power in powers.powers.items():
        version = powers.in_force(code, on)
        if version is None:
            continue
        texts = (
            version.content,
            "".join(version.basis),
            version.conditions,
            version.supervision_channel,
        )
        lacks_steps = version.on_platform and not version.steps
        if lacks_steps or not all(text.strip() for text in texts):
            yield bodies[power.body], f"power:{code}"
