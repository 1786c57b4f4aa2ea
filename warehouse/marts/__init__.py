"""The views for dashboards, one file each, and their page: every column, from the comments that the views carry."""

from __future__ import annotations

import re
from pathlib import Path

_FOLDER = Path(__file__).parent
_COMMENT = re.compile(
    r"^comment on (?P<kind>view|column) mart\.(?P<view>\w+)(?:\.(?P<column>\w+))? is '(?P<text>(?:[^']|'')*)';$",
    re.MULTILINE,
)
HEAD = """\
# 数据集市 Marts

本页由 `warehouse/marts/*.sql` 生成（`hub marts`），请勿手工修改。 Made from the views' own comments by `hub marts`; do not edit.

视图位于 `mart` 模式，供看板和报表工具使用；只增不改：已有的列不改名、不改义、不删除。 The views live in schema `mart`, for dashboards
and any BI tool. They change only by adding: no column is renamed, removed or given another meaning. People appear masked
only. The role `hub_dashboard` may read them and nothing else.
"""


def files() -> list[Path]:
    """The views' files, in order."""
    return sorted(_FOLDER.glob("*.sql"))


def page() -> str:
    """The page as Markdown: every view with its grain and its columns."""
    return "\n".join([HEAD, *(line for path in files() for line in _section(path))])


def _section(path: Path) -> list[str]:
    text = path.read_text("utf-8")
    grain = [line.removeprefix("--").strip() for line in _leading_comment(text)]
    lines = [f"## mart.{path.stem}", ""]
    for found in _COMMENT.finditer(text):
        said = found["text"].replace("''", "'")
        if found["kind"] == "view":
            lines += [said, "", " ".join(grain), "", "| 列 column | 含义 meaning |", "|---|---|"]
        else:
            lines.append(f"| `{found['column']}` | {said} |")
    return [*lines, ""]


def _leading_comment(text: str) -> list[str]:
    lines = text.splitlines()
    return lines[: next(i for i, line in enumerate(lines) if not line.startswith("--"))]
