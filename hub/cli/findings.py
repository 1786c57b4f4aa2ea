"""Commands on findings 监察发现: look, take the procedure's steps, notices, exports; and the check of the log."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.printing import emit_json, say, table
from hub.core.errors import EXIT_FINDINGS, EXIT_OK

if TYPE_CHECKING:
    from supervision.lifecycle import Step
    from supervision.selection import Selection

findings_app = typer.Typer(
    no_args_is_help=True,
    help="Findings 监察发现: look at them, notify, explain, appeal, uphold, dismiss, remedy, close, withdraw, reopen.",
)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
Ids = Annotated[list[str] | None, typer.Argument(help="Ids of findings, or their beginnings.")]
Department = Annotated[str | None, typer.Option("--department", help="Only this department.")]
Rule = Annotated[str | None, typer.Option("--rule", help="Only this rule.")]
Level = Annotated[str | None, typer.Option("--level", help="notice, warning, yellow or red.")]
State = Annotated[str | None, typer.Option("--state", help="open, notified, explained …")]
By = Annotated[str, typer.Option("--by", help="Who acts: the person's name.")]
Office = Annotated[
    str, typer.Option("--office", help="'supervision', or the slug of the department that answers.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would happen; change nothing.")]
Why = Annotated[str, typer.Option("--reason", help="Why; the department reads it.")]
Says = Annotated[str, typer.Option("--text", help="What the department says.")]
COLUMNS = ("finding_id", "level", "state", "department", "title_zh", "source_case_no", "respond_by")


@findings_app.command("list")
def list_(
    department: Department = None, rule: Rule = None, level: Level = None, state: State = None,
    limit: Annotated[int, typer.Option(min=1, help="Findings to show.")] = 20,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Findings, the gravest first. 查询监察发现。

    Example: [bold]hub findings list --department housing --level red --state open[/bold]
    """
    from hub import pipeline
    from hub.pipeline.findings import found

    chosen = _chosen(None, department, rule, level, state)
    document = found(pipeline.open_hub(), chosen, limit)
    _print_found(document, "Findings 监察发现", COLUMNS, as_json)


@findings_app.command("overdue")
def overdue_(
    department: Department = None, rule: Rule = None, level: Level = None, state: State = None,
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", help="Local day to look from (default: today).")
    ] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Findings on which somebody should have acted by now. Exits with 1 when there are any. 逾期未处置。

    Example: [bold]hub findings overdue --department housing[/bold]
    """
    from hub import pipeline
    from hub.pipeline.findings import overdue

    chosen = _chosen(None, department, rule, level, state)
    document = overdue(pipeline.open_hub(), chosen, as_of)
    _print_found(document, "Overdue 逾期", (*COLUMNS, "acts"), as_json)
    raise typer.Exit(EXIT_FINDINGS if document["count"] else EXIT_OK)


@findings_app.command("show")
def show(
    finding: Annotated[str, typer.Argument(help="Id of a finding, or its beginning.")],
    as_json: AsJson = False,
) -> None:
    """One finding in words, its life, its notices, and what may be done now.

    Example: [bold]hub findings show 7d2c[/bold]
    """
    from hub import pipeline
    from hub.pipeline.findings import shown

    document = shown(pipeline.open_hub(), finding)
    if as_json:
        emit_json(document)
        return
    row = document["finding"]
    say(f"[bold]{row['finding_id']}[/bold]  {row['level']}, {row['state']}, judged {row['judged']}")
    typer.echo(document["sentence"])
    _table(
        "Life 处置过程",
        ("event_no", "at", "actor", "action", "state_to", "reason"),
        document["life"],
    )
    _table("Notices 通知", ("notice_no", "title", "issued_at", "respond_by"), document["notices"])
    say(f"May be done now: {', '.join(document['allowed'])}")


@findings_app.command("notify")
def notify_(
    by: By, ids: Ids = None, office: Office = "supervision",
    department: Department = None, rule: Rule = None, level: Level = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; kept in the log.")] = None,
    kind: Annotated[
        str | None, typer.Option(help="supervision, yellow or red, instead of what the level asks.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the documents.")] = None,
    dry_run: DryRun = False, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Send findings to their departments: one notice per department and kind, HTML and DOCX. 督办、黄牌、红牌。

    Example: [bold]hub findings notify --department housing --level yellow --by 王科长 --out notices[/bold]
    """
    from hub import pipeline
    from hub.pipeline.findings import notify
    from supervision.lifecycle import Actor

    step, issued = notify(
        pipeline.open_hub(), Actor(by, office), _chosen(ids, department, rule, level, None),
        reason=reason, kind=kind, out=out, dry_run=dry_run,
    )  # fmt: skip
    rows = [
        {"number": n.content.number, "title": n.content.title, "department": n.content.department,
         "findings": len(n.finding_ids), "respond_by": n.respond_by, "hash": n.content.hash()}
        for n in issued
    ]  # fmt: skip
    _print_step(step, dry_run, as_json, notices=rows)


def _office_action(name: str, what: str) -> None:
    @findings_app.command(name)
    def command(
        by: By, reason: Why, ids: Ids = None, office: Office = "supervision",
        department: Department = None, rule: Rule = None, level: Level = None, state: State = None,
        dry_run: DryRun = False, as_json: AsJson = False,
    ) -> None:  # fmt: skip
        _act(
            name,
            by,
            office,
            _chosen(ids, department, rule, level, state),
            dry_run,
            as_json,
            reason=reason,
        )

    command.__doc__ = (
        f"{what}\n\nExample: [bold]hub findings {name} 7d2c --by 王科长 --reason …[/bold]"
    )
    findings_app.registered_commands[-1].help = command.__doc__


def _answer(name: str, what: str) -> None:
    @findings_app.command(name)
    def command(
        by: By, office: Office, text: Says, ids: Ids = None,
        rule: Rule = None, level: Level = None, state: State = None,
        dry_run: DryRun = False, as_json: AsJson = False,
    ) -> None:  # fmt: skip
        chosen = _chosen(ids, None if ids else office, rule, level, state)
        _act(name, by, office, chosen, dry_run, as_json, statement=text)

    command.__doc__ = f"{what}\n\nExample: [bold]hub findings {name} 7d2c --by 李主任 --office housing --text …[/bold]"
    findings_app.registered_commands[-1].help = command.__doc__


for _name, _what in {
    "uphold": "Decide that the finding stands. 认定。",
    "dismiss": "Decide that the explanation or appeal is right. 不予认定。",
    "close": "End the procedure after the remedy was checked. 办结。",
    "withdraw": "Take a finding back by hand. 撤销。",
    "reopen": "Begin again a procedure that had ended, while the rule still says so. 重新处置。",
}.items():
    _office_action(_name, _what)
for _name, _what in {
    "explain": "Enter a department's explanation. 说明。",
    "appeal": "Enter a department's appeal. 申诉。",
    "remedy": "Enter what a department did to put it right. 整改。",
}.items():
    _answer(_name, _what)


@findings_app.command("notice")
def notice(
    number: Annotated[
        str, typer.Argument(help="Number of a notice, such as 监督〔2012〕黄字第0001号.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for the documents.")] = Path(),
) -> None:
    """Write an issued notice's documents again, as they were.

    Example: [bold]hub findings notice 监督〔2012〕黄字第0001号 --out notices[/bold]
    """
    from hub import pipeline
    from hub.pipeline.findings import written_notice

    for path in written_notice(pipeline.open_hub(), number, out):
        typer.echo(path)


@findings_app.command("export")
def export_(
    out: Annotated[Path, typer.Option("--out", help="File to write, .xlsx or .csv.")],
    department: Department = None, rule: Rule = None, level: Level = None, state: State = None,
) -> None:  # fmt: skip
    """Write findings with Chinese headings for Excel. 导出。

    Example: [bold]hub findings export --out findings.xlsx --department housing[/bold]
    """
    from hub import pipeline
    from hub.pipeline.findings import export

    written = export(pipeline.open_hub(), out, _chosen(None, department, rule, level, state))
    typer.echo(f"{out}: {written:,} findings")


def verify(
    head: Annotated[
        str | None,
        typer.Option("--head", help="A head's hash noted earlier: it must still be there."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check the log of findings: no event changed, removed, added or moved. Exits with 1 if one was. 校验处置记录。

    Example: [bold]hub verify --json[/bold]
    """
    from hub import pipeline
    from hub.pipeline.findings import verify as check

    document = check(pipeline.open_hub(), head)
    if as_json:
        emit_json(document)
    else:
        say(
            f"{document['events']:,} events, {document['heads']:,} heads; newest head {document['head']}"
        )
        _table("Breaks", ("kind", "what", "event_no", "head_no", "finding_id"), document["breaks"])
        say("[red]The log is broken.[/red]" if document["breaks"] else "The log is whole.")
    raise typer.Exit(EXIT_FINDINGS if document["breaks"] else EXIT_OK)


def _act(
    action: str, by: str, office: str, chosen: Selection, dry_run: bool, as_json: bool, **said: str
) -> None:
    from hub import pipeline
    from hub.pipeline.findings import act
    from supervision.lifecycle import Actor

    step = act(pipeline.open_hub(), action, Actor(by, office), chosen, dry_run=dry_run, **said)
    _print_step(step, dry_run, as_json)


def _chosen(
    ids: list[str] | None,
    department: str | None,
    rule: str | None,
    level: str | None,
    state: str | None,
) -> Selection:
    from supervision.selection import Selection

    return Selection(tuple(ids or ()), department, rule, level, state)


def _print_step(step: Step, dry_run: bool, as_json: bool, **more: list[dict[str, Any]]) -> None:
    if as_json:
        document = asdict(step) | {"findings": list(step.states), "dry_run": dry_run, **more}
        emit_json(document)
        return
    for rows in more.values():
        if rows:
            _table("Notices 通知", tuple(rows[0]), rows)
    until = f", next answer by {step.respond_by}" if step.respond_by else ""
    would = "would be " if dry_run else ""
    many = "finding" if len(step.states) == 1 else "findings"
    say(f"{len(step.states):,} {many} {would}{step.state_to}{until}")
    for state, count in step.skipped.items():
        say(f"  {count:,} left as they are: {state}")


def _print_found(
    document: dict[str, Any], title: str, columns: tuple[str, ...], as_json: bool
) -> None:
    if as_json:
        emit_json(document)
        return
    _table(title, columns, document["findings"])
    say(f"{len(document['findings']):,} of {document['count']:,}")


def _table(title: str, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    """Ids and hashes by their beginnings, which is what one types again."""
    if rows:
        table(title, columns, [[_short(column, row[column]) for column in columns] for row in rows])


def _short(column: str, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return value[:12] if column in {"finding_id", "hash"} else value
