"""A department for the tests of the quarantine: every kind of value, an applicant, two crosswalks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from hub import pipeline
from hub.core.settings import Settings

MAPPING = """
datasets:
  cases:
    key: [NO]
    case_no: NO
    ignore: [NOTE]
    applicant: {identity: SFZH, phone: TEL, name: XM}
    case:
      region_code: {const: "360121"}
      power_code: {field: ITEM, name: ITEMNAME, crosswalk: powers, on: APPLIED}
      source_item_code: ITEM
      item_name: ITEMNAME
      title: TITLE
      applied_at: APPLIED
      closed_at: CLOSED
      case_kind: {field: KIND, codelist: case_kind}
    fee:
      - {when: FEE, fee_no: {const: 1}, amount: FEE, quantity: QTY}
"""
FIELDS = (
    "NO",
    "APPLIED",
    "CLOSED",
    "TITLE",
    "ITEM",
    "ITEMNAME",
    "KIND",
    "FEE",
    "QTY",
    "XM",
    "SFZH",
    "TEL",
    "NOTE",
)
SOUND = {
    "APPLIED": "2012-03-01", "CLOSED": "2012-03-09", "TITLE": "一件", "ITEM": "A1", "ITEMNAME": "个体工商户设立登记",
    "KIND": "即办", "FEE": "10", "QTY": "1", "XM": "欧阳娜娜", "SFZH": "360121198001011231", "TEL": "13900001234", "NOTE": "",
}  # fmt: skip
"""A row that passes."""


class Office:
    """The department `office`, and the folder that it drops its files into."""

    def __init__(self, root: Path, drop: Path) -> None:
        self.folder, self.drop = root / "office", drop
        (self.folder / "sample").mkdir(parents=True)
        (self.folder / "sample" / "README.md").write_text(",".join(FIELDS))
        (self.folder / "powers.csv").write_text(
            "source_code,source_name,power_code,valid_from,valid_to,note\n"
            "A1,个体工商户设立登记,36012100GS-XK-0001,,,\nA3,户外广告登记,36012100GS-XK-0003,,,\n", "utf-8",
        )  # fmt: skip
        (self.folder / "codes.csv").write_text(
            "codelist,source_code,source_name,code,valid_from,valid_to,note\ncase_kind,即办,,instant,,,\n", "utf-8"
        )  # fmt: skip
        (self.folder / "mapping.yml").write_text(MAPPING)
        (self.folder / "source.yml").write_text(
            "title: {zh: 窗口, en: Office}\nbody: 36012100GS\nowner: {name: office, contact: x@example.invalid}\n"
            "connector: files\nconnection: office_files\ndatasets:\n"
            '  cases: {format: text, files: "*.csv", delimiter: ",", charset: utf-8, settle: 0s}\n', "utf-8",
        )  # fmt: skip
        drop.mkdir()

    def put(self, name: str, *rows: dict[str, Any]) -> None:
        """Drop a file: each row says what differs from SOUND."""
        lines = [",".join(FIELDS)]
        lines += [",".join(str((SOUND | row).get(field, "")) for field in FIELDS) for row in rows]
        (self.drop / name).write_text("\n".join(lines) + "\n", "utf-8")


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Engine) -> Office:
    made = Office(tmp_path / "departments", tmp_path / "drop")
    monkeypatch.setenv("HUB_DEPARTMENTS", str(tmp_path / "departments"))
    monkeypatch.setenv("HUB_CONNECTION_OFFICE_FILES", made.drop.as_uri())
    return made


@pytest.fixture
def hub(office: Office) -> pipeline.Hub:
    """An installation that knows only that department."""
    return pipeline.open_hub(Settings.load())


Ask = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def ask(database: Engine) -> Ask:
    """Rows of a query on the test's warehouse."""

    def rows(query: str, **binds: Any) -> list[tuple[Any, ...]]:
        with database.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query), binds)]

    return rows
