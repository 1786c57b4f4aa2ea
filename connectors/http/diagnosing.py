"""What `hub doctor` asks a web service: the first page of each dataset, once, and what comes with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from connectors.diagnosis import Diagnosis
from connectors.http import paging
from connectors.http.connection import WebConnection
from connectors.http.pages import Page, page
from connectors.http.reading import HttpReading
from connectors.http.session import Answer, Denied, Distrusted, Session
from connectors.http.settings import HttpSettings
from hub.core.batches import RESERVED
from hub.core.errors import HubError, SourceUnavailable

MOST_SKEW = 60
"""Seconds that two clocks may differ."""


def diagnose(dataset: str, settings: HttpSettings, session: Session) -> Iterator[Diagnosis]:
    """Reachable, trusted, let in, in time, and of the declared shape. Takes one page."""
    reading = HttpReading(settings, session)

    def read(answer: Answer) -> tuple[Answer, Page]:
        return answer, page(answer, settings, 1, session.where)

    try:
        answer, found = session.ask(reading.question(paging.first(settings.paging)), read)
    except HubError as failure:
        yield from failed(dataset, failure)
        return
    session.pace.took(found.table.num_rows, found.table.nbytes)
    yield from let_in(dataset, session.connection)
    yield clock(dataset, answer.headers.get("date"))
    yield shape(dataset, found, tuple(getattr(settings, "fields", None) or ()))


def failed(dataset: str, failure: HubError) -> Iterator[Diagnosis]:
    """The check that a failure belongs to; those before it are fine."""
    checks = ["reachable", "certificate", "credentials", "page"]
    at = 3
    if isinstance(failure, SourceUnavailable):
        at = 0
    elif isinstance(failure, Distrusted):
        at = 1
    elif isinstance(failure, Denied):
        at = 2
    for check in checks[:at]:
        yield Diagnosis(check, "ok", "nothing to complain of", dataset=dataset)
    yield Diagnosis(checks[at], "failed", failure.what, failure.remedy, dataset)


def let_in(dataset: str, connection: WebConnection) -> Iterator[Diagnosis]:
    """What follows from an answer: the service was reached, trusted, and let us in."""
    yield Diagnosis("reachable", "ok", "it answers", dataset=dataset)
    if connection.base.startswith("https:"):
        yield Diagnosis("certificate", "ok", "it is trusted", dataset=dataset)
    else:
        yield Diagnosis(
            "certificate", "warning", "the connection is not encrypted",
            "ask for an https address: identity numbers travel here", dataset,
        )  # fmt: skip
    known = connection.user or connection.bearer or connection.key
    found = "accepted" if known else "none are needed"
    yield Diagnosis("credentials", "ok", found, dataset=dataset)


def clock(dataset: str, date: str | None) -> Diagnosis:
    """How far the service's clock, by its Date header, is from ours."""
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return Diagnosis("clock_skew", "skipped", "it sends no date", dataset=dataset)
    ahead = (theirs.astimezone(UTC) - datetime.now(UTC)).total_seconds()
    return Diagnosis(
        "clock_skew", "ok" if abs(ahead) <= MOST_SKEW else "warning",
        f"its clock is {ahead:+.0f} seconds from ours",
        "" if abs(ahead) <= MOST_SKEW else "make the lag of 'since' larger than that", dataset,
    )  # fmt: skip


def shape(dataset: str, found: Page, declared: tuple[str, ...]) -> Diagnosis:
    """Which of the declared fields the first page has."""
    rows = found.table.num_rows
    if rows == 0:
        return Diagnosis(
            "shape",
            "warning",
            "the first page has no rows",
            "compare 'rows' with the answer",
            dataset,
        )
    absent = [name for name in declared if name not in found.present]
    if absent:
        return Diagnosis(
            "shape",
            "failed",
            f"no row has {', '.join(absent)}",
            "correct 'fields' in source.yml",
            dataset,
        )
    names = [name for name in found.table.column_names if name not in RESERVED]
    return Diagnosis("shape", "ok", f"{rows} rows with {', '.join(names)}", dataset=dataset)
