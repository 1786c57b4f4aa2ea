"""JSON Schema of an item file, so that editors complete and check the YAML while it is written.

`python -m catalogue.schema` writes it to `catalogue/item.schema.json`; the head of each item file points there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from catalogue.codes import ROOT
from catalogue.loading import DISCLOSURE
from catalogue.spec import DisclosureFile, DisclosureStatement, PowerItem, Statement

FILE = ROOT / "item.schema.json"


def item_schema() -> dict[str, Any]:
    """The schema of any item file: a disclosure item by its code, else a power."""
    models = (PowerItem, DisclosureFile, Statement, DisclosureStatement)
    _, schema = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/$defs/{model}"
    )
    parts: dict[str, Any] = schema["$defs"]
    changes = [_partial(parts.pop(model.__name__)) for model in models[2:]]
    parts["Period"]["properties"]["changes"] = {"anyOf": changes, "title": "Changes"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Catalogue item",
        "if": {"properties": {"code": {"pattern": f"-{DISCLOSURE}-"}}},
        "then": {"$ref": "#/$defs/DisclosureFile"},
        "else": {"$ref": "#/$defs/PowerItem"},
        "$defs": parts,
    }


def _partial(statement: dict[str, Any]) -> dict[str, Any]:
    """A version may state any part of what the file states, and need not state it all."""
    return {key: value for key, value in statement.items() if key != "required"}


def text() -> str:
    """The schema file's text."""
    return json.dumps(item_schema(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def write(path: Path = FILE) -> None:
    """Write the schema file."""
    path.write_text(text(), "utf-8")


if __name__ == "__main__":
    write()
