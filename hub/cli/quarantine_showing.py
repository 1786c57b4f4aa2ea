"""How the quarantine reads: the tables behind `hub quarantine`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.markup import escape

from hub.cli.printing import say, table
from hub.cli.reporting import FATES, print_run
from hub.core.batches import Certificate
from hub.pipeline.corrected import Imported
from supervision import RunSummary

BALANCE = ("read", "landed", "unchanged", "superseded", "quarantined", "rejected")


def print_list(document: dict[str, Any]) -> None:
    """Counts, then rows."""
    columns: tuple[str, ...] = (
        "department",
        "dataset",
        "reason",
        "state",
        "rows",
        "assigned",
        "oldest",
    )
    counts = [row | {"oldest": f"{row['oldest']:%Y-%m-%d}"} for row in document["counts"]]
    table("Quarantine 隔离区", columns, [[row[c] for c in columns] for row in counts])
    if document["rows"]:
        columns = ("no.", "department", "reason", "file: row", "days", "assignee", "what")
        table("First rows", columns, map(_first, document["rows"]))
        say("Look: [bold]hub quarantine show <quarantine_id>[/bold]")


def _first(row: dict[str, Any]) -> list[Any]:
    place = f"{row['source_file']}: {row['source_row']}"
    said = row["message"].split(" (")[0]  # the Chinese half; `show` has all of it
    cells = [
        str(row["quarantine_id"]),
        row["department"],
        row["reason"],
        place,
        row["days"],
        row["assignee"] or "",
        said,
    ]
    return [escape(cell) if isinstance(cell, str) else cell for cell in cells]


def print_row(row: dict[str, Any]) -> None:
    """One row: what came beside what was expected, what is wrong, what to do, its history."""
    reason = row["reason_is"]
    worker = f", {escape(row['assignee'])}" if row["assignee"] else ""
    say(
        f"[bold]{row['quarantine_id']}[/bold]  {row['department']}.{row['dataset']}  {escape(str(row['source_file']))} "
        f"row {row['source_row']}  ({row['state']}{worker})"
    )
    say(f"[red]{row['reason']} {reason['zh']}[/red]  {escape(row['message'])}")
    say(f"raw object {row['raw_object']}, row {row['raw_row']}, batch {row['batch_id']}")
    table(
        "来源值与要求 As it came (identity data masked), and what was expected",
        ("field", "value", "meaning", "expected", "wrong"),
        [_field(field) for field in row["fields"]],
    )
    if row["not_judged"]:
        say(f"[red]Today's mapping cannot judge it:[/red] {escape(row['not_judged'])}")
    elif not row["wrong"] and row["state"] == "open":
        say(
            "按现行映射已可通过，请重放 Today's mapping takes it: [bold]hub quarantine replay[/bold]"
        )
    for verdict in row["wrong"] or [reason | {"reason": row["reason"], "message": row["message"]}]:
        say(f"[red]✗[/red] {verdict['reason']}: {escape(verdict['message'])}")
        say(f"    处理 {escape(verdict['remedy_zh'])}")
        say(f"    What to do: {escape(verdict['remedy_en'])}")
    if row["history"]:
        columns = ("at", "actor", "action", "state_from", "state_to", "outcome", "note")
        life = [event | {"at": f"{event['at']:%Y-%m-%d %H:%M}"} for event in row["history"]]
        table("经过 History", columns, [[escape(str(e[c] or "")) for c in columns] for e in life])


def _field(field: dict[str, Any]) -> list[str]:
    uses = field["expected"]
    meaning = "; ".join(dict.fromkeys(f"{use['zh']} ({use['target']})" for use in uses))
    expected = "; ".join(
        dict.fromkeys(
            ("必填 " if use["required"] else "") + use["form_zh"] for use in uses if use["form_zh"]
        )
    )
    value = "（来源无此列）" if field["missing"] else field["value"]
    shown = "" if value is None else escape(str(value))
    wrong = f"[red]{', '.join(field['wrong'])}[/red]" if field["wrong"] else ""
    return [escape(field["field"]), shown, escape(meaning) or "（未使用）", escape(expected), wrong]


def print_accepted(found: dict[str, Any]) -> None:
    """What was accepted, and what the warehouse cannot hold."""
    say(f"{found['accepted']:,} rows accepted as they are.")
    print_refused(found["refused"])


def print_refused(refused: Sequence[dict[str, Any]], limit: int = 20) -> None:
    """Rows for which a step was refused, with what stands against it and what to do instead."""
    for row in refused[:limit]:
        say(f"[red]refused[/red] {row['quarantine_id']} {row['reason']}: {escape(row['message'])}")
        say(f"    处理 {escape(row['remedy_zh'])}")
        say(f"    What to do: {escape(row['remedy_en'])}")
    if len(refused) > limit:
        say(f"… and {len(refused) - limit:,} more; --json lists them all.")


def print_imported(found: Imported) -> None:
    """What could not be taken from a workbook, by sheet, row and column."""
    for row in found.refused:
        at = f"{row['sheet']} 第 {row['row']} 行 row {row['row']} {row['column']}"
        say(
            f"[red]refused[/red] {escape(at)}（{escape(row['quarantine_id'])}）: {escape(row['what'])}"
        )
        say(f"    {escape(row['remedy'])}")
    if found.unchanged:
        say(f"{found.unchanged:,} rows without a correction.")


def print_replay(certificates: Sequence[Certificate], summary: RunSummary | None) -> None:
    """What a replay brought."""
    if not certificates:
        say("Nothing in quarantine fits.")
        return
    table(
        "Replayed",
        ("department", "dataset", "batch_id", *FATES),
        [[c.department, c.dataset, c.batch_id, *(getattr(c, f) for f in FATES)] for c in certificates],
    )  # fmt: skip
    if summary:
        print_run(summary)


def print_balance(document: dict[str, Any]) -> None:
    """Every row that was read, by what became of it."""
    rows = [
        [row["department"], row["dataset"], *(row[name] for name in BALANCE),
         "[green]平[/green]" if row["balanced"] else "[red]不平[/red]"]
        for row in document["rows"]
    ]  # fmt: skip
    table(
        "平衡表 Balance: what became of every row that was read",
        ("department", "dataset", *BALANCE, ""),
        rows,
    )
    say(
        "成立 All add up."
        if document["balanced"]
        else "[red]不成立 Rows are unaccounted for.[/red]"
    )
