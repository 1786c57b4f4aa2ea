"""A department of two datasets for the tests of raw objects: cases with a version, and their steps."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from hub import pipeline
from hub.core.settings import Settings

MAPPING = """
datasets:
  cases:
    key: [CASE, NO]
    version: VER
    case_no: CASE
    ignore: [GONE]
    applicant: {identity: ID}
    case:
      region_code: {const: "360121"}
      power_code: {const: "36012100GS-XK-0001"}
      applied_at: APPLIED
      title: TITLE
  closings:
    key: [CASE, NO]
    case_no: CASE
    case:
      closed_at: CLOSED
      case_kind: {field: KIND, codelist: case_kind}
    event:
      - {when: CLOSED, event_no: {const: 9}, step_code: {const: deliver}, started_at: CLOSED}
"""
SOURCE = """
title: {zh: 档案处, en: Archive}
body: 36012100GS
owner: {name: office, contact: x@example.invalid}
connector: files
connection: archive_files
datasets:
  cases: {format: text, files: "cases*.csv", delimiter: ",", charset: utf-8, settle: 0s, deletes: flag,
          deleted: {column: GONE, equals: ["1"]}}
  closings: {format: text, files: "closings*.csv", delimiter: ",", charset: utf-8, settle: 0s, deletes: sweep,
             sweep: {every: run}}
"""
CASES, CLOSINGS = "NO,VER,CASE,APPLIED,TITLE,GONE,ID", "NO,CASE,CLOSED,KIND"


class Archive:
    """The department `archive`, and the folder that it drops its files into."""

    def __init__(self, root: Path, drop: Path) -> None:
        self.folder, self.drop = root / "archive", drop
        (self.folder / "sample").mkdir(parents=True)
        (self.folder / "sample" / "README.md").write_text(CASES)
        (self.folder / "powers.csv").write_text(
            "source_code,source_name,power_code,valid_from,valid_to,note\n"
        )
        (self.folder / "mapping.yml").write_text(MAPPING)
        (self.folder / "source.yml").write_text(SOURCE, "utf-8")
        self.know_codes("A")
        drop.mkdir()

    def know_codes(self, *codes: str) -> None:
        """Write codes.csv: these source codes are cases with a promised time."""
        lines = "".join(f"case_kind,{code},,promise,,,\n" for code in codes)
        (self.folder / "codes.csv").write_text(
            "codelist,source_code,source_name,code,valid_from,valid_to,note\n" + lines
        )

    def put(self, name: str, *rows: str) -> None:
        """Drop a file; its name tells of which dataset."""
        header = CASES if name.startswith("cases") else CLOSINGS
        (self.drop / name).write_text("\n".join((header, *rows)) + "\n")


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Engine) -> Archive:
    made = Archive(tmp_path / "departments", tmp_path / "drop")
    monkeypatch.setenv("HUB_DEPARTMENTS", str(tmp_path / "departments"))
    monkeypatch.setenv("HUB_CONNECTION_ARCHIVE_FILES", made.drop.as_uri())
    return made


@pytest.fixture
def hub(archive: Archive) -> pipeline.Hub:
    """An installation that knows only that department."""
    return pipeline.open_hub(Settings.load())
