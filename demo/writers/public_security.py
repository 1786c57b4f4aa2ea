"""公安局: XML packages of several cases; a package with mistakes is sent again with a higher data version."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from xml.sax.saxutils import escape

from demo.model import (
    Amendment,
    DemoCase,
    Publication,
    Step,
)
from demo.workdays import work_calendar
from demo.writers.codes import OwnCodes, own_codes
from demo.writers.defects import Defect, bad_date, charged, pick
from demo.writers.fates import LANDED, Fates, quarantined
from demo.writers.flat import last_activity
from demo.writers.public_security_elements import (
    Values,
    case_values,
    charge_values,
    notice_values,
    paper_values,
    penalty_values,
    second,
    step_values,
    stop_values,
)
from hub.core.batches import CHUNK_ROWS

SLUG = "public_security"
BODY = "36012100GA"
CHARSET = "gb18030"
CASES_PER_PACKAGE = 100
RESENT_SHARE = 0.05
PLURALS = {"Penalty": "Penalties"}
LAST_STEPS = ("issue", "deliver")
"""Steps that no flow demands: losing one changes no rule's outcome."""

DEFECTS = (
    Defect("step_date", "bad_date", 0.013, lambda case: _last_step(case) is not None),
    Defect("step_blank", "required_missing", 0.010, lambda case: _last_step(case) is not None),
    Defect("flag", "bad_boolean", 0.012, lambda case: any(not p.required for p in case.papers)),
    Defect("action", "unmapped_code", 0.009, lambda case: _last_step(case) is not None),
    Defect("negative", "negative_amount", 0.004, charged),
)


@dataclass(frozen=True, slots=True)
class Element:
    """One record in a package: its key, its own text (without nested records), its fate unless told again."""

    key: tuple[str, ...]
    text: str
    fate: str = LANDED


@dataclass(frozen=True, slots=True)
class Delivery:
    """What goes into one package: positions of cases and of published items."""

    name: str
    sent: datetime
    cases: list[int]
    items: list[int]


AMENDED = Delivery("GA20121231_91", datetime(2012, 12, 31, 18), [], [])  # noqa: DTZ001  (local)


@dataclass(slots=True)
class Package:
    """One file: its text, and its records per dataset in the order of the file."""

    file: str
    body: list[str] = field(default_factory=list)
    records: dict[str, list[Element]] = field(default_factory=lambda: defaultdict(list))

    def save(self, folder: Path, delivery: Delivery, version: int) -> None:
        """Write the file. The second version is sent two hours after the first."""
        sent = delivery.sent + timedelta(hours=2 * (version - 1))
        head = _element("Head", [
            ("No", delivery.name.replace("_", "")), ("Dept", BODY), ("SendTime", second(sent)),
            ("DataVer", str(version)), ("Count", str(len(self.body))),
        ])  # fmt: skip
        text = f'<?xml version="1.0" encoding="GB18030"?>\n<Package>\n{head}<Body>\n{"".join(self.body)}</Body>\n</Package>\n'
        (folder / self.file).write_bytes(text.encode(CHARSET))


def write(
    cases: Sequence[DemoCase],
    publications: Sequence[Publication],
    target: Path,
    rng: Random,
    amendments: Sequence[Amendment] = (),
) -> Fates:
    """Write GA<yyyymmdd>_<nn>.xml per working day, and GA<yyyymmdd>_<nn>_2.xml for a package sent again.

    What is amended later goes into a package in the folder `later` beside it.
    """
    target.mkdir(parents=True, exist_ok=True)
    fates, teller, batches = Fates(), _Teller(own_codes(SLUG), rng), _Batches()
    places = _Places({amendment.case_no for amendment in amendments})
    deliveries = list(_deliveries(cases, publications))
    resent = {
        place
        for place, delivery in enumerate(deliveries)
        if rng.random() < RESENT_SHARE and delivery.cases and not delivery.items
    }
    spared = frozenset(at for place in resent for at in deliveries[place].cases)
    defects = pick(cases, DEFECTS, rng, spared)
    clean = [at for at, item in enumerate(publications) if not item.violations]
    unreadable = frozenset(rng.sample(clean, min(len(clean), 1 + len(publications) // 200)))
    fates.lost |= {publications[at].source_no for at in unreadable}
    for place, delivery in enumerate(deliveries):
        package = Package(f"{delivery.name}.xml")
        for at in delivery.cases:
            teller.tell_case(package, cases[at], defects.get(at))
        for at in delivery.items:
            teller.tell_publication(package, publications[at], at in unreadable)
        if place in resent:
            first = teller.mistaken(delivery, cases)
            again = Package(f"{delivery.name}_2.xml", package.body, package.records)
            if batches.take_together(first.records, again.records):
                first.save(target, delivery, 1)
                again.save(target, delivery, 2)
                _say_resent(fates, first, again)
                places.note(again)
                continue
        package.save(target, delivery, 1)
        batches.take(package.records)
        _say(fates, package)
        places.note(package)
    if amendments:
        _amend(amendments, {case.case_no: case for case in cases}, target, fates, places)
    return fates


class _Places:
    """Where the records of the cases stand that will be amended."""

    def __init__(self, numbers: Collection[str]) -> None:
        self.numbers = numbers
        self.rows: dict[tuple[str, tuple[str, ...]], tuple[str, int]] = {}

    def note(self, package: Package) -> None:
        """One file; a later one counts."""
        if not self.numbers:
            return
        for dataset, elements in package.records.items():
            for row, element in enumerate(elements, 1):
                if element.key[0] in self.numbers:
                    self.rows[dataset, element.key] = (package.file, row)


def _amend(
    amendments: Sequence[Amendment],
    known: Mapping[str, DemoCase],
    target: Path,
    fates: Fates,
    places: _Places,
) -> None:
    """One more package, of the cases' own fields and of the fees that changed, with a higher data version."""
    codes, package = own_codes(SLUG), Package(f"{AMENDED.name}.xml")
    for amendment in amendments:
        case = amendment.now
        if case is None:
            raise ValueError(f"{SLUG} cannot say that {amendment.case_no} is gone")
        own = _values(case_values(case, codes))
        package.records["cases"].append(Element((case.case_no,), own))
        told = known[case.case_no].charges
        fees = [
            Element((case.case_no, str(new.no)), _element("Fee", charge_values(new)))
            for new, old in zip(case.charges, told, strict=True)
            if new != old
        ]
        package.records["fees"].extend(fees)
        nested = f"<Fees>\n{''.join(fee.text for fee in fees)}</Fees>\n" if fees else ""
        package.body.append(f"<Case>\n{own}{nested}</Case>\n")
    folder = later(target)
    folder.mkdir(parents=True, exist_ok=True)
    package.save(folder, AMENDED, 3)
    for dataset, elements in package.records.items():
        for row, element in enumerate(elements, 1):
            fates.outdo(dataset, *places.rows[dataset, element.key])
            fates.say(dataset, package.file, row)


def later(target: Path) -> Path:
    """The folder of what is dropped into `target` after it has been read once."""
    return target.parent / "later" / target.name


def _deliveries(
    cases: Sequence[DemoCase], publications: Sequence[Publication]
) -> Iterator[Delivery]:
    """What is sent, in order: every working day what moved since the day before."""
    calendar = work_calendar()
    moved: dict[int, list[int]] = defaultdict(list)
    for at, case in enumerate(cases):
        moved[calendar.on_or_after(last_activity(case).date())].append(at)
    told: dict[int, list[int]] = defaultdict(list)
    for at, item in enumerate(publications):
        told[calendar.on_or_after((item.published_at or item.produced_at).date())].append(at)
    for night in sorted(moved.keys() | told.keys()):
        day, due, items = calendar.midnights[night], moved[night], told[night]
        for first in range(0, max(len(due), 1), CASES_PER_PACKAGE):
            name = f"GA{day:%Y%m%d}_{first // CASES_PER_PACKAGE + 1:02}"
            chunk = due[first : first + CASES_PER_PACKAGE]
            yield Delivery(name, day.replace(hour=18), chunk, [] if first else items)


class _Teller:
    """Puts cases and published items into packages, in the bureau's words."""

    def __init__(self, codes: OwnCodes, rng: Random) -> None:
        self.codes, self.rng = codes, rng

    def tell_case(self, package: Package, case: DemoCase, defect: Defect | None) -> None:
        """One case with all its parts."""
        number = case.case_no
        own = _values(case_values(case, self.codes))
        package.records["cases"].append(Element((number,), own))
        damaged = _last_step(case)
        flawed = defect if defect and defect.name in ("step_date", "step_blank", "action") else None
        steps = [
            self._record(
                number, "Step", step_values(step, self.codes), flawed if step is damaged else None
            )
            for step in case.steps
        ]
        specials = [self._record(number, "Special", stop_values(s, self.codes)) for s in case.stops]
        notices = [self._record(number, "Supplement", notice_values(n)) for n in case.notices]
        extra = next((p for p in case.papers if not p.required), None)
        flagged = defect if defect and defect.name == "flag" else None
        papers = [
            self._record(number, "Material", paper_values(p), flagged if p is extra else None)
            for p in case.papers
        ]
        negative = defect if defect and defect.name == "negative" else None
        charges = [
            self._record(number, "Fee", charge_values(c), None if place else negative)
            for place, c in enumerate(case.charges)
        ]
        fines = [self._record(number, "Penalty", penalty_values(p)) for p in case.penalties]
        nested = (
            ("Step", steps),
            ("Special", specials),
            ("Supplement", notices),
            ("Material", papers),
            ("Fee", charges),
            ("Penalty", fines),
        )
        text = [f"<Case>\n{own}"]
        for name, elements in nested:
            plural = PLURALS.get(name, f"{name}s")
            package.records[plural.lower()].extend(elements)
            if elements:
                text.append(
                    f"<{plural}>\n{''.join(element.text for element in elements)}</{plural}>\n"
                )
        package.body.append("".join(text) + "</Case>\n")

    def mistaken(self, delivery: Delivery, cases: Sequence[DemoCase]) -> Package:
        """The package as it was first sent, with mistakes in one of its cases."""
        package = Package(f"{delivery.name}.xml")
        wrong = self.rng.choice(delivery.cases)
        for at in delivery.cases:
            self.tell_case(package, _mistaken(cases[at]) if at == wrong else cases[at], None)
        return package

    def tell_publication(self, package: Package, item: Publication, unreadable: bool) -> None:
        """One published item."""
        values = [
            ("No", item.source_no),
            ("Item", self.codes.item(item.item_code, item.produced_at.date())),
            ("Title", item.title),
            ("ProducedTime", "待定" if unreadable else second(item.produced_at)),
            ("PublishedTime", second(item.published_at)),
            ("Address", item.url),
        ]
        text = _element("Disclosure", values)
        fate = quarantined("bad_date") if unreadable else LANDED
        package.records["disclosures"].append(Element((item.source_no,), text, fate))
        package.body.append(text)

    def _record(
        self, number: str, name: str, values: Values, defect: Defect | None = None
    ) -> Element:
        fate = LANDED
        if defect:
            fate = quarantined(defect.reason)
            values = _damaged(values, defect, self.rng)
        return Element((number, values[0][1]), _element(name, values), fate)


def _damaged(values: Values, defect: Defect, rng: Random) -> Values:
    column, value = {
        "step_date": ("StartTime", bad_date(rng)),
        "step_blank": ("StartTime", ""),
        "action": ("Action", "77"),
        "flag": ("Received", "缺"),
        "negative": ("Amount", f"-{dict(values).get('Amount', '')}"),
    }[defect.name]
    return [(name, value if name == column else old) for name, old in values]


def _last_step(case: DemoCase) -> Step | None:
    return next((step for step in reversed(case.steps) if step.code in LAST_STEPS), None)


def _mistaken(case: DemoCase) -> DemoCase:
    """The case as it was first sent: the wrong clerk, and the last step not yet told."""
    steps = case.steps[:-1] if len(case.steps) > 1 else list(case.steps)
    steps = [
        replace(step, handler=f"{step.handler}（代）") if step.no == 1 else step for step in steps
    ]
    return replace(case, acceptor=f"{case.acceptor}（代）", steps=steps)


def _say(fates: Fates, package: Package) -> None:
    for dataset, elements in package.records.items():
        for row, element in enumerate(elements, 1):
            fates.say(dataset, package.file, row, element.fate)


def _say_resent(fates: Fates, first: Package, again: Package) -> None:
    for dataset, elements in again.records.items():
        earlier = {e.key: (row, e.text) for row, e in enumerate(first.records[dataset], 1)}
        for row, element in enumerate(elements, 1):
            told = [(again.file, row, element.text)]
            if before := earlier.get(element.key):
                told.insert(0, (first.file, *before))
            fates.say_told(dataset, told)


class _Batches:
    """Follows how the files fill batches of CHUNK_ROWS rows, dataset by dataset.

    A repetition in a later batch leaves the first telling as the current one. So that a row's fate does not hang on
    where batches end, a package is only sent again where both tellings fall into one batch.
    """

    def __init__(self) -> None:
        self.filled: dict[str, int] = defaultdict(int)

    def take(self, records: dict[str, list[Element]]) -> None:
        """One more file."""
        for dataset, elements in records.items():
            rows = self.filled[dataset] + len(elements)
            self.filled[dataset] = rows if rows <= CHUNK_ROWS else len(elements)

    def take_together(
        self, first: dict[str, list[Element]], second: dict[str, list[Element]]
    ) -> bool:
        """Two more files, unless a batch would end between them: then nothing is taken."""
        for dataset in first.keys() | second.keys():
            rows = self.filled[dataset] + len(first[dataset])
            held = rows if rows <= CHUNK_ROWS else len(first[dataset])
            if held + len(second[dataset]) > CHUNK_ROWS:
                return False
        self.take(first)
        self.take(second)
        return True


def _values(values: Values) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>\n" for name, value in values)


def _element(name: str, values: Values) -> str:
    return f"<{name}>\n{_values(values)}</{name}>\n"
