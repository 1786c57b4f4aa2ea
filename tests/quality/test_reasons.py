"""Every reason code has a remedy, and what may be accepted is only what the warehouse can hold without inventing anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.core.codelists import codelists
from hub.core.errors import SpecError
from mappings.rejects import MESSAGES
from quality.reasons import COLUMNS, FILE, reasons

NEVER = {
    "missing_key", "illegal_bytes", "damaged_row", "missing_column", "required_missing", "duplicate_key", "drift",
    "unmapped_power",
}  # fmt: skip


def test_every_code_has_both_remedies() -> None:
    assert set(reasons()) == set(codelists()["reason"]) >= set(MESSAGES)
    assert all(one.remedy_zh and one.remedy_en and one.zh for one in reasons().values())


def test_rows_without_key_or_readable_bytes_can_never_be_accepted() -> None:
    assert not [code for code in NEVER if reasons()[code].acceptable]
    assert reasons()["negative_amount"].acceptable


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: lines[:-1], "says nothing of"),
        (lambda lines: [*lines, lines[-1]], "stands here twice"),
        (lambda lines: [*lines[:-1], lines[-1].replace(",no,", ",perhaps,")], "yes or no"),
        (lambda lines: [*lines, "no_such,no,x,y"], "no reason code"),
    ],
)
def test_a_file_that_is_incomplete_or_wrong_is_named(
    tmp_path: Path, change: object, said: str
) -> None:
    lines = FILE.read_text("utf-8").splitlines()
    assert lines[0] == ",".join(COLUMNS)
    broken = tmp_path / "reasons.csv"
    broken.write_text("\n".join(change(lines)) + "\n", "utf-8")  # type: ignore[operator]
    with pytest.raises(SpecError, match=said):
        reasons(broken)
