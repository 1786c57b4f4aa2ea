"""What a code says, part by part, in every scheme in which it is well formed, and which powers it means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from catalogue import Catalogue, codes, national
from catalogue.crosswalk import Entry
from catalogue.national import Part
from catalogue.spec import Body
from hub.core.specs import Title

REGION = Title(zh="行政区划（县 6 位、乡镇 2 位）", en="region (county 6 digits, town 2)")
INITIALS = Title(zh="办理主体简称", en="initials of the body")
TYPE = Title(zh="事项类型", en="type of item")
SERIAL = Title(zh="事项序号", en="serial number")


@dataclass(frozen=True, slots=True)
class Explanation:
    """A code in one scheme: its parts, the entries of the crosswalk that say what it means, and what it is called here."""

    scheme: str
    title: str
    parts: tuple[Part, ...]
    item: str | None
    """Name of the item, when the code is one of the catalogue's own."""
    entries: tuple[Entry, ...]


def explain(text: str, catalogue: Catalogue) -> tuple[list[Explanation], list[str]]:
    """The code in every scheme that it fits, the county's own first; why it fails others that have its length.

    Raises CodeError with the reasons if it fits none.
    """
    found: list[Explanation] = []
    reasons: list[str] = []
    near: list[str] = []
    for scheme in codes.schemes(catalogue.root).schemes:
        try:
            found.append(_own(text, codes.parse(text, scheme, catalogue.root), catalogue))
        except codes.CodeError as failure:
            reasons.append(str(failure))
    for scheme, rule in national.national().schemes.items():
        try:
            parts = national.parse(text, scheme)
        except codes.CodeError as failure:
            reasons.append(f"{scheme}: {failure}")
            near += reasons[-1:] if national.length(scheme) == len(text) else []
            continue
        title = f"{rule.title.zh} {rule.title.en}"
        entries = _meanings(national.inner(text, scheme), catalogue.crosswalk)
        found.append(Explanation(scheme, title, parts, None, entries))
    if not found:
        raise codes.CodeError(f"'{text}' fits no scheme: " + "; ".join(reasons))
    return found, near


def _own(text: str, code: codes.Code, catalogue: Catalogue) -> Explanation:
    rule = codes.schemes(catalogue.root).schemes[code.scheme]
    body = catalogue.bodies.get(code.body)
    parts = (
        Part("region", code.region, REGION, _region(code.region, catalogue)),
        Part("initials", code.initials, INITIALS, _body(body)),
        Part("type", code.type, TYPE, rule.types[code.type]),
        Part("serial", code.serial, SERIAL),
    )
    item = catalogue.powers.get(text) or catalogue.disclosure_items.get(text)
    entries = tuple(entry for entry in catalogue.crosswalk if entry.power_code == text)
    return Explanation(
        code.scheme, rule.title, parts, item.versions[-1].name if item else None, entries
    )


def _region(region: str, catalogue: Catalogue) -> Title | None:
    names = [known.name for known in catalogue.regions if known.code == region[:6]]
    return Title(zh="、".join(names), en=", ".join(names)) if names else None


def _body(body: Body | None) -> Title | None:
    return Title(zh=body.name, en=body.name) if body else None


def _meanings(candidates: Iterable[tuple[str, str]], known: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The entries of the whole code or, where it has none, of the longest code inside it."""
    for scheme, code in candidates:
        entries = tuple(_of(scheme, code, known))
        if entries:
            return entries
    return ()


def _of(scheme: str, code: str, known: tuple[Entry, ...]) -> Iterator[Entry]:
    yield from (entry for entry in known if (entry.scheme, entry.code) == (scheme, code))
