"""The command that shows monthly scores 月度考评, line by line."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.printing import emit_json, say, table

if TYPE_CHECKING:
    from supervision.scores import Score


def scores(
    month: Annotated[
        datetime | None,
        typer.Option("--month", formats=["%Y-%m"], help="Month (default: that of the newest run)."),
    ] = None,
    department: Annotated[
        str | None, typer.Option("--department", help="Only this department, with its powers.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of tables.")
    ] = False,
) -> None:
    """A month's scores, computed now and stored, with every number of the sum. 月度考评。

    Example: [bold]hub scores --month 2012-11 --department housing[/bold]
    """
    from hub import pipeline
    from hub.pipeline.findings import month_scores

    found = month_scores(pipeline.open_hub(), month.date() if month else None, department)
    if as_json:
        emit_json([asdict(score) for score in found])
    elif department is None:
        _print_departments([score for score in found if not score.power_code])
    else:
        for score in found:
            _print_sum(score)


def _print_departments(found: list[Score]) -> None:
    rows = [
        [s.department, s.inputs["cases"], s.inputs["cards"].get("red", 0), s.inputs["cards"].get("yellow", 0),
         s.inputs["warnings"], s.inputs["percent_unreported"], s.inputs["before_floor"], float(s.score),
         "不作结论 none" if s.inputs["withheld"] else ""]
        for s in sorted(found, key=lambda score: (-score.inputs["before_floor"], score.department))
    ]  # fmt: skip
    columns = (
        "department", "cases 办件", "red 红牌", "yellow 黄牌", "warnings 预警", "% unreported", "sum", "score 得分", "statement 结论",
    )  # fmt: skip
    table(f"Scores 月度考评 {found[0].month:%Y-%m}" if found else "Scores 月度考评", columns, rows)
    if found:
        _print_formula(found[0])
        say("hub scores --department … shows each sum line by line.")


def _print_sum(score: Score) -> None:
    inputs = score.inputs
    rows = [["base 基准分", None, None, inputs["base"]]]
    rows += [
        [f"{line['what']} {line['zh']}", line["count"], line["each"], line["points"]]
        for line in inputs["lines"]
    ]
    name = score.power_code or score.department
    table(f"{name} {score.month:%Y-%m}", ("", "number", "each", "points"), rows)
    floored = f" (not below {inputs['floor']:g})" if score.score != inputs["before_floor"] else ""
    say(
        f"sum {inputs['before_floor']:g}{floored}, score [bold]{score.score:g}[/bold]; cases {inputs['cases']:,}"
    )
    for rule, count in sorted(inputs["rules"].items()):
        say(f"  {rule}: {count:,}")
    if not score.power_code:
        _print_formula(score)


def _print_formula(score: Score) -> None:
    say(
        f"formula {score.formula} {score.formula_version}, {score.inputs['per']}; as of {score.as_of:%Y-%m-%d}"
    )
    if not score.inputs["month_complete"]:
        say("The month is not over as of the newest run: the scores are provisional.")
