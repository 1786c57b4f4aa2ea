"""Access databases, through mdbtools."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from connectors.files import access
from connectors.files.settings import AccessSettings
from hub.core.errors import SourceRefused

REAL = Path(__file__).parents[4] / "shared" / "data" / "legacy_samples" / "overflowV2000.mdb"

needs_tools = pytest.mark.skipif(
    shutil.which("mdb-export") is None, reason="mdbtools are not installed"
)
needs_sample = pytest.mark.skipif(not REAL.exists(), reason="the sample databases are not here")


def declared(table: str = "Table1") -> AccessSettings:
    return AccessSettings(format="access", files="*", table=table)


@needs_tools
@needs_sample
def test_all_rows_of_a_table_with_overflow_pages(reserved_types):
    (part,) = access.read(REAL, "overflow.mdb", declared())
    rows = part.table.to_pylist()
    names = [name for name in part.table.column_names if name not in reserved_types]
    assert names == ["data1", *(f"data{n}" for n in range(3, 11))]
    held = [{name: row[name] for name in names if row[name] is not None} for row in rows]
    assert held == [
        {"data1": "row1col1"}, {"data1": "row2col1", "data3": "row2col3"},
        {"data1": "row4col1", "data3": "row4col2"}, {"data3": "row6col2", "data4": "row6col3"},
        {"data1": "row7col1", "data7": "row7col7"}, {"data3": "row3col3", "data9": "row3col9"},
        {"data3": "row5col2"},
    ]  # fmt: skip
    assert [row["_row"] for row in rows] == list(range(1, 8))


@needs_tools
@needs_sample
def test_a_table_that_is_not_there(tmp_path):
    with pytest.raises(SourceRefused, match="Nope") as caught:
        list(access.read(REAL, "x.mdb", declared("Nope")))
    assert "correct 'table'" in str(caught.value)


@needs_tools
@pytest.mark.parametrize(
    "data", [b"", b"no database" * 1_000, b"\0\1\0\0Standard Jet DB\0" + bytes(8_192)]
)
def test_what_is_no_database_is_refused(tmp_path, data):
    path = tmp_path / "a.mdb"
    path.write_bytes(data)
    with pytest.raises(SourceRefused, match=r"a\.mdb"):
        list(access.read(path, "a.mdb", declared()))


@needs_tools
@needs_sample
def test_rows_that_mdbtools_do_not_reach_are_no_silent_loss(tmp_path):
    """Every page of data of the table is wiped out in turn: each time either all rows come, or a refusal."""
    whole = REAL.read_bytes()
    page = 4_096
    refused = 0
    for at in range(page, len(whole), page):
        if whole[at] != 1:  # a page of data
            continue
        path = tmp_path / "a.mdb"
        path.write_bytes(whole[:at] + bytes(page) + whole[at + page :])
        try:
            rows = sum(part.table.num_rows for part in access.read(path, "a.mdb", declared()))
            assert rows == 7
        except SourceRefused:
            refused += 1
    assert refused >= 1


def test_missing_programs_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceRefused, match=r"mdb-count is not installed.*package mdbtools"):
        list(access.read(tmp_path / "a.mdb", "a.mdb", declared()))


@needs_tools
@needs_sample
def test_many_exports_leave_no_process(tmp_path):
    import os

    for _ in range(3):
        next(access.read(REAL, "a.mdb", declared())).table.num_rows  # noqa: B018
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    names = [Path(f"/proc/{child}/comm").read_text().strip() for child in children]
    assert not [name for name in names if name.startswith("mdb-")]
