"""One small county, written into the five systems and read back by the real connectors, mappings and gate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import connectors
import mappings
from demo.county import simulate
from demo.model import County
from demo.writers import Written, deliver_later, write_all
from hub.core.batches import FILE, ROW, SRC, Drift
from hub.core.codelists import codelists
from hub.core.fingerprints import record_hashes
from hub.core.privacy import Keys
from hub.core.settings import CONTENT_ROOT
from hub.core.specs import Department, read_department
from quality import gate

DEPARTMENTS = CONTENT_ROOT / "departments"
KEYS = Keys(token=b"t" * 32, cipher=b"c" * 32, raw=b"r" * 32)


@dataclass
class Heard:
    """What the hub makes of one dataset. `rows`: one line per source row, in reading order: file, row, fate."""

    rows: pl.DataFrame
    entities: dict[str, list[dict[str, Any]]]
    """Entity → the rows of the records that won."""
    dead: set[str]
    """Keys of records that the source has deleted."""
    parties: pl.DataFrame
    drift: set[Drift] = field(default_factory=set)
    furniture: dict[str, int] = field(default_factory=dict)


def read_back(department: Department, url: str) -> dict[str, Heard]:
    """Dataset → what connectors, mappings and gate make of it, all batches together."""
    connector, mapping = connectors.open(department, url), mappings.read(department)
    return {dataset: _read(connector, mapping, dataset) for dataset in connector.datasets}


def _read(connector: Any, mapping: mappings.Mapping, dataset: str) -> Heard:
    rows: list[pl.DataFrame] = []
    entities: dict[str, list[pl.DataFrame]] = {}
    heard = Heard(pl.DataFrame(), {}, set(), pl.DataFrame())
    start = 0
    for raw in connector.read(dataset, None):
        mapped = mappings.apply(mapping, dataset, raw.table, KEYS)
        gated = gate.inspect(mapped, codelists())
        moved = pl.col(SRC) + start
        reasons = gated.rejects.group_by(SRC, maintain_order=True).agg(pl.col("reason").first())
        read = pl.DataFrame({FILE: raw.table[FILE], ROW: raw.table[ROW]}).with_row_index(SRC)
        rows.append(
            read.with_columns(pl.col(SRC).cast(pl.Int64))
            .join(reasons, on=SRC, how="left")
            .join(gated.clean.records, on=SRC, how="left")
            .join(record_hashes(gated.clean.entities), on=SRC, how="left")
            .with_columns(moved)
        )
        for name, frame in gated.clean.entities.items():
            entities.setdefault(name, []).append(frame.with_columns(moved))
        heard.parties = pl.concat([heard.parties, gated.clean.parties.with_columns(moved)])
        heard.drift |= set(mapped.drift)
        for file in raw.files:
            heard.furniture[file.name] = heard.furniture.get(file.name, 0) + len(file.furniture)
        start += raw.table.num_rows
    told = _fates(pl.concat(rows))
    winners = told.filter(pl.col("fate") == "landed")
    heard.rows = told.select(FILE, ROW, "fate")
    heard.dead = set(winners.filter("deleted")["record_key"])
    kept = winners.select(SRC, "record_key")
    heard.entities = {
        name: pl.concat(frames).join(kept, on=SRC).to_dicts() for name, frames in entities.items()
    }
    heard.parties = heard.parties.join(kept, on=SRC)
    return heard


def _fates(rows: pl.DataFrame) -> pl.DataFrame:
    """The fates of the end state, record by record, as the brief of the landing says them."""
    fates = {
        src: f"quarantined:{reason}"
        for src, reason in rows.select(SRC, "reason").iter_rows()
        if reason
    }
    passed = rows.filter(pl.col("reason").is_null())
    for _, group in passed.group_by("record_key"):
        ordered = group.sort("source_version", SRC)
        winner = ordered.row(-1, named=True)
        for row in ordered.iter_rows(named=True):
            same = row["record_hash"] == winner["record_hash"]
            fates[row[SRC]] = "unchanged" if same else "superseded"
        fates[winner[SRC]] = "landed"
    return rows.with_columns(fate=pl.Series([fates[src] for src in rows[SRC]]))


@pytest.fixture(scope="session")
def county() -> County:
    return simulate(1500, 11)


@pytest.fixture(scope="session")
def exchange_url(pg_server: Any) -> Iterator[str]:
    name = "departments_exchange"
    yield pg_server.create(name)
    pg_server.drop(name)


@pytest.fixture(scope="session")
def written(county: County, exchange_url: str, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """The systems as they are in the end: what is amended after a first reading is in."""
    home = tmp_path_factory.mktemp("county")
    told = write_all(county, home, exchange_url)
    assert deliver_later(home, exchange_url)
    assert not deliver_later(home, exchange_url)
    return told


@pytest.fixture(scope="session")
def heard(written: Written) -> Callable[[str], dict[str, Heard]]:
    """Department → dataset → what was read back; read once."""

    @cache
    def of(slug: str) -> dict[str, Heard]:
        department = read_department(DEPARTMENTS, slug)
        return read_back(department, written.connections[department.spec.connection])

    return of


@pytest.fixture
def copied_department(tmp_path: Path) -> Callable[[str], Path]:
    """A copy of one department's folder, to change: returns the folder of departments that holds it."""
    import shutil

    def copy(slug: str) -> Path:
        shutil.copytree(DEPARTMENTS / slug, tmp_path / "departments" / slug)
        return tmp_path / "departments"

    return copy
