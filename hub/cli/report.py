"""The command that writes reports to departments 部门报告."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.printing import complain, emit_json, say, table
from hub.core.errors import EXIT_CONFIGURATION, EXIT_OK, HubError, SpecError

if TYPE_CHECKING:
    from hub.pipeline import Hub
    from quality.department_report.content import Report


def report(
    department: Annotated[
        str | None, typer.Argument(help="Slug of the department; not with --all.")
    ] = None,
    everyone: Annotated[
        bool, typer.Option("--all", help="Every department, and an index page.")
    ] = False,
    month: Annotated[
        datetime | None,
        typer.Option("--month", formats=["%Y-%m"], help="Local month (default: all to date)."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the pages (default: HUB_HOME/quality/reports)."),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", help="Local time at which the report is true (default: now)."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of tables.")
    ] = False,
) -> None:
    """What a department sent, what was rejected and why, how late, what to fix first: a page to print. 部门报告。

    Example: [bold]hub report housing --month 2012-11 --out reports[/bold]
    """
    from hub import pipeline
    from hub.core.settings import Settings
    from hub.core.specs import department_slugs
    from hub.pipeline import reports

    if everyone == (department is not None):
        raise typer.BadParameter("name one department, or give --all")
    settings = Settings.load()
    slugs = [department] if department else department_slugs(settings.departments)
    hub = pipeline.open_hub(settings)
    pipeline.prepare_warehouse(hub)
    made, broken = _made(hub, slugs, month, as_of)
    folder = out or settings.home / reports.FOLDER
    paths = reports.write(made, folder, index=everyone)
    if as_json:
        emit_json({
            "files": [str(path) for path in paths],
            "reports": [asdict(each) for each in made],
            "broken": [str(error) for error in broken],
        })  # fmt: skip
    else:
        _print(made, paths)
    for error in broken:
        complain(error)
    raise typer.Exit(EXIT_CONFIGURATION if broken else EXIT_OK)


def _made(
    hub: Hub, slugs: list[str], month: datetime | None, as_of: datetime | None
) -> tuple[list[Report], list[HubError]]:
    """The reports, and what is wrong with folders that have none: one broken folder does not stop the others."""
    from hub.pipeline import reports

    made: list[Report] = []
    broken: list[HubError] = []
    for slug in slugs:
        try:
            made.append(reports.report(hub, slug, month.date() if month else None, as_of))
        except SpecError as problem:
            broken.append(problem)
    return made, broken


def _print(made: list[Report], paths: list[Path]) -> None:
    rows: list[list[Any]] = [
        [each.department, each.total("rows_read"), each.total("landed"), each.waiting,
         each.lateness.late if each.lateness.timed else None, len(each.actions)]
        for each in made
    ]  # fmt: skip
    columns = (
        "department",
        "read 报送",
        "landed 入库",
        "waiting 待处理",
        "late 迟报",
        "to do 待办",
    )
    table("Reports 部门报告", columns, rows)
    for each in made:
        for place, action in enumerate(each.first, 1):
            say(f"{each.department} {place}. {action.zh}")
    for path in paths:
        typer.echo(path)
