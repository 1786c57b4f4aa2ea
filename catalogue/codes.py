"""Unified codes of powers, services and disclosure items: parse, write, and say what is wrong.

The default scheme is that of the 2011 guide (工信部联信〔2011〕455号). Schemes are configuration: `catalogue/schemes.yml`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from string import Formatter

from pydantic import Field, field_validator

from hub.core.errors import SpecError
from hub.core.settings import CONTENT_ROOT
from hub.core.specs import Spec, Title, read_yaml

ROOT = CONTENT_ROOT / "catalogue"
GROUPS = {"region", "initials", "type", "serial"}


class CodeError(ValueError):
    """The text is no code of the scheme; the message says which part is wrong."""


class Scheme(Spec):
    """One way of writing codes."""

    title: str
    pattern: str
    template: str
    region_length: int = Field(ge=6)
    types: Mapping[str, Title]

    @field_validator("template")
    @classmethod
    def _writes_its_parts(cls, template: str) -> str:
        if {name for _, name, _, _ in Formatter().parse(template) if name is not None} != GROUPS:
            raise ValueError(f"must write {', '.join(sorted(GROUPS))}, and nothing else")
        return template

    @field_validator("pattern")
    @classmethod
    def _names_its_parts(cls, pattern: str) -> str:
        try:
            missing = GROUPS - set(re.compile(pattern).groupindex)
        except re.error as failure:
            raise ValueError(f"no regular expression: {failure}") from None
        if missing:
            raise ValueError(f"names no group {', '.join(sorted(missing))}")
        return pattern


class Schemes(Spec):
    """`schemes.yml`."""

    default: str
    schemes: dict[str, Scheme]


@dataclass(frozen=True, slots=True)
class Code:
    """The parts of one code."""

    scheme: str
    region: str
    initials: str
    type: str
    serial: str

    @property
    def body(self) -> str:
        """Code of the body: region and initials."""
        return self.region + self.initials

    @property
    def short(self) -> str:
        """Initials, type and serial, such as GT-XK-0001: the name of the item's file."""
        return f"{self.initials}-{self.type}-{self.serial}"


@cache
def schemes(root: Path = ROOT) -> Schemes:
    """The schemes known to a catalogue folder. Raises SpecError."""
    file = read_yaml(root / "schemes.yml")
    found = file.parse(Schemes)
    if found.default not in found.schemes:
        raise file.error(f"default scheme '{found.default}' is not among the schemes", ("default",))
    return found


def parse(text: str, scheme: str | None = None, root: Path = ROOT) -> Code:
    """The parts of a code, by the default scheme unless another is named. Raises CodeError."""
    known = schemes(root)
    name = scheme or known.default
    if name not in known.schemes:
        raise CodeError(f"no scheme '{name}'; known: {', '.join(known.schemes)}")
    rule = known.schemes[name]
    found = re.fullmatch(rule.pattern, text, re.ASCII)
    if not found:
        raise CodeError(f"'{text}' {_what_is_wrong(text, rule)} (scheme {name})")
    parts = {group: found[group] for group in GROUPS}
    if len(parts["region"]) != rule.region_length:
        raise CodeError(f"'{text}': the region must have {rule.region_length} digits")
    if parts["type"] not in rule.types:
        raise CodeError(
            f"'{text}': type '{parts['type']}' is unknown; known: {', '.join(rule.types)}"
        )
    return Code(name, **parts)


def format(code: Code, root: Path = ROOT) -> str:
    """The text of a code: `format(parse(x)) == x`."""
    return (
        schemes(root)
        .schemes[code.scheme]
        .template.format(
            region=code.region, initials=code.initials, type=code.type, serial=code.serial
        )
    )


def day(text: str, path: Path, line: int) -> date:
    """The day that a cell of one of our CSV files says. Raises SpecError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SpecError(
            f"'{text}' is no date", file=path, line=line, remedy="write YYYY-MM-DD"
        ) from None


def _what_is_wrong(text: str, rule: Scheme) -> str:
    if text != text.strip():
        return "has blanks around it"
    if not text.isascii():
        return "has characters other than ASCII letters, digits and hyphens"
    if text != text.upper():
        return "has small letters"
    return f"does not have the form {rule.template}"
