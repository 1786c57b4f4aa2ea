"""Recounting the source against the warehouse, by ranges of keys. Changes nothing on either side."""

from __future__ import annotations

from typing import Any

from hub.core.privacy import mask_message
from hub.pipeline.installation import Hub
from hub.pipeline.reading import Source, open_source
from hub.pipeline.sweeping import key_chunks
from warehouse.comparison import comparison


def reconcile(
    hub: Hub, slug: str, dataset: str | None = None, ranges: int = 20
) -> list[dict[str, Any]]:
    """Per dataset: counts on both sides by ranges of record keys, and the first keys that one side lacks.

    Rows in quarantine are no difference: they have arrived and wait. Raises SpecError for a source that cannot be
    asked for its keys, and what reading raises.
    """
    source = open_source(hub, slug)
    chosen = [dataset] if dataset else list(source.connector.datasets)
    return [_reconcile(hub, source, name, ranges) for name in chosen]


def _reconcile(hub: Hub, source: Source, dataset: str, ranges: int) -> dict[str, Any]:
    with comparison(hub.engine, source.slug, dataset) as compared:
        keyless = 0
        for keys, _ in key_chunks(source, dataset):
            keyless += keys.null_count()
            compared.add(keys)
        found = [_masked(row) for row in compared.ranges(ranges)]
    totals = {
        name: sum(row[name] for row in found)
        for name in ("source", "warehouse", "quarantined", "missing_here", "missing_at_source")
    }
    return {"dataset": dataset, **totals, "without_key": keyless, "ranges": found}


def _masked(row: dict[str, Any]) -> dict[str, Any]:
    """A key may be somebody's number: hidden wherever it looks like one."""
    hidden = {name: mask_message(row[name]) for name in ("first_key", "last_key")}
    lists = {
        name: [mask_message(key) for key in row[name] or ()]
        for name in ("not_here", "not_at_source")
    }
    return row | hidden | lists
