"""A finding in words, as notices and exports print it. Labels of facts: `facts.csv`; coded values: the code lists."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from hub.core.codelists import codelists
from hub.core.privacy import mask_message
from hub.core.specs import Title, read_csv

FACTS = Path(__file__).parent / "facts.csv"
CODED = {
    "step": "step", "path": "step", "allowed": "step", "missing_steps": "step", "early_steps": "step",
    "late_steps": "step", "wrong_transitions": "step", "result": "result", "case_kind": "case_kind",
    "kind": "stop_kind",
}  # fmt: skip
"""Facts whose values are codes, and of which list."""
PATHS = frozenset({"path", "allowed"})
"""Facts whose order says something."""
SAID_ELSEWHERE = frozenset({"source_case_no", "power_version", "case_ids", "batch_id"})
"""Facts that a sentence leaves out: it begins with the case number, and the rest identifies and does not explain."""
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?)?")
_TIME = {
    "working_day": "个工作日", "calendar_day": "个自然日", "hour": "小时", "clock_hour": "小时", "minute": "分钟",
    "month": "个月",
}  # fmt: skip
_COUNTED = _TIME | {"yuan": "元", "case": "件", "notice": "次"}


@cache
def labels(path: Path = FACTS) -> dict[str, Title]:
    """Names of facts. Raises SpecError when the file is broken."""
    rows = read_csv(path, ("key", "zh", "en"))
    return {row["key"]: Title(zh=row["zh"], en=row["en"]) for row in rows}


def label(key: str) -> str:
    """A fact's Chinese name, or its key where it has none."""
    known = labels().get(key)
    return known.zh if known else key


def day(value: date) -> str:
    """2012年3月5日."""
    return f"{value.year}年{value.month}月{value.day}日"


def quantity(value: Decimal | float | None, unit: str | None) -> str:
    """15个工作日, 80元; in a unit without a Chinese name the bare number."""
    if value is None:
        return ""
    number = f"{Decimal(str(value)).normalize():f}"
    return number + _COUNTED.get(unit or "", "")


def value_text(key: str, value: Any) -> str:
    """One fact's value in Chinese: codes by their names, dates written out, lists with 、."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return ("→" if key in PATHS else "、").join(value_text(key, each) for each in value)
    if isinstance(value, Mapping):
        return "（" + "，".join(f"{label(k)}{value_text(k, v)}" for k, v in value.items()) + "）"
    if isinstance(value, str):
        return _text(key, value)
    return quantity(value, None)


def facts_text(facts: Mapping[str, Any]) -> str:
    """All facts that explain, each with its name: 受理日期：2012年3月1日；…"""
    told = [key for key in _ordered(facts) if key not in SAID_ELSEWHERE]
    return "；".join(f"{label(key)}：{value_text(key, facts[key])}" for key in told)


def sentence(finding: Mapping[str, Any]) -> str:
    """What was found, in Chinese: case, power, rule, limit and time taken, due date, facts.

    `finding`: a row of `selection.rows`.
    """
    said = [f"{_subject(finding)}{finding['title_zh'] or finding['rule_id']}。"]
    if finding["limit_value"] is not None:
        said.append(_measured(finding))
    facts = facts_text(finding["facts"])
    return "".join(said) + (f"{facts}。" if facts else "")


def _subject(finding: Mapping[str, Any]) -> str:
    named = []
    if finding["source_case_no"]:
        named.append(f"办件{finding['source_case_no']}")
    if finding["power_code"]:
        power = f"“{finding['power_name']}”" if finding["power_name"] else ""
        named.append(f"事项{power}（{finding['power_code']}）")
    return "，".join(named) + "：" if named else ""


def _measured(finding: Mapping[str, Any]) -> str:
    limit, unit, elapsed = finding["limit_value"], finding["limit_unit"], finding["elapsed"]
    name = "时限" if unit in _TIME else "标准"
    said = f"{name}{quantity(limit, unit)}"
    if elapsed is not None:
        said += f"，实际{quantity(elapsed, unit)}"
        said += f"，超出{quantity(elapsed - limit, unit)}" if elapsed > limit else ""
    if finding["due_on"] is not None:
        said += f"，期限届满日为{day(finding['due_on'])}"
    return said + "。"


def _ordered(facts: Mapping[str, Any]) -> list[str]:
    """In the order of `facts.csv`, dates first: unknown ones last."""
    places = {key: place for place, key in enumerate(labels())}
    return sorted(
        facts, key=lambda key: (not key.endswith(("_on", "_at")), places.get(key, len(places)), key)
    )


def _text(key: str, value: str) -> str:
    whole = _DAY.fullmatch(value)
    if whole:
        on = day(datetime.fromisoformat(value[:10]).date())
        return f"{on}{whole[4]}" if whole[4] else on
    known = codelists().get(CODED.get(key, key))
    if known:
        value = re.sub(r"[a-z_]+", lambda code: known.get(code[0], (code[0], ""))[0], value)
    return mask_message(value)
