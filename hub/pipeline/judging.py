"""One raw table mapped and gated, nothing written: what a run lands and what a dry run only shows."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl
import pyarrow as pa

import mappings
from hub.core.batches import SRC, Drift, Mapped
from hub.core.codelists import codelists
from hub.core.errors import GateStopped
from hub.core.privacy import Keys
from hub.core.specs import Department
from hub.pipeline import drift
from quality import gate

Shape = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Decided:
    """Decisions of people on rows of a batch. `waived`: `_src` and `reason` of rejects that do not count; `refused`:
    frames in REJECTS_SCHEMA, of rows that were rejected for good and must not land whatever the mapping says."""

    waived: pl.DataFrame | None = None
    refused: tuple[pl.DataFrame, ...] = ()


NOTHING_DECIDED = Decided()


@dataclass(frozen=True, slots=True)
class Judged:
    """A batch between gate and landing. `drift`: what was not there when the dataset last landed; `shape`: what to
    remember of the source's columns; `held`: whether rows wait because the drift policy says so; `seconds` by stage."""

    mapped: Mapped
    gated: gate.GateResult
    drift: tuple[Drift, ...]
    shape: dict[str, str]
    held: bool
    seconds: dict[str, float]


class ShapeStopped(GateStopped):
    """The source's shape has changed, and the dataset's policy says to stop; `changes` are those that do."""

    def __init__(self, changes: tuple[Drift, ...], where: str) -> None:
        super().__init__(
            "; ".join(change.message for change in changes),
            where=where,
            remedy="adapt mapping.yml, or the dataset's drift policy in source.yml; nothing of this batch landed",
        )
        self.changes = changes


def judge(
    department: Department,
    mapping: mappings.Mapping,
    dataset: str,
    raw: pa.Table,
    before: Shape | None,
    keys: Keys,
    decided: Decided = NOTHING_DECIDED,
) -> Judged:
    """Map and gate one raw table. `before`: the shape that the warehouse remembers of the dataset.

    Raises ShapeStopped, gate.NotJudged when a check did not run, SpecError.
    """
    started = time.perf_counter()
    shape = drift.shape_of(raw)
    policy = department.settings(dataset).drift
    spec = mapping.spec(dataset)
    lacking = (
        drift.absent(shape, spec.fields, spec.older_names) if policy.missing == "ignore" else ()
    )
    mapped = mappings.apply(mapping, dataset, drift.with_empty_columns(raw, lacking), keys)
    found = drift.changes(shape, before, (*drift.missing(lacking), *mapped.drift), spec.older_names)
    if stopping := drift.under(found, policy, "stop"):
        raise ShapeStopped(stopping, f"{department.slug}/{dataset}")
    held = drift.under(found, policy, "quarantine")
    mapped_at = time.perf_counter()
    mapped = replace(mapped, rejects=pl.concat([*decided.refused, mapped.rejects]))
    gated = gate.inspect(_held_back(mapped, held), codelists(), decided.waived)
    return Judged(
        mapped,
        gated,
        drift.unseen(found, shape, before),
        drift.remembered(shape, before, held),
        bool(held),
        {"map": mapped_at - started, "gate": time.perf_counter() - mapped_at},
    )


def _held_back(mapped: Mapped, held: tuple[Drift, ...]) -> Mapped:
    if not held or (not mapped.rejects.is_empty() and all(d.change == "missing" for d in held)):
        return mapped  # the mapping itself refuses rows that lack a mapped column
    waiting = drift.rejects(mapped.records[SRC], held)
    return replace(mapped, rejects=pl.concat([mapped.rejects, waiting]))
