"""Commands that look at, or steer the reading of, a department's system."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from typing import Annotated, Any

import typer

from hub.cli.printing import emit_json, say, table
from hub.core.errors import EXIT_FINDINGS, EXIT_OK

Slug = Annotated[str, typer.Argument(help="Slug of the department folder.")]
Dataset = Annotated[str | None, typer.Option(help="Only this dataset.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
FATES = ("read", "landed", "unchanged", "superseded", "quarantined", "rejected")
MARKS = {
    "ok": "[green]✓[/green]",
    "warning": "[yellow]![/yellow]",
    "failed": "[red]✗[/red]",
    "skipped": "–",
}


def doctor(department: Slug, as_json: AsJson = False) -> None:
    """Look at a department's system without taking data: reachability, rights, charset, versions, index, clock, rows.

    Exits with 1 when a check failed. 检查来源系统：能否连接、权限、字符集、版本、索引、时钟、行数。

    Example: [bold]hub doctor housing[/bold]
    """
    from hub import pipeline

    hub = pipeline.open_hub()
    pipeline.prepare_warehouse(hub)
    found = list(pipeline.diagnose(hub, department))
    if as_json:
        emit_json({"department": department, "checks": [asdict(diagnosis) for diagnosis in found]})
    else:
        for diagnosis in found:
            what = f"{diagnosis.dataset}: " if diagnosis.dataset else ""
            say(f"{MARKS[diagnosis.state]} {diagnosis.check:<14} {_plain(what + diagnosis.found)}")
            if diagnosis.remedy and diagnosis.state != "ok":
                say(f"                 → {_plain(diagnosis.remedy)}")
    failed = any(diagnosis.state == "failed" for diagnosis in found)
    raise typer.Exit(EXIT_FINDINGS if failed else EXIT_OK)


def sweep(
    department: Slug,
    dataset: Dataset = None,
    accept_deletes: Annotated[
        bool,
        typer.Option("--accept-deletes", help="A person has seen that so many records are gone."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare the keys at the source with the warehouse now: fetch what was missed, mark what is gone as deleted.

    Example: [bold]hub sweep housing --dataset cases[/bold]
    """
    from hub import pipeline
    from hub.cli.watching import progress_bar

    hub = pipeline.open_hub()
    pipeline.prepare_warehouse(hub)
    with progress_bar(silent=as_json):
        swept = pipeline.sweep(hub, department, dataset, accept_deletes)
    rows = [
        {
            "dataset": one.dataset, "keys": one.keys, "fetched": one.fetched, "gone": one.gone,
            "deleted": one.deleted, "batches": [c.batch_id for c in one.certificates],
        }
        for one in swept
    ]  # fmt: skip
    if as_json:
        emit_json({"department": department, "datasets": rows})
    elif rows:
        columns = ("dataset", "keys", "fetched", "gone", "deleted")
        table(f"{department}: swept", columns, [[row[c] for c in columns] for row in rows])
    else:
        say("No dataset declares a sweep; name one with --dataset.")


def reconcile(
    department: Slug,
    dataset: Dataset = None,
    ranges: Annotated[int, typer.Option(min=1, help="Ranges of keys to count by.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Recount the source against the warehouse by ranges of keys and list what differs. Exits with 1 if anything does.

    Example: [bold]hub reconcile housing --ranges 50[/bold]
    """
    from hub import pipeline

    hub = pipeline.open_hub()
    pipeline.prepare_warehouse(hub)
    found = pipeline.reconcile(hub, department, dataset, ranges)
    if as_json:
        emit_json({"department": department, "datasets": found})
    else:
        for one in found:
            _print_reconciled(department, one)
    differs = any(one["missing_here"] or one["missing_at_source"] for one in found)
    raise typer.Exit(EXIT_FINDINGS if differs else EXIT_OK)


def _print_reconciled(department: str, one: dict[str, Any]) -> None:
    columns = ("source", "warehouse", "quarantined", "missing_here", "missing_at_source")
    table(
        f"{department}/{one['dataset']}", ("first key", "last key", *columns),
        [[row["first_key"], row["last_key"], *(row[c] for c in columns)] for row in one["ranges"]],
    )  # fmt: skip
    say(f"{one['dataset']}: " + ", ".join(f"{name} {one[name]:,}" for name in columns))
    for row in one["ranges"]:
        for name, what in (
            ("not_here", "not in the warehouse"),
            ("not_at_source", "not at the source"),
        ):
            for key in row[name]:
                say(f"  {_plain(key)}: {what}")


def backfill(
    department: Slug,
    dataset: Annotated[str, typer.Argument(help="Dataset of the department.")],
    low: Annotated[
        str | None, typer.Option("--from", help="First cursor value; open without.")
    ] = None,
    high: Annotated[str | None, typer.Option("--to", help="Cursor value to stop before.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read a range of the cursor column again. The cursor does not move.

    Example: [bold]hub backfill housing cases --from 2012-03-01 --to 2012-04-01[/bold]
    """
    from hub import pipeline
    from hub.cli.watching import progress_bar

    hub = pipeline.open_hub()
    pipeline.prepare_warehouse(hub)
    with progress_bar(silent=as_json):
        certificates = pipeline.backfill(hub, department, dataset, low, high)
    totals = {fate: sum(getattr(c, fate) for c in certificates) for fate in FATES}
    if as_json:
        emit_json({"department": department, "dataset": dataset, **totals})
    else:
        table(f"{department}/{dataset}: backfill", FATES, [[totals[fate] for fate in FATES]])


def pause(
    department: Annotated[
        str, typer.Argument(help="Slug of the department folder, or '*' for all.")
    ],
    reason: Annotated[str, typer.Option(help="Why, for whoever wonders.")],
) -> None:
    """Stop all reading of a department's system before its next query; '*' stops the reading of every system.

    Example: [bold]hub pause housing --reason "their server is being moved"[/bold]
    """
    from hub import pipeline
    from warehouse import pauses

    hub = pipeline.open_hub()
    pipeline.prepare_warehouse(hub)
    with hub.engine.begin() as connection:
        pauses.pause(connection, department, reason, getpass.getuser())
    say(f"{department} is paused; hub resume '{department}' lets it be read again.")


def resume(
    department: Annotated[str, typer.Argument(help="Slug of the department folder, or '*'.")],
) -> None:
    """Let a paused department be read again.

    Example: [bold]hub resume housing[/bold]
    """
    from hub import pipeline
    from warehouse import pauses

    hub = pipeline.open_hub()
    pipeline.prepare_warehouse(hub)
    with hub.engine.begin() as connection:
        was = pauses.resume(connection, department)
    say(f"{department} may be read again." if was else f"{department} was not paused.")


def _plain(text: str) -> str:
    """Text from a source is no markup."""
    from rich.markup import escape

    return escape(text)


COMMANDS = (doctor, sweep, reconcile, backfill, pause, resume)
