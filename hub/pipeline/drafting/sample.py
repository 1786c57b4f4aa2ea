"""A sample for the folder: what the fields look like, and invented rows. No value of a person is in either."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from hub.pipeline.drafting.dataset import Found, share
from hub.pipeline.drafting.writing import one_line
from mappings.profiling import FieldProfile

ROWS = 2
_RUN = re.compile(r"(.)\{(\d+)\}")
_MOMENT = ("2012", "03", "05", "14", "30", "00")


def readme_text(title: str, read: Sequence[Found]) -> str:
    """A table per dataset: the profile."""
    parts = [
        f"# {title}：抽样所见",
        "",
        "同名的 CSV 是照字段形状编造的示例行，不含任何真实数据。",
        "The CSV files beside this page are invented after the shape of the fields; nothing in them is real.",
    ]
    for found in read:
        parts += [
            "", one_line(f"## {found.name}：{found.offer.title}"), "",
            f"抽样 {found.profile.rows} 行。可作标识：{_keys(found)}。", "",
            "| 字段 field | 类型 type | 内容 kind | 非空 filled | 种 distinct | 长 length | 形式或代码 forms or codes |",
            "|---|---|---|---|---|---|---|",
        ]  # fmt: skip
        parts += [_row(found, field) for field in found.profile.fields.values()]
    return "\n".join(parts) + "\n"


def _keys(found: Found) -> str:
    return one_line("；".join("+".join(key) for key in found.keys.keys[:6]) or "无 (none)")


def _row(found: Found, field: FieldProfile) -> str:
    length = "" if field.longest is None else f"{field.shortest}–{field.longest}"
    values = found.values(field.name)
    shown = "、".join(
        f"`{value}` {rows}" for value, rows in list(values.items())[:20]
    ) or "、".join(f"`{form}` {share(rows, field.filled)}" for form, rows in field.forms.items())
    cells = (
        field.name, field.type, field.kind, share(field.filled, field.rows), str(field.distinct), length, shown,
    )  # fmt: skip
    return "| " + " | ".join(one_line(cell).replace("|", "\\|") for cell in cells) + " |"


def rows_text(found: Found) -> str:
    """Invented rows of one dataset, as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(found.profile.fields)
    for number in range(1, ROWS + 1):
        writer.writerow(_invented(found, field, number) for field in found.profile.fields.values())
    return out.getvalue()


def _invented(found: Found, field: FieldProfile, number: int) -> str:
    if not field.filled:
        return ""
    if values := found.values(field.name):
        return list(values)[(number - 1) % len(values)]
    if field.kind == "time":
        return _moment(next(iter(field.forms)))
    if field.kind in ("integer", "number", "money"):
        return str(number)
    return f"示例{number}" if field.unique or field.name in found.key() else "示例"


def _moment(form: str) -> str:
    """An invented moment in the form in which the field is mostly written."""
    spelled = _RUN.sub(lambda run: run[1] * int(run[2]), form).rstrip("…").replace("·", " ")
    spelled = spelled.replace("９", "9")
    for sign in "年月日时分秒":
        spelled = spelled.replace("字", sign, 1)
    parts = iter(_MOMENT)
    return re.sub("9+", lambda run: _digits(len(run[0]), parts), spelled)


def _digits(width: int, parts: Iterator[str]) -> str:
    """So many digits: as many of the next parts of the moment as fit, the last of them cut from the left."""
    text = next(parts, "0")
    while len(text) < width:
        text += next(parts, "0")
    return text[-width:] if width < len(text) else text
