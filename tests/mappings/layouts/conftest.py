"""A department that follows a published layout: source.yml without datasets, powers.csv, and its middle database."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier, Literal
from sqlalchemy import text

from hub import pipeline
from hub.core.settings import Settings
from hub.pipeline import Hub

DATA = Path(__file__).parent / "data"
SLUG = "bureau"
SOURCE = """\
title: {zh: 测试局, en: Test Bureau}
body: 36012100MZ
owner: {name: 测试, contact: cs@example.invalid}
layout: %s
connection: middle
"""
POWERS = """\
source_code,source_name,power_code,valid_from,valid_to,note
X1,施工许可,36012100MZ-XK-0001,,,
X2,备案,36012100MZ-QR-0001,,,
"""
_numbers = itertools.count(1)


@dataclass
class Bureau:
    """The department, its hub and its middle database."""

    hub: Hub
    folder: Path
    url: str

    def sql(self, statement: Any) -> None:
        """As the department's own system."""
        with psycopg.connect(self.url) as connection:
            connection.execute(statement)

    def put(self, table: str, *rows: dict[str, Any]) -> None:
        for row in rows:
            statement = SQL("INSERT INTO {} ({}) VALUES ({})").format(
                Identifier(table), SQL(", ").join(map(Identifier, row)), SQL(", ").join(map(Literal, row.values())),
            )  # fmt: skip
            self.sql(statement)

    def flags(self, table: str, flag: str) -> list[Any]:
        """The values of a flag in all rows, sorted."""
        with psycopg.connect(self.url) as connection:
            query = SQL("SELECT {} FROM {} ORDER BY 1").format(Identifier(flag), Identifier(table))
            return [row[0] for row in connection.execute(query)]

    def run(self) -> dict[str, tuple[int, int]]:
        """One run. Dataset → rows read and quarantined."""
        told: dict[str, tuple[int, int]] = {}
        for certificate in pipeline.run(self.hub, SLUG):
            read, refused = told.get(certificate.dataset, (0, 0))
            told[certificate.dataset] = (
                read + certificate.read, refused + certificate.quarantined,
            )  # fmt: skip
        return told

    def core(self, entity: str, order: str = "source_case_no") -> list[dict[str, Any]]:
        """The living rows of an entity in that order, without lineage and nulls; local times as `month-day hour:minute`."""
        query = SQL("SELECT * FROM core.{} WHERE deleted_at IS NULL ORDER BY {}").format(
            Identifier(entity), Identifier(order)
        )
        plain = self.hub.engine.url.set(drivername="postgresql").render_as_string(
            hide_password=False
        )
        zone = "-c timezone=Asia/Shanghai"
        with psycopg.connect(plain, row_factory=dict_row, options=zone) as connection:
            rows = connection.execute(query).fetchall()
        return [
            {name: _plain(value) for name, value in row.items() if value is not None and name not in _LINEAGE}
            for row in rows
        ]  # fmt: skip

    def scalar(self, query: str) -> Any:
        with self.hub.engine.connect() as connection:
            return connection.execute(text(query)).scalar_one()


_LINEAGE = {
    "department", "dataset", "record_key", "source_version", "batch_id", "raw_row", "row_hash", "landed_at",
    "deleted_at", "case_id", "applicant_token",
}  # fmt: skip


def _plain(value: Any) -> Any:
    return value.strftime("%m-%d %H:%M") if isinstance(value, datetime) else value


MakeBureau = Callable[..., Bureau]


@pytest.fixture
def make_bureau(
    pg_server: Any, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MakeBureau]:
    made: list[tuple[Hub, str]] = []

    def make(layout: str, *, ddl: str | None = None, more: str = "", codes: str = "") -> Bureau:
        folder = tmp_path / "departments" / SLUG
        (folder / "sample").mkdir(parents=True)
        (folder / "source.yml").write_text(SOURCE % layout + more, "utf-8")
        (folder / "powers.csv").write_text(POWERS, "utf-8")
        (folder / "sample" / "README.md").write_text("The published layout.\n", "utf-8")
        if codes:
            header = "codelist,source_code,source_name,code,valid_from,valid_to,note\n"
            (folder / "codes.csv").write_text(header + codes, "utf-8")
        name = f"middle_{next(_numbers)}"
        url = pg_server.create(name).replace("+psycopg", "")
        with psycopg.connect(url) as connection:
            connection.execute(ddl or (DATA / f"{layout}.sql").read_text("utf-8"))  # type: ignore[arg-type]
        monkeypatch.setenv("HUB_CONNECTION_MIDDLE", url)
        settings = Settings(
            tmp_path / "home", database_url, str(tmp_path / "objects"), folder.parent
        )
        hub = pipeline.open_hub(settings)
        made.append((hub, name))
        return Bureau(hub, folder, url)

    yield make
    for hub, name in made:
        hub.engine.dispose()
        pg_server.drop(name)
