"""Self-checks of the catalogue's content; each error names file and line.

What the notice (赣府厅发〔2012〕8号) demands of an item is present; codes, bodies and regions are known; limits, flow, fees
and periods do not contradict themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from itertools import pairwise

from catalogue import codes, completeness, crosswalk, flow, limits
from catalogue.loading import (
    Content,
    DisclosureSource,
    PowerSource,
    Region,
    Source,
    YamlSource,
    file_of,
)
from catalogue.spec import DisclosureVersion, PowerVersion
from hub.core.errors import SpecError

DEMANDED = ("name", "content", "basis", "conditions", "supervision_channel", "service_object")
"""What the notice demands and a file can leave blank; the limit and the body cannot be left out."""
DEMANDED_OF_DISCLOSURE = ("name", "basis", "fields_required")
OPEN = date.max

PERIOD = {"version", "effective_from", "effective_to", "why"}

Item = PowerSource | DisclosureSource
Version = PowerVersion | DisclosureVersion


def run(content: Content) -> list[SpecError]:
    """Every error of the content, in order of file and line."""
    found = [*content.errors, *_files(content), *_bodies(content), *_regions(content)]
    items: list[Item] = [*content.powers, *content.disclosures]
    found += _codes(items, content)
    for item in items:
        found += _periods(item, content)
    for power in content.powers:
        for version, source in zip(power.versions, power.sources, strict=True):
            for check in POWER_CHECKS:
                found += check(version, source)
    for disclosure in content.disclosures:
        for item_version, source in zip(disclosure.versions, disclosure.sources, strict=True):
            found += _present(item_version, source, DEMANDED_OF_DISCLOSURE)
    found += _risks(content.powers)
    found += _crosswalk(content)
    found += completeness.check(content)
    unique = {(str(error.file), error.line or 0, error.what): error for error in found}
    return [unique[key] for key in sorted(unique)]


def _files(content: Content) -> Iterator[SpecError]:
    """Every file below items/ is read; none is passed over because of its name or place."""
    folder = content.items
    paths = [p for p in sorted(folder.rglob("*")) if p.is_file() and not p.name.startswith(".")]
    if not (paths or content.powers or content.disclosures):
        yield SpecError("holds no item", file=folder, remedy="add items/<body>/<code>.yml")
    for path in paths:
        if path.suffix != ".yml" or path.parent.parent != folder:
            yield SpecError(
                "is not read", file=path, remedy="items are items/<body initials>/<code>.yml"
            )


def _bodies(content: Content) -> Iterator[SpecError]:
    file = content.bodies_file
    known = codes.schemes(content.root)
    rule = known.schemes[known.default]
    sample = next(iter(rule.types))
    seen: set[str] = set()
    for position, body in enumerate(content.bodies):
        at = (position, "code")
        text = rule.template.format(
            region=body.region, initials=body.initials, type=sample, serial="0001"
        )
        try:
            codes.parse(text, root=content.root)
        except codes.CodeError:
            yield file.error(f"body code '{body.code}' is not well formed", at)
        if body.code in seen:
            yield file.error(f"body code '{body.code}' is given twice", at, "choose other initials")
        if not any(region.code == body.region[:6] for region in content.regions):
            yield file.error(f"region {body.region[:6]} is not in regions.csv", at)
        seen.add(body.code)


def _regions(content: Content) -> Iterator[SpecError]:
    path = content.root / "regions.csv"
    by_code: dict[str, list[Region]] = {}
    for region in sorted(content.regions, key=lambda r: (r.code, r.valid_from)):
        by_code.setdefault(region.code, []).append(region)
        if region.valid_to and region.valid_from > region.valid_to:
            yield SpecError("valid_from is after valid_to", file=path, line=region.line)
    for code, rows in by_code.items():
        for one, other in pairwise(rows):
            if (one.valid_to or OPEN) >= other.valid_from:
                what = f"region {code} means two names on {other.valid_from}"
                yield SpecError(what, file=path, line=other.line)


def _codes(items: Iterable[Item], content: Content) -> Iterator[SpecError]:
    bodies = {body.code for body in content.bodies}
    first: dict[codes.Code, str] = {}
    for item in items:
        source, code = item.sources[0], item.code
        if code in first:
            yield source.error(f"code is used by {first[code]} too", "code")
        first.setdefault(code, source.name)
        if isinstance(source, YamlSource) and source.file.path.parts[-2:] != file_of(code).parts:
            remedy = f"name it {file_of(code)}"
            yield source.error("code and file name do not agree", "code", remedy=remedy)
        if code.body not in bodies:
            yield source.error(
                f"body {code.body} is unknown", "code", remedy="add it to bodies.yml or correct the code"
            )  # fmt: skip


def _periods(item: Item, content: Content) -> Iterator[SpecError]:
    versions: tuple[PowerVersion | DisclosureVersion, ...] = item.versions
    pairs = list(zip(versions, item.sources, strict=True))
    for version, source in pairs:
        if version.effective_from > (version.effective_to or OPEN):
            yield source.period_error("effective_from is after effective_to", "effective_from")
        if not _region_exists(item.code.region, version.effective_from, content.regions):
            what = f"region {item.code.region} does not exist on {version.effective_from}"
            yield source.period_error(what, "effective_from", "correct the code or regions.csv")
    for (one, _), (other, source) in pairwise(pairs):
        if wrong := _follows(one, other):
            yield source.period_error(wrong, "effective_from")


def _follows(one: Version, other: Version) -> str | None:
    """What is wrong with a version that comes after another one."""
    last = one.effective_to or OPEN
    if last >= other.effective_from:
        return f"version {other.version} begins while version {one.version} holds"
    if last + timedelta(days=1) < other.effective_from:
        if not other.why:
            gap = f"from {last + timedelta(days=1)} to {other.effective_from - timedelta(days=1)}"
            return f"no version holds {gap}, and version {other.version} does not say why"
    elif one.model_dump(exclude=PERIOD) == other.model_dump(exclude=PERIOD):
        return f"version {other.version} changes nothing"
    return None


def _region_exists(region: str, on: date, regions: Iterable[Region]) -> bool:
    """GB/T 2260 has six digits; what a scheme adds below it (towns) is not in the table."""
    return any(r.code == region[:6] and r.valid_from <= on <= (r.valid_to or OPEN) for r in regions)


def _crosswalk(content: Content) -> Iterator[SpecError]:
    """An item that could not be read is an error of its own; the crosswalk may name it."""
    powers = {source.power.code: source.power for source in content.powers}
    unread = tuple(error.file.stem for error in content.errors)
    entries = (e for e in content.crosswalk if not e.power_code.endswith(unread))
    yield from crosswalk.check(entries, powers, content.root)


def _demanded(version: PowerVersion, source: Source) -> Iterator[SpecError]:
    yield from _present(version, source, DEMANDED)


def _present(
    version: PowerVersion | DisclosureVersion, source: Source, names: Iterable[str]
) -> Iterator[SpecError]:
    for name in names:
        value = getattr(version, name)
        texts = (value,) if isinstance(value, str) else value
        if not texts or any(not text.strip() for text in texts):
            yield source.error(f"{name} is blank", name, remedy="the notice demands it")


def _posts(version: PowerVersion, source: Source) -> Iterator[SpecError]:
    """The notice wants post, authority and time limit of every step that is always taken."""
    for position, step in enumerate(version.steps):
        for name in ("post", "authority"):
            if not getattr(step, name).strip():
                yield source.error(f"{name} of '{step.code}' is blank", "steps", position, name)
        if step.mandatory and step.limit is None:
            yield source.error(f"mandatory step '{step.code}' has no limit", "steps", position)


def _limits(version: PowerVersion, source: Source) -> Iterator[SpecError]:
    counted = [step.limit for step in version.steps if step.limit and not step.special]
    promised, statutory = version.promised_limit, version.statutory_limit
    if counted and (what := _exceeds(limits.fits(counted, promised))):
        yield source.error(f"the steps' limits together {what} the promised {promised}", "steps")
    if what := _exceeds(limits.fits([promised], statutory)):
        where = f"promised {promised} {what} the statutory {statutory}"
        yield source.error(where, "promised_limit", remedy="state both in the unit of the law")


def _exceeds(fits: bool | None) -> str | None:
    return {True: None, False: "exceed", None: "are not comparable with"}[fits]


def _instant(version: PowerVersion, source: Source) -> Iterator[SpecError]:
    if version.case_kind != "instant":
        return
    if not limits.within_a_day(version.promised_limit):
        yield source.error("an instant power promises more than one day", "promised_limit")
    for position, step in enumerate(version.steps):
        if step.limit and not limits.within_a_day(step.limit):
            yield source.error(
                f"an instant power has the multi-day step '{step.code}'", "steps", position, "limit"
            )


def _fees(version: PowerVersion, source: Source) -> Iterator[SpecError]:
    if version.charges and not version.fees:
        yield source.error("a power that charges has no fee", "charges", remedy="list its fees")
    if version.fees and not version.charges:
        yield source.error("a free power has a fee", "fees", 0)


def _unique(version: PowerVersion, source: Source) -> Iterator[SpecError]:
    for name in ("materials", "fees", "discretion", "risk_points"):
        seen: set[str] = set()
        for position, part in enumerate(getattr(version, name)):
            if part.code in seen:
                yield source.error(f"code '{part.code}' is used twice", name, position, "code")
            seen.add(part.code)


def _ranges(version: PowerVersion, source: Source) -> Iterator[SpecError]:
    for position, part in enumerate(version.discretion):
        low, high = part.min_amount, part.max_amount
        if low is not None and high is not None and low > high:
            yield source.error(
                "min_amount is above max_amount", "discretion", position, "min_amount"
            )


def _optional_texts(version: PowerVersion, source: Source) -> Iterator[SpecError]:
    for name in ("result_name", "consult_phone"):
        value = getattr(version, name)
        if value is not None and not value.strip():
            yield source.error(f"{name} is blank", name, remedy="fill it in or leave it out")
    phone = version.consult_phone
    if phone and phone.strip() and phone in version.supervision_channel:
        yield source.error("questions and complaints go to the same telephone", "consult_phone")


def _fines(version: PowerVersion, source: Source) -> Iterator[SpecError]:
    """A fine has a range (裁量幅度): without one no amount can be judged."""
    for position, part in enumerate(version.discretion):
        if "罚款" in part.penalty_kind and None in (part.min_amount, part.max_amount):
            remedy = "state min_amount and max_amount"
            yield source.error(
                f"the fine of '{part.code}' has no range", "discretion", position, remedy=remedy
            )


def _risk_steps(version: PowerVersion, source: Source) -> Iterator[SpecError]:
    known = {step.code for step in version.steps}
    for position, risk in enumerate(version.risk_points):
        if risk.step not in known:
            yield source.error(f"step '{risk.step}' is unknown", "risk_points", position, "step")


def _risks(powers: Iterable[PowerSource]) -> Iterator[SpecError]:
    """Numbers of risk points are unique across the catalogue and carry the body and type of their power."""
    owner: dict[str, str] = {}
    for power in powers:
        prefix = f"{power.code.initials}_{power.code.type}_"
        for version, source in zip(power.versions, power.sources, strict=True):
            for position, risk in enumerate(version.risk_points):
                at = ("risk_points", position, "code")
                if not risk.code.startswith(prefix):
                    yield source.error(f"risk point '{risk.code}' must begin with {prefix}", *at)
                if owner.setdefault(risk.code, power.power.code) != power.power.code:
                    yield source.error(
                        f"risk point '{risk.code}' belongs to {owner[risk.code]}", *at
                    )


POWER_CHECKS: tuple[Callable[[PowerVersion, Source], Iterable[SpecError]], ...] = (
    _demanded, _posts, _limits, flow.check, _instant, _fees, _unique, _ranges,
    _fines, _optional_texts, _risk_steps,
)  # fmt: skip
