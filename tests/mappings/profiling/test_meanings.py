"""What fields are taken for: by name, by content, and as a whole."""

from __future__ import annotations

import pyarrow as pa
import pytest

from hub.core.entities import ENTITIES
from hub.core.specs import read_csv
from mappings import profiling
from mappings.profiling.assigning import APPLICANT_ROLES, RECORD_USES
from mappings.profiling.meanings import NAMES

POWERS = {"36012100MZ-JF-0003": "城乡医疗救助审批"}
WORDS = {"status": {"已办结", "办理中"}, "result": {"准予"}}


def meanings(**columns: list[object]) -> dict[str, list[profiling.Meaning]]:
    found = profiling.profile([pa.table(columns)], 1_000)
    return profiling.meanings_of(found, POWERS, WORDS)


def test_every_known_name_stands_for_something_that_exists() -> None:
    known = {f"{entity.name}.{column}" for entity in ENTITIES.values() for column in entity.names}
    known |= {f"entity.{name}" for name in ENTITIES}
    known |= {f"record.{use}" for use in RECORD_USES}
    known |= {f"applicant.{role}" for role in APPLICANT_ROLES}
    rows = read_csv(NAMES, ("target", "names"))
    assert {row["target"] for row in rows} <= known
    assert all(row["names"] for row in rows)
    assert len({row["target"] for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("SQRQ", "case.applied_at"), ("sl_rq", "case.accepted_at"), ("申请日期", "case.applied_at"),
        ("ＳＱＲＱ", "case.applied_at"), ("APPLY_TIME", "case.applied_at"), ("本次办结日期", "case.closed_at"),
    ],
)  # fmt: skip
def test_names_in_three_spellings(name: str, target: str) -> None:
    assert meanings(**{name: ["2012-03-05"]})[name][0].target == target


def test_what_all_fields_of_a_table_begin_with_says_nothing() -> None:
    found = meanings(BJ_SQRQ=["2012-03-05"], BJ_SLRQ=["2012-03-05"], BJ_BLJG=["准予"])
    assert [found[name][0].target for name in found] == [
        "case.applied_at", "case.accepted_at", "case.result",
    ]  # fmt: skip


def test_content_against_a_name_makes_it_doubtful() -> None:
    (dates,) = meanings(SQRQ=["2012-03-05"])["SQRQ"]
    (words,) = meanings(SQRQ=["三月初"])["SQRQ"]
    assert words.score < dates.score == 100
    assert "不像" in words.why


def test_content_alone() -> None:
    found = meanings(
        X1=["11010519491231002X"] * 8, X2=["13812345678"] * 8, X3=["城乡医疗救助审批"] * 8,
        X4=["36012100MZ-JF-0003"] * 8, X5=["已办结", "办理中"] * 4,
    )  # fmt: skip
    assert [found[name][0].target for name in ("X1", "X2", "X3", "X4", "X5")] == [
        "applicant.identity", "applicant.phone", "case.item_name", "case.source_item_code", "case.status",
    ]  # fmt: skip


def assigned(title: str = "", **columns: list[object]) -> profiling.Assignment:
    found = profiling.profile([pa.table(columns)], 1_000)
    return profiling.assign(found, profiling.meanings_of(found, {}, {}), title)


def test_a_number_means_another_thing_in_another_entity() -> None:
    number = [1, 2, 1, 2]
    case_no = ["A", "A", "B", "B"]
    fee = assigned(
        BJBH=case_no, XH=number, SFXM=["F1"] * 4, JE=["1.50"] * 4, JFSJ=["2012-03-05"] * 4
    )
    step = assigned(BJBH=case_no, XH=number, HJMC=["受理", "审批"] * 2, KSSJ=["2012-03-05"] * 4)
    assert (fee.entity, fee.fields["fee.fee_no"]) == ("fee", "XH")
    assert (step.entity, step.fields["event.event_no"]) == ("event", "XH")


def test_a_list_of_cases_may_hold_a_fee() -> None:
    found = assigned(
        BJBH=["A", "B"],
        SXDM=["1", "1"],
        SQR=["某", "某"],
        SQRQ=["2012-03-05"] * 2,
        SFJE=["1.50", None],
    )
    assert found.entity == "case"
    assert found.fields["fee.amount"] == "SFJE"
    assert "event.event_no" not in found.fields


def test_a_code_table_is_nothing() -> None:
    assert assigned("DM_XZ", DM=["01", "02"], MC=["莲塘镇", "向塘镇"]).entity is None


def test_no_field_is_taken_twice() -> None:
    found = assigned(BJBH=["A", "B"], SQRQ=["2012-03-05"] * 2, SJRQ=["2012-03-06"] * 2)
    assert len(set(found.fields.values())) == len(found.fields)
    assert found.fields["case.applied_at"] in ("SQRQ", "SJRQ")
