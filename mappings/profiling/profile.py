"""Profiling a sample of rows, batch by batch: memory is bounded by the number of rows looked at, whatever they hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa

from hub.core.batches import DEFECT, RESERVED
from hub.core.privacy import masked_text
from mappings.forms import as_text, trimmed
from mappings.profiling.shapes import (
    BYTES,
    IDENTITY,
    PHONE,
    SURNAMES,
    TIME,
    fitting,
    kind_of,
    shape,
    shown_shape,
)

MOST_VALUES = 1_000
"""A field with more different values is no field of codes, and none of them is kept."""
MOST_CHARACTERS = 40
"""Nor is one with a longer value."""
MOST_SHARE = 0.5
"""Nor one whose values hardly ever come again."""
MOST_SHAPES, SHOWN_SHAPES = 500, 5


@dataclass(frozen=True, slots=True)
class FieldProfile:
    """One field. `forms`: shape → rows, the commonest first. `values`: code → rows, empty where they are not shown."""

    name: str
    type: str
    rows: int
    filled: int
    distinct: int
    shortest: int | None
    longest: int | None
    kind: str
    fitting: int
    """How many of the filled rows are of that kind."""
    rising: bool
    """Whether its times or numbers never fall from one row to the next."""
    forms: dict[str, int]
    values: dict[str, int]

    @property
    def unique(self) -> bool:
        """Filled in every row, each time with another value."""
        return 0 < self.rows == self.filled == self.distinct


@dataclass(frozen=True, slots=True)
class DatasetProfile:
    """A sample of one dataset. `hashes`: UInt64 per field and row, null where blank."""

    rows: int
    damaged: int
    """Rows that the reader could not decode; they are not looked at."""
    fields: dict[str, FieldProfile]
    hashes: pl.DataFrame = field(repr=False)
    kept: pl.DataFrame = field(repr=False)
    """The texts of the fields whose values are shown, row by row."""

    def combinations(self, *names: str) -> list[tuple[tuple[str | None, ...], int]]:
        """The different values of some fields whose values are shown, with their rows, the commonest first."""
        found = self.kept.group_by(names, maintain_order=True).len("§rows")
        ordered = found.sort("§rows", *names, descending=[True, *(False for _ in names)])
        return [(row[:-1], row[-1]) for row in ordered.iter_rows()]


def profile(batches: Iterable[pa.Table], most_rows: int) -> DatasetProfile:
    """Look at the first `most_rows` rows. Tables may lack columns that others have; reserved columns are no fields."""
    columns: dict[str, _Column] = {}
    rows = damaged = 0
    for table in batches:
        frame = pl.DataFrame(table.slice(0, most_rows - rows - damaged))
        if DEFECT in frame.columns:
            sound = frame.filter(pl.col(DEFECT).is_null())
            damaged += frame.height - sound.height
            frame = sound
        for name in (name for name in frame.columns if name not in RESERVED):
            columns.setdefault(name, _Column(name, str(table.schema.field(name).type), rows))
        for name, column in columns.items():
            column.add(frame[name] if name in frame.columns else None, frame.height)
        rows += frame.height
        if rows + damaged >= most_rows:
            break
    return DatasetProfile(
        rows, damaged,
        {name: column.profile(rows, columns) for name, column in columns.items()},
        pl.DataFrame({name: column.hashes() for name, column in columns.items()}),
        pl.DataFrame({name: column.texts() for name, column in columns.items() if column.shown(rows)}),
    )  # fmt: skip


class _Column:
    """What has been seen of one field."""

    def __init__(self, name: str, kind: str, before: int) -> None:
        self.name, self.type = name, kind
        self.filled = 0
        self.lengths: list[int] = []
        self.fits: dict[str, int] = {}
        self.shapes: dict[str, int] = {}
        self.codes = True
        self.is_bytes = False
        self.rising, self.last = True, None
        self._hashes = [pl.repeat(None, before, dtype=pl.UInt64, eager=True)]
        self._texts = [pl.repeat(None, before, dtype=pl.String, eager=True)]

    def add(self, values: pl.Series | None, height: int) -> None:
        """The field's values in the next rows; None where the table has no such column."""
        if values is None or values.dtype.is_nested() or values.dtype in (pl.Binary, pl.Object):
            self.is_bytes |= values is not None and values.null_count() < height
            values = pl.repeat(None, height, dtype=pl.String, eager=True)
        text = trimmed(as_text(pl.col("value"), values.dtype))
        frame = (
            values.alias("value").to_frame().select(pl.when(text != "").then(text).alias("value"))
        )
        texts = frame["value"]
        self._hashes.append(
            texts.hash().zip_with(
                texts.is_not_null(), pl.repeat(None, height, dtype=pl.UInt64, eager=True)
            )
        )
        distinct = frame.drop_nulls().group_by("value").len("rows")
        self._count(distinct)
        self._follow(texts)
        long = bool((distinct["value"].str.len_chars() > MOST_CHARACTERS).any())
        self.codes &= not long and distinct.height <= MOST_VALUES
        self._texts.append(texts)
        if not self.codes:
            self._texts.clear()

    def _count(self, distinct: pl.DataFrame) -> None:
        if distinct.is_empty():
            return
        self.filled += int(distinct["rows"].sum())
        lengths = distinct["value"].str.len_chars()
        self.lengths += [int(lengths.min()), int(lengths.max())]  # type: ignore[arg-type]
        for kind, rows in fitting(distinct).items():
            self.fits[kind] = self.fits.get(kind, 0) + rows
        shaped = distinct.group_by(shape(pl.col("value")).alias("value")).agg(pl.col("rows").sum())
        for written, rows in shaped.sort("rows", descending=True).head(MOST_SHAPES).iter_rows():
            if written in self.shapes or len(self.shapes) < MOST_SHAPES:
                self.shapes[written] = self.shapes.get(written, 0) + rows

    def _follow(self, texts: pl.Series) -> None:
        """Whether the rows rise; compared as numbers where all of them are, else as texts (of ISO times, say)."""
        if not self.rising or texts.is_empty():
            return
        numbers = texts.cast(pl.Int64, strict=False)
        values = numbers if numbers.null_count() == texts.null_count() else texts
        self.rising = values.null_count() == 0 and values.is_sorted()
        if self.rising:
            first = values[0]
            same = type(first) is type(self.last) or self.last is None
            self.rising = same and (self.last is None or self.last <= first)
            self.last = values[-1]

    def shown(self, rows: int) -> bool:
        """Whether its values may be kept: few, short, coming again, and no numbers or names of people."""
        if not self.codes or not self.filled:
            return False
        kind, _ = kind_of(self.fits, self.filled, self.distinct)
        if kind in (IDENTITY, PHONE, TIME) or self.distinct > max(MOST_SHARE * self.filled, 2):
            return False
        names = [value for value in self.texts().drop_nulls().unique() if SURNAMES.match(value)]
        return len(names) < 0.5 * self.distinct and self.distinct <= MOST_VALUES

    @property
    def distinct(self) -> int:
        return self.hashes().drop_nulls().n_unique()

    def hashes(self) -> pl.Series:
        return pl.concat(self._hashes)

    def texts(self) -> pl.Series:
        """The texts as they may be shown; a rare one that could be a name, or a number of somebody's, is withheld."""
        texts = pl.concat(self._texts)
        counts = texts.drop_nulls().value_counts(name="rows")
        withheld = [
            value for value, rows in counts.iter_rows() if rows <= 2 and SURNAMES.match(value)
        ]
        shown = texts.to_frame("text").select(masked_text(pl.col("text")))["text"]
        return shown.zip_with(
            ~texts.is_in(withheld).fill_null(False), pl.Series([None], dtype=pl.String)
        )

    def profile(self, rows: int, all_fields: dict[str, _Column]) -> FieldProfile:
        kind, fits = kind_of(self.fits, self.filled, self.distinct)
        forms = sorted(self.shapes.items(), key=lambda one: (-one[1], one[0]))[:SHOWN_SHAPES]
        values: dict[str, int] = {}
        if self.shown(rows):
            counted = self.texts().drop_nulls().value_counts(name="rows", sort=True)
            values = dict(sorted(counted.iter_rows(), key=lambda one: (-one[1], one[0])))
        return FieldProfile(
            name=self.name, type=self.type, rows=rows, filled=self.filled, distinct=self.distinct,
            shortest=min(self.lengths, default=None), longest=max(self.lengths, default=None),
            kind=BYTES if self.is_bytes else kind, fitting=fits,
            rising=self.rising and self.filled == rows > 1,
            forms={shown_shape(written): count for written, count in forms}, values=values,
        )  # fmt: skip
