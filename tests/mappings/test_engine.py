"""From raw rows to canonical entities: what is mapped, what is rejected, and that nothing is invented."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mappings
from hub.core.batches import (
    PARTIES_SCHEMA,
    RECORDS_SCHEMA,
    REJECTS_SCHEMA,
    SRC,
    UNMAPPED_SCHEMA,
    Mapped,
)
from hub.core.entities import ENTITIES
from hub.core.errors import SpecError
from hub.core.fingerprints import case_id
from hub.core.privacy import Keys
from mappings.plan import plan_of

MapRows = Callable[..., Mapped]
Table = Callable[..., pa.Table]


def rejected(mapped: Mapped) -> list[tuple[int, str, str | None]]:
    return mapped.rejects.select(SRC, "reason", "column").rows()  # type: ignore[return-value]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def test_a_regular_row(map_rows: MapRows) -> None:
    mapped = map_rows({})
    assert rejected(mapped) == []
    assert mapped.records.rows() == [(0, "FC2012-0001", 1, False)]
    (case,) = mapped.entities["case"].to_dicts()
    identity = pl.select(case_id("testing", pl.lit("FC2012-0001"))).item()
    assert case["case_id"] == identity
    assert case["source_case_no"] == "FC2012-0001"
    assert case["power_code"] == "36012100FC-XK-0001"
    assert case["applied_at"] == utc(2012, 2, 29, 16)
    assert case["result"] == "granted"
    assert (case["applicant_kind"], case["applicant_masked"]) == ("person", "张＊＊")
    assert case["applicant_identity_state"] == "absent"
    (event,) = mapped.entities["event"].to_dicts()
    assert event == {
        SRC: 0, "case_id": identity, "event_no": 1, "step_code": "accept", "handler": "李四",
        "started_at": utc(2012, 3, 4, 16),
    }  # fmt: skip
    assert mapped.entities["fee"].height == 0
    assert mapped.entities["material"].select("material_code", "received").rows() == [
        ("01", True), ("02", False),
    ]  # fmt: skip
    assert mapped.drift == ()


def test_frames_have_the_agreed_schemas_also_when_they_are_empty(
    map_rows: MapRows, standard: mappings.Mapping, keys: Keys, raw_table: Table
) -> None:
    empty = mappings.apply(standard, "cases", raw_table({}).slice(0, 0), keys)
    lost = mappings.apply(standard, "cases", raw_table({}).drop_columns(["AJBH"]), keys)
    for mapped in (map_rows({}), empty, lost):
        assert dict(mapped.records.schema) == RECORDS_SCHEMA
        assert dict(mapped.rejects.schema) == REJECTS_SCHEMA
        assert dict(mapped.parties.schema) == PARTIES_SCHEMA
        assert dict(mapped.unmapped.schema) == UNMAPPED_SCHEMA
        assert list(mapped.entities) == ["case", "event", "material", "fee"]
        for name, frame in mapped.entities.items():
            assert frame.columns == [SRC, *mapped.owned[name]]
            types = ENTITIES[name].polars_schema
            assert all(frame.schema[column] == types[column] for column in mapped.owned[name])


def test_a_record_may_emit_several_rows_of_an_entity(map_rows: MapRows) -> None:
    mapped = map_rows({}, {"AJBH": "B", "JDRQ": "2012年3月9日", "SFJE": "80.5", "CLQD": "／"}, {"AJBH": "C", "SLRQ": ""})  # fmt: skip
    events = mapped.entities["event"].sort(SRC, "event_no")
    assert events.select(SRC, "event_no", "step_code").rows() == [
        (0, 1, "accept"), (1, 1, "accept"), (1, 2, "decide"),
    ]  # fmt: skip
    assert events["handler"].to_list() == ["李四", "李四", None]
    assert mapped.entities["fee"].select(SRC, "amount").rows() == [(1, Decimal("80.50"))]


def test_blank_stays_null_and_is_no_error(map_rows: MapRows) -> None:
    blanks = ["", "   ", "　　", "无", " / ", "\x00\x00", None]
    optional = (
        "SXDM",
        "SXMC",
        "BT",
        "SQRQ",
        "SLRQ",
        "JG",
        "SLR",
        "JDRQ",
        "CLQD",
        "SFJE",
        "LX",
        "SQR",
    )
    rows = [
        {"AJBH": str(position)} | dict.fromkeys(optional, blank)
        for position, blank in enumerate(blanks)
    ]
    mapped = map_rows(*rows)
    assert rejected(mapped) == []
    own = [name for name in mapped.owned["case"] if name not in ("case_id", "source_case_no")]
    for case in mapped.entities["case"].select(own).to_dicts():
        assert {name for name, value in case.items() if value is not None} == {
            "applicant_identity_state"
        }
    assert mapped.entities["event"].height == mapped.entities["material"].height == 0
    assert mapped.parties.height == 0
    assert mapped.unmapped.height == 0


def test_what_does_not_parse_is_null_and_rejected(map_rows: MapRows) -> None:
    mapped = map_rows(
        {"SQRQ": "2012-02-30"}, {"SFJE": "八十元"}, {"BBH": "x"}, {"SQRQ": "9999-12-31", "SLRQ": "1900-1-1"}
    )  # fmt: skip
    assert rejected(mapped) == [(0, "bad_date", "SQRQ"), (1, "bad_number", "SFJE"), (2, "bad_number", "BBH")]  # fmt: skip
    assert mapped.entities["case"]["applied_at"].to_list()[0] is None
    assert mapped.entities["case"]["accepted_at"].to_list()[3] is None
    assert mapped.records["source_version"].to_list() == [1, 1, 0, 1]
    messages = mapped.rejects["message"].to_list()
    assert "2012-02-30" in messages[0]
    assert "八十元" not in messages[1]


def test_a_value_that_no_row_wants_is_not_rejected(map_rows: MapRows) -> None:
    """The handler's row is not emitted without a date, so what its fee says is judged by its own condition."""
    mapped = map_rows({"SLRQ": "", "JDRQ": "", "SFJE": ""}, {"AJBH": "B", "JDRQ": "昨天"})
    assert rejected(mapped) == [(1, "bad_date", "JDRQ")]


def test_a_row_is_not_emitted_for_a_sentinel(map_rows: MapRows) -> None:
    mapped = map_rows({"SLRQ": "1900-01-01", "JDRQ": "9999-12-31 00:00:00"})
    assert mapped.entities["event"].height == 0
    assert rejected(mapped) == []
    assert mapped.entities["case"]["power_code"].to_list() == ["36012100FC-XK-0009"]


@pytest.mark.parametrize(
    ("code", "on", "expected"),
    [
        ("XK01", "2012-06-30", "36012100FC-XK-0001"), ("XK01", "2012-07-01", "36012100FC-XK-0009"),
        ("XK01", "2012-06-30 23:59:59", "36012100FC-XK-0001"), ("XK01", "", "36012100FC-XK-0009"),
        ("XK02", "2012-01-31", None), ("XK02", "2012-02-01", "36012100FC-XK-0002"),
        ("XK02", "2012-09-30", "36012100FC-XK-0002"), ("XK02", "2012-10-01", None),
        ("XK02", "", "36012100FC-XK-0002"), ("ＸＫ０２　", "2012-5-1", "36012100FC-XK-0002"),
        ("XK99", "2012-5-1", None), ("xk01", "2012-5-1", None),
    ],
)  # fmt: skip
def test_power_codes_are_valid_between_dates(
    map_rows: MapRows, code: str, on: str, expected: str | None
) -> None:
    mapped = map_rows({"SXDM": code, "SLRQ": on, "JG": ""})
    assert mapped.entities["case"]["power_code"].to_list() == [expected]
    assert rejected(mapped) == ([] if expected else [(0, "unmapped_power", "SXDM")])


def test_other_codes_are_valid_between_dates_too(map_rows: MapRows) -> None:
    mapped = map_rows(
        {"JG": "2", "SLRQ": "2012-6-30"}, {"JG": "2", "SLRQ": "2012-7-1"}, {"JG": "2", "SLRQ": ""}, {"JG": "3"}
    )  # fmt: skip
    assert mapped.entities["case"]["result"].to_list() == ["denied", "returned", "returned", None]
    assert rejected(mapped) == [(3, "unmapped_code", "JG")]


def test_an_item_without_a_code_is_found_by_its_exact_name(map_rows: MapRows) -> None:
    mapped = map_rows(
        {"SXDM": "", "SXMC": "房屋租赁登记备案"},
        {"SXDM": "", "SXMC": "房屋租赁登记"},
        {"SXDM": "", "SXMC": "商品房预售许可"},  # has a code: its name alone is no match
        {"SXDM": "XK77", "SXMC": "房屋租赁登记备案"},
    )
    assert mapped.entities["case"]["power_code"].to_list() == ["36012100FC-QT-0001", None, None, None]  # fmt: skip
    assert [reason for _, reason, _ in rejected(mapped)] == ["unmapped_power"] * 3


def test_a_code_that_is_known_to_mean_nothing_canonical_is_empty_not_unmapped(
    map_rows: MapRows,
) -> None:
    mapped = map_rows({"JG": "8"})
    assert (mapped.entities["case"]["result"].to_list(), rejected(mapped)) == ([None], [])


def test_unmapped_codes_are_counted_once_each(map_rows: MapRows) -> None:
    mapped = map_rows(
        {"SXDM": "XK77", "SXMC": "甲"}, {"SXDM": "XK77", "SXMC": "乙"}, {"SXDM": "", "SXMC": "丙"}, {"JG": "9"}, {"JG": "9"}
    )  # fmt: skip
    assert sorted(mapped.unmapped.rows()) == [
        ("powers", "XK77", "甲", 2), ("powers", "（无编码，按名称）丙", "丙", 1), ("result", "9", None, 2),
    ]  # fmt: skip
    assert not mapped.unmapped.select("codelist", "source_code").is_duplicated().any()


def test_a_column_renamed_in_mid_year_is_read_under_both_names(
    standard: mappings.Mapping, keys: Keys, raw_table: Table
) -> None:
    newer = raw_table({})
    older = newer.rename_columns(
        ["SLSJ" if name == "SLRQ" else name for name in newer.column_names]
    )
    a, b = (mappings.apply(standard, "cases", raw, keys) for raw in (newer, older))
    assert a.drift == b.drift == ()
    assert a.entities["case"].equals(b.entities["case"])
    assert a.entities["event"].equals(b.entities["event"])
    both = raw_table({"SLSJ": "", "SLRQ": "2012-3-5"}, {"SLSJ": "2012-3-5", "SLRQ": " "})
    mapped = mappings.apply(standard, "cases", both, keys)
    assert mapped.entities["case"]["accepted_at"].to_list() == [utc(2012, 3, 4, 16)] * 2


def test_an_unknown_column_is_drift_and_an_ignored_one_is_not(map_rows: MapRows) -> None:
    mapped = map_rows({"新字段": "1", "_file": "a.txt", "_row": "7"})
    assert [(drift.column, drift.change) for drift in mapped.drift] == [("新字段", "new")]
    assert rejected(mapped) == []


def test_a_missing_column_rejects_every_row(
    standard: mappings.Mapping, keys: Keys, raw_table: Table
) -> None:
    raw = raw_table({"AJBH": "A"}, {"AJBH": "B"}).drop_columns(["JG", "SLR"])
    mapped = mappings.apply(standard, "cases", raw, keys)
    assert [(drift.column, drift.change) for drift in mapped.drift] == [("JG", "missing"), ("SLR", "missing")]  # fmt: skip
    assert rejected(mapped) == [
        (row, "missing_column", column) for row in (0, 1) for column in ("JG", "SLR")
    ]
    assert mapped.records["record_key"].to_list() == ["A", "B"]
    assert all(frame.height == 0 for frame in mapped.entities.values())


def test_rows_without_key_or_with_a_defect_give_no_entity_rows(
    standard: mappings.Mapping, keys: Keys, raw_table: Table
) -> None:
    raw = raw_table({}, {"AJBH": " "}, {"SQRQ": "??"}, {"AJBH": "D"})
    raw = raw.append_column("_defect", pa.array([None, None, "damaged_row", None], pa.string()))
    raw = raw.append_column("_deleted", pa.array([False, False, False, True]))
    mapped = mappings.apply(standard, "cases", raw, keys)
    assert rejected(mapped) == [(1, "missing_key", "AJBH"), (2, "damaged_row", None)]
    assert mapped.records.rows() == [
        (0, "FC2012-0001", 1, False), (1, None, 0, False), (2, None, 0, False), (3, "D", 1, True),
    ]  # fmt: skip
    for frame in mapped.entities.values():
        assert set(frame[SRC]) <= {0, 3}
    assert mapped.entities["case"][SRC].to_list() == [0, 3]


def test_a_replayed_subset_keeps_its_positions(
    standard: mappings.Mapping, keys: Keys, raw_table: Table
) -> None:
    raw = raw_table(*({"AJBH": f"N{i}", "SQRQ": "x" if i % 2 else "2012-3-1"} for i in range(6)))
    whole = mappings.apply(standard, "cases", raw, keys)
    subset = raw.take([5, 2]).append_column(SRC, pa.array([5, 2], pa.int64()))
    part = mappings.apply(standard, "cases", subset, keys)
    assert part.records.rows() == [whole.records.row(5), whole.records.row(2)]
    assert rejected(part) == [(5, "bad_date", "SQRQ")]
    for name, frame in part.entities.items():
        expected = whole.entities[name].filter(pl.col(SRC).is_in([2, 5]))
        assert frame.sort(frame.columns).equals(expected.sort(expected.columns))


def test_applicants_are_tokens_and_parties_hold_the_clear_values(map_rows: MapRows) -> None:
    full, old = "11010519491231002X", "110105491231002"
    mapped = map_rows(
        {"AJBH": "A", "SFZH": full, "LXDH": "１３８００１３８０００"},
        {"AJBH": "B", "SFZH": old, "SQR": "李测试"},
        {"AJBH": "C"},
        {"AJBH": "D"},
        {"AJBH": "E", "SFZH": "110105194912310021"},
        {"AJBH": "F", "SQR": "", "SFZH": "无"},
    )
    case = mapped.entities["case"]
    tokens = case["applicant_token"].to_list()
    assert tokens[0] == tokens[1]
    assert len({tokens[0], tokens[2], tokens[3], tokens[4]}) == 4
    assert tokens[5] is None
    assert case["applicant_identity_state"].to_list() == ["valid", "valid", "absent", "absent", "invalid", "absent"]  # fmt: skip
    assert case["applicant_masked"].to_list()[:2] == ["张＊＊", "李＊＊"]
    assert mapped.parties.drop("applicant_token").rows()[:3] == [
        (0, "person", full, "13800138000", "张测试"),
        (1, "person", full, None, "李测试"),
        (2, "person", None, None, "张测试"),
    ]
    assert mapped.parties[SRC].to_list() == [0, 1, 2, 3, 4]
    assert mapped.parties["applicant_token"].to_list() == tokens[:5]
    assert rejected(mapped) == []


def test_identity_numbers_that_cannot_be_read_are_rejected(map_rows: MapRows) -> None:
    mapped = map_rows({"SFZH": "1.10105E+17"}, {"SFZH": "户口本"})
    assert rejected(mapped) == [(0, "identity_digits_lost", "SFZH"), (1, "bad_identity", "SFZH")]
    assert not mapped.rejects["message"].str.contains("1.1|户口本").any()


NUMBERS = st.sampled_from(["11010519491231002X", "110105194912310021", "110105491231002", "１１０１０５１９４９１２３１００２Ｘ"])  # fmt: skip
PHONES = st.sampled_from(["13800138000", "0791-86279288", "１３８００１３８０００"])
SECRETS = st.tuples(st.sampled_from(["", "证", "a", "2012-3-5 "]), NUMBERS | PHONES, st.sampled_from(["", "号", "?"])).map("".join)  # fmt: skip
FIELDS = ("BBH", "LX", "SFZH", "LXDH", "SQR", "SXDM", "SXMC", "SQRQ", "SLRQ", "JG", "JDRQ", "SFJE")
DIGITS = re.compile(r"[0-9０-９]{8,}")


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), SECRETS, min_size=1), min_size=1, max_size=4))  # fmt: skip
def test_no_message_shows_a_number_of_a_person(
    map_rows: MapRows, rows: list[dict[str, str]]
) -> None:
    mapped = map_rows(*rows)
    texts = mapped.rejects["message"].to_list() + [
        text
        for column in ("source_code", "source_name")
        for text in mapped.unmapped[column].drop_nulls()
    ]
    texts += [drift.message for drift in mapped.drift]
    assert not [text for text in texts if DIGITS.search(text)]


def test_shown_values_are_shortened(map_rows: MapRows) -> None:
    message = map_rows({"SQRQ": "很" * 500}).rejects["message"].item()
    assert message.count("很") == 40


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.dictionaries(st.sampled_from(("AJBH", *FIELDS)), st.none() | st.text(max_size=12)), min_size=1, max_size=5))  # fmt: skip
def test_every_row_has_one_record_whatever_it_holds(
    map_rows: MapRows, rows: list[dict[str, str | None]]
) -> None:
    mapped = map_rows(*rows)
    assert mapped.records[SRC].to_list() == list(range(len(rows)))
    keyless = set(mapped.records.filter(pl.col("record_key").is_null())[SRC])
    assert keyless == set(mapped.rejects.filter(reason="missing_key")[SRC])
    assert set(mapped.entities["case"][SRC]) == set(range(len(rows))) - keyless


def test_native_columns(standard: mappings.Mapping, keys: Keys, raw_table: Table) -> None:
    raw = raw_table({})
    for name, value in {
        "AJBH": pa.array([20120001]),
        "BBH": pa.array([3.0]),
        "SQRQ": pa.array([datetime(2012, 3, 1, 8, 30)], pa.timestamp("s")),  # noqa: DTZ001
        "SLRQ": pa.array([date(2012, 3, 5)]),
        "JG": pa.array([1], pa.int8()),
        "SFJE": pa.array([Decimal("80.5")], pa.decimal128(10, 3)),
        "BT": pa.array([None], pa.null()),
        "SLR": pa.array(["李四"]).dictionary_encode(),
    }.items():
        raw = raw.set_column(raw.column_names.index(name), name, value)
    mapped = mappings.apply(standard, "cases", raw, keys)
    assert rejected(mapped) == []
    assert mapped.records.rows() == [(0, "20120001", 3, False)]
    (case,) = mapped.entities["case"].to_dicts()
    assert case["applied_at"] == utc(2012, 3, 1, 0, 30)
    assert (case["accepted_at"], case["result"]) == (utc(2012, 3, 4, 16), "granted")
    assert mapped.entities["fee"]["amount"].to_list() == [Decimal("80.50")]
    assert mapped.entities["event"]["handler"].to_list() == ["李四"]


def test_bytes_are_not_guessed_at(standard: mappings.Mapping, keys: Keys, raw_table: Table) -> None:
    raw = raw_table({})
    raw = raw.set_column(raw.column_names.index("BT"), "BT", pa.array([b"\xc4\xcf"]))
    with pytest.raises(SpecError, match="BT holds Binary"):
        mappings.apply(standard, "cases", raw, keys)


def test_each_value_is_computed_once(standard: mappings.Mapping) -> None:
    plan = plan_of(standard.specs["cases"])
    ways = [slot.name.split(":")[1] for slot in plan.slots.values() if slot.label == "SLRQ"]
    assert sorted(ways) == ["date", "timestamp"]  # for two crosswalks, and for a case and its event


def test_the_department_is_part_of_a_case_without_identity(
    standard: mappings.Mapping, keys: Keys, raw_table: Table
) -> None:
    other = replace(standard, department="elsewhere")
    a, b = (
        mappings.apply(mapping, "cases", raw_table({}), keys).entities["case"]
        for mapping in (standard, other)
    )
    assert a["applicant_token"].item() != b["applicant_token"].item()
    assert a["case_id"].item() != b["case_id"].item()


def test_an_unknown_dataset_is_an_error(standard: mappings.Mapping, keys: Keys, raw_table: Table) -> None:  # fmt: skip
    with pytest.raises(SpecError, match="no dataset 'nothing'"):
        mappings.apply(standard, "nothing", raw_table({}), keys)
