"""The commands of `hub`. Each imports its machinery when it runs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from hub.cli import appeal, raw, sources
from hub.cli.catalogue import catalogue_app
from hub.cli.contract import contract
from hub.cli.findings import findings_app, verify
from hub.cli.gate import gate_app
from hub.cli.new import new_app
from hub.cli.printing import emit_json, say, table
from hub.cli.quality import quality_app
from hub.cli.quarantine import quarantine_app
from hub.cli.report import report
from hub.cli.scores import scores
from hub.cli.unmapped import coverage, unmapped_app
from hub.core.errors import EXIT_CONFIGURATION, EXIT_FINDINGS, EXIT_OK
from hub.push.cli import push_app

app = typer.Typer(
    name="hub",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="County data hub 县级数据汇聚与电子监察: departments' case records, mapped onto unified power codes, "
    "landed provably, supervised by rules.",
    epilog="Exit codes: 0 fine, 1 findings or failed checks, 2 configuration, 3 source unavailable.",
)
rules_app = typer.Typer(no_args_is_help=True, help="The supervision rules 监察规则.")
app.add_typer(rules_app, name="rules")
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(unmapped_app, name="unmapped")
app.add_typer(raw.raw_app, name="raw")
app.add_typer(push_app, name="push")
app.add_typer(catalogue_app, name="catalogue")
app.add_typer(findings_app, name="findings")
app.add_typer(gate_app, name="gate")
app.add_typer(new_app, name="new")
app.add_typer(quality_app, name="quality")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", help="Local time at which cases are judged, such as 2012-12-31T23:59:59."),
]  # fmt: skip


class Judging(StrEnum):
    """What judges in a supervision run; the warehouse keeps the findings whatever it is."""

    POSTGRESQL = "postgresql"
    SPARK = "spark"


@app.command()
def demo(
    cases: Annotated[int, typer.Option(min=500, help="Cases in the county.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Seed of the generator.")] = 360_121,
    as_json: AsJson = False,
) -> None:
    """Make a county with known defects, run everything on it through Airflow, compare with the truth.

    Example: [bold]hub demo --cases 200000 --json[/bold]
    """
    from hub.cli.demo.run import run_demo

    raise typer.Exit(EXIT_OK if run_demo(cases, seed, as_json) else EXIT_FINDINGS)


@app.command()
def run(
    department: Annotated[str, typer.Argument(help="Slug of the department folder.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would land, and quarantine; write nothing.")
    ] = False,
    limit: Annotated[
        int, typer.Option(min=1, help="Rows of each dataset that a dry run looks at.")
    ] = 10_000,
    as_json: AsJson = False,
) -> None:
    """Bring one department's new records from its system into the warehouse.

    Example: [bold]hub run housing[/bold], or first: [bold]hub run housing --dry-run[/bold]
    """
    if dry_run:
        from hub.cli.trying import try_department

        try_department(department, limit, as_json)
        return

    from hub import pipeline
    from hub.cli.reporting import FATES
    from hub.cli.watching import progress_bar

    hub = pipeline.open_hub()
    pipeline.prepare_warehouse(hub)
    with progress_bar(silent=as_json):
        certificates = pipeline.run(hub, department)
    rows = [pipeline.certificate_document(c) for c in certificates]
    if as_json:
        emit_json({"department": department, "batches": rows})
        pipeline.raise_refusals(hub, department)
        return
    columns = ("dataset", "batch_id", *FATES)
    table(f"{department}: {len(rows)} batches", columns, [[r[c] for c in columns] for r in rows])
    if not rows:
        say("Nothing new at the source.")
    pipeline.raise_refusals(hub, department)


@app.command()
def supervise(
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="Evaluate every case, not only changes, and trust nothing that runs before have kept.",
        ),
    ] = False,
    as_of: AsOf = None,
    engine: Annotated[
        Judging,
        typer.Option(
            "--engine", help="What judges. Spark takes every case; docs/scale.md says when it pays."
        ),
    ] = Judging.POSTGRESQL,
    spark_master: Annotated[
        str, typer.Option("--spark-master", help="local[2], or spark://host:7077.")
    ] = "local[2]",
    as_json: AsJson = False,
) -> None:
    """Evaluate the supervision rules over what has landed. Exits with 1 when there are open findings.

    Example: [bold]hub supervise --full --as-of 2012-12-31T23:59:59[/bold]
    """
    from hub import pipeline
    from hub.cli.reporting import print_run, run_document

    hub = pipeline.open_hub()
    pipeline.prepare_warehouse(hub)
    if engine is Judging.SPARK:
        from hub.pipeline.spark import supervise_on_spark

        summary = supervise_on_spark(hub, spark_master, as_of)
    else:
        summary = pipeline.supervise(hub, as_of, full)
    if as_json:
        emit_json(run_document(summary))
    else:
        print_run(summary)
    failed = summary.state != "complete" or summary.open_findings > 0
    raise typer.Exit(EXIT_FINDINGS if failed else EXIT_OK)


@app.command()
def check(
    department: Annotated[str | None, typer.Argument(help="Only this department folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check catalogue, rules and department folders; every problem is named by file and line.

    Example: [bold]hub check housing[/bold]
    """
    from hub.core.settings import Settings
    from hub.pipeline.check import check_all

    checked = check_all(Settings.load().departments, department)
    problems = sum(len(part.problems) for part in checked)
    if as_json:
        emit_json(
            {
                "checked": len(checked),
                "problems": [
                    {"kind": part.kind, "name": part.name, "file": str(p.file), "line": p.line,
                     "what": p.what, "remedy": p.remedy}
                    for part in checked for p in part.problems
                ],
            }
        )  # fmt: skip
    else:
        for part in checked:
            say(
                f"{'[red]✗[/red]' if part.problems else '[green]✓[/green]'} {part.kind} {part.name}"
            )
            for problem in part.problems:
                typer.echo(f"    {problem}")
        if not problems:
            say("Nothing is missing 没有缺项。")
        else:
            say(f"{problems} to mend or decide 待改或待定。")
    raise typer.Exit(EXIT_CONFIGURATION if problems else EXIT_OK)


@app.command()
def status(as_json: AsJson = False) -> None:
    """What has landed per department, what waits in quarantine, the last supervision run, drift.

    Example: [bold]hub status --json[/bold]
    """
    from hub import pipeline
    from hub.cli.reporting import print_status

    hub = pipeline.open_hub()
    pipeline.prepare_warehouse(hub)
    document = pipeline.status(hub)
    emit_json(document) if as_json else print_status(document)


@app.command()
def certificate(
    batch: Annotated[str, typer.Argument(help="Batch id, as `hub status` and `hub run` print it.")],
    as_json: AsJson = False,
) -> None:
    """The proof of one batch: rows by fate, and the checksums of what was read and what landed.

    Example: [bold]hub certificate 0b1e…[/bold]
    """
    from hub import pipeline
    from hub.cli.reporting import certificate_text

    row = pipeline.certificate(pipeline.open_hub(), batch)
    emit_json(row) if as_json else typer.echo(certificate_text(row))


@app.command()
def stop(
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Delete its data as well, for good.")
    ] = False,
) -> None:
    """Stop the embedded PostgreSQL of this HUB_HOME, if it runs.

    Example: [bold]hub stop[/bold]
    """
    from hub.core.settings import Settings
    from warehouse import server

    (server.discard if delete_data else server.stop)(Settings.load())


@app.command()
def migrate() -> None:
    """Bring the warehouse's tables, views and roles up to date.

    Example: [bold]HUB_WAREHOUSE_URL=postgresql+psycopg://… hub migrate[/bold]
    """
    from hub import pipeline

    pipeline.prepare_warehouse(pipeline.open_hub())
    say("The warehouse is up to date.")


@app.command()
def pools(as_json: AsJson = False) -> None:
    """Airflow's pools, one per source, in the form that `airflow pools import` reads.

    Example: [bold]hub pools --json > pools.json && airflow pools import pools.json[/bold]
    """
    from hub.core.settings import Settings
    from hub.core.specs import department_slugs, read_department

    root = Settings.load().departments
    document = {
        slug: {
            "slots": read_department(root, slug).spec.protection.sessions,
            "description": f"sessions agreed with {slug}", "include_deferred": False,
        }
        for slug in department_slugs(root)
    }  # fmt: skip
    if as_json:
        emit_json(document)
    else:
        table(
            "Pools", ("pool", "slots"), [(slug, pool["slots"]) for slug, pool in document.items()]
        )


@rules_app.command("list")
def rules_list(as_json: AsJson = False) -> None:
    """The active rules with level, title and legal basis.

    Example: [bold]hub rules list[/bold]
    """
    import supervision
    from hub.cli.reporting import rule_rows

    rows = rule_rows(supervision.load_rules())
    if as_json:
        emit_json(rows)
    else:
        columns = ("rule", "level", "title_zh", "title_en", "basis")
        table("Rules 监察规则", columns, [[row[c] for c in columns] for row in rows])


@rules_app.command("test")
def rules_test(
    rule: Annotated[
        str | None, typer.Argument(help="Only this rule, such as fees.on_free_power.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the rules' own tests in a scratch database. Exits with 1 when one fails.

    Example: [bold]hub rules test timeliness.due_soon[/bold]
    """
    from hub import pipeline
    from hub.cli.reporting import print_rule_tests

    results = pipeline.run_rule_tests(pipeline.open_hub(), rule)
    failed = [result for result in results if not result["passed"]]
    if as_json:
        tested = {result["rule"] for result in results}
        emit_json(
            {"rules": len(tested), "cases": len(results), "failed": len(failed), "failures": failed}
        )
    else:
        print_rule_tests(results)
    raise typer.Exit(EXIT_FINDINGS if failed else EXIT_OK)


app.command()(raw.replay)
app.command()(appeal.explain)
rules_app.command("diff")(appeal.rules_diff)
rules_app.command("docs")(appeal.rules_docs)
app.command()(appeal.marts)
for _command in (*sources.COMMANDS, verify, scores, coverage, report, contract):
    app.command()(_command)
