"""Commands for an appeal: the chain behind a finding, findings as they were known, drafts of rules in the shadow."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.printing import emit_json, say, table
from hub.core.errors import EXIT_FINDINGS, EXIT_OK, SpecError

if TYPE_CHECKING:
    from hub.pipeline.appeal import Repeated
    from supervision import Difference

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]

DRAFTS = Path("supervision/drafts")


def explain(
    finding: Annotated[str, typer.Argument(help="Id of a finding, or its beginning.")],
    raw: Annotated[
        bool, typer.Option("--raw", help="Show the source rows, identity data masked.")
    ] = False,
    sql: Annotated[bool, typer.Option("--sql", help="Show the SELECT that judged.")] = False,
    as_json: AsJson = False,
) -> None:
    """The chain behind a finding: rule, facts, row versions, batches and certificates, raw rows, source files.

    Every link is checked. Exits with 1 when one does not hold. 证据链。

    Example: [bold]hub explain 7d2c --raw[/bold]
    """
    from hub import pipeline
    from hub.pipeline.appeal import explain as chain

    document = chain(pipeline.open_hub(), finding, raw)
    emit_json(document) if as_json else _print_chain(document, sql)
    raise typer.Exit(EXIT_FINDINGS if document["broken"] else EXIT_OK)


def _print_chain(document: dict[str, Any], sql: bool) -> None:
    from rich.markup import escape

    finding, rule = document["finding"], document["rule"]
    say(f"[bold]{finding['finding_id']}[/bold]  {finding['level']}, {finding['state']}")
    if rule:
        _print_rule(rule, sql)
    _print_facts(finding, document["releases"])
    columns = ["entity", "key", "version", "batch_id", "raw_row", "source_file", "source_row"]
    _rows("3 Row versions and source rows 数据行与来源", columns, document["rows"])
    for row in document["rows"]:
        if "fields" in row:
            title = f"{row['source_file']} row {row['source_row']}, masked"
            table(title, ("field", "value"), [*row["fields"].items()])
    columns = ["batch_id", "dataset", "kind", "landed_at", "rows_read", "landed", "unchanged", "superseded",
               "quarantined", "rejected", "checksums_agree"]  # fmt: skip
    _rows("4 Batches and certificates 批次与入库凭证", columns, document["batches"])
    for batch in document["batches"]:
        say(f"    {batch['raw_object']}")
    columns = ["event_no", "at", "actor", "action", "state_from", "state_to"]
    _rows("5 Life 处置过程", columns, document["life"])
    for link in document["broken"]:
        say(f"[red]broken:[/red] {escape(link)}")
    if not document["broken"]:
        say("Every link holds.")


def _print_rule(rule: dict[str, Any], sql: bool) -> None:
    from rich.markup import escape

    title = f"{rule['rule_id']} {rule['title_zh']} (version {rule['version']})"
    say(f"[bold]1 Rule 规则[/bold]  {title}")
    for article in rule["basis"].splitlines():
        say(f"    {escape(article)}")
    if sql:
        typer.echo(rule["sql"])


def _print_facts(finding: dict[str, Any], releases: dict[str, bool]) -> None:
    from rich.markup import escape

    of = f"{escape(finding['subject'])}, {finding['department']}, {finding['power_code']}"
    say(f"[bold]2 Facts 事实[/bold]  {of}")
    if finding["limit_value"] is not None:
        limit = f"{finding['limit_value']} {finding['limit_unit']}"
        say(f"    limit {limit}, elapsed {finding['elapsed']}, due {finding['due_on']}")
    for name, value in finding["facts"].items():
        say(f"    {name}: {escape(str(value))}")
    for name, kept in releases.items():
        say(f"    {name} {finding[f'{name}_version']} ({'kept' if kept else 'not kept'})")


def _rows(title: str, columns: list[str], rows: list[dict[str, Any]]) -> None:
    table(title, columns, [[row.get(column) for column in columns] for row in rows])


def repeat(as_of: datetime | None, run: str | None, as_json: bool) -> None:
    """`hub replay --as-of` and `--run`."""
    from hub import pipeline
    from hub.pipeline.appeal import repeat as again

    found = again(pipeline.open_hub(), as_of, run)
    emit_json({"same": found.same, **asdict(found)}) if as_json else _print_repeated(found)
    raise typer.Exit(EXIT_OK if found.same else EXIT_FINDINGS)


def _print_repeated(found: Repeated) -> None:
    say(f"Run {found.run_id} of {found.ran_at:%Y-%m-%d %H:%M:%S %Z}, as of {found.as_of:%Y-%m-%d %H:%M}: "
        f"ledger number {found.ledger_no}, {found.later:,} batches have landed since.")  # fmt: skip
    say(f"{found.rows:,} rows as they were known, {found.findings:,} findings.")
    say(f"recorded {found.expected}")
    say(f"found    {found.found}")
    say("The same." if found.same else "[red]They differ.[/red]")
    if not found.engine_same:
        say(
            "The engine's own SQL has changed since; take the release of then to repeat it to the hash."
        )


def rules_diff(
    rule: Annotated[str | None, typer.Argument(help="Only the draft of this rule.")] = None,
    drafts: Annotated[
        Path, typer.Option("--draft", help="Folder of drafts <theme>/<rule>.yml + .sql, or one .yml.")
    ] = DRAFTS,
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", help="Local time to judge at (default: now).")
    ] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Judge every case by a draft of a rule and by the active version, and show what would change. Writes nothing.

    Exits with 1 when something would change. 规则草案试运行比对。

    Example: [bold]hub rules diff --draft drafts/timeliness/due_soon.yml --as-of 2012-12-31T23:59:59[/bold]
    """
    from hub import pipeline
    from hub.pipeline.appeal import rules_diff as diff

    if not drafts.exists():
        raise SpecError("no such file or folder", file=drafts, remedy="give --draft FOLDER")
    differences = diff(pipeline.open_hub(), drafts, rule, as_of)
    if as_json:
        emit_json([asdict(difference) | {"same": difference.same} for difference in differences])
    else:
        for difference in differences:
            _print_difference(difference)
    raise typer.Exit(EXIT_OK if all(d.same for d in differences) else EXIT_FINDINGS)


def _print_difference(difference: Difference) -> None:
    versions = f"{difference.active_version or 'no active version'} → {difference.draft_version}"
    table(f"{difference.rule_id}: {versions}", ("outcome or reason", "active", "draft", "difference"),
          [[name, active, draft, draft - active]
           for name, (active, draft) in {**difference.counts, **difference.reasons}.items()])  # fmt: skip
    changes = [
        [action, department, findings]
        for action, departments in difference.changes.items()
        for department, findings in departments.items()
    ]
    if changes:
        table("Findings that would change", ("action", "department", "findings"), changes)
        columns = ("action", "subject", "before", "after")
        table(
            "The first of them",
            columns,
            [[getattr(c, n) for n in columns] for c in difference.sample],
        )
    else:
        say("No finding would change.")


def rules_docs(
    out: Annotated[Path, typer.Option("--out", help="The page.")] = Path("docs/rules.md"),
    check: Annotated[bool, typer.Option("--check", help="Only compare; exits with 1 if it is stale.")] = False,
) -> None:  # fmt: skip
    """Write the rules' page (Chinese and English) from the rules themselves.

    Example: [bold]hub rules docs --check[/bold]
    """
    import supervision

    write_page(out, supervision.rules_page(supervision.load_rules()), check, "hub rules docs")


def marts(
    out: Annotated[Path, typer.Option("--out", help="The page.")] = Path("docs/marts.md"),
    check: Annotated[bool, typer.Option("--check", help="Only compare; exits with 1 if it is stale.")] = False,
) -> None:  # fmt: skip
    """Write the page of the views for dashboards 数据集市, column by column, from the views' own comments.

    Example: [bold]hub marts --check[/bold]
    """
    from warehouse.marts import page

    write_page(out, page(), check, "hub marts")


def write_page(out: Path, page: str, check: bool, command: str) -> None:
    """Write a page that is made from something else, or say that it is stale."""
    if not check:
        out.write_text(page, "utf-8")
        say(f"{out} written.")
    elif not out.exists() or out.read_text("utf-8") != page:
        say(f"{out} is stale: run [bold]{command}[/bold].")
        raise typer.Exit(EXIT_FINDINGS)
