"""Deterministic identifiers and order-independent checksums, vectorised.

The same text form is produced by PostgreSQL (`warehouse.fingerprints`), so that both sides of a landing can be
summed independently and compared. Text form of a row: its columns joined by U+001F, an empty value as U+001E,
timestamps as microseconds since 1970 UTC, dates as ISO, decimals with their fixed scale, booleans as t or f.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import polars as pl
import polars_hash  # noqa: F401  (registers the .nchash namespace)

from hub.core.batches import SRC
from hub.core.entities import ENTITIES, Column, Kind

SEPARATOR = "\x1f"
ABSENT = "\x1e"


def canonical_text(column: Column) -> pl.Expr:
    """The text form of one column; never null."""
    value = pl.col(column.name)
    match column.kind:
        case Kind.TIMESTAMP:
            text = value.dt.epoch("us").cast(pl.String)
        case Kind.DATE:
            text = value.dt.to_string("%Y-%m-%d")
        case Kind.BOOLEAN:
            text = pl.when(value).then(pl.lit("t")).when(value.not_()).then(pl.lit("f"))
        case _:
            text = value.cast(pl.String)
    return text.fill_null(ABSENT)


def row_hash(columns: Sequence[Column]) -> pl.Expr:
    """MD5 (32 hex digits) of the text form of a row. A fingerprint against accident, not a signature."""
    joined = pl.concat_str([canonical_text(column) for column in columns], separator=SEPARATOR)
    return joined.nchash.md5()  # type: ignore[attr-defined, no-any-return]


def checksum(hashes: pl.Series) -> str:
    """Order-independent checksum of row hashes: row count and four 32-bit lane sums, as text."""
    lanes = [
        int(hashes.str.slice(8 * lane, 8).str.to_integer(base=16, dtype=pl.Int64).sum() or 0)
        for lane in range(4)
    ]
    return f"{len(hashes)}:" + "".join(f"{lane % 2**32:08x}" for lane in lanes)


def uuid_of(*parts: pl.Expr) -> pl.Expr:
    """A version-8 UUID (RFC 9562) made of the parts' MD5: the same parts give the same id everywhere."""
    digest = pl.concat_str(list(parts), separator=SEPARATOR).nchash.md5()  # type: ignore[attr-defined]
    return pl.concat_str(
        [
            digest.str.slice(0, 8), pl.lit("-"), digest.str.slice(8, 4), pl.lit("-8"),
            digest.str.slice(13, 3), pl.lit("-a"), digest.str.slice(17, 3), pl.lit("-"),
            digest.str.slice(20, 12),
        ]
    )  # fmt: skip


def case_id(department: str, source_case_no: pl.Expr) -> pl.Expr:
    """The case's id: a function of (department, source case number), so that parts of a case meet anywhere."""
    return uuid_of(pl.lit(department), source_case_no)


def version_of(*texts: str | bytes) -> str:
    """A short content version (12 hex digits of SHA-256) of files: mapping, rule, catalogue."""
    digest = hashlib.sha256()
    for text in texts:
        data = text.encode() if isinstance(text, str) else text
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:12]


def record_hashes(entities: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """`_src`, `record_hash`: one hash over everything that a source record says, in any order of its rows."""
    hashed = [
        frame.select(
            SRC,
            pl.concat_str(
                pl.lit(name),
                row_hash([ENTITIES[name].column(c) for c in sorted(set(frame.columns) - {SRC})]),
                separator=SEPARATOR,
            ).alias("part"),
        )
        for name, frame in sorted(entities.items())
        if frame.height
    ]
    if not hashed:
        return pl.DataFrame(schema={SRC: pl.Int64(), "record_hash": pl.String()})
    joined = pl.concat(hashed).group_by(SRC).agg(pl.col("part").sort().str.join(SEPARATOR))
    return joined.select(SRC, pl.col("part").nchash.md5().alias("record_hash"))  # type: ignore[attr-defined]
