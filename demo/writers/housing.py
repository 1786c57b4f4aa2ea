"""房产管理局: one workbook per month, typed by hand, with titles above the header and subtotals in between."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random

from xlsxwriter import Workbook  # type: ignore[import-untyped]
from xlsxwriter.format import Format  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from demo.model import DemoCase, Publication
from demo.writers.codes import OwnCodes, own_codes
from demo.writers.defects import Defect, bad_date, charged, full_width, pick, spelled
from demo.writers.fates import LANDED, Fates, quarantined
from demo.writers.flat import CHECKLIST, by_period, parts, received, steps_by_place

SLUG = "housing"
SHEET = "办件登记"
CREATED = datetime(2012, 12, 31, 17, 30)  # noqa: DTZ001  (a workbook's times have no zone)

STEP_NAMES = ("受理", "审查", "勘查", "公示", "审核", "决定", "制证", "送达")
HEADER = (
    "序号", "收件编号", "事项代码", "事项名称", "办件名称", "申请人类型", "申请人", "证件号码", "联系电话", "申请方式", "办件类型",
    "申请日期", "受理日期", "承诺日期", "决定日期", "办结日期", "领证日期", "办理结果", "不予办理理由", "文书号", "状态", "受理人", "审批人",
    *(f"{name}{column}" for name in STEP_NAMES for column in ("环节日期", "经办人")),
    "挂起种类", "挂起日期", "恢复日期", "挂起理由", "挂起批准人", "挂起时限", *(f"材料{code}" for code in CHECKLIST),
    "收费项目", "收费金额", "收费数量", "缴费日期", "票据号", "备注",
)  # fmt: skip

Cell = str | int | Decimal | date | None

DEFECTS = (
    Defect(
        "scientific",
        "identity_digits_lost",
        0.0012,
        lambda case: len(case.applicant.identity) == 18,
    ),
    Defect("date", "bad_date", 0.0016, lambda case: case.delivered_at is not None, least=4),
    Defect("code", "unmapped_code", 0.0010),
    Defect("negative", "negative_amount", 0.0005, charged),
    Defect("number", "bad_number", 0.0005, charged),
)
SUBTOTAL_EVERY = 40


def write(
    cases: Sequence[DemoCase], publications: Sequence[Publication], target: Path, rng: Random
) -> Fates:
    """Write 办件登记<yyyymm>.xlsx per month of application. The bureau publishes nothing of its own."""
    if publications:
        raise ValueError(f"{SLUG} has no place for publications")
    target.mkdir(parents=True, exist_ok=True)
    fates, codes = Fates(), own_codes(SLUG)
    defects = pick(cases, DEFECTS, rng, frozenset())
    for month, group in by_period(cases, "%Y%m"):
        file = f"{SHEET}{month}.xlsx"
        with Workbook(target / file, {"constant_memory": True}) as book:
            book.set_properties({"created": CREATED, "author": "登记科"})
            sheet = _Ledger(book, month)
            for at, case in group:
                defect = defects.get(at)
                if defect:
                    fates.lost.add(case.case_no)
                row = sheet.case(_cells(case, codes, rng, defect), rng)
                fates.say("cases", file, row, quarantined(defect.reason) if defect else LANDED)
            sheet.total("合计")
        fates.furnish("cases", file, sheet.furniture)
    return fates


class _Ledger:
    """The sheet of one month, written from top to bottom as a clerk does."""

    def __init__(self, book: Workbook, month: str) -> None:
        self.sheet: Worksheet = book.add_worksheet(SHEET)
        self.day_format: Format = book.add_format({"num_format": "yyyy/m/d"})
        self.furniture = 0
        self.count = self.since_subtotal = 0
        self._row = 0
        self._line(["南昌县房产管理局办件登记表"])
        self._line([f"期间：{month[:4]}年{int(month[4:])}月", None, None, "制表人：登记科"])
        self._line([])
        self._line(list(HEADER))

    def case(self, cells: list[Cell], rng: Random) -> int:
        """One case; returns its Excel row. A subtotal and a blank row follow now and then."""
        self.count += 1
        self.since_subtotal += 1
        self._write([self.count, *cells])
        at = self._row
        if self.since_subtotal == SUBTOTAL_EVERY:
            self.total("小计")
            self.since_subtotal = 0
        elif rng.random() < 0.01:
            self._line([])
        return at

    def total(self, label: str) -> None:
        """A row that adds up what stands above it."""
        counted = self.since_subtotal if label == "小计" else self.count
        self._line([label, f"{counted}件"])

    def _line(self, cells: list[Cell]) -> None:
        self._write(cells)
        self.furniture += 1

    def _write(self, cells: list[Cell]) -> None:
        row, sheet = self._row, self.sheet
        for column, cell in enumerate(cells):
            if cell is None or cell == "":
                continue
            if isinstance(cell, str):
                sheet.write_string(row, column, cell)
            elif isinstance(cell, date):
                sheet.write_datetime(row, column, cell, self.day_format)
            else:
                sheet.write_number(row, column, float(cell))
        self._row += 1


def _cells(case: DemoCase, codes: OwnCodes, rng: Random, defect: Defect | None) -> list[Cell]:
    stop, notice, charge = parts(case)
    if notice:
        raise ValueError(f"{case.case_no}: the ledger has no column for supplement notices")
    applicant, variant = case.applicant, rng.randrange(2)
    item = codes.item(case.power_code, case.applied_at.date())
    cells: list[Cell] = [
        case.case_no,
        full_width(item) if rng.random() < 0.03 else item,
        case.item_name,
        case.title,
        codes.value("applicant_kind", applicant.kind, variant),
        applicant.name,
        applicant.identity,
        full_width(applicant.phone) if rng.random() < 0.02 else applicant.phone,
        codes.value("channel", case.channel, variant),
        codes.value("case_kind", case.kind, variant),
        _day(case.applied_at, rng),
        _day(case.accepted_at, rng),
        _day(case.promised_at, rng),
        _day(case.decided_at, rng),
        _day(case.closed_at, rng),
        _day(case.delivered_at, rng),
        codes.value("result", case.result, variant),
        case.reason,
        case.document_no,
        codes.value("status", case.status, variant),
        case.acceptor,
        case.approver,
    ]
    for step in steps_by_place(case):
        cells += [_day(step.started_at, rng), step.handler] if step else [None, None]
    cells += (
        [
            codes.value("stop_kind", stop.kind),
            _day(stop.started_at, rng),
            _day(stop.ended_at, rng),
            stop.reason,
            stop.approver,
            stop.limit_days,
        ]
        if stop
        else [None] * 6
    )
    cells += _checklist(case)
    if charge:
        amount = full_width(str(charge.amount)) if rng.random() < 0.05 else charge.amount
        paid = _day(charge.paid_at, rng)
        cells += [charge.fee_code, amount, charge.quantity, paid, charge.receipt_no]
    else:
        cells += [None] * 5
    cells.append("补录" if rng.random() < 0.02 else None)
    return _damaged(cells, defect, rng) if defect else cells


def _day(moment: datetime | None, rng: Random) -> Cell:
    """One of five spellings as it comes; seldom full-width, seldom a true date cell."""
    if moment is None:
        return None
    draw = rng.random()
    if draw < 0.02:
        return spelled(moment, 6)
    if draw < 0.12:
        return moment.date()
    return spelled(moment, int(draw * 1000) % 5)


def _checklist(case: DemoCase) -> list[Cell]:
    taken = received(case)
    if taken is None:
        return [None] * len(CHECKLIST)
    asked = {paper.code: paper.received for paper in case.papers}
    return [None if code not in asked else "√" if asked[code] else "×" for code in CHECKLIST]


def _damaged(cells: list[Cell], defect: Defect, rng: Random) -> list[Cell]:
    column = {name: at for at, name in enumerate(HEADER[1:])}
    match defect.name:
        case "scientific":
            identity = str(cells[column["证件号码"]])
            typed = identity.isdigit() and rng.random() < 0.5  # as a number: Excel keeps 15 digits
            pasted = f"{identity[0]}.{identity[1:6]}E+17"
            cells[column["证件号码"]] = int(identity) if typed else pasted
        case "date":
            cells[column["领证日期"]] = bad_date(rng)
        case "code":
            cells[column["申请方式"]] = "托人"
        case "negative":
            cells[column["收费金额"]] = -Decimal(str(cells[column["收费金额"]]).translate(_NARROW))
        case "number":
            cells[column["收费金额"]] = "八十元"
    return cells


_NARROW = str.maketrans({chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F)})
