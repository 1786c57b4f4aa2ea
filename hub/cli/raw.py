"""Commands over raw objects: removing what nobody needs, rebuilding core from them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.printing import emit_json, say, table
from hub.core.errors import EXIT_FINDINGS, EXIT_OK, SpecError

if TYPE_CHECKING:
    from hub.pipeline.rebuild import Rebuilt

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]

raw_app = typer.Typer(
    no_args_is_help=True, help="Raw objects 原始数据: what sources delivered, as it came."
)


@raw_app.command("gc")
def gc(
    older_than: Annotated[
        str | None,
        typer.Option(envvar="HUB_RAW_RETENTION", help="Also remove raw objects last read longer ago, such as 400d."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Remove objects that no batch refers to; with a retention also raw objects past it. The ledger notes those.

    What open quarantined rows refer to stays, and last images that a sweep for deletes needs. 清理对象存储。

    Example: [bold]hub raw gc --older-than 400d --dry-run[/bold]
    """
    from hub import pipeline
    from hub.pipeline import raw

    retention = raw.retention_of(older_than)
    hub = pipeline.open_hub()
    pipeline.prepare_warehouse(hub)
    collected = raw.collect(hub, retention, dry_run)
    stage = raw.clear_stage(hub, dry_run)
    if as_json:
        departments = [asdict(one) for one in collected]
        emit_json({"dry_run": dry_run, "departments": departments, "stage": asdict(stage)})
        return
    columns = ("department", "orphans", "past retention", "held", "bytes", "busy")
    rows = [
        [one.department, one.orphans.objects, one.expired.objects, one.held,
         one.orphans.bytes + one.expired.bytes, one.busy]
        for one in collected
    ]  # fmt: skip
    table("Raw objects " + ("that would go" if dry_run else "removed"), columns, rows)
    say(f"Leftovers between the stages: {stage.objects:,} ({stage.bytes:,} bytes).")


def replay(
    from_raw: Annotated[
        str | None,
        typer.Option("--from-raw", help="Slug of a department folder: rebuild its core tables."),
    ] = None,
    write: Annotated[
        bool,
        typer.Option(
            "--write", help="With --from-raw: make core what was rebuilt, where they differ."
        ),
    ] = False,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of", help="Find again what the last run before that local time had found."
        ),
    ] = None,
    run: Annotated[str | None, typer.Option("--run", help="Instead of --as-of: that run.")] = None,
    as_json: AsJson = False,
) -> None:
    """Rebuild a department's core tables from its raw objects, or the findings from what was known at a time.

    Exits with 1 when they differ (and nothing was written). 由原始数据重建核心表，或按当时所知重现监察结果，并比对。

    Example: [bold]hub replay --from-raw housing[/bold]

    Example: [bold]hub replay --as-of 2012-11-30T18:00:00[/bold]
    """
    if from_raw is None:
        from hub.cli.appeal import repeat

        if as_of is None and run is None:
            raise SpecError(
                "nothing to replay", file="hub replay", remedy="--from-raw, --as-of or --run"
            )
        return repeat(as_of, run, as_json)
    from hub import pipeline
    from hub.cli.watching import progress_bar
    from hub.pipeline.rebuild import rebuild

    hub = pipeline.open_hub()
    pipeline.prepare_warehouse(hub)
    with progress_bar(silent=as_json):
        rebuilt = rebuild(hub, from_raw, write)
    if as_json:
        emit_json(document(rebuilt))
    else:
        _print(rebuilt)
    raise typer.Exit(EXIT_OK if rebuilt.same or rebuilt.written else EXIT_FINDINGS)


def document(rebuilt: Rebuilt) -> dict[str, Any]:
    """What a rebuilding met, as JSON-ready values."""
    return {"same": rebuilt.same, **asdict(rebuilt)}


def _print(rebuilt: Rebuilt) -> None:
    from rich.markup import escape

    columns = ("entity", "rebuilt", "core", "only_rebuilt", "only_core", "changed")
    filled = [entity for entity in rebuilt.entities if entity.rebuilt or entity.core]
    title = (
        f"{rebuilt.department}: {rebuilt.batches:,} batches, {rebuilt.rows:,} rows from raw objects"
    )
    table(title, columns, [[getattr(entity, name) for name in columns] for entity in filled])
    for entity in filled:
        for key in entity.keys:
            say(f"  {entity.entity} {escape(key)} differs")
    if rebuilt.written:
        say(f"Written to core by batch {rebuilt.written}; earlier versions are in history.")
    else:
        say("The same." if rebuilt.same else "They differ; --write makes core what was rebuilt.")
