"""One batch, all the way: kept raw, mapped, gated, landed, acknowledged."""

from __future__ import annotations

from dataclasses import replace

from hub.core.batches import Certificate, RawBatch
from hub.core.crash import crash_point
from hub.core.progress import advanced
from hub.pipeline.batch import keep_raw, prepare, remembered_shape
from hub.pipeline.installation import Hub
from hub.pipeline.reading import Source, acknowledge
from warehouse.landing import land


def take(
    hub: Hub, source: Source, raw: RawBatch, seconds: float, kind: str = "extract"
) -> Certificate:
    """Bring one batch in; `seconds` is what reading it took. Returns its certificate, without the fates of rows."""
    slug, dataset, rows = source.slug, raw.dataset, raw.table.num_rows
    header = keep_raw(hub, slug, raw, seconds, kind)
    advanced("extract", slug, dataset, rows)
    crash_point("after_extract")
    before = remembered_shape(hub, header)
    landing = prepare(hub, source.department, source.mapping, header, raw.table, before=before)
    advanced("map", slug, dataset, rows)
    crash_point("after_map")
    certificate = land(hub.engine, landing)
    if kind == "extract":
        acknowledge(source.connector, certificate, raw.table)
    advanced("land", slug, dataset, rows)
    return replace(certificate, fates=None)
