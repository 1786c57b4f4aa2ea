"""What is said to a sender whose body cannot be read as rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Malformed(Exception):
    """The body is not of its format. `line` and `column` count from 1; no value of a field is quoted."""

    what: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        return place + self.what


class TooManyRows(Exception):
    """More rows than one push may have."""
