"""The outcomes of checks as the warehouse keeps them: with masked examples, and what the landing refused added."""

from __future__ import annotations

import json

import polars as pl
import pytest

from hub.core.batches import CHECKS_SCHEMA, REJECTS_SCHEMA, SRC
from quality import outcomes
from quality.outcomes import CheckOutcome
from quality.quarantine import QUARANTINE_SCHEMA
from warehouse.outcomes import with_rejects

BAD = CheckOutcome("bad_date", "source", "SLRQ", "evaluated", 9, 4, 4, (1, 2, 5))
KEY = CheckOutcome("duplicate_key", "case", "case_id", "evaluated", 5, 0)


def kept(*rows: int, **fields: str | None) -> pl.DataFrame:
    masked = {"_file": "a.dbf", "_row": 7, "_deleted": False, "_defect": None} | fields
    text = json.dumps(masked, ensure_ascii=False)
    empty = dict.fromkeys(QUARANTINE_SCHEMA)
    return pl.DataFrame(
        [empty | {SRC: row, "raw_masked": text} for row in rows], schema=QUARANTINE_SCHEMA
    )


def rejects(*rows: tuple[int, str, str]) -> pl.DataFrame:
    return pl.DataFrame([(*row, "m") for row in rows], schema=REJECTS_SCHEMA, orient="row")


def test_examples_come_from_the_masked_rows_and_long_texts_are_cut() -> None:
    frame = outcomes.frame([BAD, KEY], kept(1, 2, 5, 8, name="张＊＊", text="长" * 500, none=None))
    assert frame.schema == pl.Schema(CHECKS_SCHEMA)
    examples = json.loads(frame["examples"][0])
    assert [(e["file"], e["row"]) for e in examples] == [("a.dbf", 7)] * 3
    fields = examples[0]["fields"]
    assert fields == {"name": "张＊＊", "text": "长" * 199 + "…", "none": None}
    assert frame["examples"][1] is None


def test_without_quarantined_rows_there_are_no_examples() -> None:
    assert outcomes.frame([BAD])["examples"].to_list() == [None]
    assert outcomes.frame([]).schema == pl.Schema(CHECKS_SCHEMA)


@pytest.mark.parametrize("checks", [[BAD, KEY], []])
def test_what_the_landing_refuses_is_added_once_per_row(checks: list[CheckOutcome]) -> None:
    late = rejects(
        (3, "duplicate_key", "case.case_id"), (3, "illegal_bytes", "event"), (4, "duplicate_key", "case.case_id")
    )  # fmt: skip
    before = outcomes.frame(checks)
    after = with_rejects(before, late)
    assert after.schema == pl.Schema(CHECKS_SCHEMA)
    assert after["decisive"].sum() == before["decisive"].sum() + 2
    told = {row[:3]: row[4:7] for row in after.iter_rows()}
    assert told["case", "case_id", "duplicate_key"] == (5 if checks else 2, 2, 2)
    assert told["event", "", "illegal_bytes"] == (1, 1, 0)
    assert len(told) == after.height == before.height + (1 if checks else 2)
    assert with_rejects(before, late.clear()).equals(before)
