"""Invented sentences of officials: opinions, reasons, notices. Some carry a telephone or identity number, as they do.

All of them go into free-text fields, where the hub hides such numbers.
"""

from __future__ import annotations

from random import Random

from demo.model import Applicant

LEAKS = 0.012

OPINIONS: dict[str, tuple[str, ...]] = {
    "accept": (
        "材料齐全，符合法定形式，予以受理",
        "申请事项属于本机关职权范围，同意受理",
        "已核对原件，受理",
    ),
    "review": ("材料真实有效，拟同意", "经审查，符合规定条件，请领导审核", "资料齐备，情况属实"),
    "survey": (
        "已到现场勘查，四至清楚，无争议",
        "现场情况与申报材料相符",
        "两人到场核实，拍照存档",
    ),
    "publicity": ("公示期满，无异议", "已在村务公开栏公示，未收到反映", "公示结束，无人提出异议"),
    "examine": ("同意审查意见", "审核同意，呈报审批", "情况属实，同意"),
    "decide": ("同意", "准予办理", "同意，请按规定办理"),
    "issue": ("证件已制作", "已打印盖章", "制证完成"),
    "deliver": ("申请人已领取", "本人签收", "委托他人代领，已核对委托书"),
}
REJECTIONS: dict[str, tuple[str, ...]] = {
    "accept": ("不属于本机关职权范围，不予受理", "不符合受理条件"),
    "decide": ("不同意", "不符合条件，不予批准", "经研究，不予办理"),
    "review": ("材料有误，退回", "申报情况与实际不符，退回申请人"),
    "examine": ("退回申请人重新核对",),
}
REASONS: dict[str, tuple[str, ...]] = {
    "refused": (
        "申请事项依法不属于本行政机关职权范围，已告知向有关机关申请",
        "申请人户籍不在本县，应向户籍所在地申请",
        "提交的材料不齐全且当场无法更正",
        "不符合受理条件：申请人非权利人本人，又无委托书",
    ),
    "denied": (
        "经核查，家庭人均收入高于规定标准",
        "现场勘查发现与规划不符，依法不予批准",
        "申报情况与实际不符，不符合法定条件",
        "权属存在争议，待争议解决后另行申请",
        "不符合法定条件、标准",
    ),
    "returned": (
        "受理后发现主要材料内容前后矛盾，退回重新申报",
        "逾期未领取补正材料，作退件处理",
        "申报信息录入有误，退回窗口",
    ),
    "withdrawn": ("申请人主动撤回申请", "申请人因家庭原因撤回", "项目调整，申请单位来函撤回"),
}
STOPS: dict[str, tuple[str, ...]] = {
    "publicity": ("依法公示，公示期间不计入办理期限", "张榜公示，听取群众意见"),
    "inspection": ("需现场检验检测，检测期间不计入办理期限", "委托测绘单位实地测量"),
    "hearing": ("利害关系人要求听证", "涉及相邻权利人重大利益，举行听证"),
    "expert_review": ("组织专家评审", "需专家论证评估后决定"),
}
MISSING = (
    "身份证复印件未签名",
    "缺少授权委托书",
    "户口簿复印件不清晰",
    "缺少权属证明原件",
    "申请表填写不完整，未盖章",
)


def opinion(step: str, action: str, applicant: Applicant, rng: Random) -> str:
    """What the handler wrote at a step."""
    texts = REJECTIONS.get(step) if action in ("reject", "return") else None
    return leaked(pick(texts or OPINIONS[step], rng), applicant, rng)


def reason(result: str, applicant: Applicant, rng: Random) -> str:
    """Why a case ended without a grant."""
    return leaked(pick(REASONS[result], rng), applicant, rng)


def leaked(text: str, applicant: Applicant, rng: Random) -> str:
    """The text, now and then with the applicant's telephone or identity number typed into it."""
    draw = rng.random()
    if draw >= LEAKS:
        return text
    if draw < LEAKS * 0.5:
        return f"{text}（联系电话{applicant.phone}）"
    if draw < LEAKS * 0.6:
        return f"{text}，电话0791-0000{applicant.phone[-4:]}已告知"
    return f"{text}，证件号码{applicant.identity}" if applicant.kind == "person" else text


def pick(texts: tuple[str, ...], rng: Random) -> str:
    """One of the texts."""
    return texts[int(rng.random() * len(texts))]
