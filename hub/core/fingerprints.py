"""Deterministic identifiers and order-independent checksums, vectorised.

The same text form is produced by PostgreSQL (`warehouse.fingerprints`), so that both sides of a landing can be
summed independently and compared. Text form of a row: for each column that has a value U+001F, the column's name,
U+001E, the value; timestamps as microseconds since 1970 UTC, dates as ISO, decimals with their fixed scale, booleans
as t or f. A column without a value leaves no trace, so that a row that one dataset began hashes alike whether only
its own columns are counted or all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import polars as pl
import polars_hash  # noqa: F401  (registers the .nchash namespace)

from hub.core.batches import SRC
from hub.core.entities import ENTITIES, Column, Kind

SEPARATOR = "\x1f"
NAMED = "\x1e"


def canonical_text(column: Column) -> pl.Expr:
    """The text form of one column; null where it has no value."""
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
    return pl.lit(f"{SEPARATOR}{column.name}{NAMED}") + text


def row_text(columns: Sequence[Column]) -> pl.Expr:
    """The text form of a row; never null."""
    return pl.concat_str([canonical_text(column) for column in columns], ignore_nulls=True)


def row_hash(columns: Sequence[Column]) -> pl.Expr:
    """MD5 (32 hex digits) of the text form of a row. A fingerprint against accident, not a signature."""
    return row_text(columns).nchash.md5()  # type: ignore[attr-defined, no-any-return]


def checksum(hashes: pl.Series) -> str:
    """Order-independent checksum of row hashes: row count and four 32-bit lane sums, as text."""
    lanes = [
        int(hashes.str.slice(8 * lane, 8).str.to_integer(base=16, dtype=pl.Int64).sum() or 0)
        for lane in range(4)
    ]
    return f"{len(hashes)}:" + "".join(f"{lane % 2**32:08x}" for lane in lanes)


def uuid_of(*parts: pl.Expr) -> pl.Expr:
    """A version-8 UUID (RFC 9562) made of the parts' MD5: the same parts give the same id everywhere."""
    return _as_uuid(_digest(*parts))


def case_id(department: str, source_case_no: pl.Expr) -> pl.Expr:
    """The case's id: a function of (department, source case number), so that parts of a case meet anywhere.

    Its first 48 bits depend on the number without its last three characters: numbers that follow each other have
    neighbouring ids, so that what arrives together lies together in every index by case.
    """
    of_range = _digest(pl.lit(department), source_case_no.str.head(-3)).str.slice(0, 12)
    of_case = _digest(pl.lit(department), source_case_no).str.slice(12)
    return _as_uuid(pl.concat_str(of_range, of_case))


def _digest(*parts: pl.Expr) -> pl.Expr:
    joined = pl.concat_str(list(parts), separator=SEPARATOR)
    return joined.nchash.md5()  # type: ignore[attr-defined, no-any-return]


def _as_uuid(digests: pl.Expr) -> pl.Expr:
    # On the finished digests: as one expression, Polars would compute the MD5 once for each piece of it.
    return digests.map_batches(_shaped, return_dtype=pl.String, is_elementwise=True)


def _shaped(digests: pl.Series) -> pl.Series:
    digest = pl.col("digest")
    pieces = (
        digest.str.slice(0, 8), pl.lit("-"), digest.str.slice(8, 4), pl.lit("-8"),
        digest.str.slice(13, 3), pl.lit("-a"), digest.str.slice(17, 3), pl.lit("-"),
        digest.str.slice(20, 12),
    )  # fmt: skip
    return digests.alias("digest").to_frame().select(pl.concat_str(pieces)).to_series()


def version_of(*texts: str | bytes) -> str:
    """A short content version (12 hex digits of SHA-256) of files: mapping, rule, catalogue."""
    digest = hashlib.sha256()
    for text in texts:
        data = text.encode() if isinstance(text, str) else text
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:12]


def record_hashes(entities: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """`_src`, `record_hash`: one hash (XXH3, 128 bits) over everything that a source record says, in any order of its rows."""
    parts = [
        frame.select(
            SRC,
            pl.concat_str(
                pl.lit(f"{SEPARATOR}{SEPARATOR}{name}"),
                row_text([ENTITIES[name].column(c) for c in sorted(set(frame.columns) - {SRC})]),
            ).alias("part"),
        )
        for name, frame in sorted(entities.items())
        if frame.height
    ]
    said = pl.concat([pl.DataFrame(schema={SRC: pl.Int64(), "part": pl.String()}), *parts])
    if said[SRC].is_duplicated().any():
        said = said.group_by(SRC).agg(pl.col("part").sort().str.join())
    hashed = pl.col("part").nchash.xxh3_128()  # type: ignore[attr-defined]
    return said.select(SRC, hashed.cast(pl.String).alias("record_hash"))
