"""Our own content: complete, free of errors, and in force on the right days."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from time import process_time

import polars as pl
import pytest
from sqlalchemy import Engine

import catalogue
from catalogue import codes, frames
from hub.core.codelists import codelists
from hub.core.errors import SpecError

WANTED = {
    "GT": "XK-0001 XK-0002 XK-0003 XK-0004 FX-0001 QR-0001 QR-0002 BM-0001",
    "MZ": "XK-0001 XK-0002 JF-0001 JF-0002 JF-0003 QR-0001 QR-0002 BM-0001 BM-0002",
    "FC": "XK-0001 XK-0002 QR-0001 QR-0002 QR-0003 QR-0004 QT-0001 BM-0001",
    "GS": "XK-0001 XK-0002 XK-0003 XK-0004 FX-0001 QT-0001 BM-0001 CF-0001",
    "GA": "XK-0001 XK-0002 XK-0003 XK-0004 QR-0001 QR-0002 BM-0001 CF-0001",
}
HOMESTEAD, PREPURCHASE, FAIR = (
    f"36012100{code}" for code in ("GT-XK-0002", "FC-QR-0004", "GS-FX-0001")
)
ON = date(2012, 7, 2)


def test_content_passes_its_own_checks() -> None:
    assert catalogue.check() == []


def test_all_powers_and_disclosure_items_are_there() -> None:
    loaded = catalogue.load()
    powers = {f"36012100{body}-{rest}" for body, text in WANTED.items() for rest in text.split()}
    assert set(loaded.powers) == powers
    items = ("GT-GK-0001", "GT-GK-0002", "GT-GK-0003", "MZ-GK-0001", "MZ-GK-0002", "GA-GK-0001")
    assert set(loaded.disclosure_items) == {f"36012100{code}" for code in items}
    assert set(loaded.bodies) == {f"36012100{body}" for body in WANTED}


def test_every_power_is_in_force_at_the_start_of_2012() -> None:
    loaded = catalogue.load()
    for code in loaded.powers:
        assert loaded.in_force(code, date(2012, 1, 1)) is not None, code
    for code in loaded.disclosure_items:
        assert loaded.disclosure_in_force(code, date(2012, 1, 1)) is not None, code


@pytest.mark.parametrize(
    ("power", "day", "version", "promised"),
    [
        (HOMESTEAD, date(2011, 12, 31), None, None),
        (HOMESTEAD, date(2012, 6, 30), 1, 15),
        (HOMESTEAD, date(2012, 7, 1), 2, 12),
        (PREPURCHASE, date(2012, 5, 31), 1, 7),
        (PREPURCHASE, date(2012, 6, 1), 2, 5),
        (FAIR, date(2012, 9, 30), 1, 10),
        (FAIR, date(2012, 10, 1), None, None),
        ("36012100GT-XK-0099", date(2012, 7, 1), None, None),
    ],
)
def test_in_force_on_boundary_days(
    power: str, day: date, version: int | None, promised: int | None
) -> None:
    found = catalogue.load().in_force(power, day)
    assert (found and found.version, found and found.promised_limit.value) == (version, promised)


def test_a_version_keeps_what_it_does_not_change() -> None:
    first, second = catalogue.load().powers[HOMESTEAD].versions
    assert (second.basis, second.materials, second.transitions) == (
        first.basis, first.materials, first.transitions,
    )  # fmt: skip
    assert sum(step.limit.value for step in second.steps if step.limit) == 12
    assert first.effective_to is not None
    assert first.effective_to + timedelta(days=1) == second.effective_from


@pytest.mark.parametrize(
    ("code", "fee", "amount"),
    [
        ("MZ-QR-0001", "F1", "9"), ("GA-XK-0001", "F1", "200"), ("GA-QR-0001", "F1", "20"),
        ("GA-QR-0001", "F2", "40"), ("FC-QR-0002", "F1", "80"), ("FC-QR-0002", "F2", "550"),
        ("GS-XK-0001", "F1", "20"),
    ],
)  # fmt: skip
def test_fees_of_2012(code: str, fee: str, amount: str) -> None:
    version = catalogue.load().in_force(f"36012100{code}", ON)
    assert version is not None
    charged = {f.code: f for f in version.fees}[fee]
    assert str(charged.standard_max) == f"{amount}.00"
    assert charged.basis


@pytest.mark.parametrize(
    ("code", "statutory"),
    [
        ("GT-XK-0002", "20 working_day"), ("FC-QR-0002", "30 working_day"),
        ("FC-QR-0003", "10 working_day"), ("FC-QT-0001", "3 working_day"),
        ("GA-XK-0001", "15 calendar_day"), ("GA-QR-0001", "60 calendar_day"),
        ("MZ-JF-0001", "30 calendar_day"), ("MZ-XK-0001", "30 calendar_day"),
        ("GA-XK-0004", "3 working_day"), ("MZ-QR-0001", "1 working_day"),
    ],
)  # fmt: skip
def test_statutory_limits(code: str, statutory: str) -> None:
    version = catalogue.load().in_force(f"36012100{code}", ON)
    assert version is not None
    assert str(version.statutory_limit) == statutory


def test_bases_name_a_law_or_a_document() -> None:
    for power in catalogue.load().powers.values():
        for version in power.versions:
            cited = [text for text in version.basis if "《" in text or "〔" in text]
            assert cited, power.code


def test_steps_kinds_and_units_are_those_of_the_code_lists() -> None:
    known = codelists()
    versions = [v for power in catalogue.load().powers.values() for v in power.versions]
    for version in versions:
        assert version.case_kind in known["case_kind"]
        limits = [version.statutory_limit, version.promised_limit]
        limits += [step.limit for step in version.steps if step.limit]
        assert {limit.unit for limit in limits} <= set(known["limit_unit"])
        for step in version.steps:
            assert step.code in known["step"]


def test_penalties_are_listed_with_their_discretion_but_not_on_the_platform() -> None:
    penalties = [p for p in catalogue.load().powers.values() if p.type == "CF"]
    assert len(penalties) == 2
    for power in penalties:
        assert not power.versions[0].on_platform
        assert power.versions[0].discretion


def test_regions_follow_the_change_of_2015() -> None:
    regions = {(r.code, r.name): r for r in catalogue.load().regions}
    assert regions["360122", "新建县"].valid_to == date(2015, 7, 31)
    assert regions["360112", "新建区"].valid_from == date(2015, 8, 1)
    assert ("360121", "南昌县") in regions


def test_frames_have_the_warehouse_columns() -> None:
    from warehouse.tables import CATALOGUE_TABLES, REFERENCE_TABLES

    made = catalogue.load().frames()
    tables = {f"catalogue.{n}": t for n, t in CATALOGUE_TABLES.items() if n != "release"}
    tables["reference.region"] = REFERENCE_TABLES["region"]
    assert set(made) == set(tables)
    for name, table in tables.items():
        assert made[name].columns == [column.name for column in table.columns], name
        key = [column.name for column in table.primary_key.columns]
        assert made[name].select(key).is_unique().all(), name
        filled = [column.name for column in table.columns if not column.nullable]
        assert sum(made[name].select(filled).null_count().row(0)) == 0, name


def test_frames_hold_what_the_catalogue_says() -> None:
    made = catalogue.load().frames()
    assert {name: frame.schema for name, frame in made.items()} == {
        name: pl.Schema(columns) for name, columns in frames.TABLES.items()
    }
    fee = made["catalogue.fee"].filter(pl.col("power_code").str.ends_with("GS-XK-0002"))
    assert fee["standard_max"].to_list() == [Decimal("44000.00"), Decimal("10.00")]
    powers = made["catalogue.power"].filter(power_code=HOMESTEAD)
    assert powers["promised_value"].to_list() == [15, 12]
    assert powers["effective_to"].to_list() == [date(2012, 6, 30), None]
    steps = made["catalogue.step"].filter(power_code=HOMESTEAD, version=1)
    assert steps["step_order"].to_list() == list(range(1, 9))
    assert steps["limit_value"].sum() == 15


def test_frames_land_in_the_warehouse(database: Engine) -> None:
    from warehouse.reference import replace

    loaded = catalogue.load()
    with database.begin() as connection:
        assert replace(connection, loaded.frames(), "catalogue", loaded.version)
        counted = connection.exec_driver_sql("select count(*) from catalogue.power").scalar()
    assert counted == loaded.frames()["catalogue.power"].height


def test_loading_is_fast_once_and_cached(folder: Path) -> None:
    started = process_time()
    first = catalogue.load(folder)
    assert process_time() - started < 1.0
    assert catalogue.load(str(folder)) is first
    assert first.version == catalogue.load().version


def test_the_catalogue_is_frozen() -> None:
    loaded = catalogue.load()
    with pytest.raises(FrozenInstanceError):
        loaded.version = "x"  # type: ignore[misc]
    with pytest.raises(TypeError):
        loaded.powers["x"] = loaded.powers[HOMESTEAD]  # type: ignore[index]


def test_the_version_follows_the_content(folder: Path) -> None:
    before = catalogue.load().version
    path = folder / "items/gt/GT-XK-0002.yml"
    path.write_text(
        path.read_text("utf-8").replace("农村村民宅基地用地审批", "宅基地审批"), "utf-8"
    )
    assert catalogue.load(folder).version != before


def test_load_raises_the_first_error(folder: Path) -> None:
    for name in ("mz/MZ-XK-0001.yml", "gt/GT-XK-0001.yml"):
        path = folder / "items" / name
        path.write_text(
            path.read_text("utf-8").replace("conditions: ", 'conditions: "" # '), "utf-8"
        )
    with pytest.raises(SpecError, match="conditions is blank") as caught:
        catalogue.load(folder)
    assert caught.value.file.name == "GT-XK-0001.yml"
    assert [error.file.name for error in catalogue.check(folder)] == [
        "GT-XK-0001.yml",
        "MZ-XK-0001.yml",
    ]


def test_item_files_are_named_by_their_codes() -> None:
    for path in sorted((codes.ROOT / "items").rglob("*.yml")):
        assert f"code: 36012100{path.stem}\n" in path.read_text("utf-8")
