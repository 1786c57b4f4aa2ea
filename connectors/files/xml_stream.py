"""Row elements of an XML package as a stream: what has been read, and what no field asks for, is dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from connectors.files.settings import XmlSettings
from hub.core.errors import SourceRefused

NAME = r"(?:[^\W\d][\w.-]*:)?[^\W\d][\w.-]*"
WALKED = re.compile(rf"^(?:\.\./)*{NAME}(?:/{NAME})*$")
"""An XPath of nothing but parents and child names."""

_OUTSIDE = re.compile(r"\.\.|::|^\s*/|\(\s*/|[\s|,=<>+*-]/|\bid\(")
"""What an XPath needs to leave the row: a parent, an axis, the root, or an id."""

BLOCK_BYTES = 64 << 10
MOST_LEVELS = 256
"""As deep as libxml2 lets elements be."""
OPTIONS: Any = {
    "remove_comments": True, "remove_pis": True, "resolve_entities": False, "no_network": True,
    "load_dtd": False, "huge_tree": False,
}  # fmt: skip


def row_elements(path: Path, charset: str | None, settings: XmlSettings) -> Iterator[Any]:
    """The row elements as they end. Each is emptied when the next one is asked for."""
    steps = [qualified(step, settings.namespaces) for step in settings.rows.lstrip("/").split("/")]
    anywhere = settings.rows.startswith("//")
    root_tag = _root_tag(path, charset, None if anywhere else steps[0])
    kept = None if anywhere else kept_names(settings, len(steps))
    lean = kept is not None
    events: Any = etree.XMLPullParser(
        events=("start", "end"), tag=tuple({root_tag, *(steps[-1:] if lean else steps)}),
        encoding=charset, **OPTIONS,
    )  # fmt: skip
    root = None
    with path.open("rb") as handle:
        while block := handle.read(BLOCK_BYTES):
            events.feed(block)
            for event, element in events.read_events():
                root = element if root is None else root
                if event == "start":
                    continue
                way = _way(element)
                if way[-len(steps) :] == steps and (anywhere or len(way) == len(steps)):
                    yield element
                    element.clear(keep_tail=False)
                elif not anywhere and way == steps[: len(way)]:
                    element.clear(keep_tail=False)
            if kept is not None and root is not None:
                _prune(root, steps, kept)
    events.close()


def _way(element: Any) -> list[str]:
    """The tags from the root to an element."""
    return [element.tag, *(above.tag for above in element.iterancestors())][::-1]


def kept_names(settings: XmlSettings, depth: int) -> list[set[str]] | None:
    """For each level above the row, from the root, the children that a field asks for.

    None if an expression might ask for more than can be told.
    """
    kept: list[set[str]] = [set() for _ in range(depth)]
    for expression in settings.fields.values():
        if not WALKED.match(expression):
            if _OUTSIDE.search(expression):
                return None
            continue
        steps = expression.split("/")
        names = [step for step in steps if step != ".."]
        levels = len(steps) - len(names)
        if 0 < levels < depth:
            kept[depth - 1 - levels].add(qualified(names[0], settings.namespaces))
    return kept


def _prune(root: Any, steps: list[str], kept: list[set[str]]) -> None:
    """Drop what has ended and no field asks for. The last child of each element may still be open."""
    node, own = root, root.tag == steps[0]
    for level in range(MOST_LEVELS):
        if len(node) == 0 or (own and level == len(steps) - 1):
            return  # a row that is still open keeps what it has
        wanted = kept[level] if own else set()
        if wanted:
            for child in node[:-1]:
                if child.tag not in wanted:
                    node.remove(child)
        else:
            del node[:-1]
        node = node[-1]
        if node.tag in wanted:
            return
        own = own and node.tag == steps[level + 1]


def _root_tag(path: Path, charset: str | None, expected: str | None) -> str:
    """The tag of the root element. Raises SourceRefused for a document type, and for another root than expected."""
    events: Any = etree.iterparse(str(path), events=("start",), encoding=charset, **OPTIONS)
    _, root = next(iter(events))
    _refuse_document_type(root, path)
    if expected is not None and root.tag != expected:
        raise SourceRefused(
            f"its root element is {root.tag}, not {expected}", where=f"{path}:{root.sourceline}",
            remedy="correct 'rows' in source.yml, or ask what this file is",
        )  # fmt: skip
    return str(root.tag)


def _refuse_document_type(element: Any, path: Path) -> None:
    if getattr(element.getroottree().docinfo, "doctype", ""):
        raise SourceRefused("has a document type declaration", where=f"{path}:1")


def qualified(step: str, namespaces: dict[str, str]) -> str:
    prefix, _, name = step.rpartition(":")
    return f"{{{namespaces[prefix]}}}{name}" if prefix else name
