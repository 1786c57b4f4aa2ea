"""Where something stands in a JSON document: dotted (data.rows.0) or as a JSON pointer (RFC 6901, /data/rows/0)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

MISSING: Any = object()
"""Nothing stands there; None is a null that does."""


@lru_cache(maxsize=1024)
def steps(path: str) -> tuple[str, ...]:
    """The names and positions of a path; none for the whole document."""
    if path in ("", "/"):
        return ()
    if path.startswith("/"):
        return tuple(step.replace("~1", "/").replace("~0", "~") for step in path[1:].split("/"))
    return tuple(path.split("."))


def at(document: Any, path: tuple[str, ...]) -> Any:
    """What stands there, or MISSING."""
    for step in path:
        if isinstance(document, dict):
            document = document.get(step, MISSING)
        elif isinstance(document, list) and step.isdigit() and int(step) < len(document):
            document = document[int(step)]
        else:
            return MISSING
    return document


def placed(document: dict[str, Any], path: str, value: Any) -> None:
    """Put a value there; inner objects are made as needed."""
    *outer, last = steps(path)
    for step in outer:
        inner = document.get(step)
        document[step] = inner = dict(inner) if isinstance(inner, dict) else {}
        document = inner
    document[last] = value
