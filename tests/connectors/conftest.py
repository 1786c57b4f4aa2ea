"""A department folder made on the spot, its files, and its exchange database."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

import connectors
from hub.core.specs import Department, read_department

HEAD = """\
title: {zh: 测试局, en: Test Bureau}
body: 36012100CS
owner: {name: 测试, contact: cs@example.invalid}
connector: %s
connection: test_source
protection: %s
datasets:
"""

MakeDepartment = Callable[..., Department]
Open = Callable[..., connectors.Connector]


@pytest.fixture
def make_department(tmp_path: Path) -> MakeDepartment:
    """A department from the lines under `datasets` (line 8 of its source.yml on), as text or as data."""

    def make(
        datasets: str | dict[str, Any], connector: str = "files", protection: str = "{}"
    ) -> Department:
        if not isinstance(datasets, str):
            datasets = "".join(
                f"  {line}\n" for line in yaml.safe_dump(datasets, allow_unicode=True).splitlines()
            )
        folder = tmp_path / "departments" / "test_bureau"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "source.yml").write_text(HEAD % (connector, protection) + datasets, "utf-8")
        return read_department(tmp_path / "departments", "test_bureau")

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder into which the department drops its files."""
    path = tmp_path / "数据 交换"
    path.mkdir()
    return path


@pytest.fixture
def open_files(make_department: MakeDepartment, folder: Path) -> Open:
    """A files connector on `folder` with one dataset, `cases`."""

    def opened(protection: str = "{}", **settings: Any) -> connectors.Connector:
        department = make_department({"cases": settings}, protection=protection)
        return connectors.open(department, folder.as_uri())

    return opened


@pytest.fixture
def reserved_types() -> dict[str, pa.DataType]:
    """What the contract says of the reserved columns."""
    return {
        "_file": pa.string(), "_row": pa.int64(), "_deleted": pa.bool_(),
        "_defect": pa.string(), "_bytes": pa.binary(),
    }  # fmt: skip


_numbers = itertools.count(1)


@pytest.fixture
def exchange_url(pg_server: Any) -> Iterator[str]:
    """The URL of a fresh, empty exchange database; the test's server plays the front-end machine."""
    name = f"exchange_{next(_numbers)}"
    yield pg_server.create(name)
    pg_server.drop(name)
