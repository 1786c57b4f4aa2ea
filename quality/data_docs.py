"""Data Docs that a steward can read without the internet.

Great Expectations' pages load scripts, styles, icons and a logo from seven hosts on the internet; without them its
start page stays blank and no row shows whether it passed. Here every page loses what it would fetch and gets one
inline style in exchange, and the start page is our own.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lxml import etree, html

from hub.core.entities import ENTITIES
from hub.core.settings import TIME_ZONE

KEPT_RUNS = 30
"""Runs whose results and pages are kept; Great Expectations grows slow with thousands of them."""

_VALIDATIONS = Path("uncommitted") / "validations"
_REMOTE = re.compile(r"url\((['\"]?)(?:https?:)?//[^)]*\)")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data: file:"
_STYLE = """
body { font: 15px/1.5 "Noto Sans CJK SC", "Microsoft YaHei", "Source Han Sans SC", sans-serif; color: #222;
       max-width: 75rem; margin: 0 auto; padding: 1rem 1.5rem 3rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; } a { color: #0b5394; }
.container { padding-top: 0; } .sticky { position: static; } .nav { list-style: none; padding: 0; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
th, td { border: 1px solid #ccc; padding: .3rem .6rem; text-align: left; vertical-align: top; }
th { background: #f0f2f5; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
pre { white-space: pre-wrap; } .breadcrumb { list-style: none; padding: 0; } [data-toggle="collapse"] { display: none; }
.fas { font-style: normal; font-weight: bold; }
.fa-check-circle::before { content: "✔ 通过"; } .fa-times::before { content: "✘ 不通过"; }
.fa-exclamation-triangle::before { content: "⚠ 未能评估"; }
.text-success, .met { color: #18682f; } .text-danger, .failed { color: #a61b1b; }
.text-warning, .not_evaluated { color: #8a5a00; } .no_values { color: #666; }
"""
_STATES = {
    "met": "✔ 通过 met",
    "failed": "✘ 不通过 failed",
    "no_values": "– 无值可评 no values",
    "not_evaluated": "⚠ 未能评估 not evaluated",
}


def prune(context: Path, pages: Path, keep: int = KEPT_RUNS) -> int:
    """Remove results and pages older than the last `keep` runs of each suite. Returns how many runs went."""
    gone = 0
    for suite in sorted((context / _VALIDATIONS).glob("*/")):
        runs = sorted(suite.glob("*/*/"), key=lambda run: run.name, reverse=True)
        for run in runs[keep:]:
            shutil.rmtree(run)
            shutil.rmtree(
                pages / "validations" / run.relative_to(context / _VALIDATIONS), ignore_errors=True
            )
            gone += 1
    return gone


def publish(context: Path, pages: Path, report: Mapping[str, Any]) -> Path:
    """Make every page self-contained and write the start page. Returns its path."""
    for page in pages.rglob("*.html"):
        detach(page)
    shutil.rmtree(pages / "static", ignore_errors=True)  # nothing refers to it any more
    index = pages / "index.html"
    index.write_text(_start_page(report, list(_runs(context, pages))), "utf-8")
    return index


def detach(page: Path) -> None:
    """Rewrite one page so that it fetches nothing and runs nothing; a page done before is left alone."""
    tree: Any = html.fromstring(page.read_bytes(), parser=html.HTMLParser(encoding="utf-8"))
    head = tree.find("head")
    if head is None or head.find("meta[@http-equiv='Content-Security-Policy']") is not None:
        return
    for useless in tree.xpath("//script | //footer | //link | //img"):
        useless.drop_tree()
    for button in tree.xpath("//*[@onclick]"):
        cards = list(button.iterancestors("div"))
        box = next((card for card in cards if "card" in card.get("class", "").split()), button)
        if box.getparent() is not None:
            box.drop_tree()
    for style in tree.iter("style"):
        style.text = _REMOTE.sub("none", style.text or "")
    head.insert(
        0, etree.Element("meta", {"http-equiv": "Content-Security-Policy", "content": _POLICY})
    )
    own = etree.SubElement(head, "style")
    own.text = _STYLE
    page.write_bytes(html.tostring(tree, doctype="<!DOCTYPE html>", encoding="utf-8"))


def _runs(context: Path, pages: Path) -> Iterator[tuple[str, str, Mapping[str, Any], str]]:
    """(local time, entity, statistics, link) of every kept run, newest first."""
    found = []
    for stored in (context / _VALIDATIONS).rglob("*.json"):
        result = json.loads(stored.read_text("utf-8"))
        relative = stored.relative_to(context / _VALIDATIONS).with_suffix(".html")
        page = pages / "validations" / relative
        link = page.relative_to(pages).as_posix() if page.exists() else ""
        at = datetime.fromisoformat(result["meta"]["run_id"]["run_time"])
        local = f"{at.astimezone(ZoneInfo(TIME_ZONE)):%Y-%m-%d %H:%M:%S}"
        found.append((local, result["suite_name"], result["statistics"], link))
    yield from sorted(found, key=lambda run: run[:2], reverse=True)


def _start_page(report: Mapping[str, Any], runs: list[Any]) -> str:
    rows = "、".join(f"{_title(name)} {count:,}" for name, count in report["rows"].items())
    checks = "".join(
        f"<tr><td>{escape(_title(check['entity']))}</td><td>{escape(check['zh'])}<br>{escape(check['en'])}</td>"
        f'<td class="number">{check["rows"]:,}</td><td class="number">{check["unexpected"]:,}</td>'
        f'<td class="{check["state"]}">{_STATES[check["state"]]}</td></tr>'
        for check in report["checks"]
    )
    history = "".join(
        f"<tr><td>{at}</td><td>{escape(_title(name))}</td>"
        f'<td class="number">{numbers["evaluated_expectations"]}</td>'
        f'<td class="number">{numbers["unsuccessful_expectations"]}</td>'
        f'<td>{_link(page)}</td></tr>'
        for at, name, numbers, page in runs
    )  # fmt: skip
    return (
        f'<!DOCTYPE html><html lang="zh-CN"><head><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta charset="utf-8"><title>数据质量报告</title><style>{_STYLE}</style></head><body>'
        f"<h1>数据质量报告 Data quality report</h1>"
        f"<p>行数 rows: {escape(rows)}。检查 expectations: {report['expectations']}；"
        f"已评估 evaluated {report['evaluated']}，不通过 failed {report['failed']}，"
        f"无值可评 no values {report['no_values']}，未能评估 not evaluated {report['not_evaluated']}。</p>"
        f"<h2>本次结果 This run</h2><table><tr><th>表 table</th><th>检查 expectation</th>"
        f"<th>评估行数 rows</th><th>不符行数 unexpected</th><th>结果 outcome</th></tr>{checks}</table>"
        f"<h2>历次运行 All kept runs</h2><table><tr><th>时间 time (北京时间)</th><th>表 table</th>"
        f"<th>检查 expectations</th><th>不通过或未能评估 not met</th><th></th></tr>{history}</table>"
        f"</body></html>"
    )


def _title(name: str) -> str:
    return f"{ENTITIES[name].zh} {name}" if name in ENTITIES else name


def _link(page: str) -> str:
    return f'<a href="{escape(page)}">详情 details</a>' if page else ""
