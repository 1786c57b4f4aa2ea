"""The sheets and columns of the forms, as `catalogue/forms.yml` says."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from catalogue import codes, loading
from catalogue.codes import ROOT
from catalogue.words import words
from hub.core.specs import Spec, read_yaml

Kind = Literal[
    "code", "text", "lines", "integer", "money", "date", "yes_no", "choice", "shown", "derived"
]
YES, NO = "是", "否"
GUIDE, LISTS = "填表说明", "词表"
"""Sheets of a workbook beside the forms; nothing is imported from them."""


class Column(Spec):
    """One column of a form. `zh`, `en`: what is to be filled in."""

    heading: str
    field: str
    kind: Kind
    list: str | None = None
    required: bool = False
    width: int
    zh: str
    en: str


class Form(Spec):
    """One form: the sheet's name, and the part of an item whose rows it holds."""

    name: str
    part: str
    title: str
    columns: tuple[Column, ...]


@cache
def forms() -> tuple[Form, ...]:
    """All forms, in the order of the sheets. Raises SpecError."""
    file = read_yaml(ROOT / "forms.yml")
    return tuple(file.parse(Form, (position,)) for position in range(len(file.data)))


@cache
def choices(name: str, root: Path = ROOT) -> Mapping[str, str]:
    """Code → the Chinese word that the forms hold, for one closed vocabulary."""
    if name == "step":
        return {code: word.name for code, word in loading.step_words(root).items()}
    return {code: title.zh for code, title in words()[name].items()}


def derived(field: str, code: codes.Code, names: Mapping[str, str], root: Path = ROOT) -> str:
    """What a derived column holds for an item of that code. `names`: body code → name."""
    if field == "body":
        return names.get(code.body, "")
    return codes.schemes(root).schemes[code.scheme].types[code.type].zh


def shown(column: Column, value: Any, root: Path = ROOT) -> Any:
    """A field's value as the cell that people read; dates, numbers and texts stay what they are."""
    if value is None:
        return None
    match column.kind:
        case "choice":
            return choices(column.list or "", root)[value]
        case "yes_no":
            return YES if value else NO
        case "lines":
            return "\n".join(value)
        case _:
            return value
