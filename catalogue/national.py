"""National codes of service items and cases: parse, write, and say part by part what they mean.

The schemes are content: `catalogue/national.yml` (GB/T 39046-2020 and the national exchange tables). The county's own
codes are in `catalogue.codes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Literal

from pydantic import model_validator

from catalogue.codes import ROOT, CodeError
from hub.core import credit_codes
from hub.core.specs import Spec, Title, read_yaml


class PartRule(Spec):
    """One part of a code: either characters of a form, or a whole code of another scheme."""

    name: str
    zh: str = ""
    en: str = ""
    pattern: str | None = None
    list: str | None = None
    check: Literal["credit_code", "date"] | None = None
    scheme: str | None = None

    @model_validator(mode="after")
    def _one_form(self) -> PartRule:
        if (self.pattern is None) == (self.scheme is None):
            raise ValueError("a part has either a pattern or a scheme")
        return self


class NationalScheme(Spec):
    """One way of writing national codes."""

    title: Title
    source: str
    parts: tuple[PartRule, ...]


class National(Spec):
    """`national.yml`."""

    lists: Mapping[str, Mapping[str, Title]]
    types: Mapping[str, str]
    levels: Mapping[str, str]
    schemes: Mapping[str, NationalScheme]

    @model_validator(mode="after")
    def _names_are_known(self) -> National:
        rules = [rule for scheme in self.schemes.values() for rule in scheme.parts]
        unknown = {rule.scheme for rule in rules if rule.scheme} - set(self.schemes)
        unknown |= {rule.list for rule in rules if rule.list} - set(self.lists)
        if unknown:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        return self


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a code as it stands, what it is, and what its value means (None where no list says)."""

    name: str
    text: str
    title: Title
    meaning: Title | None = None


@cache
def national() -> National:
    """The national schemes and lists. Raises SpecError."""
    return read_yaml(ROOT / "national.yml").parse(National)


def parse(text: str, scheme: str) -> tuple[Part, ...]:
    """The parts of a national code, in order. Raises CodeError naming the part that is wrong."""
    found, at = [], 0
    for rule in _rules(scheme):
        match = re.compile(rule.pattern or "", re.ASCII).match(text, at)
        if match is None:
            rest = text[at:] or "nothing"
            raise CodeError(
                f"'{text}': {rule.en} ({rule.zh}) is wrong from character {at + 1}: {rest}"
            )
        found.append(_part(rule, match[0], text))
        at = match.end()
    if at != len(text):
        raise CodeError(
            f"'{text}' has {len(text)} characters, {len(text) - at} too many ({scheme})"
        )
    return tuple(found)


def format(scheme: str, **parts: str) -> str:
    """The code of these parts: `format(s, **{p.name: p.text for p in parse(x, s)}) == x`. Raises CodeError."""
    wanted = [rule.name for rule in _rules(scheme)]
    if set(parts) != set(wanted):
        raise CodeError(f"{scheme} has the parts {', '.join(wanted)}")
    text = "".join(parts[name] for name in wanted)
    parse(text, scheme)
    return text


def length(scheme: str) -> int | None:
    """How many characters a code of the scheme has; None where that varies."""
    fixed = [
        re.fullmatch(r"\[[^]]*\](?:\{([0-9]+)\})?", rule.pattern or "") for rule in _rules(scheme)
    ]
    return sum(int(found[1] or 1) for found in fixed if found) if all(fixed) else None


def inner(text: str, scheme: str) -> Iterator[tuple[str, str]]:
    """A valid code with its scheme, then the codes of other schemes that it contains, outermost first."""
    yield scheme, text
    at = 0
    for rule in national().schemes[scheme].parts:
        length = len(_matched(rule, text, at))
        if rule.scheme:
            yield from inner(text[at : at + length], rule.scheme)
        at += length


def _matched(rule: PartRule, text: str, at: int) -> str:
    patterns = [r.pattern or "" for r in (_rules(rule.scheme) if rule.scheme else [rule])]
    match = re.compile("".join(patterns), re.ASCII).match(text, at)
    return match[0] if match else ""


def _rules(scheme: str) -> Iterator[PartRule]:
    known = national().schemes
    if scheme not in known:
        raise CodeError(f"no scheme '{scheme}'; known: {', '.join(known)}")
    for rule in known[scheme].parts:
        if rule.scheme:
            yield from _rules(rule.scheme)
        else:
            yield rule


def _part(rule: PartRule, value: str, text: str) -> Part:
    title = Title(zh=rule.zh, en=rule.en)
    meanings = national().lists[rule.list] if rule.list else None
    if meanings is not None and value not in meanings:
        raise CodeError(
            f"'{text}': {rule.en} ({rule.zh}) '{value}' is none of {', '.join(meanings)}"
        )
    if rule.check == "credit_code" and not credit_codes.is_valid(value):
        raise CodeError(
            f"'{text}': the check character of the {rule.en} ({rule.zh}) '{value}' is wrong"
        )
    if rule.check == "date" and not _is_date(value):
        raise CodeError(f"'{text}': {rule.en} ({rule.zh}) '{value}' is no date")
    return Part(rule.name, value, title, meanings[value] if meanings else None)


def _is_date(digits: str) -> bool:
    try:
        return bool(datetime.strptime(digits, "%Y%m%d"))  # noqa: DTZ007 (a day has no zone)
    except ValueError:
        return False
