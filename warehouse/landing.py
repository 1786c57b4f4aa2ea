"""The landing: everything that one batch writes, in one transaction, or nothing.

In order: the department's lock; the batch's place in the ledger; fates; staging by COPY, or straight into core where
nothing of the batch is known; the registry of source records; merge with history; tombstones; parties, quarantine, unmapped codes, drift; proof; ledger, cursor and
certificate. The proof counts fates and compares two checksums over keys and owned values of everything that is
landed or unchanged: one computed here from the frames, the other by PostgreSQL from core.

Landings of one department run one after another: its datasets may share rows of core."case".
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass

import polars as pl
import psycopg
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from hub.core.batches import REJECTS_SCHEMA, SRC, Certificate, Landing
from hub.core.crash import crash_point
from hub.core.entities import ENTITIES
from hub.core.errors import LandingError
from hub.core.fingerprints import checksum
from hub.core.privacy import mask_message
from warehouse import annexes, cases, closing, fresh, ledger, merge, registry, stage
from warehouse.claiming import Claim, claim
from warehouse.collisions import owned_by_others, within_batch, without_ghosts
from warehouse.fates import FATES, decide
from warehouse.fingerprints import LaneSums


@dataclass(frozen=True, slots=True)
class Plan:
    """What will happen to each row. `rows`: the records with fate and winner; `rejects`: found by the landing itself;
    `staged`: per entity the winners' rows that are landed or unchanged, with the columns of `stage.MARKS`;
    `fresh`: they are in core already; `met`: the entities of which core shares any key with them."""

    rows: pl.DataFrame
    known: pl.DataFrame
    rejects: pl.DataFrame
    staged: dict[str, pl.DataFrame]
    met: frozenset[str] = frozenset()
    fresh: bool = False


def land(engine: Engine, landing: Landing) -> Certificate:
    """Land one batch and return its certificate, with the fate of every row.

    A batch that has landed already gives its certificate again (without fates) and writes nothing. Raises
    LandingError, nothing being written, when the proof fails, when a batch of the dataset that was read earlier
    waits to be landed, when the gate stopped the batch and nobody decided to release it, when a later run has taken the rows over, or when the warehouse refuses a value.
    """
    crash_point("before_landing")
    try:
        with engine.begin() as connection:
            certificate = _land(connection, landing)
            crash_point("before_commit")
        crash_point("after_commit")
        return certificate
    except LandingError:
        _note_failure(engine, landing)
        raise
    except (DBAPIError, psycopg.Error) as failure:
        refused = _refusal(failure, landing)
        if refused is None:
            raise
        _note_failure(engine, landing)
        raise refused from None  # the driver's own message may quote the row


def _land(connection: Connection, landing: Landing) -> Certificate:
    header = landing.header
    started = time.perf_counter()
    claimed = claim(connection, header, decided=landing.decision is not None)
    if claimed is None:
        found = ledger.certificate(connection, header.batch_id)
        if found is None:
            raise LandingError(f"batch {header.batch_id} has landed without a certificate")
        return found
    _check_shape(landing)
    plan = _plan(connection, landing, claimed)
    crash_point("after_staging")
    changed = registry.update(connection, header, plan.rows, plan.known, claimed)
    if not plan.fresh:
        _merge(connection, landing, plan)
    cases.settle(connection, landing, plan.rows, plan.known)
    merge.bury_children(connection, header, plan.staged, changed)
    crash_point("after_merge")
    annexes.write(connection, landing, plan.rejects, plan.rows)
    certificate = _prove(connection, landing, plan)
    spent = round(time.perf_counter() - started, 4)
    closing.close(connection, landing, certificate, spent)
    return certificate


def _merge(connection: Connection, landing: Landing, plan: Plan) -> None:
    for name, frame in plan.staged.items():
        entity, owned = ENTITIES[name], landing.owned[name]
        if name in plan.met:
            gone = bool(frame["_gone"].any())
            merge.merge(connection, landing.header, entity, owned, gone=gone)
        elif stage.lands(frame):
            merge.insert(connection, landing.header, entity, owned)


def _check_shape(landing: Landing) -> None:
    """What the stages before promise; a breach is a defect of ours, and would lose rows silently."""
    records, quarantined = landing.records[SRC], landing.quarantine[SRC]
    problems = []
    if records.n_unique() != records.len():
        problems.append("a source row has several records")
    if records.is_in(quarantined.implode()).any():
        problems.append("a source row is both passed and quarantined")
    for name, frame in landing.entities.items():
        if not frame[SRC].is_in(records.implode()).all():
            problems.append(f"{name} holds rows of no record")
        missing = (
            {SRC, *landing.owned.get(name, ()), *ENTITIES[name].key} - set(frame.columns) - {"department"}
        )  # fmt: skip
        if missing:
            problems.append(f"{name} lacks {', '.join(sorted(missing))}")
    if problems:
        raise _error(
            landing, "; ".join(problems), "correct the mapping or the gate; nothing landed"
        )


def _plan(connection: Connection, landing: Landing, claimed: Claim) -> Plan:
    """Decide and stage; rows whose keys belong to other records are taken out, and all is decided again."""
    known = registry.read(connection, landing.header, landing.records)
    rejects = pl.DataFrame(schema=REJECTS_SCHEMA)
    while True:
        records = landing.records.join(rejects, on=SRC, how="anti")
        rows = registry.with_cases(decide(records, known, claimed.arrived_at), landing)
        staged = without_ghosts(stage.frames(landing, rows))
        more = within_batch(staged)
        if more.is_empty():
            if known.is_empty() and fresh.insert(connection, landing, staged):
                return Plan(rows, known, rejects, staged, fresh=True)
            stage.fill(connection, landing, staged)
            met = _met(connection, landing, staged)
            more = owned_by_others(
                connection, landing.header, {name: staged[name] for name in met}, rows
            )
            if more.is_empty():
                return Plan(rows, known, rejects, staged, met)
        rejects = pl.concat([rejects, more])


def _met(
    connection: Connection, landing: Landing, staged: dict[str, pl.DataFrame]
) -> frozenset[str]:
    return frozenset(
        name
        for name, frame in staged.items()
        if stage.lands(frame) and merge.shares_keys(connection, landing.header, ENTITIES[name])
    )


def _prove(connection: Connection, landing: Landing, plan: Plan) -> Certificate:
    header = landing.header
    quarantined = pl.concat(
        [landing.quarantine.select(SRC, "reason"), plan.rejects.select(SRC, "reason")]
    ).unique(SRC, keep="first", maintain_order=True)
    fates = pl.concat(
        [
            plan.rows.select(SRC, "fate"),
            quarantined.select(SRC, "reason", fate=pl.lit("quarantined")),
        ],
        how="diagonal",
    ).sort(SRC)
    counts = {fate: fates.filter(pl.col("fate") == fate).height for fate in FATES}
    if sum(counts.values()) != header.rows_read:
        raise _error(
            landing,
            f"{header.rows_read} rows were read, {sum(counts.values())} are accounted for: {counts}",
            "a stage lost or invented rows; nothing landed",
        )
    read = checksum(stage.hashes(plan.staged))
    sums = fresh.landed_sums if plan.fresh else merge.landed_sums
    parts = (sums(connection, header, ENTITIES[name], landing.owned[name]) for name in plan.staged)
    landed = sum(parts, LaneSums()).text()
    if read != landed:
        raise _error(
            landing,
            f"what was read sums to {read}, what landed to {landed}",
            "core was changed by another hand, or two datasets own the same column; nothing landed",
        )
    return Certificate(
        header.batch_id, header.department, header.dataset, header.rows_read,
        **counts, checksum_read=read, checksum_landed=landed, fates=fates,
    )  # fmt: skip


def _error(landing: Landing, what: str, remedy: str) -> LandingError:
    header = landing.header
    where = f"{header.department}/{header.dataset}, batch {header.batch_id}"
    return LandingError(what, where=where, remedy=remedy)


def _refusal(failure: DBAPIError | psycopg.Error, landing: Landing) -> LandingError | None:
    """A LandingError for what the warehouse refuses for good; None for what may heal (connection, lock, disk)."""
    cause = failure.orig if isinstance(failure, DBAPIError) else failure
    if not isinstance(cause, (psycopg.DataError, psycopg.IntegrityError, psycopg.InternalError)):
        return None
    said = mask_message(cause.diag.message_primary or type(cause).__name__)
    at = ".".join(part for part in (cause.diag.table_name, cause.diag.column_name) if part)
    what = f"the warehouse refuses a value ({cause.sqlstate}{f', {at}' if at else ''}): {said}"
    return _error(landing, what, "the gate let it pass: correct the gate; nothing landed")


def _note_failure(engine: Engine, landing: Landing) -> None:
    with contextlib.suppress(LandingError, DBAPIError), engine.begin() as connection:
        ledger.set_state(connection, landing.header.batch_id, "failed")


__all__ = ["land"]
