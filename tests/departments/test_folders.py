"""The five department folders: settings, mappings and crosswalks are sound, and their samples can be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

import catalogue
import connectors
import mappings
from demo.county import UNLISTED_POWERS
from demo.profiles import DEPARTMENTS as PROFILES
from demo.writers.codes import CODES, POWERS, own_codes
from demo.writers.land_resources import TABLES, plain_url
from hub.core.codelists import codelists
from hub.core.specs import department_slugs, read_csv, read_department
from tests.departments.conftest import DEPARTMENTS, Heard, read_back

SLUGS = tuple(department_slugs(DEPARTMENTS))


@pytest.fixture(scope="module")
def sample_exchange(pg_server: Any) -> Iterator[str]:
    url = plain_url(pg_server.create("sample_exchange"))
    with psycopg.connect(url) as connection:
        connection.execute((DEPARTMENTS / "land_resources/sample/exchange.sql").read_bytes())
    yield url
    pg_server.drop("sample_exchange")


def sample(slug: str, exchange: str) -> dict[str, Heard]:
    department = read_department(DEPARTMENTS, slug)
    folder = department.folder / "sample"
    return read_back(department, exchange if slug == "land_resources" else folder.as_uri())


def test_every_department_of_the_county_has_a_folder() -> None:
    assert set(SLUGS) == {traits.slug for traits in PROFILES}
    for traits in PROFILES:
        assert read_department(DEPARTMENTS, traits.slug).spec.body == traits.body


@pytest.mark.parametrize("slug", SLUGS)
def test_settings_and_mappings_have_no_problem(slug: str) -> None:
    department = read_department(DEPARTMENTS, slug)
    connectors.check(department)
    assert list(mappings.check(department)) == []


@pytest.mark.parametrize("slug", SLUGS)
def test_samples_are_read_without_a_reject(slug: str, sample_exchange: str) -> None:
    heard = sample(slug, sample_exchange)
    assert heard.keys() == read_department(DEPARTMENTS, slug).spec.datasets.keys()
    fates = {dataset: set(told.rows["fate"]) for dataset, told in heard.items()}
    assert not any(fate.startswith("quarantined") for found in fates.values() for fate in found)
    cases = {
        row["source_case_no"] for told in heard.values() for row in told.entities.get("case", ())
    }
    assert len(cases) == 2
    assert not any(told.drift for told in heard.values())


def test_the_exchange_sample_has_the_tables_of_the_demo(sample_exchange: str) -> None:
    with psycopg.connect(sample_exchange) as connection:
        for table in TABLES:
            shown = connection.execute(f'select * from "{table.name}"').description or ()  # noqa: S608
            names = [column.name for column in shown]
            assert names == [
                "SN",
                *(name for name, _ in table.columns),
                "SJBBH",
                "CZSJ",
                "SCBS",
                "JSBS",
            ]


@pytest.mark.parametrize("slug", SLUGS)
def test_item_codes_lead_to_powers_of_that_name(slug: str) -> None:
    known = catalogue.load()
    names = {(p.code, v.name) for p in known.powers.values() for v in p.versions}
    names |= {(i.code, v.name) for i in known.disclosure_items.values() for v in i.versions}
    names |= {(u.power_code, u.item_name) for u in UNLISTED_POWERS if u.department == slug}
    for row in read_csv(DEPARTMENTS / slug / "powers.csv", POWERS):
        assert (row["power_code"], row["source_name"]) in names, row["line"]


@pytest.mark.parametrize("slug", SLUGS)
def test_codes_lead_to_canonical_codes(slug: str) -> None:
    canonical = codelists()
    for row in read_csv(DEPARTMENTS / slug / "codes.csv", CODES):
        assert row["code"] in canonical[row["codelist"]], row["line"]
    for codelist in ("applicant_kind", "case_kind", "channel", "result", "status", "stop_kind"):
        assert all(own_codes(slug).value(codelist, code) for code in canonical[codelist])


@pytest.mark.parametrize("slug", SLUGS)
def test_every_power_of_the_demand_can_be_written(slug: str) -> None:
    traits = next(traits for traits in PROFILES if traits.slug == slug)
    if slug == "land_resources":
        assert own_codes(slug).items == {}  # it sends unified codes
        return
    wanted = {demand.power for demand in traits.demands} | set(traits.publications)
    wanted |= {unlisted.power_code for unlisted in UNLISTED_POWERS if unlisted.department == slug}
    assert wanted == own_codes(slug).items.keys()
