"""What each element of public security's XML packages says, in the order of its fields."""

from __future__ import annotations

from datetime import datetime

from demo.model import Charge, DemoCase, Notice, Paper, Penalty, Step, Stop
from demo.writers.codes import OwnCodes

Values = list[tuple[str, str]]
"""Element name and text, in order."""


def case_values(case: DemoCase, codes: OwnCodes) -> Values:
    applicant = case.applicant
    return [
        ("CaseNo", case.case_no),
        ("ItemCode", codes.item(case.power_code, case.applied_at.date())),
        ("ItemName", case.item_name),
        ("Title", case.title),
        ("ApplicantType", codes.value("applicant_kind", applicant.kind)),
        ("Applicant", applicant.name),
        ("IdNo", applicant.identity),
        ("Phone", applicant.phone),
        ("Channel", codes.value("channel", case.channel)),
        ("CaseType", codes.value("case_kind", case.kind)),
        ("ApplyTime", second(case.applied_at)),
        ("AcceptTime", second(case.accepted_at)),
        ("PromiseTime", second(case.promised_at)),
        ("DecideTime", second(case.decided_at)),
        ("CloseTime", second(case.closed_at)),
        ("DeliverTime", second(case.delivered_at)),
        ("Result", codes.value("result", case.result)),
        ("ResultReason", case.reason),
        ("DocNo", case.document_no),
        ("Status", codes.value("status", case.status)),
        ("Acceptor", case.acceptor),
        ("Approver", case.approver),
        ("Unit", case.unit),
        ("ReportTime", second(case.reported_at)),
    ]


def step_values(step: Step, codes: OwnCodes) -> Values:
    return [
        ("No", str(step.no)),
        ("Code", codes.value("step", step.code)),
        ("Name", step.name),
        ("Action", codes.value("action", step.action)),
        ("Handler", step.handler),
        ("Post", step.post),
        ("StartTime", second(step.started_at)),
        ("EndTime", second(step.ended_at)),
        ("Opinion", step.opinion),
    ]


def stop_values(stop: Stop, codes: OwnCodes) -> Values:
    return [
        ("No", str(stop.no)),
        ("Type", codes.value("stop_kind", stop.kind)),
        ("StartTime", second(stop.started_at)),
        ("EndTime", second(stop.ended_at)),
        ("Reason", stop.reason),
        ("Approver", stop.approver),
        ("LimitDays", str(stop.limit_days)),
    ]


def notice_values(notice: Notice) -> Values:
    return [
        ("No", str(notice.no)),
        ("NotifyTime", second(notice.notified_at)),
        ("List", notice.missing),
        ("ReceiveTime", second(notice.received_at)),
    ]


def paper_values(paper: Paper) -> Values:
    return [
        ("Code", paper.code),
        ("Name", paper.name),
        ("Required", "1" if paper.required else "0"),
        ("Received", "1" if paper.received else "0"),
        ("ReceiveTime", second(paper.received_at)),
    ]


def charge_values(charge: Charge) -> Values:
    return [
        ("No", str(charge.no)),
        ("Code", charge.fee_code),
        ("Amount", str(charge.amount)),
        ("Quantity", str(charge.quantity)),
        ("PayTime", second(charge.paid_at)),
        ("Receipt", charge.receipt_no),
    ]


def penalty_values(penalty: Penalty) -> Values:
    return [
        ("No", str(penalty.no)),
        ("Circumstance", penalty.circumstance),
        ("Kind", penalty.kind),
        ("Amount", str(penalty.amount)),
        ("DecideTime", second(penalty.decided_at)),
    ]


def second(moment: datetime | None) -> str:
    return moment.isoformat(" ") if moment else ""
