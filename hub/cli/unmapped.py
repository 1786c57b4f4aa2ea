"""Commands on codes that no crosswalk knows 未对照编码: the queue, suggestions, approval; and `hub coverage`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer

from hub.cli.printing import emit_json, say, table
from hub.cli.quarantine import Actor, AsJson, open_warehouse
from hub.core.errors import SpecError

unmapped_app = typer.Typer(
    no_args_is_help=True,
    help="Codes without a line in a crosswalk 未对照编码: list, suggest, approve.",
)
OfDepartment = Annotated[str | None, typer.Argument(help="Only this department.")]
COLUMNS = ("department", "codelist", "source_code", "source_name", "rows_waiting", "first_seen", "last_seen", "state")  # fmt: skip


@unmapped_app.command("list")
def list_(
    department: OfDepartment = None,
    everything: Annotated[bool, typer.Option("--all", help="Also codes that are known by now.")] = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Codes that rows carry and no crosswalk knows, with the rows that wait for each. 未对照编码清单。

    Example: [bold]hub unmapped list housing[/bold]
    """
    from hub.pipeline.unmapped import queue

    rows = queue(open_warehouse(), department, everything)
    if as_json:
        emit_json(rows)
        return
    for row in rows:
        row |= {name: f"{row[name]:%Y-%m-%d}" for name in ("first_seen", "last_seen")}
    table(
        "Unmapped codes 未对照编码",
        COLUMNS,
        [[row[c] or "" if c == "source_name" else row[c] for c in COLUMNS] for row in rows],
    )


@unmapped_app.command("suggest")
def suggest(department: OfDepartment = None, as_json: AsJson = False) -> None:
    """What each unmapped code may mean, by likeness of code and name, with a score of 100. Nothing is applied. 候选。

    Example: [bold]hub unmapped suggest housing[/bold]
    """
    from rich.markup import escape

    from hub.pipeline.unmapped import suggest

    rows = suggest(open_warehouse(), department)
    if as_json:
        emit_json(rows)
        return
    for row in rows:
        named = f" {row['source_name']}" if row["source_name"] else ""
        say(
            f"[bold]{row['department']} {row['codelist']} {escape(row['source_code'] + named)}[/bold]: {row['rows_waiting']:,} rows"
        )
        for one in row["suggestions"]:
            other = "" if one["own"] else " [yellow]（非本部门 of another body）[/yellow]"
            say(
                f"  {one['score']:>3}  {one['code']}  {escape(one['name'])}{other}  （{escape(one['alike'])}）"
            )
        if not row["suggestions"]:
            say("       无候选 nothing is like it")
    if rows:
        say("Approve: [bold]hub unmapped approve DEPARTMENT CODELIST SOURCE_CODE CANONICAL[/bold]")


@unmapped_app.command("approve")
def approve(
    department: Annotated[str, typer.Argument(help="Slug of the department folder.")],
    codelist: Annotated[str, typer.Argument(help="powers, or a code list such as case_kind.")],
    source_code: Annotated[str, typer.Argument(help="The code as hub unmapped list shows it.")],
    canonical: Annotated[
        str, typer.Argument(help="The unified power code, or a code of the list.")
    ],
    actor: Actor,
    name: Annotated[str, typer.Option("--name", help="What the source calls it.")] = "",
    valid_from: Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD.")] = None,
    valid_to: Annotated[str | None, typer.Option("--to", help="Last day, YYYY-MM-DD.")] = None,
    note: Annotated[str, typer.Option("--note", help="Why; kept in the file.")] = "",
    as_json: AsJson = False,
) -> None:
    """Write the line into the department's powers.csv or codes.csv; refused with file and line if it cannot stand. 核准。

    Example: [bold]hub unmapped approve housing powers 0205 36012100FC-XK-0001 --from 2012-11-01[/bold]
    """
    from hub.pipeline.unmapped import approve

    found = approve(
        open_warehouse(), department, codelist, source_code, canonical, actor, name,
        _day(valid_from, "--from"), _day(valid_to, "--to"), note,
    )  # fmt: skip
    if as_json:
        emit_json(found)
        return
    say(f"{found['file']}:{found['line']} written; {found['rows_waiting']:,} rows wait for it.")
    for warning in found["warnings"]:
        say(f"[yellow]warning[/yellow] {warning}")
    say(f"Replay: [bold]{found['replay']}[/bold]")


def coverage(department: OfDepartment = None, as_json: AsJson = False) -> None:
    """Share of rows and of codes that are mapped, by department, month of landing and code list. 对照率。

    Example: [bold]hub coverage housing[/bold]
    """
    from hub.pipeline.unmapped import coverage

    rows = coverage(open_warehouse(), department)
    if as_json:
        emit_json(rows)
        return
    for row in rows:
        row |= {name: _percent(row[name]) for name in ("share_of_rows", "share_of_codes")}
    columns = ("department", "month", "codelist", "rows_mapped", "rows_unmapped", "share_of_rows", "codes_mapped", "codes_unmapped", "share_of_codes")  # fmt: skip
    heads = (
        "department",
        "month",
        "codelist",
        "rows",
        "unmapped",
        "share",
        "codes",
        "unmapped",
        "share",
    )
    table("Coverage 对照率", heads, [[row[c] for c in columns] for row in rows])


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.2%}"


def _day(said: str | None, option: str) -> date | None:
    try:
        return datetime.strptime(said, "%Y-%m-%d").date() if said else None  # noqa: DTZ007 (a day, no time)
    except ValueError:
        raise SpecError(f"'{said}' is no day", file=option, remedy="write YYYY-MM-DD") from None
