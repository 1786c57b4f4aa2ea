"""Datasets of child rows: joined fields, conditions, disclosures, and rows whose case is not named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pyarrow as pa

import mappings
from hub.core.batches import SRC, Mapped
from hub.core.privacy import Keys


def rejected(mapped: Mapped) -> list[tuple[int, str, str | None]]:
    return mapped.rejects.select(SRC, "reason", "column").rows()  # type: ignore[return-value]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


STEPS = """
datasets:
  steps:
    key: [LSH, XH]
    case_no: LSH
    event:
      when: {field: LX, equals: ["环节", "0１"]}
      event_no: XH
      step_code: {field: HJ, codelist: step}
      started_at: {join: [RQ, SJ], sep: " "}
      opinion: {join: [YJ, BZ], sep: "；"}
      action: {const: other}
  published:
    key: [LSH]
    disclosure:
      source_no: LSH
      item_code: {field: XM, crosswalk: powers}
      produced_at: CS
      published_at: {field: FB, as: timestamp}
"""


def test_child_tables_joined_fields_and_disclosures(
    write: Callable[..., object], keys: Keys
) -> None:
    department = write(STEPS, datasets=("steps", "published"))
    mapping = mappings.read(department)  # type: ignore[arg-type]
    assert mapping.datasets == ("steps", "published")
    raw = pa.table(
        {
            "LSH": ["A", "A", "A", None, "A"], "XH": ["1", "2", "3", "4", "5"],
            "LX": ["环节", "01", "其他", "环节", ""], "HJ": ["SL", "SL", "zz", "SL", "zz"],
            "RQ": ["2012-3-5", "2012年3月6日", "x", "", ""], "SJ": ["14:30", "", "y", "", ""],
            "YJ": ["同意", "", "", "", ""], "BZ": ["电话13800138000", "", "", "", ""],
        }
    )  # fmt: skip
    mapped = mappings.apply(mapping, "steps", raw, keys)
    assert rejected(mapped) == [(3, "missing_key", "LSH")]
    assert mapped.records["record_key"].to_list() == ["A|1", "A|2", "A|3", None, "A|5"]
    events = mapped.entities["event"]
    assert events.select("event_no", "step_code", "opinion", "action").rows() == [
        (1, "accept", "同意；电话■■■", "other"), (2, "accept", None, "other"),
    ]  # fmt: skip
    assert events["started_at"].to_list() == [utc(2012, 3, 5, 6, 30), utc(2012, 3, 5, 16)]
    published = pa.table({"LSH": ["G1"], "XM": ["XK01"], "CS": ["2012-1-4"], "FB": [""]})
    mapped = mappings.apply(mapping, "published", published, keys)
    assert mapped.owned == {"disclosure": ("source_no", "item_code", "produced_at", "published_at")}
    assert mapped.entities["disclosure"].rows() == [
        (0, "G1", "36012100FC-XK-0009", utc(2012, 1, 3, 16), None)
    ]


NOTES = """
datasets:
  notes:
    key: [ID]
    case_no: AJBH
    supplement: {notice_no: ID, notified_at: RQ, list: {join: [A, B], sep: ""}}
    clock_stop:
      - {when: TB, stop_no: {const: 1}, kind: {const: other}, started_at: RQ, approver: {field: A, as: text}, reason: A, applicant_told: {present: GZ}}
"""


def test_a_child_without_its_case_number_belongs_nowhere(
    write: Callable[..., object], keys: Keys
) -> None:
    mapping = mappings.read(write(NOTES, datasets=("notes",)))  # type: ignore[arg-type]
    raw = pa.table(
        {
            "ID": ["1", "2"], "AJBH": ["A", ""], "RQ": ["2012-3-5", "2012-3-5"], "A": ["甲0791-86279288", "甲"],
            "B": ["乙", ""], "TB": ["1", "1"], "GZ": ["", ""],
        }
    )  # fmt: skip
    mapped = mappings.apply(mapping, "notes", raw, keys)
    assert rejected(mapped) == [(1, "missing_key", "AJBH")]
    assert mapped.records["record_key"].to_list() == ["1", "2"]
    assert mapped.entities["supplement"].select(SRC, "notice_no", "list").rows() == [
        (0, 1, "甲■■■乙")
    ]
    assert mapped.entities["clock_stop"].select("approver", "reason", "applicant_told").rows() == [
        ("甲0791-86279288", "甲■■■", False)  # one field, two conversions
    ]
