"""Data Docs that a steward can read without the internet: Great Expectations' own pages, and ours around them.

Great Expectations' pages load scripts, styles, icons and a logo from seven hosts on the internet; without them its
start page stays blank and no row shows whether it passed. Here every page loses what it would fetch and gets one
inline style in exchange, its headings speak Chinese too, and the start page and those of the departments are ours.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree, html

from quality import pages

_REMOTE = re.compile(r"url\((['\"]?)(?:https?:)?//[^)]*\)")
_HEADINGS = {
    "Status": "结果 Status",
    "Expectation": "检查 Expectation",
    "Observed Value": "观测值 Observed value",
    "Evaluated Expectations": "已评估 Evaluated",
    "Successful Expectations": "通过 Successful",
    "Unsuccessful Expectations": "不通过 Unsuccessful",
    "Success Percent": "通过率 Success",
    "Overview": "概况 Overview",
    "Statistics": "统计 Statistics",
    "Table-Level Expectations": "整表检查 Table-level expectations",
    "Table of Contents": "目录 Contents",
    "Succeeded": "通过 Succeeded",
    "Failed": "不通过 Failed",
}

_UNSAID = ("Info", "Batch Markers", "Batch Spec")


@dataclass(frozen=True, slots=True)
class Site:
    """The folder of the site: `index.html`, `<department>.html`, and for each kept run `runs/<run id>/`."""

    folder: Path

    def run(self, run_id: str) -> Path:
        """Where Great Expectations' pages of a run lie, one per working table."""
        return self.folder / "runs" / run_id

    def keys(self, run_id: str, department: str, expectation: str) -> Path:
        """The list of all rows of the department that failed the expectation in that run."""
        return self.run(run_id) / "failures" / department / f"{expectation}.csv"

    def link(self, run_id: str, failed: Mapping[str, Collection[str]]) -> None:
        """On Great Expectations' pages of a run, link each failed expectation to the lists of its failing rows.

        `failed`: expectation → departments.
        """
        for page in self.run(run_id).glob("*.html"):
            written = page.read_text("utf-8")
            for name, departments in failed.items():
                for slug in sorted(departments, reverse=True):
                    # One that is allowed less was asked about alone; all others together, and first.
                    alone = f"[{name}]　{slug}　≥"
                    at = alone if alone in written else f"[{name}]"
                    link = f' <a href="failures/{slug}/{name}.csv">{slug}: 全部不符行 all failing rows</a>'
                    written = written.replace(
                        at, f"[{name}]{link}{at.removeprefix(f'[{name}]')}", 1
                    )
            page.write_text(written, "utf-8")

    def prune(self, runs: Collection[str]) -> None:
        """Remove the pages of every run but these."""
        for folder in (self.folder / "runs").glob("*/"):
            if folder.name not in runs:
                shutil.rmtree(folder)

    def publish(
        self, runs: Sequence[Mapping[str, Any]], latest: Sequence[Mapping[str, Any]], titles: Mapping[str, str]
    ) -> Path:  # fmt: skip
        """Write the start page and a page for each department. Returns the start page.

        `runs`: rows of ops.expectation_run, newest first; `latest`: each department's latest results.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        by_department: dict[str, list[Mapping[str, Any]]] = {}
        for row in latest:
            by_department.setdefault(row["department"], []).append(row)
        for page in self.folder.glob("*.html"):
            if page.stem not in by_department:
                page.unlink()
        for department, rows in by_department.items():
            details = {
                row["entity"]: self._details(row["run_id"], row["entity"]) for row in rows
            }  # fmt: skip
            written = pages.department_page(
                department, titles.get(department, ""), rows, details, runs
            )
            (self.folder / f"{department}.html").write_text(written, "utf-8")
        index = self.folder / "index.html"
        index.write_text(pages.start_page(by_department, titles, runs), "utf-8")
        return index

    def _details(self, run_id: str, suite: str) -> list[str]:
        """Links to Great Expectations' pages of that suite in that run."""
        found = (self.run(run_id) / f"{kind}_{suite}.html" for kind in ("rows", "facts"))
        return [page.relative_to(self.folder).as_posix() for page in found if page.exists()]


def detached(page: str, name: str) -> bytes:
    """One page of Great Expectations that fetches nothing and runs nothing."""
    tree: Any = html.fromstring(page.encode(), parser=html.HTMLParser(encoding="utf-8"))
    head = tree.find("head")
    for useless in tree.xpath("//script | //footer | //link | //img"):
        useless.drop_tree()
    for button in tree.xpath("//*[@onclick]"):
        cards = list(button.iterancestors("div"))
        box = next((card for card in cards if "card" in card.get("class", "").split()), button)
        if box.getparent() is not None:
            box.drop_tree()
    for style in tree.iter("style"):
        style.text = _REMOTE.sub("none", style.text or "")
    _shorten(tree)
    _translate(tree)
    for element in tree.iter("a"):
        if not element.get("href", "").startswith("#"):
            element.attrib.pop("href", None)
    title = head.find("title")
    if title is not None:
        title.text = f"数据质量 {name}"
    policy = {"http-equiv": "Content-Security-Policy", "content": pages.POLICY}
    head.insert(0, etree.Element("meta", policy))
    wide = {"name": "viewport", "content": "width=device-width, initial-scale=1"}
    head.insert(1, etree.Element("meta", wide))
    etree.SubElement(head, "style").text = pages.STYLE
    back = etree.Element("a", {"href": "../../index.html"})
    back.text = "← 数据质量 Data quality"
    tree.find("body").insert(0, back)
    return bytes(html.tostring(tree, doctype="<!DOCTYPE html>", encoding="utf-8"))


def _shorten(tree: Any) -> None:
    """Without the way to pages that do not exist, and without how the working table is called."""
    for trail in tree.xpath("//nav | //*[contains(@class, 'breadcrumb')]"):
        if trail.getparent() is not None:
            trail.drop_tree()
    about = ("ge_load_time", "Run Name", "batch_identifiers")
    for table in tree.xpath("//table"):
        if any(cell.text_content().strip() in about for cell in table.iter("td", "th")):
            table.getparent().remove(table)
    for heading in tree.iter():
        if isinstance(heading.tag, str) and (heading.text or "").strip() in _UNSAID:
            heading.text = ""


def _translate(tree: Any) -> None:
    for element in tree.iter():
        for part in ("text", "tail"):
            said = getattr(element, part)
            if isinstance(said, str) and said.strip() in _HEADINGS:
                setattr(element, part, said.replace(said.strip(), _HEADINGS[said.strip()]))
