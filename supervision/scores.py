"""Monthly scores by department and power: a dated formula, its sum line by line, stored with every number of it.

What counts: findings by the local day on which they occurred: the day they were due; without one the day on which the
case was decided or closed; and in any case not later than the as-of day of the run that first saw them. So a month does
not depend on how often the rules were run. Of the findings of one case in one month only the gravest
counts, once. Withdrawn and dismissed ones do not. `scores/*.yml` holds the points.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import Connection, text

from hub.core.errors import HubError, SpecError
from hub.core.fingerprints import version_of
from hub.core.settings import TIME_ZONE
from hub.core.specs import Spec, Title, read_yaml
from supervision.handbook import LEVELS
from supervision.preparation import local_time, statement
from supervision.rulebook import Level
from supervision.statements import withheld

FORMULAS = Path(__file__).parent / "scores"
CENT = Decimal("0.01")
_SQL = "scores/sum.sql"


class InARow(Spec):
    """Points for so many warnings one after the other."""

    count: int = Field(ge=1)
    points: Decimal = Field(ge=0)


class Unreported(Spec):
    """Points for each so many per cent of the month's rows that are still in quarantine."""

    each_percent: Decimal = Field(gt=0)
    points: Decimal = Field(ge=0)
    at_most: Decimal = Field(ge=0)


class Formula(Spec):
    """One dated formula, see `scores/*.yml`."""

    id: str
    title: Title
    effective_from: date
    source: str
    base: Decimal
    floor: Decimal
    per: Literal["absolute", "per_hundred_cases"]
    cards: dict[Level, Decimal]
    warnings_in_a_row: InARow
    unreported: Unreported
    not_counted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """One sum. `inputs`: lines, each with count, points each and points; cases; findings by level; sum before floor."""

    month: date
    department: str
    power_code: str
    formula: str
    formula_version: str
    score: Decimal
    inputs: dict[str, Any]
    as_of: datetime


def formulas(folder: Path = FORMULAS) -> list[tuple[Formula, str]]:
    """All formulas with the versions of their content and of the SQL that counts, by the day from which they count. Raises SpecError for a broken one."""
    found = [
        (read_yaml(path).parse(Formula), version_of(path.read_text("utf-8"), statement(_SQL)))
        for path in sorted(folder.glob("*.yml"))
    ]
    days = [formula.effective_from for formula, _ in found]
    if len(set(days)) < len(days):
        raise SpecError("two formulas begin on the same day", file=folder, remedy="date them apart")
    return sorted(found, key=lambda pair: pair[0].effective_from)


def in_force(month: date, folder: Path = FORMULAS) -> tuple[Formula, str]:
    """The formula of a month with its version. Raises HubError when none is as old as that."""
    known = [pair for pair in formulas(folder) if pair[0].effective_from <= month]
    if not known:
        raise HubError(
            f"no formula is in force in {month:%Y-%m}", where=str(folder), remedy="add a dated one"
        )
    return known[-1]


def last_month(connection: Connection) -> date:
    """The month of the newest complete run. Raises HubError before the first run."""
    _, as_of = _last_run(connection)
    if as_of is None:
        raise HubError("there has been no complete run of the rules", remedy="run hub supervise")
    return local_time(as_of).date().replace(day=1)


def compute(connection: Connection, month: date, folder: Path = FORMULAS) -> list[Score]:
    """The scores of a month, computed from what is known now, and stored in place of those computed before.

    Raises HubError when there has been no run since the month began, or no formula is in force.
    """
    month = month.replace(day=1)
    formula, version = in_force(month, folder)
    run_id, as_of = _last_run(connection)
    if as_of is None or local_time(as_of).date() < month:
        raise HubError(
            f"no run of the rules has looked at {month:%Y-%m}", remedy="run hub supervise"
        )
    rows = connection.execute(
        text(statement(_SQL)),
        {
            "month": month, "zone": TIME_ZONE, "not_counted": list(formula.not_counted),
            "in_a_row": formula.warnings_in_a_row.count,
        },
    ).mappings()  # fmt: skip
    unsaid = {one.department: one.reason for one in withheld(connection, run_id)}
    complete = local_time(as_of) + timedelta(seconds=1) >= local_time(_next(month))
    scores = [
        Score(
            month, row["department"], row["power_code"], formula.id, version,
            *_sum(formula, dict(row), complete, unsaid.get(row["department"])), as_of,
        )
        for row in rows
    ]  # fmt: skip
    _store(connection, month, scores)
    return scores


def _sum(
    formula: Formula, row: Mapping[str, Any], complete: bool, unsaid: str | None
) -> tuple[Decimal, dict[str, Any]]:
    """The score of one department or power, and how it comes about."""
    lines = [
        _line(level, LEVELS[level].zh, row["cards"].get(level, 0), each)
        for level, each in formula.cards.items()
    ]
    row_of = formula.warnings_in_a_row
    lines.append(
        _line(
            "warnings_in_a_row", f"连续{row_of.count}次预警", row["rows_of_warnings"], row_of.points
        )
    )
    cases = row["cases"]
    if formula.per == "per_hundred_cases":
        lines = [line | {"points": line["points"] * 100 / max(cases, 100)} for line in lines]
    unreported, percent = formula.unreported, Decimal(0)
    if row["rows_read"]:
        percent = Decimal(row["rows_open"]) * 100 / Decimal(row["rows_read"])
        steps = int(percent / unreported.each_percent)
        line = _line(
            "unreported", f"每{unreported.each_percent}%数据未报送", steps, unreported.points
        )
        lines.append(line | {"points": max(line["points"], -unreported.at_most)})
    lines = [line | {"points": _cents(line["points"])} for line in lines]
    total = formula.base + sum((line["points"] for line in lines), Decimal(0))
    inputs = {
        "base": formula.base, "floor": formula.floor, "per": formula.per, "lines": lines, "before_floor": total,
        "cases": cases, "cards": row["cards"], "rules": row["rules"], "findings": row["findings"],
        "warnings": row["warnings"], "rows_read": row["rows_read"], "rows_open": row["rows_open"],
        "percent_unreported": _cents(percent), "month_complete": complete,
        "withheld": unsaid,
    }  # fmt: skip
    return max(total, formula.floor), json.loads(json.dumps(inputs, default=float, sort_keys=True))


def _line(what: str, zh: str, count: int, each: Decimal) -> dict[str, Any]:
    return {"what": what, "zh": zh, "count": count, "each": -each, "points": -each * count}


def _cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP) + 0  # no negative nought


def _store(connection: Connection, month: date, scores: list[Score]) -> None:
    connection.execute(text("delete from supervision.score where month = :month"), {"month": month})
    if not scores:
        return
    connection.execute(
        text("""
            insert into supervision.score
                (month, department, power_code, formula, formula_version, score, inputs, as_of, computed_at)
            values (:month, :department, :power_code, :formula, :formula_version, :score, cast(:inputs as jsonb),
                :as_of, :computed_at)
        """),
        [
            {
                **{name: getattr(score, name) for name in Score.__slots__},
                "inputs": json.dumps(score.inputs, ensure_ascii=False), "computed_at": datetime.now(UTC),
            }
            for score in scores
        ],
    )  # fmt: skip


def _last_run(connection: Connection) -> tuple[str, datetime | None]:
    found = connection.execute(
        text("""
            select cast(run_id as text), as_of from supervision.run
            where state = 'complete' order by started_at desc limit 1
        """)
    ).one_or_none()
    return ("", None) if found is None else (found[0], found[1])


def _next(month: date) -> datetime:
    return datetime(month.year + month.month // 12, month.month % 12 + 1, 1)  # noqa: DTZ001 (local time)
