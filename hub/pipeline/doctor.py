"""`hub doctor`: what can be known of a source without taking its data."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.diagnosis import Diagnosis
from hub.core.errors import HubError, SpecError
from hub.core.privacy import mask_message
from hub.pipeline.check import check_department
from hub.pipeline.installation import Hub
from hub.pipeline.reading import open_source
from warehouse import ledger, pauses


def diagnose(hub: Hub, slug: str) -> Iterator[Diagnosis]:
    """Check by check: the folder, the connection, then the source itself, each with what to do about a failure."""
    problems = check_department(hub.settings.departments, slug)
    yield from (Diagnosis("folder", "failed", mask_message(str(p))) for p in problems)
    if problems:
        return
    yield Diagnosis("folder", "ok", "source.yml, mapping.yml and crosswalks are sound")
    try:
        source = open_source(hub, slug)
    except SpecError as problem:
        yield Diagnosis("connection", "failed", problem.what, problem.remedy)
        return
    if why := pauses.reason(hub.engine, slug):
        yield Diagnosis("paused", "warning", why, f"hub resume {slug}")
    source.connector.pace.stopped = lambda: None  # a paused source may be looked at
    try:
        yield from source.connector.diagnose()
    except HubError as failure:
        yield Diagnosis("reachable", "failed", failure.what, failure.remedy)
    with hub.engine.connect() as connection:
        for dataset in source.connector.datasets:
            position = ledger.read_cursor(connection, slug, dataset)
            found = "never landed" if position is None else "has landed before"
            yield Diagnosis("cursor", "ok", found, dataset=dataset)
