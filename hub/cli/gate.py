"""Commands over the gate: what it found in a batch, which batches it stopped, and the steward's decision about them."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.printing import emit_json, say, table
from hub.core.errors import EXIT_FINDINGS, EXIT_OK

if TYPE_CHECKING:
    from hub.pipeline.gate import Decided

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
Batch = Annotated[
    str, typer.Argument(help="Batch id, or as much of its beginning as no other has.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why 理由. Kept with the batch for good.")]
Actor = Annotated[
    str | None, typer.Option("--actor", help="Who answers for it 决定人; default: the login name.")
]
STATES = {
    "evaluated": "[green]✓ 已评估 evaluated[/green]",
    "failures": "[yellow]✗ 已评估 evaluated[/yellow]",
    "no_values": "– 无值可评 no values",
    "not_evaluated": "[bold red]✗ 未评估 NOT EVALUATED[/bold red]",
}

gate_app = typer.Typer(
    no_args_is_help=True,
    help="The gate 质量关口: what was checked on each batch; batches that stopped wait for a decision.",
)


@gate_app.command("list")
def gate_list(
    department: Annotated[
        str | None, typer.Option("--department", help="Only this department.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Batches that were stopped and wait for a decision, and those that failed at the gate. Exits with 1 if there are any.

    等待决定的批次：被质量关口拦下，尚未入库。

    Example: [bold]hub gate list --department housing[/bold]
    """
    from hub import pipeline
    from hub.pipeline import gate

    rows = gate.waiting(pipeline.open_hub(), department)
    if as_json:
        emit_json(rows)
    elif rows:
        _print_waiting(rows)
    else:
        say("Nothing waits at the gate 关口无等待批次.")
    raise typer.Exit(EXIT_FINDINGS if rows else EXIT_OK)


def show(batch: Batch, as_json: AsJson = False) -> None:
    """What the gate found in one batch: each check with its rows, failures by reason, examples with identity data masked.

    Exits with 1 when a check was not evaluated, or the batch waits. 一个批次的检查结果：规则、行数、原因、脱敏示例。

    Example: [bold]hub gate show 0b1e4f[/bold], or [bold]hub gate report 0b1e4f --json[/bold]
    """
    from hub import pipeline
    from hub.pipeline import gate

    document = gate.report(pipeline.open_hub(), batch)
    emit_json(document) if as_json else _print_report(document)
    waits = document["state"] == "stopped" or document["not_evaluated"]
    raise typer.Exit(EXIT_FINDINGS if waits else EXIT_OK)


gate_app.command("show")(show)
gate_app.command("report")(show)


@gate_app.command("release")
def release(batch: Batch, reason: Reason, actor: Actor = None, as_json: AsJson = False) -> None:
    """Land a stopped batch all the same, with today's mapping; rejected rows go to quarantine. 放行：照常入库，不合格行进隔离区。

    Example: [bold]hub gate release 0b1e4f --reason "old item codes, being mapped"[/bold]
    """
    from hub.pipeline import gate

    _decide(gate.release, batch, reason, actor, as_json)


@gate_app.command("reject")
def reject(batch: Batch, reason: Reason, actor: Actor = None, as_json: AsJson = False) -> None:
    """Let nothing of a stopped batch in; the department sends corrected data. 拒收：整批不入库，原始数据留作凭证。

    Example: [bold]hub gate reject 0b1e4f --reason "columns shifted, resend promised"[/bold]
    """
    from hub.pipeline import gate

    _decide(gate.reject, batch, reason, actor, as_json)


def _decide(act: Any, batch: str, reason: str, actor: str | None, as_json: bool) -> None:
    from hub import pipeline
    from warehouse.fates import FATES

    hub = pipeline.open_hub()
    pipeline.prepare_warehouse(hub)
    decided: Decided = act(hub, batch, actor or getpass.getuser(), reason)
    certificate = pipeline.certificate_document(decided.certificate)
    if as_json:
        emit_json(
            {
                "decision": asdict(decided.decision),
                "certificate": certificate,
                "untold": decided.untold,
            }
        )
        return
    columns = ("batch_id", "read", *FATES)
    done = {"release": "放行 released", "reject": "拒收 rejected"}[decided.decision.what]
    title = f"{certificate['department']}/{certificate['dataset']}: {done}"
    table(title, columns, [[certificate[c] for c in columns]])
    if decided.untold:
        say(
            f"[yellow]![/yellow] The source has not been told yet; the next run tells it: {_plain(decided.untold)}"
        )


def _print_waiting(rows: list[dict[str, Any]]) -> None:
    table(
        "At the gate 关口前的批次",
        ("批次 batch", "部门 department", "数据集 dataset", "状态 state", "时间 since", "行数 rows", "不合格 rejected", "%"),
        [
            [row["batch_id"][:8], row["department"], row["dataset"], row["state"],
             f"{row['started_at']:%Y-%m-%d %H:%M}", row["rows_read"], row["rejected"], row["share"] * 100]
            for row in rows
        ],
    )  # fmt: skip
    for row in rows:
        why = ", ".join(f"{reason} {count}" for reason, count in row["reasons"].items())
        unjudged = f"{row['not_evaluated']} checks NOT EVALUATED" if row["not_evaluated"] else ""
        told = "; ".join(filter(None, (unjudged, why, *row["drift"])))
        colour = "red" if row["state"] == "stopped" else "yellow"
        say(f"[{colour}]{row['state']}[/{colour}] {row['batch_id']}: {_plain(told)}")
    if any(row["state"] == "stopped" for row in rows):
        say(
            "Look: [bold]hub gate show <batch>[/bold]; decide: [bold]hub gate release|reject <batch> --reason …[/bold]"
        )
    if any(row["state"] == "failed" for row in rows):
        say(
            "A failed batch needs no decision: mend what it names, and the next run reads it again."
        )


def _print_report(document: dict[str, Any]) -> None:
    say(
        f"[bold]{document['department']}/{document['dataset']}[/bold]  batch 批次 {document['batch_id']}"
    )
    say(f"state 状态 [bold]{document['state']}[/bold], kind {document['kind']}, "
        f"read 读取 {document['started_at']:%Y-%m-%d %H:%M}, raw object {document['raw_object']}")  # fmt: skip
    say(
        f"rows 行数 {document['rows_read']:,}, rejected 不合格 {document['rows_rejected']:,} ({document['share']:.1%})"
    )
    if threshold := document["threshold"]:
        say(
            f"stops above 拦截阈值 {threshold['stop_above']:.1%} and from {threshold['at_least']:,} rejected rows on"
        )
    if decision := document["decision"]:
        say(f"decision 决定 {decision['decision']} by {_plain(decision['actor'])} at {decision['decided_at']:%Y-%m-%d %H:%M}: "
            f"{_plain(decision['decision_reason'])}")  # fmt: skip
    table(
        "Rejected rows by first reason 按首要原因", ("原因 reason", "行数 rows", "失败次数 failures"),
        [[reason, of["rows"], of["failures"]] for reason, of in document["reasons"].items()],
    )  # fmt: skip
    table(
        f"Checks 检查: evaluated {document['evaluated']}, no values {document['no_values']}, "
        f"not evaluated {document['not_evaluated']}",
        ("实体 entity", "字段 column", "检查 check", "行数 rows", "不合格 failures", "状态 state"),
        [
            [check["entity"], _plain(check["column"]), check["reason"], check["rows"], check["failures"], _state(check)]
            for check in document["checks"]
        ],
    )  # fmt: skip
    for check in document["checks"]:
        for example in check["examples"]:
            say(
                f"  {check['reason']} {_plain(check['entity'])}.{_plain(check['column'])}: {_plain(_example(example))}"
            )


def _state(check: dict[str, Any]) -> str:
    failed = check["state"] == "evaluated" and check["failures"]
    return STATES["failures" if failed else check["state"]]


def _example(example: dict[str, Any]) -> str:
    fields = " ".join(f"{name}={value}" for name, value in example["fields"].items() if value)
    return f"{example['file']} row {example['row']}: {fields}"


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
