"""Batches, all the way: kept raw, mapped, gated, landed, acknowledged."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace

from hub.core.ahead import ahead
from hub.core.batches import Certificate, Landing, RawBatch
from hub.core.crash import crash_point
from hub.core.progress import advanced
from hub.pipeline.batch import keep_raw, prepare, remembered_shape
from hub.pipeline.installation import Hub
from hub.pipeline.judging import Shape
from hub.pipeline.reading import Source, acknowledge
from hub.pipeline.stopping import stop_if_unfit
from warehouse.landing import land


def take(
    hub: Hub, source: Source, raw: RawBatch, seconds: float, kind: str = "extract"
) -> Certificate:
    """Bring one batch in; `seconds` is what reading it took. Returns its certificate, without the fates of rows."""
    prepared = _prepared(hub, source, raw, seconds, kind, None)
    return _landed(hub, source, raw, prepared, threading.Lock())


def take_all(
    hub: Hub, source: Source, batches: Iterator[RawBatch], kind: str = "extract"
) -> Iterator[Certificate]:
    """Bring all batches of one dataset in, in their order; the certificates as `take` gives them.

    While one batch lands, the next is mapped and the one after it is read: three are at hand at most. The source
    sees one session, as ever: it is not read while it is told what has landed. After a failure nothing later lands.
    """
    at_source = threading.Lock()
    with (
        closing(ahead(_read(batches, at_source))) as read,
        closing(ahead(_all_prepared(hub, source, read, kind))) as prepared,
    ):
        for raw, landing in prepared:
            certificate = _landed(hub, source, raw, landing, at_source)
            del raw, landing  # before the next is waited for
            yield certificate


def _read(
    batches: Iterator[RawBatch], at_source: threading.Lock
) -> Generator[tuple[RawBatch, float]]:
    """Each batch, and the seconds that reading it took."""
    while True:
        with at_source:
            started = time.perf_counter()
            raw = next(batches, None)
        if raw is None:
            return
        yield raw, time.perf_counter() - started
        del raw


def _all_prepared(
    hub: Hub, source: Source, read: Iterator[tuple[RawBatch, float]], kind: str
) -> Generator[tuple[RawBatch, Landing]]:
    before: Shape | None = None
    for raw, seconds in read:
        landing = _prepared(hub, source, raw, seconds, kind, before)
        before = (
            landing.shape or before
        )  # the warehouse does not know it before that batch has landed
        yield raw, landing
        del raw, landing


def _prepared(
    hub: Hub, source: Source, raw: RawBatch, seconds: float, kind: str, before: Shape | None
) -> Landing:
    slug, dataset, rows = source.slug, raw.dataset, raw.table.num_rows
    header = keep_raw(hub, slug, raw, seconds, kind)
    advanced("extract", slug, dataset, rows)
    crash_point("after_extract")
    before = before or remembered_shape(hub, header)
    landing = prepare(hub, source.department, source.mapping, header, raw.table, before=before)
    stop_if_unfit(hub, source.department, landing)
    advanced("map", slug, dataset, rows)
    crash_point("after_map")
    return landing


def _landed(
    hub: Hub, source: Source, raw: RawBatch, landing: Landing, at_source: threading.Lock
) -> Certificate:
    certificate = land(hub.engine, landing)
    if landing.header.kind == "extract":
        with at_source:
            acknowledge(source.connector, certificate, raw.table)
    advanced("land", source.slug, raw.dataset, raw.table.num_rows)
    return replace(certificate, fates=None)
