"""Our own pages of the quality site: all departments on one, and each on its own. No script, no fetch, no value of a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from hub.core.entities import ENTITIES
from hub.core.settings import TIME_ZONE

Row = Mapping[str, Any]
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data: file:"
STYLE = """
body { font: 15px/1.5 "Noto Sans CJK SC", "Microsoft YaHei", "Source Han Sans SC", sans-serif; color: #222;
       max-width: 75rem; margin: 0 auto; padding: 1rem 1.5rem 3rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; } a { color: #0b5394; }
.container, .container-fluid { padding-top: 0; } .sticky { position: static; } .nav { list-style: none; padding: 0; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
th, td { border: 1px solid #ccc; padding: .3rem .6rem; text-align: left; vertical-align: top; }
th { background: #f0f2f5; } td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
pre { white-space: pre-wrap; } .breadcrumb { list-style: none; padding: 0; } [data-toggle="collapse"] { display: none; }
.fas { font-style: normal; font-weight: bold; }
.fa-check-circle::before { content: "✔ 通过"; } .fa-times::before { content: "✘ 不通过"; }
.fa-exclamation-triangle::before { content: "⚠ 未能评估"; }
.text-success, .met { color: #18682f; } .text-danger, .failed { color: #a61b1b; }
.text-warning, .not_evaluated { color: #a61b1b; font-weight: bold; } .no_values { color: #666; }
.failed, .not_evaluated { background: #fdf1f1; } .id { color: #666; font-size: .85rem; }
.sum { display: flex; flex-wrap: wrap; gap: .5rem; padding: 0; list-style: none; }
.sum li { border: 1px solid #ccc; border-radius: .3rem; padding: .3rem .8rem; }
@media (max-width: 640px) {
  body { padding: .6rem; } .wide thead { display: none; }
  .wide, .wide tbody, .wide tr, .wide td { display: block; width: auto; } .wide tr { border: 1px solid #999; margin-bottom: .6rem; }
  .wide td { border: 0; padding: .15rem .5rem; } .wide td.number { text-align: left; }
  .wide td[data-name]::before { content: attr(data-name) "："; color: #666; }
}
@media print { a { color: inherit; text-decoration: none; } tr { break-inside: avoid; } body { max-width: none; } }
"""
STATES = {
    "failed": "✘ 不通过 failed",
    "not_evaluated": "⚠ 未能评估 not evaluated",
    "met": "✔ 通过 met",
    "no_values": "– 无值可评 no values",
}
SEVERITIES = {"critical": "严重 critical", "warning": "警告 warning", "info": "提示 info"}
_TOTALS = {
    "expectations": "检查 expectations", "evaluated": "已评估 evaluated", "failed": "不通过 failed",
    "no_values": "无值可评 no values", "not_evaluated": "未能评估 not evaluated",
}  # fmt: skip
_EVERYBODY = "*"


def start_page(
    departments: Mapping[str, Sequence[Row]], titles: Mapping[str, str], runs: Sequence[Row]
) -> str:
    """Every department with the numbers of its latest checkpoint, and every kept run."""
    rows = "".join(
        _tr(
            f'<a href="{escape(name)}.html">{escape(_titled(name, titles))}</a>',
            local(results[0]["started_at"]),
            *(_count(results, state) for state in ("met", "failed", "not_evaluated", "no_values")),
            names=_DEPARTMENT_COLUMNS,
        )
        for name, results in departments.items()
    )
    history = "".join(
        _tr(
            local(run["started_at"]),
            "全库 whole warehouse" if run["department"] == _EVERYBODY else escape(_titled(run["department"], titles)),
            *(_number(run[name]) for name in _TOTALS),
            names=_RUN_COLUMNS,
        )
        for run in runs
    )  # fmt: skip
    body = (
        "<h1>数据质量报告 Data quality</h1>"
        "<p>每个部门最近一次检查的结果。未能评估的检查以红色显示，绝不算作通过。"
        "Each department's latest checkpoint; what could not be evaluated is red, never green.</p>"
        f"<h2>部门 Departments</h2>{_table(_DEPARTMENT_COLUMNS, rows)}"
        f"<h2>历次检查 Kept runs</h2>{_table(_RUN_COLUMNS, history)}"
    )
    return _page("数据质量报告 Data quality", body)


def department_page(
    department: str, title: str, results: Sequence[Row], details: Mapping[str, Sequence[str]], runs: Sequence[Row]
) -> str:  # fmt: skip
    """One department: what failed or was not evaluated first, then everything, suite by suite.

    `details`: suite → links to Great Expectations' own pages of the same run.
    """
    counts = "".join(
        f'<li class="{state if _of(results, state) else "no_values"}">{said}: {_of(results, state):,}</li>'
        for state, said in STATES.items()
    )
    grave = [row for row in results if row["state"] in ("failed", "not_evaluated")]
    order = list(SEVERITIES)
    grave.sort(key=lambda row: (order.index(row["severity"]), -row["unexpected"], row["expectation_id"]))  # fmt: skip
    first = _table(_CHECK_COLUMNS, "".join(map(_check, grave))) if grave else "<p>无 none</p>"
    parts = []
    for suite in dict.fromkeys(row["entity"] for row in results):
        rows = "".join(_check(row) for row in results if row["entity"] == suite)
        links = "　".join(
            f'<a href="{escape(link)}">Great Expectations: {"汇总 facts" if "/facts_" in link else "逐行 rows"}</a>'
            for link in details.get(suite, ())
        )
        parts.append(f"<h2>{escape(_suite(suite))}</h2><p>{links}</p>{_table(_CHECK_COLUMNS, rows)}")  # fmt: skip
    body = (
        f'<p><a href="index.html">← 所有部门 all departments</a></p>'
        f"<h1>{escape(title or department)} 数据质量 Data quality</h1>"
        f"<p>{department}，{local(results[0]['started_at'])}（北京时间）</p>"
        f'<ul class="sum">{counts}</ul>'
        f"<h2>先看 Look at first</h2>{first}{''.join(parts)}"
    )
    return _page(f"{title or department} 数据质量", body)


_DEPARTMENT_COLUMNS = (
    "部门 department", "时间 time (北京时间)", "通过 met", "不通过 failed", "未能评估 not evaluated", "无值可评 no values",
)  # fmt: skip
_RUN_COLUMNS = ("时间 time (北京时间)", "范围 scope", *_TOTALS.values())
_CHECK_COLUMNS = (
    "检查 expectation", "级别 severity", "评估 judged", "不符 unexpected", "结果 outcome",
)  # fmt: skip


def _check(row: Row) -> str:
    what = f'{escape(row["zh"])}<br>{escape(row["en"])}<br><span class="id">{escape(row["expectation_id"])}</span>'
    outcome = f'<span class="{row["state"]}">{STATES[row["state"]]}</span>'
    if row["error"]:
        outcome += f"<br>{escape(row['error'])}"
    if row["state"] == "failed":
        link = f"runs/{row['run_id']}/failures/{row['department']}/{row['expectation_id']}.csv"
        outcome += f'<br><a href="{escape(link)}">全部不符行 all failing rows</a>'
    outcome += "".join(f"<br>{escape(said)}" for said in _observed(row))
    cells = (
        what, SEVERITIES[row["severity"]], _number(row["rows"]), _number(row["unexpected"]), outcome,
    )  # fmt: skip
    return _tr(*cells, names=_CHECK_COLUMNS, state=row["state"])


def _observed(row: Row) -> list[str]:
    """What a fact came to, and the share of rows that a department is allowed to miss."""
    if isinstance(row["observed"], list):
        return [
            f"{fact['of'].removeprefix('department:')}: {_figure(fact['observed'])}，允许 allowed {_figure(fact['allowed'])}"
            for fact in row["observed"][:5]
        ]
    allowed = (row["allowed"] or {}).get("mostly", 1)
    if allowed < 1 and row["observed"]:
        return [f"{row['observed']['share']:.1%}，要求 at least {allowed:.1%}"]
    return []


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def _page(title: str, body: str) -> str:
    return (
        f'<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{body}</body></html>"
    )


def _table(columns: Sequence[str], rows: str) -> str:
    heads = "".join(f"<th>{escape(column)}</th>" for column in columns)
    return f'<table class="wide"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _tr(*cells: str, names: Sequence[str], state: str = "") -> str:
    tds = "".join(
        f'<td data-name="{escape(name)}"{_numeric(cell)}>{cell}</td>'
        for name, cell in zip(names, cells, strict=True)
    )
    return f'<tr class="{state}">{tds}</tr>' if state in ("failed", "not_evaluated") else f"<tr>{tds}</tr>"  # fmt: skip


def _numeric(cell: str) -> str:
    return ' class="number"' if cell.replace(",", "").isdigit() else ""


def _count(results: Sequence[Row], state: str) -> str:
    found = _of(results, state)
    return f'<span class="{state}">{found:,}</span>' if found else "0"


def _of(results: Sequence[Row], state: str) -> int:
    return sum(row["state"] == state for row in results)


def _number(value: int) -> str:
    return f"{value:,}"


def _titled(department: str, titles: Mapping[str, str]) -> str:
    title = titles.get(department)
    return f"{title} {department}" if title else department


def _suite(name: str) -> str:
    return f"{ENTITIES[name].zh} {name}" if name in ENTITIES else f"部门整体 {name}"


def local(at: datetime) -> str:
    """A moment in local time."""
    return f"{at.astimezone(ZoneInfo(TIME_ZONE)):%Y-%m-%d %H:%M:%S}"
