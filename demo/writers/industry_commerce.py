"""工商行政管理局: a text export every working night, GB18030, with the marks of its program's two versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from random import Random

from demo.model import DemoCase, Publication
from demo.workdays import work_calendar
from demo.writers.codes import OwnCodes, own_codes
from demo.writers.defects import Defect, bad_date, new_code, pick
from demo.writers.fates import LANDED, Fates, quarantined
from demo.writers.flat import last_activity, only, parts, received, steps_by_place

SLUG = "industry_commerce"
CHARSET = "gb18030"
DELIMITER, QUOTE, LINE_END = "|", '"', "\r\n"
RENAMED_ON = date(2012, 7, 1)
WIDENED_ON = date(2012, 10, 1)
OLD_NAME, NEW_NAME = "接件受理时间", "受理时间"
ADDED = "备注2"
"""A column that the export program grew in October, and that nobody announced."""

STEP_NAMES = ("受理", "审查", "勘查", "公示", "审核", "决定", "制证", "送达")
COLUMNS = (
    "业务编号", "事项代码", "事项名称", "业务名称", "申请人类型", "申请人", "证件号", "联系电话", "申请方式", "业务类型",
    "申请时间", NEW_NAME, "承诺时间", "决定时间", "办结时间", "领取时间", "办理结果", "结果理由", "文书号", "业务状态", "受理人", "审批人",
    *(f"{name}{column}" for name in STEP_NAMES for column in ("开始", "结束", "经办人")),
    "挂起种类", "挂起开始", "挂起结束", "挂起理由", "挂起批准人", "挂起时限", "补正告知时间", "补正清单", "补正收到时间",
    "已收材料", "收费项目", "收费金额", "收费数量", "缴费时间", "票据号", "备注",
    "办理单位", "报送时间", "裁量情形", "处罚种类", "处罚金额", "处罚决定时间",
)  # fmt: skip

ILLEGAL = b"\xa3\x7f"
"""A lead byte whose trail byte GB18030 does not allow."""

DEFECTS = (
    Defect("bytes", "illegal_bytes", 0.0014, least=3),
    Defect("missing", "damaged_row", 0.0012, least=3),
    Defect("date", "bad_date", 0.0008, lambda case: case.delivered_at is not None),
    Defect("code", "unmapped_code", 0.0008),
    Defect("key", "missing_key", 0.0003),
)
REPEATED_SHARE = 0.008


def write(
    cases: Sequence[DemoCase], publications: Sequence[Publication], target: Path, rng: Random
) -> Fates:
    """Write GSBJ_<yyyymmdd>.txt per working night. The bureau publishes nothing of its own."""
    if publications:
        raise ValueError(f"{SLUG} has no place for publications")
    target.mkdir(parents=True, exist_ok=True)
    fates, codes = Fates(), own_codes(SLUG)
    fresh = new_code(SLUG, cases)
    fates.latent.extend(fresh.latent)
    defects = pick(cases, DEFECTS, rng, fresh.positions)
    for night, group in _nights(cases):
        file = f"GSBJ_{night:%Y%m%d}.txt"
        export = _Export(file, night, fates)
        with (target / file).open("wb") as handle:
            handle.write(export.header())
            for at, case in group:
                fields = _fields(case, codes, rng)
                if at in fresh.positions:
                    fields[1] = fresh.code
                    fates.lost.add(case.case_no)
                    handle.write(export.row(fields, quarantined("unmapped_power")))
                elif defect := defects.get(at):
                    fates.lost.add(case.case_no)
                    handle.write(export.damaged(fields, defect, rng))
                elif rng.random() < REPEATED_SHARE:
                    handle.write(export.twice(fields))
                else:
                    handle.write(export.row(fields, LANDED))
    return fates


def _nights(cases: Sequence[DemoCase]) -> Iterator[tuple[date, list[tuple[int, DemoCase]]]]:
    """Cases by the working night after their last movement, with their positions."""
    calendar = work_calendar()
    nights = [
        (calendar.on_or_after(last_activity(case).date()), at) for at, case in enumerate(cases)
    ]
    for night, group in groupby(sorted(nights), key=lambda pair: pair[0]):
        yield calendar.days[night], [(at, cases[at]) for _, at in group]


class _Export:
    """One night's file: counts its physical lines and says each row's fate."""

    def __init__(self, file: str, night: date, fates: Fates) -> None:
        self.file, self.fates = file, fates
        self.old, self.wide = night < RENAMED_ON, night >= WIDENED_ON
        self.line = 2

    def header(self) -> bytes:
        """The first line."""
        names = [OLD_NAME if self.old and name == NEW_NAME else name for name in COLUMNS]
        return _encoded([*names, ADDED] if self.wide else names)

    def row(self, fields: list[str], fate: str) -> bytes:
        """One row of that fate."""
        return self._said(_encoded(self._full(fields)), fate)

    def twice(self, fields: list[str]) -> bytes:
        """The same row two times. The last telling counts, so the first is the repetition."""
        data = _encoded(self._full(fields))
        second = self.line + data.count(b"\n")
        self.fates.say_told("cases", [(self.file, self.line, data), (self.file, second, data)])
        self.line = second + data.count(b"\n")
        return data + data

    def damaged(self, fields: list[str], defect: Defect, rng: Random) -> bytes:
        """One row that cannot pass."""
        full = self._full(fields)
        match defect.name:
            case "date":
                full[COLUMNS.index("领取时间")] = bad_date(rng)
            case "code":
                full[COLUMNS.index("申请方式")] = "X9"
            case "key":
                full[0] = ""
            case "missing":
                del full[COLUMNS.index("联系电话")]
        data = _encoded(full)
        if defect.name == "bytes":
            item = fields[COLUMNS.index("事项名称")].encode(CHARSET)
            data = data.replace(item, item + ILLEGAL, 1)
        return self._said(data, quarantined(defect.reason))

    def _full(self, fields: list[str]) -> list[str]:
        return [*fields, "同步"] if self.wide else list(fields)

    def _said(self, data: bytes, fate: str) -> bytes:
        self.fates.say("cases", self.file, self.line, fate)
        self.line += data.count(b"\n")
        return data


def _encoded(fields: list[str]) -> bytes:
    return (DELIMITER.join(map(_quoted, fields)) + LINE_END).encode(CHARSET)


def _quoted(field: str) -> str:
    if DELIMITER in field or QUOTE in field or "\n" in field:
        return QUOTE + field.replace(QUOTE, QUOTE * 2) + QUOTE
    return field


def _fields(case: DemoCase, codes: OwnCodes, rng: Random) -> list[str]:
    stop, notice, charge = parts(case)
    applicant = case.applicant
    fields = [
        case.case_no,
        codes.item(case.power_code, case.applied_at.date()),
        case.item_name,
        case.title,
        codes.value("applicant_kind", applicant.kind),
        applicant.name,
        applicant.identity,
        applicant.phone,
        codes.value("channel", case.channel),
        codes.value("case_kind", case.kind),
        _minute(case.applied_at),
        _minute(case.accepted_at),
        _minute(case.promised_at),
        _minute(case.decided_at),
        _minute(case.closed_at),
        _minute(case.delivered_at),
        codes.value("result", case.result),
        case.reason,
        case.document_no,
        codes.value("status", case.status),
        case.acceptor,
        case.approver,
    ]
    for step in steps_by_place(case):
        fields += (
            [_minute(step.started_at), _minute(step.ended_at), step.handler] if step else [""] * 3
        )
    fields += (
        [
            codes.value("stop_kind", stop.kind),
            _minute(stop.started_at),
            _minute(stop.ended_at),
            stop.reason,
            stop.approver,
            str(stop.limit_days),
        ]
        if stop
        else [""] * 6
    )
    fields += (
        [_minute(notice.notified_at), _broken(notice.missing), _minute(notice.received_at)]
        if notice
        else [""] * 3
    )
    papers = received(case)
    fields.append("" if papers is None else ",".join(paper.code for paper in papers) or "-")
    fields += (
        [
            charge.fee_code,
            str(charge.amount),
            str(charge.quantity),
            _minute(charge.paid_at),
            charge.receipt_no,
        ]
        if charge
        else [""] * 5
    )
    fields += [_remark(rng), case.unit, _minute(case.reported_at)]
    penalty = only(case, case.penalties)
    fields += (
        [penalty.circumstance, penalty.kind, str(penalty.amount), _minute(penalty.decided_at)]
        if penalty
        else [""] * 4
    )
    return fields


def _minute(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""


def _broken(text: str) -> str:
    """The clerk begins a new line for each thing that is missing."""
    return text.replace("；", "；\n").replace("、", "、\n")


def _remark(rng: Random) -> str:
    draw = rng.random()
    if draw < 0.02:
        return '来电询问"何时领证"\n已答复|转窗口'
    return "正常" if draw < 0.10 else ""
