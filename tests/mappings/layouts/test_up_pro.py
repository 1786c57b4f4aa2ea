"""A department whose middle database follows the national tables up_pro_*."""

from __future__ import annotations

from typing import Any

from hub.pipeline.check import check_department

_ids = iter(range(1, 10_000))


def row(guid: str, project: str, at: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": next(_ids), "row_guid": guid, "project_no": project, "data_source": "p36", "cd_batch": "20120301",
        "cd_operation": "I", "cd_time": f"2012-{at}",
    } | fields  # fmt: skip


def accepted(guid: str, project: str, at: str, **more: Any) -> dict[str, Any]:
    fields = {
        "project_type": "2", "project_name": "关于某工程的施工许可", "catalog_code": "000117051000", "task_code": "X1",
        "task_name": "施工许可", "task_version": 3, "applyer_name": "某某公司", "applyer_type": "2",
        "applyer_page_type": "01", "applyer_page_code": "91350100M000100Y43", "contact_mobile": "13900000002",
        "apply_date": "2012-03-01 09:00", "apply_type": "1", "accept_date": "2012-03-02 09:30",
        "promise_date": "2012-03-30 17:00", "org_code": "11360121", "org_name": "测试局", "handle_user_name": "李四",
    }  # fmt: skip
    return row(guid, project, at, **fields | more)


def step(guid: str, project: str, at: str, name: str, action: str, **more: Any) -> dict[str, Any]:
    return row(
        guid, project, at, process_name=name, event_name=action, handle_user_name="李四", handle_explain="同意",
        event_start_time=f"2012-{at}", event_end_time=f"2012-{at}", **more,
    )  # fmt: skip


def result(guid: str, project: str, at: str, kind: str, **more: Any) -> dict[str, Any]:
    return row(
        guid,
        project,
        at,
        result_type=kind,
        result_date=f"2012-{at}",
        is_delivery_results="0",
        **more,
    )


def test_a_case_with_a_special_procedure_and_a_rating(make_bureau):
    bureau = make_bureau("up_pro")
    assert [str(problem) for problem in check_department(bureau.folder.parent, "bureau")] == []
    bureau.put("up_pro_accept", accepted("a1", "N1", "03-02 10:00"))
    bureau.put(
        "up_pro_process",
        step("p1", "N1", "03-02 09:30", "受理", "1"), step("p2", "N1", "03-05 10:00", "审查", "1"),
        step("p3", "N1", "03-19 10:00", "决定", "1"),
    )  # fmt: skip
    bureau.put("up_pro_special_procedure", row(
        "s1", "N1", "03-12 10:00", special_type="1", special_name="延长审批", special_time="2012-03-06 10:00",
        end_time="2012-03-12 10:00", special_reason="情况复杂", handle_user="王五",
    ))  # fmt: skip
    bureau.put("up_pro_result", result(
        "r1", "N1", "03-20 16:00", "0", result_cetr_no="施字001", result_explain="准予", satisfaction="1"
    ))  # fmt: skip
    bureau.put(
        "up_pro_material",
        row("m1", "N1", "03-02 10:00", material_name="申请表", get_type="1", get_num="1"),
    )
    told = bureau.run()
    assert told == {
        "acceptances": (1, 0), "steps": (3, 0), "special_procedures": (1, 0), "results": (1, 0), "materials": (1, 0),
    }  # fmt: skip
    assert bureau.core("case") == [{
        "source_case_no": "N1", "power_code": "36012100MZ-XK-0001", "power_version": "3", "source_item_code": "X1",
        "item_name": "施工许可", "title": "关于某工程的施工许可", "applicant_kind": "enterprise",
        "applicant_masked": "某＊＊＊", "applicant_identity_state": "valid", "case_kind": "promise", "channel": "window",
        "applied_at": "03-01 09:00", "accepted_at": "03-02 09:30", "promised_at": "03-30 17:00",
        "closed_at": "03-20 16:00", "result": "granted", "result_reason": "准予", "document_no": "施字001",
        "unit": "测试局", "acceptor": "李四", "reported_at": "03-02 10:00",
    }]  # fmt: skip
    events = bureau.core("event", "started_at")
    assert [(e["step_code"], e["action"]) for e in events] == [
        ("accept", "approve"), ("review", "approve"), ("decide", "approve"),
    ]  # fmt: skip
    assert len({e["event_no"] for e in events}) == 3 and all(e["event_no"] < 0 for e in events)
    (stop,) = bureau.core("clock_stop", "stop_no")
    assert (stop["kind"], stop["started_at"], stop["ended_at"], stop["approver"]) == (
        "extension", "03-06 10:00", "03-12 10:00", "王五",
    )  # fmt: skip
    assert bureau.core("feedback", "feedback_no") == [
        {"feedback_no": 1, "kind": "rating", "rating": 1}
    ]
    assert bureau.core("material", "material_code")[0]["material_code"] == "申请表"
    assert bureau.flags("up_pro_process", "is_sync") == [1, 1, 1]
    assert bureau.run() == {}


def test_corrections_in_any_form_and_a_deletion(make_bureau):
    bureau = make_bureau("up_pro")
    # Both are new at once: the later one counts, though its row_guid sorts before.
    bureau.put(
        "up_pro_result",
        result("z", "N1", "03-20 16:00", "0"),
        result("a", "N1", "03-21 16:00", "1", result_explain="不符合条件"),
    )  # fmt: skip
    bureau.put("up_pro_process", step("p1", "N1", "03-02 09:30", "受理", "1"))
    bureau.run()
    (case,) = bureau.core("case")
    assert (case["result"], case["result_reason"]) == ("returned", "不符合条件")
    (event,) = bureau.core("event", "event_no")

    # The same row, written again: the event keeps its number.
    bureau.sql(
        "UPDATE up_pro_process SET handle_explain = '改', cd_operation = 'U', cd_time = '2012-03-22', is_sync = 0"
    )
    assert bureau.run() == {"steps": (1, 0)}
    assert bureau.core("event", "event_no") == [event | {"opinion": "改"}]

    bureau.sql("UPDATE up_pro_process SET cd_operation = 'D', cd_time = '2012-03-23', is_sync = 0")
    bureau.run()
    assert bureau.core("event", "event_no") == []


def test_a_refused_item_is_told_to_the_source_and_mended(make_bureau):
    bureau = make_bureau("up_pro")
    bureau.put("up_pro_accept", accepted("a1", "N1", "03-02 10:00", task_code="X9"))
    assert bureau.run() == {"acceptances": (1, 1)}
    assert bureau.flags("up_pro_accept", "is_sync") == [2]
