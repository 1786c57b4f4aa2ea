"""What `hub run --dry-run` shows."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from hub.cli.printing import emit_json, say, table
from hub.core.errors import EXIT_CONFIGURATION, EXIT_FINDINGS

if TYPE_CHECKING:
    from hub.pipeline.dry_run import Trial


def try_department(department: str, limit: int, as_json: bool) -> None:
    """Show what the next run would do. Exits with 1 when the gate would stop, with 2 when the source refused a part."""
    from hub import pipeline
    from hub.cli.watching import progress_bar
    from hub.pipeline.dry_run import dry_run

    with progress_bar(silent=as_json):
        trials = dry_run(pipeline.open_hub(), department, limit)
    if as_json:
        emit_json({"department": department, "datasets": [_document(trial) for trial in trials]})
    else:
        _show(department, trials)
    if any(trial.stopped for trial in trials):
        raise typer.Exit(EXIT_FINDINGS)
    if any(trial.refused for trial in trials):
        raise typer.Exit(EXIT_CONFIGURATION)


def _document(trial: Trial) -> dict[str, Any]:
    return {
        "dataset": trial.dataset, "read": trial.read, "more": trial.more, **trial.fates,
        "entities": trial.entities, "stopped": trial.stopped or None, "refused": trial.refused or None,
        "reasons": [asdict(reason) for reason in trial.reasons.values()],
        "unmapped": [
            {"codelist": codelist, "code": code, "rows": rows}
            for (codelist, code), rows in trial.unmapped.items()
        ],
        "drift": [asdict(change) for change in trial.drift],
    }  # fmt: skip


def _show(department: str, trials: list[Trial]) -> None:
    fates = ("new", "changed", "unchanged", "superseded", "quarantined")
    table(
        f"{department}: what a run would do 试运行（什么也没有写入）",
        ("dataset", "read", *fates, "would land as"),
        [
            (trial.dataset, trial.read, *(trial.fates[fate] for fate in fates),
             ", ".join(f"{name} {rows}" for name, rows in trial.entities.items()) or "–")
            for trial in trials
        ],
    )  # fmt: skip
    for trial in trials:
        _show_reasons(trial)
    say("Nothing was written 什么也没有写入.")


def _show_reasons(trial: Trial) -> None:
    name = trial.dataset
    for reason in sorted(trial.reasons.values(), key=lambda one: -one.rows):
        say(
            f"[yellow]{name}[/yellow] {reason.reason} {_plain(reason.column or '')}: {reason.rows} rows"
        )
        for example in reason.examples:
            say(
                f"    {_plain(str(example['file']))} row {example['row']}: {_plain(example['message'])}"
            )
    for (codelist, code), rows in trial.unmapped.items():
        say(f"[yellow]{name}[/yellow] {codelist} does not know '{_plain(code)}': {rows} rows")
    for change in trial.drift:
        say(f"[yellow]{name}[/yellow] drift: {_plain(change.message)}")
    if trial.more:
        say(f"{name}: the source has more rows; --limit looks at more of them")
    for what in filter(None, (trial.stopped, trial.refused)):
        say(f"[red]{name}[/red] {_plain(what)}")


def _plain(text: str) -> str:
    """Text from a source is no markup."""
    from rich.markup import escape

    return escape(text)
