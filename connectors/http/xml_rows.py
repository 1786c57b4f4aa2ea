"""Rows of an XML document that is held in memory: the answer of a service, or a text inside such an answer.

Document types and entities are refused and nothing is fetched. Fields are XPath relative to the row, as in the format
`xml` of the access method `files`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from connectors.settings import SUBSETS_OF_GB18030

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.-]+)["']""")


def check_paths(paths: Mapping[str, str], namespaces: Mapping[str, str]) -> None:
    """Raises ValueError naming the first path (by its name) that is no XPath, or has an unknown prefix."""
    from lxml import etree

    for name, path in paths.items():
        try:
            etree.XPath(path, namespaces=dict(namespaces))(etree.Element("row"))
        except etree.XPathError as failure:
            raise ValueError(f"{name}: {failure}") from None


def parsed(body: bytes, charset: str | None) -> Any:
    """The root element. `charset`: None lets the document say. Raises ValueError when it is no such document."""
    from lxml import etree

    declared = _DECLARED.match(body[:200])
    if charset is None and declared and declared[1].decode("ascii").lower() in SUBSETS_OF_GB18030:
        charset = "gb18030"
    parser = etree.XMLParser(
        encoding=charset, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as failure:
        raise ValueError(f"line {failure.lineno}: {failure.msg}") from None
    if root is None or getattr(root.getroottree().docinfo, "doctype", None):
        raise ValueError("it has a document type declaration")
    return root


def columns(
    root: Any, rows: str, fields: Mapping[str, str], namespaces: Mapping[str, str]
) -> tuple[dict[str, pa.Array], int]:
    """Columns of text by field name, and the number of rows."""
    from connectors.files.xml import finder

    elements = root.getroottree().xpath(rows, namespaces=dict(namespaces))
    finders = {name: finder(path, dict(namespaces)) for name, path in fields.items()}
    found = {
        name: pa.array([find(element) for element in elements], pa.string())
        for name, find in finders.items()
    }
    return found, len(elements)


def value(root: Any, path: str, namespaces: Mapping[str, str]) -> str | None:
    """The text that a path finds in the document; None if it finds nothing."""
    found = root.getroottree().xpath(path, namespaces=dict(namespaces))
    if isinstance(found, list):
        first = found[0] if found else None
        return first if first is None or isinstance(first, str) else "".join(first.itertext())
    return str(int(found)) if isinstance(found, float) and found.is_integer() else str(found)
