"""What a mapping says of sources that number nothing, repeat a start as an end, or tell two things in one table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import polars as pl
import pyarrow as pa

import mappings
from hub.core.privacy import Keys
from mappings.conversions import CONVERSIONS

STEPS = """
datasets:
  steps:
    key: [LSH, GUID]
    case_no: LSH
    event:
      - when: {field: ZT, differs: ["1", "待办"]}
        event_no: {field: GUID, as: stand_in}
        step_code: {const: review}
        started_at: KS
        ended_at: {field: JS, unless: KS}
      - when: {field: ZT, equals: ["1"]}
        event_no: {field: GUID, as: stand_in}
        step_code: {const: decide}
        started_at: KS
"""
OTHER = """
  special:
    key: [LSH, XH]
    case_no: LSH
    event: {event_no: %s, step_code: {const: accept}, started_at: KS}
"""


def steps(**columns: list[str | None]) -> pa.Table:
    count = len(next(iter(columns.values())))
    default = {
        "LSH": ["A"] * count,
        "GUID": [f"g{n}" for n in range(count)],
        "KS": ["2012-3-5"] * count,
    }
    return pa.table(
        {
            name: pa.array(values, pa.string())
            for name, values in (
                default | {"ZT": ["2"] * count, "JS": [None] * count} | columns
            ).items()
        }
    )


def test_a_stand_in_is_the_same_everywhere_and_below_zero() -> None:
    conversion = CONVERSIONS["stand_in"]
    frame = pl.DataFrame({"text": ["a", "b", None, "a"]})
    numbers = frame.select(conversion.parse(pl.col("text"), pl.String())).to_series()
    # printf a | md5sum | cut -c1-12 and printf b | …: 0cc175b9c0f1 and 92eb5ffee6ae
    assert numbers.to_list() == [
        -1 - 0x0CC175B9C0F1,
        -1 - 0x92EB5FFEE6AE,
        None,
        -1 - 0x0CC175B9C0F1,
    ]


def test_steps_without_a_number_get_one_of_their_own(
    write: Callable[..., object], keys: Keys
) -> None:
    mapping = mappings.read(write(STEPS, datasets=("steps",)))  # type: ignore[arg-type]
    first = mappings.apply(mapping, "steps", steps(GUID=["x", "y"]), keys).entities["event"]
    again = mappings.apply(mapping, "steps", steps(GUID=["y", "x", "z"]), keys).entities["event"]
    assert first["event_no"].n_unique() == 2
    assert again["event_no"].to_list()[:2] == first["event_no"].to_list()[::-1]


def test_an_end_that_repeats_the_start_is_none(write: Callable[..., object], keys: Keys) -> None:
    mapping = mappings.read(write(STEPS, datasets=("steps",)))  # type: ignore[arg-type]
    raw = steps(
        JS=["2012-3-5", "2012-3-6", None, "x"], KS=["2012-3-5", "2012-3-5", "2012-3-5", "2012-3-5"]
    )
    mapped = mappings.apply(mapping, "steps", raw, keys)
    ended = mapped.entities["event"]["ended_at"].to_list()
    assert ended == [None, datetime(2012, 3, 5, 16, tzinfo=UTC), None, None]
    assert mapped.rejects.select("_src", "reason").rows() == [(3, "bad_date")]


def test_native_times_are_compared_too(write: Callable[..., object], keys: Keys) -> None:
    mapping = mappings.read(write(STEPS, datasets=("steps",)))  # type: ignore[arg-type]
    at, later = datetime(2012, 3, 5, 9), datetime(2012, 3, 5, 10)  # noqa: DTZ001
    raw = steps(ZT=["2", "2"]).drop_columns(["KS", "JS"])
    raw = raw.append_column("KS", pa.array([at, at])).append_column("JS", pa.array([at, later]))
    mapped = mappings.apply(mapping, "steps", raw, keys)
    assert mapped.entities["event"]["ended_at"].to_list() == [
        None,
        datetime(2012, 3, 5, 2, tzinfo=UTC),
    ]


def test_equals_and_differs_leave_no_row_out(write: Callable[..., object], keys: Keys) -> None:
    both = STEPS.replace('differs: ["1", "待办"]', 'differs: ["1"]')
    mapping = mappings.read(write(both, datasets=("steps",)))  # type: ignore[arg-type]
    mapped = mappings.apply(mapping, "steps", steps(ZT=["1", "2", None, "１"]), keys)
    found = mapped.entities["event"].sort("_src").select("_src", "step_code").rows()
    assert found == [(0, "decide"), (1, "review"), (2, "review"), (3, "decide")]


def said(write: Callable[..., object], mapping: str, *datasets: str) -> list[str]:
    department = write(mapping, datasets=datasets)
    return [problem.what for problem in mappings.check(department)]  # type: ignore[arg-type]


def test_a_value_that_neither_row_takes_is_no_exclusion(write: Callable[..., object]) -> None:
    overlapping = STEPS.replace('equals: ["1"]', 'equals: ["1", "3"]')
    assert said(write, overlapping, "steps") == ["event: a record would emit the same key twice"]
    assert said(write, STEPS, "steps") == []


def test_one_test_per_condition_and_unless_stands_alone(write: Callable[..., object]) -> None:
    wrong = STEPS.replace('equals: ["1"]', 'equals: ["1"], differs: ["2"]')
    assert any("only one of equals, differs" in what for what in said(write, wrong, "steps"))
    wrong = STEPS.replace("unless: KS}", "unless: KS, codelist: step}")
    assert any("unless stands beside" in what for what in said(write, wrong, "steps"))


def test_stand_ins_and_numbers_of_a_source_never_meet(write: Callable[..., object]) -> None:
    assert said(write, STEPS + OTHER % "XH", "steps", "special") == []
    assert said(write, STEPS + OTHER % "{const: 1}", "steps", "special") == []
    clash = said(write, STEPS + OTHER % "{field: XH, as: stand_in}", "steps", "special")
    assert clash == ["event.step_code is also written by dataset 'steps'"]
