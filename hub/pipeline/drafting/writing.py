"""YAML with comments: scalars and flow collections as our own files write them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

_PLAIN = re.compile(r"^[\w\u4e00-\u9fff][\w\u4e00-\u9fff./-]*$")
_WORDS = {"on", "off", "yes", "no", "y", "n"}
"""Words in our files, as in YAML 1.2, though not for the parser that is asked here."""
COMMENT_AT = 46


def scalar(value: Any) -> str:
    """A value as it stands in YAML; a text that could be read as anything else is quoted."""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if _PLAIN.match(value) and (value.lower() in _WORDS or yaml.safe_load(value) == value):
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in quoted)


def flow(value: Any) -> str:
    """A value with all that is in it, on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(str(k))}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(each) for each in value) + "]"
    return scalar(value)


def line(indent: int, key: str, value: Any, comment: str = "") -> str:
    """`key: value  # comment`; a key of an empty text makes a list item."""
    lead = f"{' ' * indent}{scalar(key)}: " if key else f"{' ' * indent}- "
    return commented(f"{lead}{flow(value)}", comment)


def commented(text: str, comment: str) -> str:
    """A line and what is to be said of it."""
    said = one_line(comment)
    return f"{text.ljust(COMMENT_AT)}  # {said}" if said else text


def remark(indent: int, text: str) -> str:
    """A line that is nothing but a comment."""
    return f"{' ' * indent}# {one_line(text)}"


def one_line(text: str) -> str:
    """Names of fields and tables may hold line ends and what no text file may hold."""
    return "".join(sign if sign.isprintable() else "·" for sign in " ".join(text.split()))
