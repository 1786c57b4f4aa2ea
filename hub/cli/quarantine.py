"""Commands on the quarantine 隔离区: look, share out, decide, replay, and see that nothing is lost."""

from __future__ import annotations

import getpass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.printing import emit_json, say
from hub.core.errors import EXIT_FINDINGS, EXIT_OK, SpecError

if TYPE_CHECKING:
    from hub.core.batches import Certificate
    from hub.pipeline import Hub
    from warehouse.workbench import Selection

quarantine_app = typer.Typer(
    no_args_is_help=True,
    help="Rejected rows 隔离区: look, assign, note, accept, reject, correct, replay; see the balance.",
)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", help="Local time at which cases are judged, such as 2012-12-31T23:59:59."),
]  # fmt: skip
Ids = Annotated[
    list[int] | None, typer.Argument(help="Numbers of quarantined rows; or use the filters.")
]
Department = Annotated[str | None, typer.Option("--department", help="Only this department.")]
Dataset = Annotated[str | None, typer.Option("--dataset", help="Only this dataset.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Only this reason code.")]
Check = Annotated[str | None, typer.Option("--check", help="Only rows with this reason code.")]
Assignee = Annotated[
    str | None,
    typer.Option("--assignee", help="Only rows that this person works on; - for nobody."),
]
Older = Annotated[
    int | None, typer.Option("--older-than", min=0, help="Only rows that came so many days ago.")
]
Actor = Annotated[
    str, typer.Option("--actor", default_factory=getpass.getuser, help="Who acts (default: login name).")
]  # fmt: skip
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before acting on what filters chose.")]


@quarantine_app.command("list")
def list_(
    department: Department = None, dataset: Dataset = None, reason: Reason = None,
    assignee: Assignee = None, older_than: Older = None,
    state: Annotated[
        str, typer.Option(help="open, replayed, accepted, corrected, superseded, rejected, or all.")
    ] = "open",
    limit: Annotated[int, typer.Option(min=1, help="Rows to show.")] = 20,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Quarantined rows: counts by department, dataset and reason, then the first rows. 查询隔离区。

    Example: [bold]hub quarantine list --department housing --reason bad_date[/bold]
    """
    from hub.cli.quarantine_showing import print_list
    from hub.pipeline.quarantine import listed
    from warehouse.workbench import STATES

    if state not in (*STATES, "all"):
        raise SpecError(f"no state '{state}'", file="--state", remedy=f"{', '.join(STATES)}, all")
    chosen = _selection(None, department, dataset, reason, assignee, older_than, state)
    document = listed(open_warehouse(), chosen, limit)
    emit_json(document) if as_json else print_list(document)


@quarantine_app.command("show")
def show(
    quarantine_id: Annotated[int, typer.Argument(help="Number of the quarantined row.")],
    as_json: AsJson = False,
) -> None:
    """One quarantined row beside what was expected of each field: what is wrong, what to do, its history. 查看一行。

    Identity data is masked. Example: [bold]hub quarantine show 17[/bold]
    """
    from hub.cli.quarantine_showing import print_row
    from hub.pipeline.quarantine import shown

    row = shown(open_warehouse(), quarantine_id)
    emit_json(row) if as_json else print_row(row)


@quarantine_app.command("assign")
def assign(
    to: Annotated[str, typer.Option("--to", help="Who works on them; empty for nobody.")],
    actor: Actor, ids: Ids = None, department: Department = None, dataset: Dataset = None,
    reason: Reason = None, yes: Yes = False, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Give open rows to somebody. 分派。

    Example: [bold]hub quarantine assign 17 18 --to 李敏[/bold]
    """
    from hub.core.batches import Step
    from hub.pipeline import quarantine

    hub = open_warehouse()
    chosen = _sure(hub, _selection(ids, department, dataset, reason), yes, "assign")
    _print_count("assigned", quarantine.assign(hub, chosen, to, Step(actor, "assign", to)), as_json)


@quarantine_app.command("note")
def note(
    text: Annotated[str, typer.Option("--text", help="The remark; no identity data.")],
    actor: Actor, ids: Ids = None, department: Department = None, dataset: Dataset = None,
    reason: Reason = None, yes: Yes = False, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write a remark to rows. 备注。

    Example: [bold]hub quarantine note 17 --text 已电话通知登记科[/bold]
    """
    from hub.core.batches import Step
    from hub.pipeline import quarantine

    hub = open_warehouse()
    state = "all" if ids else "open"
    chosen = _sure(hub, _selection(ids, department, dataset, reason, state=state), yes, "note")
    _print_count("noted", quarantine.note(hub, chosen, Step(actor, "note", text)), as_json)


@quarantine_app.command("accept")
def accept(
    reason: Annotated[str, typer.Option("--reason", help="Why the row is right as it is.")],
    actor: Actor, ids: Ids = None, department: Department = None, dataset: Dataset = None,
    check: Check = None, yes: Yes = False, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Land rows as they are although a check failed; what cannot be read stays empty. Exits with 1 if any was refused.

    按原样接受：仅限仓库能够保存的情形；主键、必填项、无法解码的行不能接受。

    Example: [bold]hub quarantine accept 17 --reason 经核实为退费[/bold]
    """
    from hub import pipeline
    from hub.cli.quarantine_showing import print_accepted
    from hub.cli.reporting import run_document
    from hub.core.batches import Step
    from hub.pipeline import quarantine

    hub = open_warehouse()
    chosen = _sure(hub, _selection(ids, department, dataset, check), yes, "accept")
    found = quarantine.accept(hub, chosen, Step(actor, "accept", reason))
    found["batches"] = [c.batch_id for c in found.pop("certificates")]
    summary = pipeline.supervise_again(hub) if found["batches"] else None
    if as_json:
        emit_json(found | {"supervision": run_document(summary) if summary else None})
    else:
        print_accepted(found)
    raise typer.Exit(EXIT_FINDINGS if found["refused"] else EXIT_OK)


@quarantine_app.command("reject")
def reject(
    reason: Annotated[str, typer.Option("--reason", help="Why the row shall never land.")],
    actor: Actor, ids: Ids = None, department: Department = None, dataset: Dataset = None,
    check: Check = None, yes: Yes = False, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Decide that rows never land; they stay where they are and count as rejected. 拒收。

    Example: [bold]hub quarantine reject 17 --reason 测试数据[/bold]
    """
    from hub.core.batches import Step
    from hub.pipeline import quarantine

    hub = open_warehouse()
    chosen = _sure(hub, _selection(ids, department, dataset, check), yes, "reject")
    _print_count("rejected", quarantine.reject(hub, chosen, Step(actor, "reject", reason)), as_json)


@quarantine_app.command("replay")
def replay(
    actor: Actor, ids: Ids = None, department: Department = None, dataset: Dataset = None,
    reason: Reason = None, assignee: Assignee = None, as_of: AsOf = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Send quarantined rows the same way again after a fix, then update the findings. 重放。

    Mend what is wrong first: a line in powers.csv or codes.csv (hub unmapped approve), or mapping.yml.

    Example: [bold]hub quarantine replay --reason unmapped_power[/bold]
    """
    from hub import pipeline
    from hub.core.batches import Step

    hub = open_warehouse()
    chosen = _selection(ids, department, dataset, reason, assignee)
    certificates, summary = pipeline.replay_and_supervise(
        hub, as_of=as_of, chosen=chosen, step=Step(actor, "replay")
    )
    print_certificates("replayed", certificates, summary, as_json)


@quarantine_app.command("export")
def export(
    department: Annotated[str, typer.Argument(help="Slug of the department folder.")],
    out: Annotated[Path, typer.Option("--out", help="The workbook to write, .xlsx.")],
    actor: Actor, dataset: Dataset = None, reason: Reason = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """A department's open rows as a workbook in which it corrects them. Identity, phone and name fields are masked. 导出更正表。

    Example: [bold]hub quarantine export housing --out 房产局更正表.xlsx[/bold]
    """
    from hub.core.batches import Step
    from hub.pipeline.correction import export

    chosen = _selection(None, department, dataset, reason)
    rows = export(open_warehouse(), department, out, Step(actor, "export", out.name), chosen)
    if as_json:
        emit_json({"file": str(out) if rows else None, "rows": rows})
    elif rows:
        say(
            f"{sum(rows.values()):,} rows in {out}; import it with [bold]hub quarantine import[/bold]."
        )
    else:
        say("Nothing in quarantine fits; no file was written.")


@quarantine_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The workbook that came back.")],
    actor: Actor, as_of: AsOf = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Land what a department corrected in its workbook; what was refused is named by sheet, row and column. 导入更正表。

    Rows are refused one by one and the rest goes on. Exits with 1 if any was refused or failed again.

    Example: [bold]hub quarantine import 房产局更正表.xlsx[/bold]
    """
    from hub import pipeline
    from hub.cli.quarantine_showing import print_imported
    from hub.core.batches import Step
    from hub.pipeline.correction import import_

    hub = open_warehouse()
    found = import_(hub, file, Step(actor, "correct", file.name))
    summary = pipeline.supervise_again(hub, as_of) if found.certificates else None
    if not as_json:
        print_imported(found)
    print_certificates(
        "corrected",
        found.certificates,
        summary,
        as_json,
        refused=found.refused,
        unchanged_cells=found.unchanged,
    )
    failed = found.refused or any(c.quarantined for c in found.certificates)
    raise typer.Exit(EXIT_FINDINGS if failed else EXIT_OK)


@quarantine_app.command("balance")
def balance(
    department: Annotated[str | None, typer.Argument(help="Only this department.")] = None,
    as_json: AsJson = False,
) -> None:
    """Rows read = landed + unchanged + superseded + quarantined + rejected by decision. Exits with 1 where it does not hold.

    平衡表：读取＝入库＋未变＋取代＋隔离＋拒收。

    Example: [bold]hub quarantine balance housing[/bold]
    """
    from hub.cli.quarantine_showing import print_balance
    from hub.pipeline import quarantine

    document = quarantine.balance(open_warehouse(), department)
    emit_json(document) if as_json else print_balance(document)
    raise typer.Exit(EXIT_OK if document["balanced"] else EXIT_FINDINGS)


def print_certificates(
    done: str, certificates: list[Certificate], summary: Any, as_json: bool, **more: Any
) -> None:
    """What became of rows that went the way again, and the supervision run after it."""
    from hub.cli.quarantine_showing import print_replay
    from hub.cli.reporting import run_document

    if not as_json:
        print_replay(certificates, summary)
        return
    fates = ("landed", "unchanged", "superseded", "quarantined")
    emit_json(
        {
            done: sum(c.read for c in certificates),
            **{fate: sum(getattr(c, fate) for c in certificates) for fate in fates},
            "batches": [c.batch_id for c in certificates],
            **more,
            "supervision": run_document(summary) if summary else None,
        }
    )


def open_warehouse() -> Hub:
    """The installation, its warehouse up to date."""
    from hub import pipeline

    hub = pipeline.open_hub()
    pipeline.prepare_warehouse(hub)
    return hub


def _selection(
    ids: list[int] | None, department: str | None = None, dataset: str | None = None,
    reason: str | None = None, assignee: str | None = None, older_than: int | None = None,
    state: str = "open",
) -> Selection:  # fmt: skip
    from warehouse.workbench import Selection

    return Selection(
        tuple(ids or ()), department, dataset, reason, assignee, None if state == "all" else state, older_than,
    )  # fmt: skip


def _sure(hub: Hub, chosen: Selection, yes: bool, action: str) -> Selection:
    """Ask before a step is taken with rows that filters chose. Raises SpecError when nothing is named at all."""
    from hub.pipeline.quarantine import listed

    if not chosen.narrows:
        raise SpecError(
            "which rows?", file=f"hub quarantine {action}", remedy="give numbers, or --department, --dataset, a reason code"
        )  # fmt: skip
    if not chosen.ids and not yes:
        rows = sum(row["rows"] for row in listed(hub, chosen, 1)["counts"])
        typer.confirm(f"{action} {rows:,} rows?", abort=True, err=True)
    return chosen


def _print_count(done: str, rows: int, as_json: bool) -> None:
    emit_json({done: rows}) if as_json else say(f"{rows:,} rows {done}.")
    raise typer.Exit(EXIT_OK if rows else EXIT_FINDINGS)
