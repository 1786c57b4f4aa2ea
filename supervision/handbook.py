"""The rules' page, made from the rules: what each says, on what law, and how it is judged. Chinese and English."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from hub.core.specs import Title
from supervision.rulebook import Rule, reasons

THEMES: dict[str, Title] = {
    "timeliness": Title(zh="时效性", en="timeliness"),
    "procedure": Title(zh="流程合法性", en="legality of procedure"),
    "completeness": Title(zh="内容完整性", en="completeness"),
    "fees": Title(zh="收费合规性", en="fees"),
    "disclosure": Title(zh="政务公开", en="disclosure"),
    "integrity": Title(zh="廉政风险点", en="integrity risk points"),
    "platform": Title(zh="规避平台", en="evasion of the platform"),
}
"""In the order of the page; a theme that is not here comes last under its own name."""
LEVELS: dict[str, Title] = {
    "notice": Title(zh="提示", en="notice"),
    "warning": Title(zh="预警", en="warning"),
    "yellow": Title(zh="黄牌", en="yellow card"),
    "red": Title(zh="红牌", en="red card"),
}
HEAD = """\
# 监察规则 Supervision rules

本页由 `supervision/rules/` 生成（`hub rules docs`），请勿手工修改。 Made from the rules by `hub rules docs`; do not edit.

每条规则对每个对象给出三种结论之一：违规、合规、无法判断（资料不足，绝不视为合规）。
Each rule says one of three things of each subject: violation, compliant, not evaluable (missing data is never compliant).
标注“待核”的依据尚待对照原文。 Articles marked 待核 have still to be compared with the text of the law.
"""


def rules_page(rules: Sequence[Rule]) -> str:
    """The page as Markdown: an overview, then every rule by theme. Deterministic."""
    order = list(THEMES)
    ranked = sorted(
        rules,
        key=lambda r: (order.index(r.spec.theme) if r.spec.theme in order else len(order), r.id),
    )
    lines = [HEAD, *_overview(ranked)]
    for theme, its in groupby(ranked, key=lambda rule: rule.spec.theme):
        lines += ["", f"## {_both(THEMES.get(theme, Title(zh=theme, en=theme)))}"]
        for rule in its:
            lines += ["", *_rule(rule)]
    return "\n".join(lines) + "\n"


def _both(title: Title) -> str:
    return f"{title.zh} {title.en}"


def _level(rule: Rule) -> str:
    graver = "".join(
        f" → {_both(LEVELS[level])} (`{name}`)" for level, name in rule.spec.ladder.items()
    )
    return _both(LEVELS[rule.level]) + graver


def _overview(rules: Sequence[Rule]) -> Iterator[str]:
    yield f"共 {len(rules)} 条规则 {len(rules)} rules:"
    yield ""
    yield "| 规则 rule | 名称 title | 级别 level | 状态 status |"
    yield "|---|---|---|---|"
    for rule in rules:
        anchor = rule.id.replace(".", "")
        yield f"| [{rule.id}](#{anchor}) | {_both(rule.title)} | {_level(rule)} | {rule.status} |"


def _rule(rule: Rule) -> Iterator[str]:
    spec = rule.spec
    yield f"### {rule.id}"
    yield ""
    yield f"**{rule.title.zh}** {rule.title.en}. 级别 level: {_level(rule)}. 责任 who answers: {_both(spec.answers)}."
    yield ""
    yield from _head_comment(rule.sql)
    yield "依据 Legal basis:"
    yield ""
    yield from (f"- {article}" for article in rule.basis)
    yield ""
    if spec.parameters:
        yield "| 参数 parameter | 默认 default | 单位 unit | 含义 meaning |"
        yield "|---|---|---|---|"
        for name, parameter in spec.parameters.items():
            default = "–" if parameter.default is None else f"{parameter.default:g}"
            yield f"| `{name}` | {default} | {parameter.unit} | {_both(parameter.meaning)} |"
        yield ""
    known = reasons()
    yield "无法判断 Not evaluable:"
    yield ""
    for code in spec.not_evaluable:
        zh, en = known[code]
        yield f"- `{code}`: {zh}; {en}"
    yield ""
    yield f"处理 Remedy: {spec.remedy.zh} {spec.remedy.en}"
    if spec.withholds_statement:
        yield ""
        yield "成立期间对该部门不作其他合规结论。 While it stands, nothing else is said to be in order in that department."
    if spec.false_positives:
        yield ""
        yield "可能误报 Known false positives:"
        yield ""
        yield from (f"- {case}" for case in spec.false_positives)
    yield ""
    evidence = (
        ", ".join(f"`core.{name}`" for name in spec.evidence)
        or "批次 the batch that the facts name"
    )
    yield f"证据 Evidence: {evidence}. 自带测试 own tests: {len(spec.tests)}."


def _head_comment(sql: str) -> Iterator[str]:
    """What the SELECT says of itself: its leading comment."""
    said = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        said.append(line.removeprefix("--").strip())
    if said:
        yield " ".join(said)
        yield ""
