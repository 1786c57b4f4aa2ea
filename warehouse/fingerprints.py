"""The row fingerprints of `hub.core.fingerprints`, computed by PostgreSQL: both sides of a landing sum their own.

The two agree on every value that the warehouse can hold, which a property test checks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hub.core.entities import Column, Kind
from hub.core.fingerprints import NAMED, SEPARATOR

_LANES = 4


def quoted(name: str) -> str:
    """An SQL identifier. Our own column names only: they hold no quotation mark."""
    return f'"{name}"'


def canonical_text(column: Column, value: str) -> str:
    """SQL for the text form of one column whose value is the SQL expression `value`; null where it has no value."""
    match column.kind:
        case Kind.TIMESTAMP:
            text = f"(extract(epoch from {value}) * 1000000)::bigint::text"
        case Kind.DATE:
            text = f"to_char({value}, 'YYYY-MM-DD')"
        case Kind.BOOLEAN:
            text = f"case {value} when true then 't' when false then 'f' end"
        case Kind.TEXT:
            text = value
        case _:
            text = f"{value}::text"
    return f"{_escaped(SEPARATOR, column.name, NAMED)} || {text}"


def row_hash(columns: Sequence[Column], values: Mapping[str, str]) -> str:
    """SQL for the MD5 of a row's text form. `values`: column name → SQL expression; a column without one is null."""
    texts = [
        canonical_text(column, values[column.name]) for column in columns if column.name in values
    ]
    return f"md5(concat({', '.join(texts)}))"  # concat skips nulls


def qualified(columns: Iterable[Column], alias: str) -> dict[str, str]:
    """Column name → `alias."name"`, for `row_hash`."""
    return {column.name: f"{alias}.{quoted(column.name)}" for column in columns}


def lane_sums(hash_column: str) -> str:
    """SQL select list: the number of hashes and the sums of their four 32-bit lanes."""
    lanes = ", ".join(
        f"coalesce(sum(('x' || substr({hash_column}, {8 * lane + 1}, 8))::bit(32)::bigint), 0)::bigint"
        for lane in range(_LANES)
    )
    return f"count(*), {lanes}"


@dataclass(frozen=True, slots=True)
class LaneSums:
    """What `lane_sums` selected; sums over several tables add up."""

    rows: int = 0
    lanes: tuple[int, ...] = (0,) * _LANES

    def __add__(self, other: LaneSums) -> LaneSums:
        lanes = tuple(mine + its for mine, its in zip(self.lanes, other.lanes, strict=True))
        return LaneSums(self.rows + other.rows, lanes)

    def text(self) -> str:
        """The same text as `hub.core.fingerprints.checksum` gives over all the hashes."""
        return f"{self.rows}:" + "".join(f"{lane % 2**32:08x}" for lane in self.lanes)


def _escaped(start: str, name: str, end: str) -> str:
    return f"E'\\x{ord(start):02x}{name}\\x{ord(end):02x}'"
