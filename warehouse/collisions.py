"""Rows that pass the gate and still cannot land: their key is another record's, or a text holds a NUL.

Such a row goes to quarantine from inside the landing, so that one bad number does not block its department for
ever. The source's fields are not at hand here: `raw_masked` stays null; the raw object and the row number lead to
them. A row is rejected as a whole. Among the rows of one batch the first in the raw object keeps the key, even if it
is rejected itself for another of its keys: a replay lets the other in. A record that the source has deleted never
holds a key against one that lives.
"""

# ruff: noqa: S608 (statements are made of our own table and column names; values are binds)

from __future__ import annotations

import polars as pl
from sqlalchemy import Connection, text

from hub.core.batches import REJECTS_SCHEMA, SRC, BatchHeader
from hub.core.entities import CASE, ENTITIES, Entity
from hub.core.privacy import mask_message
from warehouse.merge import same_key
from warehouse.stage import key_names, table

_NUL = "\x00"


def without_ghosts(staged: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The staged rows, less those of deleted records whose key another record of the batch carries too."""
    return {name: _without_ghosts(frame, ENTITIES[name]) for name, frame in staged.items()}


def _without_ghosts(frame: pl.DataFrame, entity: Entity) -> pl.DataFrame:
    if not frame["_gone"].any():
        return frame
    keys = key_names(entity)
    ordered = frame.sort(
        "_gone", -pl.col(SRC)
    )  # living rows before deleted ones, the latest deleted first
    first = pl.int_range(pl.len()).over(*keys) == 0
    return ordered.filter(pl.col("_gone").not_() | first).sort(SRC)


def within_batch(staged: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Rejects (REJECTS_SCHEMA) that the staged rows show by themselves, at most one per source row."""
    found = [
        part
        for name, frame in staged.items()
        for part in (_with_nul(frame, ENTITIES[name]), _repeated(frame, ENTITIES[name]))
    ]
    return _one_each(pl.concat([pl.DataFrame(schema=REJECTS_SCHEMA), *found]))


def _with_nul(frame: pl.DataFrame, entity: Entity) -> pl.DataFrame:
    texts = [name for name in frame.columns if frame.schema[name] == pl.String]
    holds = [pl.col(name).str.contains(_NUL, literal=True).fill_null(False) for name in texts]
    rows = frame.filter(pl.any_horizontal(holds)) if holds else frame.clear()
    return rows.select(
        SRC,
        reason=pl.lit("illegal_bytes"),
        column=pl.lit(entity.name),
        message=pl.lit("a text holds a NUL character, which no database text can: correct the source"),
    )  # fmt: skip


def _repeated(frame: pl.DataFrame, entity: Entity) -> pl.DataFrame:
    """Rows whose key an earlier row of the batch has; all of a source row that repeats a key itself."""
    keys = key_names(entity)
    living = frame.filter(pl.col("_gone").not_())
    repeated = living.select(SRC, *keys).filter(pl.struct(keys).is_duplicated())
    if repeated.is_empty():
        return pl.DataFrame(schema=REJECTS_SCHEMA)
    first = pl.col(SRC).min().over(*keys)
    twice_in_first = (pl.col(SRC) == first).sum().over(*keys) > 1
    losers = repeated.filter((pl.col(SRC) > first) | twice_in_first)
    return losers.select(
        SRC,
        reason=pl.lit("duplicate_key"),
        column=pl.lit(f"{entity.name}.{keys[-1]}"),
        message=pl.lit(
            f"another row of the batch reports the same {entity.en}: correct the source"
        ),
    )


def owned_by_others(
    connection: Connection, header: BatchHeader, staged: dict[str, pl.DataFrame], rows: pl.DataFrame
) -> pl.DataFrame:
    """Rejects (REJECTS_SCHEMA) whose keys living records of earlier batches hold.

    A record that lands in this batch speaks for itself, so what it held before does not count. Staged rows of
    deleted records that meet a living owner are removed from the temporary tables instead.
    """
    speaking = rows.filter(pl.col("winner") & (pl.col("fate") == "landed"))["record_key"]
    found: list[tuple[int, str, str, str, str]] = []
    for name, frame in staged.items():
        entity = ENTITIES[name]
        binds = {"department": header.department, "dataset": header.dataset}
        owners = _owners(entity)
        if frame["_gone"].any():
            connection.execute(
                text(f"delete from {table(entity)} s using {owners} and s._gone"), binds
            )
        pairs = connection.execute(
            text(f"select distinct s._src, c.record_key from {table(entity)} s, {owners} and s._landed"),
            binds,
        )  # fmt: skip
        found.extend(
            (
                src,
                "duplicate_key",
                f"{name}.{key_names(entity)[-1]}",
                mask_message(f"record '{owner}' reports the same {entity.en}: correct the source"),
                owner,
            )
            for src, owner in pairs
        )
    held = pl.DataFrame(found, schema=REJECTS_SCHEMA | {"owner": pl.String()}, orient="row")
    return _one_each(held.filter(pl.col("owner").is_in(speaking.implode()).not_()).drop("owner"))


def _owners(entity: Entity) -> str:
    """SQL: living owners `c` of the keys of `s` other than the row's own record.

    Columns of a case may come from several datasets, so there the registry tells who of this dataset speaks for it.
    A row of any other entity belongs to one record.
    """
    if entity.name == CASE.name:
        return (
            "ops.record c where c.case_id = s.case_id and not c.deleted and c.department = :department "
            "and c.dataset = :dataset and c.record_key <> s._key"
        )
    return (
        f"core.{entity.name} c where {same_key(entity)} and c.deleted_at is null "
        "and (c.dataset, c.record_key) is distinct from (:dataset, s._key)"
    )


def _one_each(rejects: pl.DataFrame) -> pl.DataFrame:
    return rejects.unique(SRC, keep="first", maintain_order=True).sort(SRC)
