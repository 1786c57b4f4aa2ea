"""The quarantine keeps the row as it came, and shows nobody's identity."""

from __future__ import annotations

import base64
import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.batches import RECORDS_SCHEMA, REJECTS_SCHEMA, SRC
from hub.core.errors import GateStopped
from hub.core.privacy import MASK, Keys
from quality import quarantine

KEYS = Keys(b"t" * 32, b"c" * 32, b"r" * 32)
ROLES = {"SFZH": "identity", "LXDH": "phone", "SQR": "name"}
IDENTITY, PHONE, NAME = "360121198001011234", "13900001234", "张三丰"
EMPTY = pl.DataFrame(schema=RECORDS_SCHEMA)


def raw(rows: list[dict[str, Any]]) -> pa.Table:
    reserved = {"_file": "2012-03.txt", "_deleted": False, "_defect": None, "_bytes": None}
    full = [reserved | {"_row": number + 2} | row for number, row in enumerate(rows)]
    types = {
        "_row": pa.int64(),
        "_deleted": pa.bool_(),
        "_bytes": pa.binary(),
        "_defect": pa.string(),
    }
    table = pa.Table.from_pylist(full)
    for name, kind in types.items():
        position = table.column_names.index(name)
        table = table.set_column(position, name, table.column(name).cast(kind))
    return table


def rejects(*rows: tuple[int, str, str]) -> pl.DataFrame:
    found = [
        {SRC: n, "reason": reason, "column": column, "message": "what is wrong"}
        for n, reason, column in rows
    ]
    return pl.DataFrame(found, schema=REJECTS_SCHEMA)


def built(
    rows: list[dict[str, Any]], *reasons: tuple[int, str, str], fields: Any = ROLES
) -> pl.DataFrame:
    chosen = reasons or tuple((n, "bad_date", "SLRQ") for n in range(len(rows)))
    return quarantine.build(raw(rows), rejects(*chosen), EMPTY, fields, KEYS)


def shown(frame: pl.DataFrame, row: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(frame["raw_masked"][row])
    return found


def opened(frame: pl.DataFrame, row: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(KEYS.decrypt(frame["raw_encrypted"][row]))
    return found


def test_nothing_rejected_makes_an_empty_frame_of_the_same_form() -> None:
    frame = quarantine.build(raw([{"A": "x"}]), rejects(), EMPTY, ROLES, KEYS)
    assert frame.schema == pl.Schema(quarantine.QUARANTINE_SCHEMA)
    assert built([{"A": "x"}]).schema == frame.schema


def test_one_row_per_rejected_source_row_with_its_first_reason_and_the_others_codes() -> None:
    rows = [{"A": str(n)} for n in range(4)]
    records = pl.DataFrame(
        [{SRC: 3, "record_key": "k3", "source_version": 0, "deleted": False}], schema=RECORDS_SCHEMA
    )
    found = rejects(
        (3, "bad_date", "A"),
        (3, "unmapped_code", "B"),
        (3, "bad_number", "C"),
        (1, "missing_key", "K"),
    )
    frame = quarantine.build(raw(rows), found, records, (), KEYS)
    assert frame.select(SRC, "record_key", "reason", "column").rows() == [
        (1, None, "missing_key", "K"),
        (3, "k3", "bad_date", "A"),
    ]
    assert frame["message"].to_list() == [
        "what is wrong",
        "what is wrong (+2 more: unmapped_code, bad_number)",
    ]
    assert opened(frame, 1)["A"] == "3"


def test_a_replay_knows_its_rows_by_their_first_position() -> None:
    table = raw([{"A": "x"}, {"A": "y"}]).append_column(SRC, pa.array([17, 40], pa.int64()))
    frame = quarantine.build(table, rejects((40, "bad_date", "A")), EMPTY, (), KEYS)
    assert frame[SRC].to_list() == [40]
    assert opened(frame)["A"] == "y"
    assert SRC not in opened(frame)


def test_a_reject_of_a_row_that_is_not_there_is_refused() -> None:
    with pytest.raises(GateStopped, match="2 rows are rejected"):
        built([{"A": "x"}], (0, "bad_date", "A"), (5, "bad_date", "A"))


def test_the_encrypted_row_is_the_row_as_it_came() -> None:
    row = {
        "SQR": NAME + "  ", "SFZH": IDENTITY, "N": 360121198001011234, "T": datetime.fromisoformat("2012-03-05 14:30:00"),
        "D": date(2012, 3, 5), "M": Decimal("12.50"), "F": 1.5, "B": True, "E": None, "NUL": "a\x00b",
        "_defect": "illegal_bytes", "_bytes": b"\xb0\xff|x",
    }  # fmt: skip
    found = opened(built([row]))
    assert found["SQR"] == NAME + "  "
    assert found["SFZH"] == IDENTITY
    assert found["N"] == 360121198001011234
    assert (found["T"][:19], found["D"], found["M"]) == (
        "2012-03-05 14:30:00",
        "2012-03-05",
        "12.50",
    )
    assert (found["F"], found["B"], found["E"], found["NUL"]) == (1.5, True, None, "a\x00b")
    assert base64.b64decode(found["_bytes"]) == b"\xb0\xff|x"
    assert (found["_file"], found["_row"], found["_defect"]) == ("2012-03.txt", 2, "illegal_bytes")


def test_the_masked_row_hides_identity_data_wherever_it_stands() -> None:
    row = {
        "SQR": NAME, "SFZH": "3.60121E+17", "LXDH": "0791 5555 123", "SXMC": f"{NAME}（{IDENTITY}）宅基地",
        "BZ": f"电话{PHONE}，备用0791 5555 123", "N": 360121198001011234, "SLRQ": "2012-3-5", "E": None,
    }  # fmt: skip
    frame = built([row])
    found = shown(frame)
    assert found["SQR"] == "张＊＊"
    assert found["SFZH"] == MASK
    assert found["LXDH"] == MASK
    assert found["N"] == MASK
    assert found["SXMC"] == f"{MASK}（{MASK}）宅基地"
    assert found["BZ"] == f"电话{MASK}，备用{MASK}"
    assert found["SLRQ"] == "2012-3-5"
    assert found["E"] is None
    assert "宅基地" in frame["raw_masked"][0]
    assert "_bytes" not in found


def test_fields_without_a_role_are_hidden_whole_and_so_are_their_repetitions() -> None:
    row = {"SQR": NAME, "LXDH": "12", "SXMC": f"{NAME}宅基地", "SLRQ": "2012-3-5"}
    found = shown(built([row], fields=("SQR", "LXDH")))
    assert (found["SQR"], found["SXMC"]) == (MASK, f"{MASK}宅基地")
    assert found["SLRQ"] == "2012-3-5"


def test_a_damaged_row_shows_no_field_because_none_can_be_trusted_to_be_in_its_place() -> None:
    row = {"SLRQ": NAME, "BZ": "x", "_defect": "damaged_row", "_bytes": b"a,b"}
    found = shown(built([row]))
    assert (found["SLRQ"], found["BZ"], found["_row"]) == (MASK, MASK, 2)


def test_an_undecodable_value_is_hidden_and_the_others_stay() -> None:
    row = {
        "BZ": "36012119800101\ufffd34",
        "XH": "17",
        "_defect": "illegal_bytes",
        "_bytes": b"\xff",
    }
    found = shown(built([row]))
    assert (found["BZ"], found["XH"]) == (MASK, "17")


def test_the_masked_text_suits_jsonb_and_pictures_are_not_shown() -> None:
    frame = built([{"BZ": "a\x00b", "ZP": b"\x89PNG"}])
    assert "\\u0000" not in frame["raw_masked"][0]
    assert shown(frame)["ZP"] == "<4 bytes>"
    assert base64.b64decode(opened(frame)["ZP"]) == b"\x89PNG"


DIGITS = st.sampled_from(["0123456789", "０１２３４５６７８９"]).flatmap(
    lambda d: st.text(d, min_size=17, max_size=17)
)


@given(
    st.text(max_size=8),
    DIGITS,
    st.sampled_from("0X7ｘ"),
    st.text(max_size=8),
    st.sampled_from(["SFZH", "BZ", "新字段"]),
)
@settings(max_examples=40, deadline=None)
def test_no_identity_number_survives_in_any_field(
    before: str, number: str, check: str, after: str, field: str
) -> None:
    identity = number + check
    frame = built([{field: before + identity + after, "A": "x"}])
    assert identity not in frame.drop("raw_encrypted").write_csv()
    assert opened(frame)[field] == before + identity + after


@given(st.lists(st.text(max_size=12), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_any_text_comes_back_exactly(values: list[str]) -> None:
    frame = built([{"A": value} for value in values])
    assert [opened(frame, n)["A"] for n in range(len(values))] == values
    assert frame["raw_masked"].str.json_decode(dtype=pl.Struct({"A": pl.String()})).len() == len(
        values
    )
