"""Batches that are too unfit to land: they stop at the gate, and their dataset is not read before a steward has decided."""

from __future__ import annotations

import polars as pl

from hub.core.batches import REPLAYS, Landing
from hub.core.errors import GateStopped
from hub.core.specs import Department
from hub.pipeline.installation import Hub
from warehouse import decisions


def stop_if_unfit(hub: Hub, department: Department, landing: Landing) -> None:
    """Raise GateStopped, the batch being stopped, when more of its rows are rejected than the dataset bears.

    Rows that wait because of the drift policy have a policy of their own. A replay or a correction never stops:
    its rows lie in quarantine already, and those that fail again stay there.
    """
    header = landing.header
    if landing.held or header.kind in REPLAYS:
        return
    threshold, rejected = department.threshold(header.dataset), landing.quarantine.height
    if not threshold.stops(rejected, header.rows_read):
        return
    with hub.engine.begin() as connection:
        if not decisions.stop(connection, header, landing.checks):
            return  # decided already: this is the repetition of a stage
    raise GateStopped(
        f"{rejected} of {header.rows_read} rows are rejected ({_reasons(landing)}), more than a share of "
        f"{threshold.stop_above}: nothing of the batch has landed",
        where=f"{header.department}/{header.dataset}, batch {header.batch_id}",
        remedy=_remedy(header.batch_id),
    )


def stopped(hub: Hub, slug: str) -> dict[str, str]:
    """Dataset → id of its batch that waits for a decision."""
    with hub.engine.connect() as connection:
        return decisions.stopped(connection, slug)


def refuse_while_stopped(hub: Hub, slug: str, dataset: str) -> None:
    """Raise GateStopped while a batch of the dataset waits: what comes after it would pass it by."""
    if batch_id := stopped(hub, slug).get(dataset):
        raise _waits(slug, dataset, batch_id)


def raise_stopped(hub: Hub, slug: str) -> None:
    """Raise GateStopped if any batch of the department waits for a decision."""
    for dataset, batch_id in stopped(hub, slug).items():
        raise _waits(slug, dataset, batch_id)


def _waits(slug: str, dataset: str, batch_id: str) -> GateStopped:
    return GateStopped(
        "a batch was stopped at the gate: the dataset is not read before somebody has decided",
        where=f"{slug}/{dataset}, batch {batch_id}",
        remedy=_remedy(batch_id),
    )


def _remedy(batch_id: str) -> str:
    return (
        f"look: hub gate show {batch_id}; mend mapping or crosswalks if it is them; then "
        f"hub gate release {batch_id} --reason …, or hub gate reject {batch_id} --reason …"
    )


def _reasons(landing: Landing) -> str:
    rows = landing.checks.group_by("reason", maintain_order=True).agg(pl.col("decisive").sum())
    first = rows.filter(pl.col("decisive") > 0).sort("decisive", descending=True).head(3)
    return ", ".join(f"{reason} {count}" for reason, count in first.iter_rows())
