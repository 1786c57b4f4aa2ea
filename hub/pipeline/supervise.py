"""Reference data into the warehouse, then a run of the supervision rules over what has landed."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl
import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

import catalogue
import supervision
from hub.core.codelists import codelists
from hub.core.errors import HubError, SpecError
from hub.core.fingerprints import version_of
from hub.core.settings import TIME_ZONE
from hub.core.specs import department_slugs, read_department
from hub.pipeline.installation import Hub
from warehouse import reference


def supervise(
    hub: Hub,
    as_of: datetime | None = None,
    full: bool = False,
    engine: supervision.Engine | None = None,
) -> supervision.RunSummary:
    """Evaluate all active rules as of that local time (default: now) and merge the findings, in one transaction.

    Pulls what changed from the ledger, whoever woke it, and sees one state of the warehouse: what lands meanwhile
    is for the next run. `engine`: what judges, by default several sessions of the warehouse. Raises SpecError when the
    catalogue or a rule is broken, HubError when another run is at work.
    """
    rules = supervision.load_rules()
    as_of = as_of or datetime.now(ZoneInfo(TIME_ZONE)).replace(tzinfo=None)
    with hub.engine.begin() as connection:
        versions = refresh_reference(hub, connection)
    still = hub.engine.execution_options(isolation_level="REPEATABLE READ")
    try:
        with supervision.sliced(hub.engine, rules) as sessions, still.begin() as connection:
            return supervision.evaluate(
                connection, rules, as_of, full, versions, engine=engine or sessions
            )
    except DBAPIError as failure:
        if not isinstance(failure.orig, psycopg.errors.SerializationFailure):
            raise
        raise HubError(
            "another supervision run changed the findings meanwhile",
            remedy="run hub supervise again",
        ) from None


def refresh_reference(hub: Hub, connection: Connection) -> dict[str, str]:
    """Bring catalogue, calendar, code lists and departments up to date. Returns their content versions."""
    powers = catalogue.load()
    calendar = supervision.calendar_frame()
    lists = _codelist_frame()
    departments = _department_frame(hub)
    versions = {
        "catalogue": powers.version,
        "calendar": supervision.calendar_version(),
        "codelist": _frame_version(lists),
        "department": _frame_version(departments),
    }
    reference.replace(connection, powers.frames(), "catalogue", versions["catalogue"])
    for name, frame in (
        ("calendar", {"reference.calendar_day": calendar}),
        ("codelist", {"reference.codelist": lists}),
        ("department", {"reference.department": departments}),
    ):
        reference.replace(connection, frame, name, versions[name])
    return versions


def _codelist_frame() -> pl.DataFrame:
    return pl.DataFrame(
        [
            (name, code, zh, en)
            for name, codes in codelists().items()
            for code, (zh, en) in codes.items()
        ],
        schema={"codelist": pl.String, "code": pl.String, "zh": pl.String, "en": pl.String},
        orient="row",
    )


def _department_frame(hub: Hub) -> pl.DataFrame:
    rows = []
    for slug in department_slugs(hub.settings.departments):
        try:
            spec = read_department(hub.settings.departments, slug).spec
        except SpecError:
            continue  # a broken folder breaks its own DAG and `hub check`, not the others' supervision
        rows.append((slug, spec.body, spec.title.zh, spec.title.en, spec.freshness))
    columns = ("department", "body_code", "title_zh", "title_en", "freshness")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String()), orient="row")


def _frame_version(frame: pl.DataFrame) -> str:
    return version_of(frame.write_csv())
