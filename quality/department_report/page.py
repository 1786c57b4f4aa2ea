"""A department's report as one HTML page: nothing is fetched, nothing runs, prints on A4. Same report, same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from hub.core.settings import TIME_ZONE
from quality.department_report import charts, priorities
from quality.department_report.charts import Part
from quality.department_report.content import Report, Row
from quality.department_report.wording import Words, words

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


def name(report: Report) -> str:
    """The page's file name."""
    return f"{report.department}{f'-{report.month:%Y-%m}' if report.month else ''}.html"


def render(report: Report) -> str:
    """The page of one department."""
    return _page(
        "department.html.j2", report=report, first=report.first,
        drawn=_charts(report), late_months=_by_month(report.lateness.months),
    )  # fmt: skip


def index(reports: Sequence[Report]) -> str:
    """The page that leads to all of them, those with most to do first."""
    ordered = sorted(reports, key=lambda each: (-each.waiting, each.department))
    return _page("index.html.j2", reports=ordered, names={r.department: name(r) for r in reports})


def _page(template: str, **said: Any) -> str:
    return str(_environment().get_template(template).render(words=words(), **said))


def _charts(report: Report) -> dict[str, str]:
    """The charts that have something to show: one month is no trend."""
    drawn: dict[str, str] = {}
    reasons: dict[str, int] = {}
    for group in report.rejected:
        reasons[group["reason_zh"]] = reasons.get(group["reason_zh"], 0) + group["rows"]
    if reasons:
        most = sorted(reasons.items(), key=lambda each: (-each[1], each[0]))
        drawn["reasons"] = charts.bars("reasons", "待处理的退回行，按原因", most)
    if len(report.trend) > 1:
        months = [f"{row['month']:%Y-%m}" for row in report.trend]
        refused = [row["refused"] for row in report.trend]
        passed = [row["rows_read"] - row["refused"] for row in report.trend]
        parts = [Part("合格", "c1", passed), Part("退回或拒收", "c3", refused)]
        drawn["rows"] = charts.columns("rows", "各月报送行数", months, parts, "行")
    timed = [row for row in report.lateness.months if row["timed"]][-words().months :]
    if len(timed) > 1:
        months = [f"{row['month']:%Y-%m}" for row in timed]
        late = [row["late"] for row in timed]
        prompt = [row["timed"] - row["late"] for row in timed]
        parts = [Part("及时", "c1", prompt), Part("迟报", "c3", late)]
        drawn["late"] = charts.columns("late", "各月办件报送是否及时", months, parts, "件")
    return drawn


def _by_month(months: Sequence[Row]) -> list[Row]:
    return list(months[-words().months :])


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    filters: dict[str, Any] = {
        "n": lambda number: "—" if number is None else f"{number:,}",
        "share": lambda share: "—" if share is None else f"{share:.1%}",
        "local": _local,
        "month": lambda day: f"{day.year}年{day.month}月" if day else "",
        "duration": lambda hours: "—" if hours is None else priorities.duration(hours),
        "agreed": priorities.agreed,
        "buckets": _buckets,
    }
    made.filters |= filters
    made.globals |= {"fate_columns": _fate_columns, "bucket_columns": _bucket_columns}
    return made


def _fate_columns(said: Words) -> list[tuple[str, str, str]]:
    return [(fate.zh, fate.en, "number") for fate in said.fates.values()]


def _bucket_columns(said: Words) -> list[tuple[str, str, str]]:
    return [(each, "", "number") for each in _buckets(said.buckets)]


def _local(moment: datetime | date | None) -> str:
    if moment is None:
        return "—"
    if isinstance(moment, datetime):
        return f"{moment.astimezone(ZoneInfo(TIME_ZONE)):%Y-%m-%d %H:%M}"
    return f"{moment:%Y-%m-%d}"


def _buckets(bounds: Sequence[float]) -> list[str]:
    """The names of the groups: ≤24小时, ≤3天, >30天."""
    said = [priorities.duration(bound) for bound in bounds]
    said[0] = f"{bounds[0]:g}小时"
    return [*(f"≤{each}" for each in said), f">{said[-1]}"]
