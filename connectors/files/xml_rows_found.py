"""Which elements of a package are its rows: those that come again in one parent and hold values."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from hub.core.errors import SourceRefused

MOST_ELEMENTS = 200_000
Path_ = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowElement:
    """`fields`: field name → path below the row, or above it for what tells whose row it is."""

    path: str
    fields: dict[str, str]
    count: int
    namespaces: dict[str, str]


class _Seen:
    """What a pass over the elements has met, by the way from the root."""

    def __init__(self) -> None:
        self.count: Counter[Path_] = Counter()
        self.most_in_one: Counter[Path_] = Counter()
        self.inside: dict[Path_, set[str]] = {}
        self.leaves: dict[Path_, dict[str, set[str]]] = {}
        self.spaces: dict[str, str] = {}

    def tag(self, element: etree._Element) -> str:
        name = etree.QName(element)
        if name.namespace is None:
            return name.localname
        prefix = self.spaces.setdefault(name.namespace, f"n{len(self.spaces) + 1}")
        return f"{prefix}:{name.localname}"


def row_paths(path: Path) -> list[RowElement]:
    """The elements that may be rows, outer ones first. Raises SourceRefused when the package is broken."""
    seen = _Seen()
    try:
        _walk(path, seen)
    except etree.XMLSyntaxError as failure:
        raise SourceRefused(
            "the package is not well-formed",
            where=f"{path}:{failure.lineno}",
            remedy="ask for it again",
        ) from None
    rows = _rows(seen)
    namespaces = {prefix: space for space, prefix in seen.spaces.items()}
    return [
        RowElement("/" + "/".join(way), _fields(way, rows, seen), seen.count[way], namespaces)
        for way in sorted(rows, key=len)
    ]


def _rows(seen: _Seen) -> list[Path_]:
    """What comes again in one parent; what stands alone in a parent made for it (Fees/Fee); and what holds such."""
    lists = {way for way, tags in seen.inside.items() if len(tags) == 1 and way not in seen.leaves}
    listed = [
        way
        for way in seen.leaves
        if len(way) > 1 and (seen.most_in_one[way] > 1 or way[:-1] in lists)
    ]
    holding = [
        way
        for way in seen.leaves
        if way not in listed and any(row[: len(way)] == way and row != way for row in listed)
    ]
    return [*listed, *holding] or sorted((way for way in seen.leaves if len(way) > 1), key=len)[:1]


def _walk(path: Path, seen: _Seen) -> None:
    way: list[str] = []
    inside: list[Counter[str]] = [Counter()]
    reader = etree.iterparse(
        str(path), events=("start", "end"), no_network=True, resolve_entities=False, load_dtd=False
    )
    for number, (event, element) in enumerate(reader):
        if event == "start":
            way.append(seen.tag(element))
            inside[-1][way[-1]] += 1
            inside.append(Counter())
            continue
        here, within = tuple(way), inside.pop()
        seen.count[here] += 1
        tags = seen.inside.setdefault(here, set())
        for tag, times in within.items():
            tags.add(tag)
            child = (*here, tag)
            seen.most_in_one[child] = max(seen.most_in_one[child], times)
        if not within and len(here) > 1:
            values = seen.leaves.setdefault(here[:-1], {}).setdefault(here[-1], set())
            values.add((element.text or "").strip())
        way.pop()
        element.clear()
        if number > MOST_ELEMENTS:
            return


def _fields(way: Path_, rows: list[Path_], seen: _Seen) -> dict[str, str]:
    own = {_bare(tag): tag for tag in seen.leaves[way] if seen.most_in_one[(*way, tag)] <= 1}
    for above in sorted(
        (row for row in rows if row == way[: len(row)] and row != way), key=len, reverse=True
    )[:1]:
        up = "/".join([".."] * (len(way) - len(above)))
        for tag, values in seen.leaves[above].items():
            if len(values) == seen.count[above] and "" not in values:
                own.setdefault(_bare(tag), f"{up}/{tag}")
                break
    return own


def _bare(tag: str) -> str:
    return tag.rpartition(":")[2]
