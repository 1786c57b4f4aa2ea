"""Findings in Excel: Chinese headings, facts in words, no cell that calculates."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import fastexcel
import pytest
from sqlalchemy import text

from supervision import exports, selection, wording
from supervision.rulebook import RULES
from supervision.selection import Selection
from tests.supervision.active import LIMITS


@pytest.fixture
def rows(world: Any) -> list[selection.Row]:
    world.connection.execute(
        text("update catalogue.power set name = '=HYPERLINK(\"x\")' where power_code = 'P'")
    )
    world.land_overdue("-1+2")
    world.land_overdue("GT-2")
    world.supervise(rules=LIMITS)
    return selection.rows(world.connection, Selection(department="land"))


def test_csv_opens_in_excel_and_calculates_nothing(rows: list[selection.Row]) -> None:
    made = exports.as_csv(rows)
    assert made.startswith(b"\xef\xbb\xbf")
    read = list(csv.DictReader(io.StringIO(made.decode("utf-8-sig"))))
    assert list(read[0]) == exports.headings()
    first = next(row for row in read if row["办件号"] == "'-1+2")
    assert first["事项名称"] == '\'=HYPERLINK("x")'
    assert (first["级别"], first["状态"], first["时限或标准"], first["实际"]) == (
        "黄牌",
        "待处置",
        "15个工作日",
        "18个工作日",
    )
    assert "受理日期：2012年3月1日" in first["事实"]
    assert not [cell for row in read for cell in row.values() if cell.startswith(exports.FORMULA)]


def test_a_workbook_has_texts_only_a_frozen_heading_and_filters(rows: list[selection.Row]) -> None:
    made = exports.as_xlsx(rows)
    sheet = fastexcel.read_excel(made).load_sheet(0).to_polars()
    assert sheet.columns == exports.headings()
    assert set(sheet["办件号"]) == {"-1+2", "GT-2"}
    xml = zipfile.ZipFile(io.BytesIO(made)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in xml
    assert set(re.findall(r'<c r="[A-Z]+\d+" s="\d+" t="(\w+)"', xml)) == {"s"}
    assert 'state="frozen"' in xml and "<autoFilter" in xml
    assert made == exports.as_xlsx(rows)


def test_every_fact_of_every_rule_has_a_name() -> None:
    sources = [path.read_text("utf-8") for path in Path(RULES).glob("*/*.sql")]
    keys = {
        key
        for sql in sources
        for made in re.findall(r"jsonb_build_object\((.*?)\)\) as facts", sql, re.DOTALL)
        for key in re.findall(r"(?:^|,|\()\s*'([a-z_]+)'\s*,", made)
    }
    assert keys
    assert sorted(keys - set(wording.labels())) == []  # name them in supervision/facts.csv


def test_values_in_words() -> None:
    say = wording.value_text
    assert say("paid_on", "2012-03-05") == "2012年3月5日"
    assert say("accepted_at", "2012-03-05 09:30:00") == "2012年3月5日09:30"
    assert say("missing_steps", ["accept", "other"]) == "受理、other"
    assert say("wrong_transitions", ["decide→accept"]) == "决定→受理"
    assert say("amount", 100.5) == "100.5"
    assert (
        say("x", {"step": "decide", "at": "2012-03-05 09:30:00"})
        == "（环节决定，时间2012年3月5日09:30）"
    )
    assert say("problem", "电话13807911234") == "电话■■■"
