"""What commands print: tables for people, JSON for programs, errors that say what to do."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from hub.core.errors import HubError

if TYPE_CHECKING:
    from rich.console import Console


def emit_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


@cache
def console() -> Console:
    """Where people read: as wide as their terminal, or 120 columns in a file."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else 120, soft_wrap=False)


def say(text: str = "") -> None:
    """One line for people, with rich's markup; never folded."""
    console().print(text, soft_wrap=True)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table for people; numbers are right-aligned."""
    from rich.table import Table

    rows = [list(row) for row in rows]
    drawn = Table(title=title, title_justify="left", header_style="bold")
    for position, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[position], int | float) for row in rows)
        whole = all(" " not in str(row[position]) and len(str(row[position])) <= 40 for row in rows)
        drawn.add_column(
            column, justify="right" if numeric else "left", overflow="fold", no_wrap=whole
        )
    for row in rows:
        drawn.add_row(*(_cell(value) for value in row))
    console().print(drawn)


def _cell(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "✓", False: "✗", None: "–"}[value]
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.1f}" if isinstance(value, float) else str(value)


def complain(error: HubError) -> None:
    """An error on standard error: its class, what, where, what to do."""
    from rich.console import Console
    from rich.text import Text

    Console(stderr=True, highlight=False).print(
        Text.assemble((f"{type(error).__name__}: ", "bold red"), str(error)), soft_wrap=True
    )
