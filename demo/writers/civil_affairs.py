"""民政局: FoxPro tables, one per quarter, with memo files; deleted rows stay in the table with a flag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random

from demo.model import DemoCase, Publication
from demo.writers.codes import OwnCodes, own_codes
from demo.writers.dbf import DbfWriter, Value, fields
from demo.writers.defects import Defect, charged, new_code, pick
from demo.writers.fates import LANDED, Fates, quarantined
from demo.writers.flat import by_period, parts, received, steps_by_place

SLUG = "civil_affairs"
CHANGED_ON = date(2012, 12, 31)

FIELDS = fields(
    "AJBH C24, SXDM C8, SXMC C80, AJMC C160, SQRLX C2, SQR C60, SFZH C18, LXDH C20, SQFS C1, BJLX C1, "
    "SQRQ D8, SLRQ D8, CNRQ D8, JDRQ D8, BJRQ D8, LQRQ D8, BJJG C1, JGLY M10, WSH C40, AJZT C1, SLR C20, SPR C20, "
    + "".join(f"HJ{n}RQ D8, HJ{n}RY C20, " for n in range(1, 9))
    + "TBZL C2, TBKSRQ D8, TBJSRQ D8, TBLY M10, TBPZR C20, TBSX N4, BZRQ D8, BZQD M10, BZSLRQ D8, CLQD M10, "
    "SFXM C4, SFJE N10.2, SFSL N4, JFRQ D8, PJH C24, BZ M10, LRRQ D8"
)
PUBLICATION_FIELDS = fields("GKLSH C24, GKSX C8, BT C200, CSRQ D8, GKRQ D8, WZ C120, GKYS M10")

DEFECTS = (
    Defect("code", "unmapped_code", 0.0012),
    Defect("key", "missing_key", 0.0006),
    Defect("date", "bad_date", 0.0010, lambda case: case.delivered_at is not None),
    Defect("century", "implausible_time", 0.0006, lambda case: case.delivered_at is not None),
    Defect("negative", "negative_amount", 0.0006, charged),
    Defect("overflow", "bad_number", 0.0004, charged),
)
DELETED_SHARE = 0.003
NAMELESS_SHARE = 0.02
"""Share of the marriage registry's rows that leave the item code blank."""


def write(
    cases: Sequence[DemoCase], publications: Sequence[Publication], target: Path, rng: Random
) -> Fates:
    """Write MZBJ<year>Q<quarter>.DBF with its memo file, and MZGK<year>.DBF, into the folder."""
    target.mkdir(parents=True, exist_ok=True)
    fates, codes = Fates(), own_codes(SLUG)
    fresh = new_code(SLUG, cases)
    fates.latent.extend(fresh.latent)
    defects = pick(cases, DEFECTS, rng, fresh.positions)
    for period, group in by_period(cases, "%YQ%q"):
        file = f"MZBJ{period}.DBF"
        with DbfWriter(target / file, FIELDS, CHANGED_ON) as table:
            for at, case in group:
                row = _row(case, codes, rng)
                if at in fresh.positions:
                    row["SXDM"] = fresh.code
                    fates.lost.add(case.case_no)
                    fate = quarantined("unmapped_power")
                elif defect := defects.get(at):
                    _damage(row, defect)
                    fates.lost.add(case.case_no)
                    fate = quarantined(defect.reason)
                else:
                    fate = LANDED
                fates.say("cases", file, table.write(list(row.values())), fate)
                if rng.random() < DELETED_SHARE:
                    number = f"T-{case.case_no}"
                    fates.erased.add(number)
                    fates.say("cases", file, _test_entry(table, case, number, codes, rng))
    _write_publications(publications, codes, target, rng, fates)
    return fates


def _row(case: DemoCase, codes: OwnCodes, rng: Random) -> dict[str, Value]:
    stop, notice, charge = parts(case)
    item = codes.item(case.power_code, case.applied_at.date())
    if (case.power_code, case.item_name) in codes.names and rng.random() < NAMELESS_SHARE:
        item = ""
    applicant = case.applicant
    row: dict[str, Value] = {
        "AJBH": case.case_no,
        "SXDM": item,
        "SXMC": case.item_name,
        "AJMC": case.title,
        "SQRLX": codes.value("applicant_kind", applicant.kind),
        "SQR": applicant.name,
        "SFZH": applicant.identity,
        "LXDH": applicant.phone,
        "SQFS": codes.value("channel", case.channel),
        "BJLX": codes.value("case_kind", case.kind),
        "SQRQ": case.applied_at,
        "SLRQ": case.accepted_at,
        "CNRQ": case.promised_at,
        "JDRQ": case.decided_at,
        "BJRQ": case.closed_at,
        "LQRQ": case.delivered_at,
        "BJJG": codes.value("result", case.result),
        "JGLY": case.reason,
        "WSH": case.document_no,
        "AJZT": codes.value("status", case.status),
        "SLR": case.acceptor,
        "SPR": case.approver,
    }
    for n, step in enumerate(steps_by_place(case), 1):
        row[f"HJ{n}RQ"] = step.started_at if step else None
        row[f"HJ{n}RY"] = step.handler if step else None
    return row | {
        "TBZL": codes.value("stop_kind", stop.kind) if stop else None,
        "TBKSRQ": stop.started_at if stop else None,
        "TBJSRQ": stop.ended_at if stop else None,
        "TBLY": stop.reason if stop else None,
        "TBPZR": stop.approver if stop else None,
        "TBSX": stop.limit_days if stop else None,
        "BZRQ": notice.notified_at if notice else None,
        "BZQD": notice.missing if notice else None,
        "BZSLRQ": notice.received_at if notice else None,
        "CLQD": _checklist(case),
        "SFXM": charge.fee_code if charge else None,
        "SFJE": charge.amount if charge else None,
        "SFSL": charge.quantity if charge else None,
        "JFRQ": charge.paid_at if charge else None,
        "PJH": charge.receipt_no if charge else None,
        "BZ": "档案袋号见登记簿" if rng.random() < 0.05 else None,
        "LRRQ": case.applied_at,
    }


def _checklist(case: DemoCase) -> str | None:
    papers = received(case)
    if papers is None:
        return None
    return "；".join(f"[{paper.code}]{paper.name}" for paper in papers) or "材料未收"


def _damage(row: dict[str, Value], defect: Defect) -> None:
    match defect.name:
        case "code":
            row["SQFS"] = "9"
        case "key":
            row["AJBH"] = None
        case "date":
            row["LQRQ"] = "20121345"
        case "century":
            row["LQRQ"] = "22120305"
        case "negative":
            row["SFJE"] = -Decimal(str(row["SFJE"]))
        case "overflow":
            row["SFJE"] = "*" * 10  # what FoxPro writes when a number outgrows its field


def _test_entry(table: DbfWriter, case: DemoCase, number: str, codes: OwnCodes, rng: Random) -> int:
    """A clerk tried the form out, under a number of its own, and deleted the row."""
    row = _row(replace(case, case_no=number, title="测试录入，请勿办理"), codes, rng)
    return table.write(list(row.values()), deleted=True)


def _write_publications(
    publications: Sequence[Publication], codes: OwnCodes, target: Path, rng: Random, fates: Fates
) -> None:
    clean = [at for at, item in enumerate(publications) if not item.violations]
    unreadable = set(rng.sample(clean, min(len(clean), 1 + len(publications) // 200)))
    years: dict[int, list[int]] = {}
    for at, item in enumerate(publications):
        years.setdefault(item.produced_at.year, []).append(at)
    for year, positions in sorted(years.items()):
        file = f"MZGK{year}.DBF"
        with DbfWriter(target / file, PUBLICATION_FIELDS, CHANGED_ON) as table:
            for at in positions:
                item = publications[at]
                bad = at in unreadable
                if bad:
                    fates.lost.add(item.source_no)
                record = table.write(
                    (
                        item.source_no,
                        codes.item(item.item_code, item.produced_at.date()),
                        item.title,
                        "20120230" if bad else item.produced_at,
                        item.published_at,
                        item.url,
                        item.fields,
                    )
                )
                fates.say("disclosures", file, record, quarantined("bad_date") if bad else LANDED)
