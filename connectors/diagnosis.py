"""What `hub doctor` finds about a source, check by check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One check. `found` says what was seen, `remedy` what to do; neither holds a field's value of a person.

    `check`: reachable, credentials, read_only, version, charset, table, cursor_index, clock_skew, row_count, or a
    name of the access method's own. `dataset` is empty for what concerns the whole source.
    """

    check: str
    state: State
    found: str
    remedy: str = ""
    dataset: str = ""
