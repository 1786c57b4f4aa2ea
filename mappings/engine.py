"""From one raw table to canonical entities, strictly: what is not understood is rejected, nothing is invented."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pyarrow as pa

from hub.core.batches import (
    DEFECT,
    DELETED,
    PARTIES_SCHEMA,
    RECORDS_SCHEMA,
    SRC,
    Mapped,
)
from hub.core.entities import ENTITIES
from hub.core.fingerprints import case_id
from hub.core.privacy import Keys
from mappings.applicants import MASKED, STATE, TOKEN, applicants_of
from mappings.checks import CASE_ID, CASE_NO, owned_columns
from mappings.forms import as_text, half_width
from mappings.mapping import Mapping
from mappings.plan import Plan, plan_of
from mappings.rejects import defects, gathered, rejects, unmapped_codes
from mappings.source import Prepared, prepare
from mappings.spec import DatasetSpec
from mappings.values import Values, evaluate

_KEY = "§key"
_CASE_NO = "§case_no"
_KEY_SEPARATOR = "|"


def apply(mapping: Mapping, dataset: str, raw: pa.Table, keys: Keys) -> Mapped:
    """Map one raw batch.

    Every row gets a record; rows that the reader could not decode, and rows without a key, get no entity rows. All
    other rows get theirs, also those that are rejected: the gate takes them out. `_src` is the row's position, or
    what the table's own `_src` says (a replay). Raises SpecError for an unknown dataset, and for a mapped column
    that holds bytes.
    """
    spec = mapping.spec(dataset)
    prepared = prepare(raw, spec, str(mapping.file.path))
    rows = _with_keys(prepared, spec)
    owned = {name: columns for name in ENTITIES if (columns := owned_columns(spec, name))}
    if prepared.missing:
        return _refused(rows, prepared, owned)
    broken = rows.filter(pl.col(DEFECT).is_not_null())
    sound = rows.filter(pl.col(DEFECT).is_null()) if broken.height else rows
    live = sound.filter(pl.col(_KEY).is_not_null() & pl.col(_CASE_NO).is_not_null())
    plan = plan_of(spec)
    values = evaluate(plan, live, mapping.crosswalks)
    rejected = [defects(broken, DEFECT), *_keyless(sound, live, spec), *values.rejects]
    frame, parties = values.frame, pl.DataFrame(schema=PARTIES_SCHEMA)
    if spec.applicant is not None:
        found = applicants_of(
            frame, spec.applicant, plan.applicant_kind, live[_CASE_NO], mapping.department, keys
        )
        frame, parties = frame.hstack(found.columns), found.parties
        rejected += found.rejects
    return Mapped(
        records=_records(rows, plan, values),
        entities=_entities(frame, plan, mapping.department, owned),
        owned=owned,
        parties=parties,
        rejects=gathered(rejected),
        unmapped=unmapped_codes(values.unmapped),
        drift=prepared.drift,
    )


def record_keys(mapping: Mapping, dataset: str, raw: pa.Table) -> pl.Series:
    """The record key of each row of a raw table that holds at least the key's fields; null where it has none."""
    spec = mapping.spec(dataset)
    return _with_keys(prepare(raw, spec, str(mapping.file.path)), spec)[_KEY]


def _with_keys(prepared: Prepared, spec: DatasetSpec) -> pl.DataFrame:
    """Adds the record's key and its case number; null where a part is blank, or could not be decoded."""
    frame, head = prepared.frame, spec.head
    readable = pl.col(DEFECT).is_null()

    def joined(fields: Sequence[str]) -> pl.Expr:
        if set(fields) - set(frame.columns):
            return pl.lit(None, dtype=pl.String)
        parts = [half_width(as_text(pl.col(field), frame.schema[field])) for field in fields]
        return pl.when(readable).then(pl.concat_str(parts, separator=_KEY_SEPARATOR))

    case_no = joined([head.case_no]) if head.case_no else pl.lit("")
    return frame.with_columns(joined(head.key).alias(_KEY), case_no.alias(_CASE_NO))


def _keyless(sound: pl.DataFrame, live: pl.DataFrame, spec: DatasetSpec) -> list[pl.DataFrame]:
    if live.height == sound.height:
        return []
    fields = dict.fromkeys((*spec.head.key, *filter(None, [spec.head.case_no])))
    return [
        rejects(sound.filter(pl.col(field).is_null()), "missing_key", field) for field in fields
    ]


def _refused(rows: pl.DataFrame, prepared: Prepared, owned: dict[str, tuple[str, ...]]) -> Mapped:
    """A table that lacks a mapped column: its shape is not the one that the mapping knows, so no row is taken."""
    broken = rows.filter(pl.col(DEFECT).is_not_null())
    sound = rows.filter(pl.col(DEFECT).is_null())
    refused = [rejects(sound, "missing_column", field) for field in prepared.missing]
    return Mapped(
        records=_record_frame(rows.with_columns(source_version=pl.lit(0))),
        entities={name: _empty(name, columns) for name, columns in owned.items()},
        owned=owned,
        parties=pl.DataFrame(schema=PARTIES_SCHEMA),
        rejects=gathered([defects(broken, DEFECT), *refused]),
        unmapped=unmapped_codes([]),
        drift=prepared.drift,
    )


def _records(rows: pl.DataFrame, plan: Plan, values: Values) -> pl.DataFrame:
    """One record per source row. Version 0 where the source has none or it could not be read."""
    version = pl.col(plan.version) if plan.version else pl.lit(0)
    versions = values.frame.select(SRC, version.alias("source_version"))
    return _record_frame(rows.join(versions, on=SRC, how="left", maintain_order="left"))


def _record_frame(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        SRC,
        pl.col(_KEY).alias("record_key"),
        pl.col("source_version").cast(pl.Int64).fill_null(0),
        pl.col(DELETED).alias("deleted"),
    ).cast(RECORDS_SCHEMA)  # type: ignore[arg-type]


def _entities(
    frame: pl.DataFrame, plan: Plan, department: str, owned: dict[str, tuple[str, ...]]
) -> dict[str, pl.DataFrame]:
    frame = frame.with_columns(case_id(department, pl.col(_CASE_NO)).alias(CASE_ID))
    filled = {CASE_ID: CASE_ID, CASE_NO: _CASE_NO}
    applicant = {TOKEN: TOKEN, MASKED: MASKED, STATE: STATE}
    if plan.applicant_kind is not None:
        applicant["applicant_kind"] = plan.applicant_kind
    parts: dict[str, list[pl.DataFrame]] = {name: [_empty(name, owned[name])] for name in owned}
    for emission in plan.emissions:
        rows = frame.filter(pl.col(emission.when)) if emission.when else frame
        given = filled | (applicant if plan.spec.applicant else {}) | emission.columns
        parts[emission.entity].append(rows.select(SRC, *_typed(emission.entity, owned, given)))
    return {name: pl.concat(frames) for name, frames in parts.items()}


def _typed(entity: str, owned: dict[str, tuple[str, ...]], given: dict[str, str]) -> list[pl.Expr]:
    """The owned columns in their types; null where this row of the mapping has no expression for one."""
    types = ENTITIES[entity].polars_schema
    return [
        (pl.col(given[name]) if name in given else pl.lit(None)).cast(types[name]).alias(name)
        for name in owned[entity]
    ]


def _empty(entity: str, columns: Sequence[str]) -> pl.DataFrame:
    types = ENTITIES[entity].polars_schema
    return pl.DataFrame(schema={SRC: pl.Int64(), **{name: types[name] for name in columns}})
