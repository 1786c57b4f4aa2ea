"""What must become of every source row that the writers write, said while they write it.

The fates are those of the end state, when everything has been read: of each source record one row has `landed`; an
exact repetition of it is `unchanged`, an older version of it `superseded`; a row that cannot pass is
`quarantined:<reason>`. Rows that are no records (titles, subtotals, blank lines) are furniture and have no fate.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

LANDED = "landed"
UNCHANGED = "unchanged"
SUPERSEDED = "superseded"

RowFates = dict[str, dict[str, list[tuple[int, str]]]]
"""Dataset → file or table, as the connector names it → (row as the connector counts it, fate)."""


@dataclass(frozen=True, slots=True)
class Latent:
    """Violations of a case that cannot be seen before the department's new item code is mapped."""

    department: str
    case_no: str
    rules: tuple[str, ...]


@dataclass(slots=True)
class Fates:
    """The fates of one department's rows."""

    rows: RowFates = field(default_factory=dict)
    furniture: dict[str, dict[str, int]] = field(default_factory=dict)
    """Dataset → file → how many rows of it are no records."""
    latent: list[Latent] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    """Numbers of the cases and published items whose row cannot pass."""
    erased: set[str] = field(default_factory=set)
    """Numbers of cases that stand there as deleted from the first."""

    def say(self, dataset: str, file: str, row: int, fate: str = LANDED) -> None:
        """The fate of one row."""
        self.rows.setdefault(dataset, {}).setdefault(file, []).append((row, fate))

    def outdo(self, dataset: str, file: str, row: int, fate: str = SUPERSEDED) -> None:
        """A row that had landed is outdone by a later telling. Rows of a file are said in order."""
        rows = self.rows[dataset][file]
        at = bisect_left(rows, (row, ""))
        if rows[at] != (row, LANDED):
            raise ValueError(f"{dataset} {file} row {row} has not landed")
        rows[at] = (row, fate)

    def say_all(self, dataset: str, file: str, first: int, count: int) -> None:
        """`count` rows from `first` on, all landed."""
        self.rows.setdefault(dataset, {}).setdefault(file, []).extend(
            (row, LANDED) for row in range(first, first + count)
        )

    def say_told(self, dataset: str, tellings: Iterable[tuple[str, int, Hashable]]) -> None:
        """The rows of one record that was told several times: (file, row, content), oldest first."""
        *earlier, (file, row, content) = tellings
        for old_file, old_row, old_content in earlier:
            self.say(
                dataset, old_file, old_row, UNCHANGED if old_content == content else SUPERSEDED
            )
        self.say(dataset, file, row)

    def furnish(self, dataset: str, file: str, rows: int) -> None:
        """So many rows of the file are no records."""
        self.furniture.setdefault(dataset, {})[file] = rows

    def counts(self) -> dict[str, Counter[str]]:
        """Dataset → fate → rows."""
        return {
            dataset: Counter(fate for rows in files.values() for _, fate in rows)
            for dataset, files in self.rows.items()
        }


def quarantined(reason: str) -> str:
    """The fate of a row that cannot pass, by reason code."""
    return f"quarantined:{reason}"
