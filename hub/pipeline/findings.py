"""What people do with findings: the functions that the command line and a console call. Each is one transaction."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import warehouse
from hub.core.errors import HubError, SpecError
from hub.core.settings import TIME_ZONE
from hub.pipeline.installation import Hub
from supervision import exports, lifecycle, notices, scores, selection, verification, wording
from supervision.lifecycle import Actor, Step
from supervision.notices import Notice
from supervision.selection import Selection
from warehouse import evidence

WRITERS = {".csv": exports.as_csv, ".xlsx": exports.as_xlsx}


def found(hub: Hub, chosen: Selection, limit: int | None = None) -> dict[str, Any]:
    """How many findings are meant, and the first `limit` of them, the gravest first."""
    with hub.engine.connect() as connection:
        return {
            "count": selection.count(connection, chosen),
            "findings": selection.rows(connection, chosen, limit),
        }


def overdue(hub: Hub, chosen: Selection, at: datetime | None = None) -> dict[str, Any]:
    """Findings whose deadline has passed on the local day of `at` (default: today), each with who had to act."""
    today = (at or datetime.now(ZoneInfo(TIME_ZONE))).date()
    document = found(hub, replace(chosen, overdue_on=today))
    states = lifecycle.lifecycle().states
    for row in document["findings"]:
        row["acts"] = states[row["state"]].acts
    return document


def shown(hub: Hub, finding_id: str) -> dict[str, Any]:
    """One finding: its row, what it says in Chinese, what may be done now, its life and its notices."""
    with hub.engine.connect() as connection:
        row = selection.rows(connection, Selection(ids=(finding_id,)))[0]
        return {
            "finding": row,
            "sentence": wording.sentence(row),
            "allowed": lifecycle.lifecycle().allowed(row["state"]),
            "life": evidence.events(connection, row["finding_id"]),
            "notices": notices.about(connection, row["finding_id"]),
        }


def act(
    hub: Hub,
    action: str,
    actor: Actor,
    chosen: Selection,
    *,
    reason: str | None = None,
    statement: str | None = None,
    dry_run: bool = False,
) -> Step:
    """Take one action on one or many findings, all or none. Errors as of `lifecycle.plan`; `dry_run` leaves no trace."""
    with hub.engine.connect() as connection, connection.begin() as transaction:
        step = lifecycle.act(connection, action, actor, chosen, reason=reason, statement=statement)
        if dry_run:
            transaction.rollback()
        return step


def notify(
    hub: Hub,
    actor: Actor,
    chosen: Selection,
    *,
    reason: str | None = None,
    kind: str | None = None,
    out: Path | None = None,
    dry_run: bool = False,
) -> tuple[Step, list[Notice]]:
    """Issue notices to departments and move their findings to notified; `out` is a folder for the documents.

    Files are written once the notices are in the warehouse, from where `written_notice` gives them again.
    """
    if kind is not None and kind not in notices.texts().kinds:
        raise HubError(f"no notice '{kind}'", remedy=f"known: {', '.join(notices.texts().kinds)}")
    with hub.engine.connect() as connection, connection.begin() as transaction:
        step, issued = notices.notify(connection, actor, chosen, reason=reason, kind=kind)
        if dry_run:
            transaction.rollback()
    if out is not None and not dry_run:
        for notice in issued:
            _write(out, notice.content.number, notice.html, notice.docx)
    return step, issued


def written_notice(hub: Hub, number: str, out: Path) -> list[Path]:
    """Write the two documents of an issued notice into a folder. Raises HubError if there is no such notice."""
    with hub.engine.connect() as connection:
        kept = notices.stored(connection, number)
    if kept is None:
        raise HubError(
            f"no notice {number}", remedy="hub findings show ID names a finding's notices"
        )
    return _write(out, number, kept["html"], kept["docx"])


def export(hub: Hub, path: Path, chosen: Selection) -> int:
    """Write findings to an .xlsx or .csv file; returns how many. Raises SpecError for another kind of file."""
    write = WRITERS.get(path.suffix.lower())
    if write is None:
        raise SpecError("neither .xlsx nor .csv", file=path, remedy="name the file findings.xlsx")
    with hub.engine.connect() as connection:
        rows = selection.rows(connection, chosen)
    path.write_bytes(write(rows))
    return len(rows)


def verify(hub: Hub, noted_head: str | None = None) -> dict[str, Any]:
    """Whether the log of findings is whole: events, heads, newest head, and every break found."""
    warehouse.migrate(hub.engine)
    still = hub.engine.execution_options(isolation_level="REPEATABLE READ")
    with still.connect() as connection:
        return asdict(verification.verify(connection, noted_head))


def month_scores(
    hub: Hub, month: date | None = None, department: str | None = None
) -> list[scores.Score]:
    """The scores of a month (default: that of the newest run), computed from what is known now, and stored.

    Departments first, each followed by its powers. Raises HubError for a month that no run has looked at, or an
    unknown department.
    """
    with hub.engine.begin() as connection:
        chosen = month or scores.last_month(connection)
        found = scores.compute(connection, chosen)
    known = {score.department for score in found}
    if department is not None and department not in known:
        raise HubError(f"no department '{department}'", remedy=f"known: {', '.join(sorted(known))}")
    return [score for score in found if department in (None, score.department)]


def _write(folder: Path, number: str, html: bytes, docx: bytes) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number}.html", folder / f"{number}.docx"]
    for path, document in zip(paths, (html, docx), strict=True):
        path.write_bytes(document)
    return paths
