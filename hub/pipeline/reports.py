"""Reports to departments: what the warehouse knows of their deliveries, put beside their mapping and our words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import mappings
import supervision
from hub.core.settings import TIME_ZONE
from hub.core.specs import read_department
from hub.pipeline import report_rows
from hub.pipeline.installation import Hub
from hub.pipeline.report_rows import Ground, Row
from quality.department_report import page, priorities
from quality.department_report.content import Action, Lateness, Report
from quality.department_report.wording import Words, words
from warehouse import checks, deliveries, lateness
from warehouse.deliveries import Period

FOLDER = Path("quality") / "reports"
"""Below HUB_HOME."""


def report(hub: Hub, slug: str, month: date | None = None, as_of: datetime | None = None) -> Report:
    """The report of one department, of a local month or to date, as of `as_of` (local; default: now).

    Raises SpecError when its folder is broken.
    """
    department = read_department(hub.settings.departments, slug)
    mapping = mappings.read(department)
    zone = ZoneInfo(TIME_ZONE)
    at = supervision.local_time(as_of or datetime.now(zone))
    with hub.engine.connect() as connection:
        ground = Ground(connection, department, mapping, words(), _period(month, at), at)
        return _assembled(ground, month)


def write(reports: Sequence[Report], out: Path, index: bool = False) -> list[Path]:
    """Write each report's page into `out`, and an index of them; returns the paths, the index first."""
    out.mkdir(parents=True, exist_ok=True)
    pages = {page.name(each): page.render(each) for each in reports}
    if index:
        pages = {"index.html": page.index(reports), **pages}
    for name, html in pages.items():
        (out / name).write_text(html, "utf-8")
    return [out / name for name in pages]


def _period(month: date | None, at: datetime) -> Period:
    if month is None:
        return Period(None, at)
    zone = ZoneInfo(TIME_ZONE)
    first = datetime(month.year, month.month, 1, tzinfo=zone)
    after = datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=zone)
    return Period(first, min(after, at))


def _assembled(ground: Ground, month: date | None) -> Report:
    connection, slug, period = ground.connection, ground.department.slug, ground.period
    spec, to_date = ground.department.spec, Period(None, ground.at)
    heard = deliveries.silence(connection, slug, to_date)
    rejected = deliveries.rejected(connection, slug, period)
    unmapped = report_rows.unmapped(ground)
    groups = report_rows.groups(ground, rejected, unmapped)
    batches = report_rows.batches(ground)
    late = _lateness(ground)
    inspected = checks.checkpoint(connection, slug, to_date)
    checkpoint = report_rows.checkpoint(ground.words, inspected) if inspected else None
    gate = report_rows.gate(ground, checks.gate_checks(connection, slug, period))
    overdue = heard["hours"] is None or heard["hours"] > report_rows.agreed_hours(spec.freshness)
    actions = [
        *priorities.of_batches(ground.words, batches),
        *_silence(ground.words, overdue, heard["hours"], spec.freshness),
        *priorities.of_rejected(ground.words, groups),
        *priorities.of_checkpoint(ground.words, checkpoint),
        *priorities.of_unknown(ground.words, checkpoint, gate),
        *priorities.of_lateness(ground.words, late),
    ]
    return Report(
        department=slug,
        title_zh=spec.title.zh,
        title_en=spec.title.en,
        as_of=ground.at,
        month=month,
        freshness=spec.freshness,
        silent_hours=heard["hours"],
        overdue=overdue,
        last_landed_at=heard["last_landed_at"],
        statement=checks.statement(connection, slug),
        deliveries=report_rows.by_dataset(ground, rejected),
        batches=batches,
        rejected=groups,
        fates=_fates(rejected),
        waiting_before=deliveries.rejected_before(connection, slug, period) if month else 0,
        lateness=late,
        trend=report_rows.trend(
            deliveries.months(connection, slug, period, ground.words.months), late
        ),
        gate=gate,
        checkpoint=checkpoint,
        unmapped=unmapped,
        actions=priorities.rank(ground.words, actions),
    )


def _silence(words: Words, overdue: bool, hours: float | None, freshness: str) -> Iterator[Action]:
    if overdue:
        yield priorities.of_silence(words, hours, freshness)


def _fates(rejected: list[Row]) -> dict[str, int]:
    fates: dict[str, int] = {}
    for row in rejected:
        fates[row["state"]] = fates.get(row["state"], 0) + row["rows"]
    return fates


def _lateness(ground: Ground) -> Lateness:
    connection, slug, period = ground.connection, ground.department.slug, ground.period
    told = lateness.basis(connection, slug)
    rule = ground.words.lateness
    limit = supervision.department_value(
        supervision.load_rules(), rule.rule, rule.parameter, slug, period.until.date()
    )
    months = lateness.by_month(connection, slug, period, told, limit, ground.words.buckets)
    return Lateness(told, limit, months, lateness.untimed(connection, slug, period, told))
