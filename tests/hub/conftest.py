"""A small department made for the tests of the pipeline: one folder of text files, one dataset of cases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from hub import pipeline
from hub.core.settings import Settings

MAPPING = """
datasets:
  cases:
    key: [NO]
    case_no: NO
    rename: [{field: APPLIED, was: [SQSJ], since: 2012-07-01}]
    ignore: [NOTE]
    case:
      region_code: {const: "360121"}
      power_code: {const: "36012100GS-XK-0001"}
      applied_at: APPLIED
      title: TITLE
"""


class Registry:
    """The department `registry` and the folder that it drops its files into."""

    def __init__(self, root: Path, drop: Path) -> None:
        self.folder, self.drop = root / "registry", drop
        (self.folder / "sample").mkdir(parents=True)
        (self.folder / "sample" / "README.md").write_text("NO,APPLIED,TITLE\n")
        (self.folder / "powers.csv").write_text(
            "source_code,source_name,power_code,valid_from,valid_to,note\n"
        )
        (self.folder / "mapping.yml").write_text(MAPPING)
        self.declare("")
        drop.mkdir()

    def declare(self, dataset: str, protection: str = "{sessions: 1}") -> None:
        """Write source.yml; `dataset` is more of the dataset's settings, such as 'drift: {new: stop}'."""
        more = f", {dataset}" if dataset else ""
        (self.folder / "source.yml").write_text(
            "title: {zh: 登记处, en: Registry}\nbody: 36012100GS\n"
            "owner: {name: office, contact: x@example.invalid}\nconnector: files\n"
            f"connection: registry_files\nprotection: {protection}\ndatasets:\n"
            f'  cases: {{format: text, files: "*.csv", delimiter: ","{more}}}\n'
        )

    def put(self, name: str, *rows: str, header: str = "NO,APPLIED,TITLE") -> None:
        """Drop a file of that name."""
        (self.drop / name).write_text("\n".join((header, *rows)) + "\n")


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Engine) -> Registry:
    """The department, on a warehouse of the test's own."""
    made = Registry(tmp_path / "departments", tmp_path / "drop")
    monkeypatch.setenv("HUB_DEPARTMENTS", str(tmp_path / "departments"))
    monkeypatch.setenv("HUB_CONNECTION_REGISTRY_FILES", made.drop.as_uri())
    return made


@pytest.fixture
def registry_hub(registry: Registry) -> pipeline.Hub:
    """An installation that knows only that department."""
    return pipeline.open_hub(Settings.load())


Ask = Callable[..., list[tuple[object, ...]]]


@pytest.fixture
def ask(database: Engine) -> Ask:
    """Rows of a query on the test's warehouse."""

    def rows(query: str) -> list[tuple[object, ...]]:
        with database.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]

    return rows
