"""A department whose middle database follows Guangdong's EX_GDBS_*."""

from __future__ import annotations

from typing import Any

from hub.pipeline.check import check_department


def row(case: str = "G1", version: int = 1, **fields: Any) -> dict[str, Any]:
    return {"SBLSH": case, "SXBM": "X1", "SJBBH": version} | fields


APPLIED = row(
    SXMC="施工许可", SQRLX="1", SQRMC="张三", SQRZJHM="360121195407156866", LXRSJ="13900000001",
    SBXMMC="关于某工程的施工许可", TJFS="0", SBSJ="2012-03-01 09:00", XZQHDM="360121",
)  # fmt: skip


def acceptance(state: str = "1", **more: Any) -> dict[str, Any]:
    return row(SLBMMC="测试局", BLRXM="李四", SLZTDM=state, SLSJ="2012-03-02 09:30", **more)


def step(number: int, kind: str, at: str, **more: Any) -> dict[str, Any]:
    return row(
        SPBZH=number, SPHJDM=kind, SPHJMC="环节", SPBMMC="测试局", SPRXM="王五", SPRZWMC="科长", SPYJ="同意",
        SPSJ=f"2012-{at}", SPHJZTDM="1", **more,
    )  # fmt: skip


STOPPED = row(
    XH="1",
    TBCXZL="A",
    TBCXKSRQ="2012-03-06 10:00",
    TBCXPZR="赵六",
    TBCXQDLY="情况复杂",
    TBCXSX=10,
    TBCXSXDW="G",
)


def test_a_case_is_told_by_ten_tables(make_bureau):
    bureau = make_bureau("ex_gdbs")
    assert [str(problem) for problem in check_department(bureau.folder.parent, "bureau")] == []
    bureau.put("EX_GDBS_SB", APPLIED)
    bureau.put("EX_GDBS_SL", acceptance())
    bureau.put(
        "EX_GDBS_SPCL",
        step(1, "1", "03-05 10:00"),
        step(2, "2", "03-13 10:00"),
        step(3, "3", "03-14 10:00"),
    )
    bureau.put("EX_GDBS_BZGZ", row(BZGZYY="缺件", BZCLQD="身份证", BZGZSJ="2012-03-01 10:00"))
    bureau.put("EX_GDBS_BZSL", row(BZSJ="2012-03-02 09:00"))
    bureau.put("EX_GDBS_TBCXSQ", STOPPED)
    bureau.put("EX_GDBS_TBCXJG", row(XH="1", TBCXJSRQ="2012-03-12 10:00", TBCXSFJE="5"))
    bureau.put("EX_GDBS_BJ", row(BJJGDM="0", ZJBH="施字001", SFJE="10.50", BJSJ="2012-03-20 16:00"))
    bureau.put("EX_GDBS_LQDJ", row(LQRXM="张三", LQSJ="2012-03-21 09:00"))
    bureau.put(
        "EX_GDBS_SBCL", {"SEQ": "1", "SBLSH": "G1", "SJBBH": 1, "STUFF_SEQ": "01", "CLMC": "身份证"}
    )
    told = bureau.run()
    assert told == {
        "applications": (1, 0), "acceptances": (1, 0), "steps": (3, 0), "supplements": (1, 0),
        "special_procedures": (1, 0), "closings": (1, 0), "collections": (1, 0), "materials": (1, 0),
    }  # fmt: skip
    assert bureau.core("case") == [{
        "source_case_no": "G1", "region_code": "360121", "power_code": "36012100MZ-XK-0001", "source_item_code": "X1",
        "item_name": "施工许可", "title": "关于某工程的施工许可", "applicant_kind": "person", "applicant_masked": "张＊",
        "applicant_identity_state": "invalid", "channel": "window", "applied_at": "03-01 09:00",
        "accepted_at": "03-02 09:30", "closed_at": "03-20 16:00", "delivered_at": "03-21 09:00", "result": "granted",
        "document_no": "施字001", "unit": "测试局", "acceptor": "李四",
    }]  # fmt: skip
    events = bureau.core("event", "started_at")
    assert [(e["step_code"], e["handler"]) for e in events] == [
        ("accept", "李四"), ("review", "王五"), ("examine", "王五"), ("decide", "王五"),
    ]  # fmt: skip
    assert [e["event_no"] for e in events[1:]] == [1, 2, 3] and events[0]["event_no"] < 0
    assert bureau.core("supplement", "notice_no") == [
        {
            "notice_no": 1,
            "notified_at": "03-01 10:00",
            "list": "身份证；缺件",
            "received_at": "03-02 09:00",
        }
    ]
    assert bureau.core("clock_stop", "stop_no") == [{
        "stop_no": 1, "kind": "extension", "started_at": "03-06 10:00", "ended_at": "03-12 10:00", "reason": "情况复杂",
        "approver": "赵六", "limit_value": 10, "limit_unit": "working_day",
    }]  # fmt: skip
    assert [str(fee["amount"]) for fee in bureau.core("fee", "amount")] == ["5.00", "10.50"]
    for table in ("SB", "SL", "BZGZ", "BZSL", "TBCXSQ", "TBCXJG", "BJ", "LQDJ", "SBCL"):
        assert bureau.flags(f"EX_GDBS_{table}", "JSBS") == ["1"]
    assert bureau.run() == {}


def test_a_procedure_is_open_until_its_result_arrives(make_bureau):
    bureau = make_bureau("ex_gdbs")
    # The result alone: nothing to end yet, so it waits.
    bureau.put("EX_GDBS_TBCXJG", row("G2", XH="1", TBCXJSRQ="2012-03-12 10:00"))
    assert bureau.run() == {} and bureau.flags("EX_GDBS_TBCXJG", "JSBS") == ["0"]
    bureau.put("EX_GDBS_TBCXSQ", STOPPED)
    assert bureau.run() == {"special_procedures": (1, 0)}
    (stop,) = bureau.core("clock_stop", "stop_no")
    assert "ended_at" not in stop
    bureau.put("EX_GDBS_TBCXJG", row(XH="1", TBCXJSRQ="2012-03-12 10:00"))
    assert bureau.run() == {"special_procedures": (1, 0)}
    (stop,) = bureau.core("clock_stop", "stop_no")
    assert stop["ended_at"] == "03-12 10:00"
    # Corrected with a higher version; the lower one is late and changes nothing.
    bureau.put("EX_GDBS_TBCXJG", row(version=3, XH="1", TBCXJSRQ="2012-03-13 10:00"))
    bureau.put("EX_GDBS_TBCXJG", row(version=2, XH="1", TBCXJSRQ="2012-03-14 10:00"))
    bureau.run()
    (stop,) = bureau.core("clock_stop", "stop_no")
    assert stop["ended_at"] == "03-13 10:00"
    assert bureau.flags("EX_GDBS_TBCXJG", "JSBS") == ["0", "1", "1", "1"]
    bureau.put("EX_GDBS_TBCXSQ", STOPPED | {"SBLSH": "G2"})
    bureau.run()
    assert [stop["ended_at"] for stop in bureau.core("clock_stop", "ended_at")] == [
        "03-12 10:00",
        "03-13 10:00",
    ]
    assert bureau.flags("EX_GDBS_TBCXJG", "JSBS") == ["1"] * 4


def test_a_case_that_is_not_accepted_and_a_correction(make_bureau):
    bureau = make_bureau("ex_gdbs")
    bureau.put("EX_GDBS_SB", APPLIED)
    bureau.put("EX_GDBS_SL", acceptance("2", BSLYY="不属于本机关职权"))
    bureau.put("EX_GDBS_BJ", row(BJJGDM="1", ZFHTHYY="不予受理", BJSJ="2012-03-02 10:00"))
    bureau.run()
    (case,) = bureau.core("case")
    assert "accepted_at" not in case
    assert (case["result"], case["result_reason"], case["acceptor"]) == (
        "returned",
        "不予受理",
        "李四",
    )
    (event,) = bureau.core("event", "event_no")
    assert (event["step_code"], event["action"], event["opinion"]) == (
        "accept",
        "reject",
        "不属于本机关职权",
    )

    bureau.put("EX_GDBS_SL", acceptance() | {"SJBBH": 2})
    bureau.put(
        "EX_GDBS_BJ", row(version=2, BJJGDM="3", ZFHTHYY="重复录入", BJSJ="2012-03-03 10:00")
    )
    bureau.run()
    (case,) = bureau.core("case")
    assert (case["accepted_at"], case["result"]) == ("03-02 09:30", "void")
    (again,) = bureau.core("event", "event_no")
    assert again["event_no"] == event["event_no"] and again["action"] == "approve"
