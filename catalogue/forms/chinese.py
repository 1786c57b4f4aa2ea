"""What the catalogue's checks say, in Chinese, for those who read it in a workbook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MODEL = {
    "greater_than_equal": "应不小于 {ge}",
    "string_pattern_mismatch": "格式不对，应符合 {pattern}",
    "string_too_long": "超过 {max_length} 字",
    "decimal_max_digits": "数字太大",
    "decimal_max_places": "最多 {decimal_places} 位小数",
    "too_short": "至少要有 {min_length} 项",
    "int_type": "数字和单位要么都填，要么都不填",
    "literal_error": "数字和单位要么都填，要么都不填",
    "value_error": "最低标准高于最高标准",
}
"""Kind of a model's error → what it means in a form. Only fees have a rule of their own (value_error)."""

CHECKS = tuple(
    (re.compile(pattern), chinese)
    for pattern, chinese in (
        (r"post of '(.+)' is blank", "环节 {0} 未填岗位"),
        (r"authority of '(.+)' is blank", "环节 {0} 未填权限"),
        (r"(\w+) is blank", "未填"),
        (r"mandatory step '(.+)' has no limit", "必经环节 {0} 没有时限"),
        (r"the steps' limits together exceed .+ (\d+ \w+)", "各环节时限之和超过承诺期限 {0}"),
        (r"the steps' limits together are not .+", "各环节时限与承诺期限的单位无法比较"),
        (r"promised (.+) exceed the statutory (.+)", "承诺期限 {0} 超过法定期限 {1}"),
        (r"promised .+ are not comparable .+", "承诺期限与法定期限的单位无法比较"),
        (r"an instant power promises .+", "即办件的承诺期限超过一天"),
        (r"an instant power has .+ '(.+)'", "即办件的环节 {0} 超过一天"),
        (r"a power that charges has no fee", "收费事项没有收费项目"),
        (r"a free power has a fee", "不收费的事项有收费项目"),
        (r"code '(.+)' is used twice", "编码 {0} 重复"),
        (r"min_amount is above max_amount", "最低金额高于最高金额"),
        (r"the fine of '(.+)' has no range", "情形 {0} 有罚款而没有填幅度"),
        (r"questions and complaints .+", "咨询电话与监督电话相同"),
        (r"step '(.+)' is unknown", "环节表中没有环节 {0}"),
        (r"risk point '(.+)' must begin with (.+)", "风险点编号 {0} 应以 {1} 开头"),
        (r"risk point '(.+)' belongs to (.+)", "风险点编号 {0} 已用于 {1}"),
        (r"a power on the platform has no steps", "平台办理的事项没有环节"),
        (r"step '(.+)' is listed twice", "环节 {0} 重复"),
        (r"transition (.+) names the unknown step '(.+)'", "流转 {0} 用了环节表中没有的环节 {1}"),
        (r"step '(.+)' follows itself", "环节 {0} 流转到自身"),
        (r"transition (.+) is written twice", "流转 {0} 重复"),
        (r"the flow has (\d+) starts: (.+)", "流程有 {0} 个起点：{1}"),
        (r"the flow reaches no end", "流程没有终点"),
        (r"step '(.+)' is dead: the flow never reaches it", "流程走不到环节 {0}"),
        (r"step '(.+)' is dead: no end .+", "从环节 {0} 走不到终点"),
        (r"the flow starts with '(.+)', not acceptance", "流程从 {0} 开始，不是受理"),
        (r"mandatory step '(.+)' can be bypassed", "必经环节 {0} 可以绕过"),
        (r"optional step '(.+)' cannot be passed by", "非必经环节 {0} 无法跳过"),
        (r"body (.+) is unknown", "没有登记办理主体 {0}"),
        (r"code is used by (.+) too", "编码已用于 {0}"),
        (r"effective_from is after effective_to", "生效日期晚于失效日期"),
        (r"region (\d+) does not exist on (.+)", "行政区划 {0} 在 {1} 不存在"),
        (r"version (\d+) begins while version (\d+) holds", "版本 {0} 生效时版本 {1} 尚未失效"),
        (
            r"no version holds from (.+) to (.+), and .+",
            "{0} 至 {1} 没有有效版本，须在变更说明中写明原因",
        ),
        (r"version (\d+) changes nothing", "版本 {0} 与前一版本内容相同"),
    )
)


def of_check(what: str) -> str:
    """The message of a check, Chinese first; as it is where the table has none."""
    for pattern, chinese in CHECKS:
        if found := pattern.fullmatch(what):
            return f"{chinese.format(*found.groups())} {what}"
    return what


def of_model(error: Mapping[str, Any]) -> str:
    """The message of a model's error, Chinese first."""
    chinese = MODEL.get(error["type"], "不符合要求").format(**error.get("ctx", {}))
    return f"{chinese} {error['msg']}"
