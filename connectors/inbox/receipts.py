"""Receipts: what was received, and what became of each of its rows. Files of JSON, without any field's value.

The fates of rows are kept as ranges, `{"landed": [[1, 120]], "quarantined": [[121, 121]]}`, the reason codes of
quarantined and rejected rows in the same way.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import polars as pl

from connectors.inbox.settings import Format

State = Literal["received", "landed", "refused"]
Ranges = dict[str, list[list[int]]]
"""Name → first and last row of each run of consecutive rows."""

FATES = ("landed", "unchanged", "superseded", "quarantined", "rejected")
_FRAME = {"row": pl.Int64(), "fate": pl.String(), "reason": pl.String()}
_MOMENT = "%Y%m%dT%H%M%S%f"
_ID = re.compile(r"^([a-z][a-z0-9_]*)-([a-z][a-z0-9_]*)-(\d{8}T\d{12})$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One push, `size` in bytes. `key`: SHA-256 of its Idempotency-Key, empty without one. `dropped`: its name in the drop folder.

    `state`: received (waits for a run), landed (the fate of each row is known), refused (cannot be read as the
    settings now are; `error` says why, and each run tries again).
    """

    id: str
    department: str
    dataset: str
    received_at: str
    format: Format
    charset: str | None
    rows: int
    size: int
    sha256: str
    key: str = ""
    dropped: str | None = None
    state: State = "received"
    landed_at: str | None = None
    error: str | None = None
    fates: Ranges = field(default_factory=dict)
    reasons: Ranges = field(default_factory=dict)

    def to_json(self) -> bytes:
        """As it lies in its file."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1).encode()

    @property
    def counts(self) -> dict[str, int]:
        """Rows by fate; all five fates."""
        return {fate: _length(self.fates.get(fate, [])) for fate in FATES}

    @property
    def acknowledged(self) -> int:
        """How many rows have a fate."""
        return sum(self.counts.values())

    def frame(self) -> pl.DataFrame:
        """row, fate, reason of every row that has a fate, in the order of rows."""
        fates, reasons = _exploded(self.fates, "fate"), _exploded(self.reasons, "reason")
        return fates.join(reasons, on="row", how="left").sort("row").select(*_FRAME)

    def with_fates(self, found: pl.DataFrame, now: datetime) -> Receipt:
        """With what a landing made of some rows (row, fate, reason).

        A row that has a fate keeps it: read again after a crash it is `unchanged`, but what landed has landed.
        """
        before = self.frame()
        frame = pl.concat([before, found.select(*_FRAME).join(before, on="row", how="anti")])
        after = replace(
            self,
            fates=_ranges(frame, "fate"),
            reasons=_ranges(frame.drop_nulls("reason"), "reason"),
            error=None,
        )
        return after.closed(now)

    def closed(self, now: datetime) -> Receipt:
        """As landed, if every row has a fate."""
        if self.state == "landed" or self.acknowledged < self.rows:
            return self
        return replace(self, state="landed", landed_at=stamp(now), error=None)


def read(path: Path) -> Receipt | None:
    """The receipt in a file; None if there is none."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    return Receipt(**json.loads(data))


def make_id(department: str, dataset: str, moment: datetime) -> str:
    """Ids of one dataset sort by arrival."""
    return f"{department}-{dataset}-{moment.strftime(_MOMENT)}"


def parse_id(receipt_id: str) -> tuple[str, str, datetime] | None:
    """Department, dataset and moment of arrival (UTC) of an id; None for what is no id."""
    found = _ID.match(receipt_id)
    if found is None:
        return None
    try:
        moment = datetime.strptime(found[3], _MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None
    return found[1], found[2], moment


def stamp(moment: datetime) -> str:
    """UTC to the second, such as 2026-11-22T14:05:09Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _length(ranges: list[list[int]]) -> int:
    return sum(last - first + 1 for first, last in ranges)


def _exploded(ranges: Ranges, name: str) -> pl.DataFrame:
    runs = [(value, first, last) for value, pairs in ranges.items() for first, last in pairs]
    frame = pl.DataFrame(
        runs, schema={name: pl.String(), "first": pl.Int64(), "last": pl.Int64()}, orient="row"
    )
    rows = pl.int_ranges("first", pl.col("last") + 1).alias("row")
    return frame.select(rows, name).explode("row")


def _ranges(frame: pl.DataFrame, name: str) -> Ranges:
    runs = (
        frame.sort(name, "row")
        .with_columns(run=pl.col("row") - pl.int_range(pl.len()).over(name))
        .group_by(name, "run", maintain_order=True)
        .agg(first=pl.col("row").min(), last=pl.col("row").max())
    )
    found: Ranges = {}
    for value, first, last in runs.select(name, "first", "last").iter_rows():
        found.setdefault(value, []).append([first, last])
    return found
