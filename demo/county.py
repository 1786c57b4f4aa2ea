"""Nanchang County (南昌县, 360121) in 2012, before it is written into five department systems.

`simulate` is a function of its arguments alone. Each department draws from a generator of its own, made from the
seed and its name; the applicants are shared.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from random import Random

import catalogue
from demo import outlook, slips, texts
from demo.course import Life
from demo.gatherings import amendments, gather
from demo.life import live
from demo.model import Applicant, County, DemoCase, Notice, Step, Stop
from demo.papers import charges, papers, penalties
from demo.people import Registry, misread, registry, staff
from demo.plans import VOCABULARY, Clock, Plans
from demo.profiles import DEPARTMENTS, PLACES, TOWNS, Demand, Traits
from demo.publications import publish
from demo.records import CASE_NUMBERS, Clockface
from demo.seeding import UNLISTED_POWERS, Draft, Period, Scene, Seed, Unlisted, drafts
from demo.sowing import sow
from demo.workdays import DAY, work_calendar

__all__ = ["UNLISTED_POWERS", "Unlisted", "simulate"]

START = date(2012, 1, 1)
AS_OF = datetime.fromisoformat("2012-12-31T23:59:59")
MISREAD = 0.003


def simulate(cases: int = 20_000, seed: int = 360_121, as_of: datetime = AS_OF) -> County:
    """Everything that came in from the start of 2012 to `as_of`, and what had become of it by then.

    `as_of` is naive local time within 2012, not before March. Every case and publication carries exactly the rules
    that it breaks at `as_of`.
    """
    with _without_collector():
        people = registry(cases, seed)
        plans = Plans(catalogue.load())
        county = County(seed, as_of, {}, {})
        for traits, count in zip(DEPARTMENTS, _shares(cases), strict=True):
            scene = _scene(traits, plans, as_of)
            rng = Random(f"{seed}/{traits.slug}")
            county.cases[traits.slug], made = _department(scene, people, count, seed, rng)
            if changes := amendments(county.cases[traits.slug], made, as_of, rng):
                county.amendments[traits.slug] = changes
            county.publications[traits.slug] = publish(
                scene, cases, Random(f"{seed}/{traits.slug}/publications")
            )
    return county


@contextmanager
def _without_collector() -> Iterator[None]:
    """Hundreds of thousands of small objects, none of them garbage: the cyclic collector would only count them."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _shares(cases: int) -> list[int]:
    """The cases of each department; the first one takes what rounding leaves."""
    counts = [round(cases * traits.share) for traits in DEPARTMENTS]
    counts[0] += cases - sum(counts)
    return counts


def _scene(traits: Traits, plans: Plans, as_of: datetime) -> Scene:
    calendar = work_calendar()
    last = calendar.end(as_of)
    if traits.quiet_days:
        last = (calendar.number(as_of.date()) - traits.quiet_days + 1) * DAY
    period = Period(calendar.on_or_after(START), -(-last // DAY))
    outages = frozenset(calendar.on_or_after(day) for day in traits.outages)
    return Scene(traits, plans, Clock(calendar, as_of), period, last, outages)


def _department(
    scene: Scene, people: Registry, count: int, seed: int, rng: Random
) -> tuple[list[DemoCase], list[Draft]]:
    """A department's cases in order of application, and the drafts that they were made of."""
    made = drafts(scene, count, rng)
    sow(scene, made, rng)
    made.sort(key=lambda draft: draft.moment)
    office = _Office(scene, people, staff(scene.traits.slug, seed), rng)
    lost = _lost_numbers(scene, count, rng)
    serials = (serial for serial in range(1, count + len(lost) + 1) if serial not in lost)
    cases = [office.case(draft, serial) for draft, serial in zip(made, serials, strict=True)]
    gather(scene, cases, made, rng)
    if scene.traits.reports:
        now, minutes = scene.as_of, scene.traits.precision == "minute"
        for case, draft in zip(cases, made, strict=True):
            slips.report(case, draft.seed is Seed.REPORTED_LATE, now, minutes, rng)
    _misread([c for c, d in zip(cases, made, strict=True) if d.seed is None], len(cases), rng)
    return cases, made


def _lost_numbers(scene: Scene, count: int, rng: Random) -> set[int]:
    """Runs of one to four case numbers that were given and never came to light, where numbers have no gaps."""
    if not scene.traits.serials:
        return set()
    lost: set[int] = set()
    for _ in range(max(1, count // 4000)):
        first = 2 + int(rng.random() * (count - 8))
        lost |= set(range(first, first + rng.randrange(1, 5)))
    return lost


def _misread(cases: list[DemoCase], total: int, rng: Random) -> None:
    """Identities typed wrong, on cases that break no rule otherwise."""
    clean = [case for case in cases if not case.violations and len(case.applicant.identity) != 15]
    for case in rng.sample(clean, min(len(clean), max(1, round(MISREAD * total)))):
        case.applicant = misread(case.applicant, rng)
        case.violations.add(outlook.INVALID)


class _Office:
    """One department's officials, writing down cases in order of application."""

    def __init__(
        self, scene: Scene, people: Registry, officials: tuple[str, ...], rng: Random
    ) -> None:
        self.scene = scene
        self.people = people
        self.officials = {
            "acceptance": officials[:6],
            "work": officials[6:16],
            "decision": officials[16:20],
            "issue": officials[20:],
            "delivery": officials[:6],
        }
        self.rng = rng
        self.face = Clockface(scene.calendar, scene.traits.precision)
        self.demands = {demand.power: demand for demand in scene.traits.demands}
        self._day, self._daily = -1, 0

    def case(self, draft: Draft, serial: int) -> DemoCase:
        """Live one draft and write it down."""
        life = live(self.scene, draft, self.rng)
        outlook.cut(life, self.scene.horizon)
        applicant = self._applicant(draft)
        case = self._written(draft, life, applicant, serial)
        case.steps = self._steps(life, applicant, case.acceptor, case.approver)
        case.stops = self._stops(life, applicant)
        case.notices = self._notices(life, applicant)
        case.papers = papers(self.scene, draft, life, self.face, self.rng)
        receipt = f"赣财{self.scene.traits.body[-2:]}-{serial:06d}-"
        case.charges = charges(self.scene, draft, life, self.face, receipt, self.rng)
        case.penalties = penalties(draft, life, self.face, self.rng)
        case.violations = outlook.violations(self.scene, draft, life)
        case.spared = draft.seed in (Seed.PRESENT, Seed.ALTERED, Seed.DELETED)
        slips.slip(case, draft.seed, self.rng)
        if draft.seed is Seed.UNTYPED:
            case.accepted_at = case.promised_at = None
            case.steps = [step for step in case.steps if step.code != "accept"]
        return case

    def _number(self, moment: int, serial: int) -> str:
        day = moment // DAY
        self._daily = self._daily + 1 if day == self._day else 1
        self._day = day
        number = CASE_NUMBERS[self.scene.traits.slug]
        return number(self.scene.calendar.days[day], serial, self._daily)

    def _applicant(self, draft: Draft) -> Applicant:
        demand = self.demands.get(draft.power, Demand(draft.power, 0, persons=0.3))
        person = self.rng.random() < demand.persons
        return self.people.draw(demand.person if person else demand.others, self.rng)

    def _written(self, draft: Draft, life: Life, applicant: Applicant, serial: int) -> DemoCase:
        rng, face, plan = self.rng, self.face, life.plan
        traits = self.scene.traits
        name = (draft.unlisted.item_name if draft.unlisted else "") or plan.name
        power = draft.unlisted.power_code if draft.unlisted else draft.power
        title = f"{rng.choice(TOWNS)}{rng.choice(PLACES)}{name}"
        numbered = life.decided is not None and life.result in ("granted", "denied")
        promised = plan.promised
        return DemoCase(
            department=traits.slug,
            case_no=self._number(life.applied, serial),
            power_code=power,
            item_name=name,
            title=texts.leaked(title, applicant, rng) if rng.random() < 0.3 else title,
            applicant=applicant,
            kind=plan.kind,
            channel=_channel(plan.kind, rng),
            applied_at=face.time(life.applied),
            accepted_at=face.maybe(life.accepted),
            promised_at=face.due(life.accepted, promised.value, promised.unit)
            if life.accepted
            else None,
            decided_at=face.maybe(life.decided),
            closed_at=face.maybe(life.closed),
            delivered_at=face.maybe(life.delivered),
            result=life.result,
            reason=self._reason(draft, life, applicant),
            document_no=f"{traits.document}〔2012〕{serial:06d}号" if numbered else "",
            status=_status(life),
            acceptor=rng.choice(self.officials["acceptance"])
            if life.accepted or life.result
            else "",
            unit=traits.unit,
            approver=rng.choice(self.officials["decision"]) if life.decided else "",
        )

    def _reason(self, draft: Draft, life: Life, applicant: Applicant) -> str:
        if life.result in (None, "granted") or draft.seed is Seed.NO_REASON:
            return ""
        return texts.reason(life.result, applicant, self.rng)

    def _steps(self, life: Life, applicant: Applicant, acceptor: str, approver: str) -> list[Step]:
        known = {"acceptance": acceptor, "decision": approver}
        single = self.scene.traits.single
        return [
            Step(
                no=VOCABULARY.index(h.step.code) + 1 if single else no,
                code=h.step.code,
                name=h.step.name,
                action=h.action,
                handler=known.get(h.step.kind) or self.rng.choice(self.officials[h.step.kind]),
                post=h.step.post,
                started_at=self.face.time(h.start),
                ended_at=self.face.time(h.end),
                opinion=texts.opinion(h.step.code, h.action, applicant, self.rng),
            )
            for no, h in enumerate(life.happenings, 1)
        ]

    def _stops(self, life: Life, applicant: Applicant) -> list[Stop]:
        return [
            Stop(
                no=no,
                kind=pause.kind,
                started_at=self.face.time(pause.start),
                ended_at=self.face.maybe(pause.end),
                reason=texts.leaked(
                    texts.pick(texts.STOPS[pause.kind], self.rng), applicant, self.rng
                ),
                approver=self.rng.choice(self.officials["decision"]),
                limit_days=pause.allowed,
            )
            for no, pause in enumerate(life.pauses, 1)
        ]

    def _notices(self, life: Life, applicant: Applicant) -> list[Notice]:
        return [
            Notice(
                no,
                self.face.time(told),
                texts.leaked(texts.pick(texts.MISSING, self.rng), applicant, self.rng),
                self.face.maybe(brought),
            )
            for no, (told, brought) in enumerate(life.notices, 1)
        ]


def _channel(kind: str, rng: Random) -> str:
    draw = rng.random()
    if kind == "instant" or draw < 0.9:
        return "window"
    return "online" if draw < 0.96 else "letter" if draw < 0.985 else "other"


def _status(life: Life) -> str:
    if life.closed is not None:
        return "closed"
    if any(pause.end is None for pause in life.pauses):
        return "suspended"
    if life.accepted is None:
        return "received"
    return "in_progress" if len(life.happenings) > 1 else "accepted"
