"""A department whose middle database follows Shandong's PRE_* and EA_JC_*: connection and powers.csv are all it gives."""

from __future__ import annotations

from typing import Any

import mappings
from hub.core.specs import read_department
from hub.pipeline.check import check_department

KEY = {"orgbusno": "B1", "projid": "P1", "dataver": 1}
APPLIED = {
    "projid": "P1", "itemno": "X1", "itemname": "施工许可", "projectname": "关于某工程的施工许可", "applyname": "张三",
    "apply_cardtypenumber": "360121195407156866", "telphone": "13900000001", "receivetime": "2012-03-01 09:00",
    "dataver": 1, "maketime": "2012-03-01 10:00",
}  # fmt: skip
ACCEPTED = KEY | {
    "region_id": "360121", "stdver": 1, "itemno": "X1", "itemname": "施工许可", "projectname": "关于某工程的施工许可",
    "applicant": "张三", "acceptdeptname": "测试局", "approvaltype": "2", "submit": "1",
    "occurtime": "2012-03-02 09:30", "transactor": "李四", "maketime": "2012-03-02 10:00",
}  # fmt: skip


def step(
    sn: int, name: str, start: str, end: str, result: str = "1", state: str = "2", **more: Any
) -> dict[str, Any]:
    return KEY | {
        "sn": sn, "nodename": name, "nodetype": "2", "nodeprocername": "李四", "procunitname": "测试局",
        "nodestate": state, "nodestarttime": f"2012-{start}", "nodeendtime": f"2012-{end}", "noderesult": result,
        "maketime": "2012-03-09 10:00",
    } | more  # fmt: skip


def special(sn: int, result: str, start: str, end: str, **more: Any) -> dict[str, Any]:
    return KEY | {
        "sn": sn, "nodename": "特殊环节", "procunitname": "测试局", "procername": "王五", "noderesult": result,
        "nodestarttime": f"2012-{start}", "nodeendtime": f"2012-{end}", "nodeprocadv": "情况复杂",
        "nodeprocaccord": "第四十五条", "maketime": "2012-03-09 10:00",
    } | more  # fmt: skip


def closing(result: str, **more: Any) -> dict[str, Any]:
    return KEY | {
        "doneresult": result, "isfee": "0", "occurtime": "2012-03-20 16:00", "transactor": "李四",
        "maketime": "2012-03-20 17:00",
    } | more  # fmt: skip


def test_a_case_is_told_by_seven_tables(make_bureau):
    bureau = make_bureau("ea_jc")
    assert [str(problem) for problem in check_department(bureau.folder.parent, "bureau")] == []
    bureau.put("pre_apasinfo", APPLIED)
    bureau.put("ea_jc_step_basicinfo", ACCEPTED)
    bureau.put(
        "ea_jc_step_proc",
        step(1, "受理", "03-02 09:00", "03-02 09:30", "4"), step(2, "审查", "03-05 09:00", "03-06 09:00"),
        step(3, "审批", "03-07 09:00", "03-07 09:00", "", "1"),
    )  # fmt: skip
    bureau.put(
        "ea_jc_step_specialnode",
        special(1, "2", "03-06 10:00", "03-12 10:00", notetime="2012-03-06 11:00"),
        special(2, "5", "03-13 10:00", "03-13 10:00"),
        special(3, "1", "03-14 10:00", "03-16 10:00", lists="身份证复印件"),
        special(4, "7", "02-28 10:00", "02-28 11:00"),
    )  # fmt: skip
    bureau.put("ea_jc_step_done", closing("0", certificateno="施字001"))
    bureau.put("pre_file", {
        "unid": "F1", "projid": "P1", "attrname": "身份证", "attrid": "01", "istake": "1",
        "taketime": "2012-03-01 09:05:00", "maketime": "2012-03-01 10:00",
    })  # fmt: skip
    bureau.put("ea_jc_feeinfo", KEY | {
        "sn": "1", "billnum": "票1", "feetypename": "工本费", "feetotal": "10.50", "feenum": "1",
        "paytime": "2012-03-20 15:00", "state": "1", "maketime": "2012-03-20 15:00",
    })  # fmt: skip
    told = bureau.run()
    assert told == {
        "applications": (1, 0), "acceptances": (1, 0), "steps": (3, 0), "special_nodes": (4, 0), "closings": (1, 0),
        "materials": (1, 0), "fees": (1, 0),
    }  # fmt: skip
    assert bureau.core("case") == [{
        "source_case_no": "P1", "region_code": "360121", "power_code": "36012100MZ-XK-0001", "source_item_code": "X1",
        "item_name": "施工许可", "title": "关于某工程的施工许可", "applicant_masked": "张＊",
        "applicant_identity_state": "invalid", "case_kind": "promise", "channel": "online", "applied_at": "03-01 09:00",
        "accepted_at": "03-02 09:30", "closed_at": "03-20 16:00", "result": "granted", "document_no": "施字001",
        "unit": "测试局", "acceptor": "李四", "reported_at": "03-02 10:00",
    }]  # fmt: skip
    events = bureau.core("event", "event_no")
    assert events[0]["event_no"] < 0 and events[0]["step_name"] == "预审驳回"
    assert [(e["event_no"], e["step_code"], e.get("action"), e.get("ended_at")) for e in events[1:]] == [
        (1, "accept", "approve", "03-02 09:30"), (2, "review", "approve", "03-06 09:00"), (3, "decide", None, None),
    ]  # fmt: skip
    stops = [
        (s["stop_no"], s["kind"], s.get("ended_at"), s["applicant_told"])
        for s in bureau.core("clock_stop", "stop_no")
    ]
    assert stops == [
        (1, "hearing", "03-12 10:00", True), (2, "other", None, False), (3, "supplement", "03-16 10:00", False),
    ]  # fmt: skip
    assert bureau.core("supplement", "notice_no") == [
        {
            "notice_no": 3,
            "notified_at": "03-14 10:00",
            "list": "身份证复印件",
            "received_at": "03-16 10:00",
        }
    ]
    assert bureau.core("material", "material_code") == [
        {"material_code": "01", "name": "身份证", "received": True, "received_at": "03-01 09:05"}
    ]
    (fee,) = bureau.core("fee", "fee_no")
    assert (str(fee["amount"]), fee["fee_code"], fee["receipt_no"]) == ("10.50", "工本费", "票1")
    assert bureau.flags("ea_jc_step_specialnode", "signstate") == ["1"] * 4
    assert bureau.run() == {}


def test_a_refusal_a_higher_version_and_a_deletion(make_bureau):
    bureau = make_bureau("ea_jc")
    bureau.put("ea_jc_step_basicinfo", ACCEPTED)
    bureau.put("ea_jc_step_done", closing("6", exitres="不属于本机关职权"))
    bureau.put("ea_jc_step_proc", step(1, "受理", "03-02 09:00", "03-02 09:30", "3"))
    bureau.run()
    (case,) = bureau.core("case")
    assert (case["result"], case["result_reason"]) == ("refused", "不属于本机关职权")

    # Reported again: another result, told before the lower version is looked at again.
    bureau.put(
        "ea_jc_step_done",
        closing("1", exitres="不符合条件") | {"dataver": 2, "orgbusno": "B1-again"},
    )
    bureau.sql("UPDATE ea_jc_step_done SET signstate = '0' WHERE dataver = 1")
    assert bureau.run() == {"closings": (2, 0)}
    (case,) = bureau.core("case")
    assert (case["result"], case["result_reason"]) == ("denied", "不符合条件")
    assert bureau.scalar("select count(*) from history.\"case\" where result = 'refused'") == 1

    # The closing was a mistake: the case is open again. The step's row stays, marked, with its last image.
    bureau.sql("UPDATE ea_jc_step_done SET cd_operation = 'D', signstate = '0' WHERE dataver = 2")
    bureau.sql("UPDATE ea_jc_step_proc SET cd_operation = 'D', signstate = '0'")
    bureau.run()
    (case,) = bureau.core("case")
    assert "closed_at" not in case and "result" not in case
    assert bureau.core("event", "event_no") == []
    assert bureau.scalar("select count(*) from core.event where deleted_at is not null") == 1


def test_an_unknown_step_waits_until_the_department_names_it(make_bureau):
    bureau = make_bureau("ea_jc")
    bureau.put("ea_jc_step_proc", step(1, "踏勘", "03-02 09:00", "03-02 09:30"))
    assert bureau.run() == {"steps": (1, 1)}
    assert bureau.flags("ea_jc_step_proc", "signstate") == ["2"]
    before = mappings.read(read_department(bureau.folder.parent, "bureau"))
    (bureau.folder / "codes.csv").write_text(
        "codelist,source_code,source_name,code,valid_from,valid_to,note\nstep,踏勘,,survey,,,\nstep,受理,,review,,,\n",
        "utf-8",
    )
    mapping = mappings.read(read_department(bureau.folder.parent, "bureau"))
    lines = {line.source_code: line.code for line in mapping.crosswalks.lines["step"]}
    assert (lines["踏勘"], lines["受理"], lines["审查"]) == ("survey", "review", "review")
    assert mapping.codes_version != before.codes_version and mapping.version == before.version
