"""A first source.yml."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hub.core.specs import UNDECIDED
from hub.pipeline.drafting.dataset import Found
from hub.pipeline.drafting.writing import line, remark

LAG = "15m"


@dataclass(frozen=True, slots=True)
class Given:
    """What the person said who asks for the folder."""

    slug: str
    connector: str
    connection: str
    body: str = UNDECIDED
    title_zh: str = UNDECIDED
    title_en: str = UNDECIDED


def source_text(
    given: Given,
    read: Sequence[Found],
    left: Sequence[Found],
    bodies: Sequence[str],
    layouts: Sequence[str] = (),
) -> str:
    """The whole file. `left`: datasets that were found and are not read, named in comments. `bodies`: known codes.

    `layouts`: published layouts whose tables are there.
    """
    lines = [
        "# 由 hub new department 依抽样写成。凡写“待定”处由人决定后改写；hub check " f"{given.slug} 逐行列出还缺什么。",
        "# Drafted from a sample. Replace every 待定 (to decide); hub check lists what is missing, by line.",
        line(0, "title", {"zh": given.title_zh, "en": given.title_en}, "系统所属部门的全称，中英文"),
        line(0, "body", given.body, f"办理主体，见 catalogue/bodies.yml：{'、'.join(bodies)}"),
        line(0, "owner", {"name": UNDECIDED, "contact": UNDECIDED}, "来源方谁答复疑问：岗位或姓名，联系方式"),
        line(0, "connector", given.connector),
        line(0, "connection", given.connection, "URL 在 HUB_HOME/connections.yml 或环境变量中"),
        line(0, "freshness", "24h", "多久没有新数据算陈旧：与部门约定"),
        line(0, "protection", {"sessions": 1}, "与部门约定；另有 rows_per_second: 500, windows: [\"22:00-06:00\"]"),
        "datasets:",
    ]  # fmt: skip
    lines[-1:-1] = [
        f"# 表名与公布的布局 {name} 相符：若是，整个目录可改写为 layout: {name}，见 mappings/layouts/{name}/README.md"
        for name in layouts
    ]
    for found in read:
        lines += _dataset(found, given.connector)
    if left:
        lines += ["  # 已看到、未纳入的 (seen, not read)；要用时在此和 mapping.yml 各加一段："]
        lines += [
            remark(
                2,
                f"  {one.offer.title}：抽样 {one.profile.rows} 行，字段 {'、'.join(one.profile.fields)}",
            )
            for one in left
        ]
    return "\n".join(lines) + "\n"


def _dataset(found: Found, connector: str) -> list[str]:
    known = f"，约 {found.offer.rows} 行" if found.offer.rows is not None else ""
    damaged = f"，{found.profile.damaged} 行无法解码" if found.profile.damaged else ""
    lines = [
        remark(
            2,
            f"{found.offer.title}{known}：抽样 {found.profile.rows} 行{damaged}，{len(found.profile.fields)} 个字段",
        ),
        f"  {found.name}:",
    ]
    remarks = found.offer.remarks
    for key, value in found.offer.settings.items():
        if key == "fields" and isinstance(value, dict):
            lines += ["    fields:", *(line(6, name, path) for name, path in value.items())]
        else:
            lines.append(line(4, key, value, remarks.get(key, "")))
    lines += [
        remark(4, f"{key}: {said}")
        for key, said in remarks.items()
        if key not in found.offer.settings
    ]
    lines += {"database": _strategy, "exchange": _order_and_flag}.get(connector, _nothing)(found)
    if (mark := found.field("record.deleted")) is not None:
        lines += [
            remark(4, f"{mark} 像删除标识：{found.said(mark)}"),
            remark(4, f'若是，加：deletes: flag 和 deleted: {{column: {mark}, equals: ["1"]}}'),
        ]
    return lines


def _nothing(found: Found) -> list[str]:
    return []


def _strategy(found: Found) -> list[str]:
    """Keyset where a field says when a row was last changed; else the whole table every time, which misses nothing."""
    key = source_key(found)
    changed = found.field("record.changed")
    if changed in found.keys.cursors and len(found.profile.fields[changed].forms) == 1:
        strategy: dict[str, Any] = {"keyset": {"cursor": changed, "key": key, "lag": LAG}}
        comment = "lag：最长的事务有多久未提交；与部门核对"
    else:
        strategy = {"snapshot": {"key": key}}
        comment = "每次读全表：没有可靠的“最后修改时间”"
    lines = [line(4, "strategy", strategy, comment)]
    lines += _key_remarks(found)
    if rising := [name for name in found.keys.rising if name != changed]:
        lines.append(
            remark(4, f"{'、'.join(rising)} 逐行递增，但只说明新增，不说明修改，不宜作游标")
        )
    return lines


def _key_remarks(found: Found) -> list[str]:
    unique = "；".join("+".join(names) for names in found.offer.unique) or "无"
    seen = "；".join("+".join(names) for names in found.keys.keys[:6]) or "无"
    return [remark(4, f"数据库声明唯一：{unique}。抽样中唯一且不空：{seen}")]


def source_key(found: Found) -> list[str]:
    """The columns that name a row at the source: what it declares itself, else what is unique in the sample."""
    fields = found.profile.fields
    declared = [
        names
        for names in found.offer.unique
        if all(name in fields and fields[name].filled == fields[name].rows for name in names)
    ]
    case_no = found.field("record.case_no")
    sampled = sorted(found.keys.keys, key=lambda names: case_no not in names)
    return list((declared or sampled or [(UNDECIDED,)])[0])


def _order_and_flag(found: Found) -> list[str]:
    """Which rows are new is the department's word; what is written back has to be agreed with it."""
    flag = found.field("record.flag")
    values = found.values(flag) if flag else {}
    seen = "、".join(values) or "未见"
    setting = {
        "column": flag or UNDECIDED, "new": "0" if "0" in values else f"{UNDECIDED}-new",
        "done": f"{UNDECIDED}-done", "error": f"{UNDECIDED}-error",
    }  # fmt: skip
    key = source_key(found)
    number = found.profile.fields.get(key[0])
    order = (
        line(4, "order", key[0], "唯一递增的整数")
        if len(key) == 1 and number is not None and number.kind == "integer"
        else line(4, "key", key)
    )
    comment = f"接收标识：抽样中的值 {seen}；done、error 由汇聚端回写，取值与部门约定"
    return [order, *_key_remarks(found), line(4, "flag", setting, comment)]
