"""Commands over raw objects: removing what nobody needs, rebuilding core from them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.printing import emit_json, say, table
from hub.core.errors import EXIT_FINDINGS, EXIT_OK

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
    from_raw: Annotated[str, typer.Option("--from-raw", help="Slug of the department folder.")],
    write: Annotated[
        bool, typer.Option("--write", help="Make core what was rebuilt, where they differ.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Rebuild a department's core tables from its raw objects with today's mapping and compare them with core.

    Exits with 1 when they differ and nothing was written. 由原始数据重建核心表并比对。

    Example: [bold]hub replay --from-raw housing[/bold]
    """
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
