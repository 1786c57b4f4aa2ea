"""The commands of the quality checkpoints 数据质量检查."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.printing import emit_json, say, table
from hub.core.errors import EXIT_FINDINGS, EXIT_OK

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
MARKS = {"failed": "[red]✗ 不通过[/red]", "not_evaluated": "[red]⚠ 未能评估[/red]"}


class _Group(typer.core.TyperGroup):
    """`hub quality housing`: what is no command of its own is a department to inspect."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        first = next((arg for arg in args if not arg.startswith("-")), None)
        asks_for_help = first is None and "--help" in args
        if first not in self.commands and not asks_for_help:
            args = ["inspect", *args]
        return super().parse_args(ctx, args)


quality_app = typer.Typer(
    cls=_Group,
    help="Quality checkpoints 数据质量检查: whole tables of the warehouse, judged by Great Expectations.",
)


@quality_app.command()
def inspect(
    department: Annotated[
        str | None, typer.Argument(help="Slug of a department; without it, the whole warehouse.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge what has landed, publish the pages, keep results and failing rows. 检查已入库的数据并发布报告。

    Exits with 1 when a critical expectation failed or was not evaluated.

    Example: [bold]hub quality housing --json[/bold], which is short for hub quality inspect housing --json
    """
    from hub import pipeline
    from hub.cli.watching import progress_bar
    from hub.pipeline import quality

    hub = pipeline.open_hub()
    pipeline.prepare_warehouse(hub)
    with progress_bar(silent=as_json):
        document = quality.inspect(hub, department)
    emit_json(document) if as_json else _print(document)
    grave = document["grave"] or document["problems"]
    raise typer.Exit(EXIT_FINDINGS if grave else EXIT_OK)


@quality_app.command()
def failures(
    expectation: Annotated[
        str, typer.Argument(help="Id of an expectation, as hub quality names it.")
    ],
    department: Annotated[
        str | None, typer.Option("--department", help="Only this department.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write all of them into this file.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows to show.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Every row that failed an expectation in the latest checkpoint. 某项检查的全部不符行。

    Example: [bold]hub quality failures case.decided_at.not_before_accepted_at --csv rows.csv[/bold]
    """  # fmt: skip
    from hub import pipeline
    from hub.pipeline import quality

    hub = pipeline.open_hub()
    pipeline.prepare_warehouse(hub)
    if csv:
        written = quality.export_failing_rows(hub, expectation, department, csv)
        emit_json({"file": str(csv), "rows": written}) if as_json else say(f"{written:,} rows in {csv}")  # fmt: skip
        return
    document = quality.failing_rows(hub, expectation, department, limit)
    if as_json:
        emit_json(document)
        return
    columns = ("department", "state", "rows", "unexpected", "error")
    table(f"{expectation}: {document['zh']} {document['en']}", columns, [[row[c] for c in columns] for row in document["results"]])  # fmt: skip
    for row in document["rows"]:
        say(f"  {row['row_key']}")
    if document["count"] > len(document["rows"]):
        say(f"… {document['count']:,} in all; --csv FILE writes every one.")


@quality_app.command()
def expectations(as_json: AsJson = False) -> None:
    """Every expectation, its severity, and the departments that have a threshold of their own. 全部检查项。

    Example: [bold]hub quality expectations[/bold]
    """
    from hub import pipeline
    from hub.pipeline import quality

    found = quality.known_expectations(pipeline.open_hub())
    if as_json:
        emit_json(found)
        return
    rows = [
        [one["expectation_id"], f"{one['zh']} {one['en']}", one["severity"], one["mostly"],
         ", ".join((*one["thresholds"], *(f"{slug} off" for slug in one["off"])))]
        for one in found
    ]  # fmt: skip
    table("Expectations 检查项", ("id", "what", "severity", "mostly", "thresholds"), rows)


def _print(document: dict[str, Any]) -> None:
    from rich.markup import escape

    for one in (*document["errors"], *document["failures"]):
        what = escape(
            f"{one['department']}  {one['expectation_id']}  {one['zh']} ({one['severity']})"
        )
        why = escape(one["error"]) if one["error"] else f"{one['unexpected']:,} of {one['rows']:,}"
        say(f"{MARKS[one['state']]} {what}: {why}")
    counted = ", ".join(f"{name} {count:,}" for name, count in document["rows"].items())
    say(f"rows: {counted}")
    say(
        f"expectations {document['expectations']:,}: evaluated {document['evaluated']:,}, "
        f"[bold]failed {document['failed']:,}[/bold], no values {document['no_values']:,}, "
        f"not evaluated {document['not_evaluated']:,} (switched off {document['switched_off']:,})"
    )
    spent = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in document["seconds"].items())
    say(f"seconds: {spent}")
    for problem in document["problems"]:
        typer.echo(f"✗ {problem}")
    say(f"pages: {document['data_docs']}")
    if document["failures"]:
        say("hub quality failures ID [--department …] [--csv FILE] lists every row that failed.")
