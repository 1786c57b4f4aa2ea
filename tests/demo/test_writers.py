"""The writers as such: the same bytes for the same seed, native formats that other programs can read, sizes."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import dbfread
import polars as pl
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

import catalogue
from demo.county import simulate
from demo.model import County
from demo.writers import DEMO_FIX, FILE_WRITERS, Written, civil_affairs, land_resources, write_all
from demo.writers.codes import own_codes
from demo.writers.dbf import DbfWriter, fields
from demo.writers.defects import BAD_DATES, full_width, spelled
from demo.writers.fates import Fates
from demo.writers.flat import only, steps_by_place
from demo.writers.public_security import LAST_STEPS, Element, _Batches
from hub.core.batches import CHUNK_ROWS
from hub.core.settings import CONTENT_ROOT
from hub.core.specs import department_slugs
from mappings.times import local_time


@pytest.fixture(scope="module")
def county() -> County:
    return simulate(900, 5)


@pytest.fixture(scope="module")
def exchange(pg_server: Any) -> Iterator[str]:
    yield pg_server.create("writers_exchange")
    pg_server.drop("writers_exchange")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def written(county: County, home: Path, exchange: str) -> Written:
    return write_all(county, home, exchange)


def image(folder: Path) -> dict[str, str]:
    """File → hash of its bytes."""
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def tables(url: str) -> dict[str, list[Any]]:
    """Exchange table → its rows."""
    with psycopg.connect(land_resources.plain_url(url)) as connection:
        return {
            table.name: connection.execute(f'select * from "{table.name}" order by "SN"').fetchall()  # noqa: S608
            for table in land_resources.TABLES
        }


def test_the_same_seed_gives_the_same_bytes_and_fates(
    county: County, home: Path, exchange: str, written: Written, tmp_path: Path
) -> None:
    before = tables(exchange)
    (tmp_path / "demo" / "housing").mkdir(parents=True)
    (tmp_path / "demo" / "housing" / "an older county.xlsx").write_bytes(b"left over")
    again = write_all(simulate(900, 5), tmp_path, exchange)
    assert image(tmp_path / "demo") == image(home / "demo")
    assert tables(exchange) == before
    assert again.fates == written.fates
    assert again.latent == written.latent


def test_no_department_depends_on_another(
    county: County, home: Path, written: Written, tmp_path: Path
) -> None:
    slug = "civil_affairs"
    fates = FILE_WRITERS[slug](
        county.cases[slug],
        county.publications[slug],
        tmp_path,
        Random(f"{county.seed}/writers/{slug}"),
    )
    assert image(tmp_path) == image(home / "demo" / slug)
    assert fates.rows == written.fates[slug]


def test_connections_name_every_department(home: Path, written: Written) -> None:
    assert written.connections.keys() == {
        "land_resources_exchange", "civil_affairs_files", "housing_files", "industry_commerce_files",
        "public_security_files",
    }  # fmt: skip
    assert written.connections["housing_files"] == (home / "demo" / "housing").resolve().as_uri()
    assert written.connections["land_resources_exchange"].startswith("postgresql://")
    assert sorted(written.fates) == department_slugs(CONTENT_ROOT / "departments")


class _AsHeld(dbfread.FieldParser):
    """Leaves numbers and dates as they are: some are wrong on purpose."""

    def parseN(self, field: Any, data: bytes) -> bytes:
        return data

    parseD = parseN


def test_dbf_opens_in_another_reader(home: Path, written: Written) -> None:
    for file, rows in written.fates["civil_affairs"]["cases"].items():
        path = home / "demo" / "civil_affairs" / file
        data = path.read_bytes()
        assert (data[0], data[29]) == (0xF5, 0x00)
        table = dbfread.DBF(path, encoding="gb18030", parserclass=_AsHeld)
        records, deleted = list(table), list(table.deleted)
        assert len(records) + len(deleted) == table.header.numrecords == len(rows)
        assert {row for row, _ in rows} == set(range(1, len(rows) + 1))
        assert all(record["AJBH"].startswith("T-MZ") for record in deleted)
    memos = [r["CLQD"] for r in records if r["CLQD"]]
    assert any(memo.startswith("[01]") for memo in memos)


def test_some_text_needs_four_bytes(home: Path) -> None:
    """GBK would not do: some names are outside it."""
    rows = (home / "demo" / "civil_affairs").glob("MZBJ*.DBF")
    names = [
        r["SQR"].rstrip().decode("gb18030") for path in rows for r in dbfread.DBF(path, raw=True)
    ]
    with pytest.raises(UnicodeEncodeError):
        "".join(names).encode("gbk")


def test_text_export_changes_its_columns_in_mid_year(home: Path) -> None:
    headers = {
        path.name[5:13]: path.read_bytes().split(b"\r\n", 1)[0].decode("gb18030").split("|")
        for path in (home / "demo" / "industry_commerce").glob("GSBJ_*.txt")
    }
    assert len({len(header) for header in headers.values()}) == 2
    for day, header in headers.items():
        assert ("接件受理时间" in header) == (day < "20120701")
        assert ("备注2" in header) == (day >= "20121001")


def test_text_rows_begin_on_the_lines_that_were_said(home: Path, written: Written) -> None:
    broken = 0
    for file, rows in written.fates["industry_commerce"]["cases"].items():
        data = (home / "demo" / "industry_commerce" / file).read_bytes()
        reader = csv.reader(
            io.StringIO(data.decode("gb18030", "replace"), newline=""), delimiter="|"
        )
        lines, starts = 1, []
        for record in reader:
            starts.append(lines)
            # LF inside quotes, CRLF between records: the csv module counts both.
            broken += reader.line_num - lines + 1 > 1
            lines = reader.line_num + 1
            assert record
        assert starts[1:] == [row for row, _ in rows]
    assert broken


def test_illegal_bytes_are_no_gb18030(home: Path, written: Written) -> None:
    for file, rows in written.fates["industry_commerce"]["cases"].items():
        lines = (home / "demo" / "industry_commerce" / file).read_bytes().split(b"\n")
        for row, fate in rows:
            if fate == "quarantined:illegal_bytes":
                with pytest.raises(UnicodeDecodeError):
                    lines[row - 1].decode("gb18030")


def test_workbooks_are_ordinary_and_dated(home: Path, written: Written) -> None:
    months = sorted((home / "demo" / "housing").glob("*.xlsx"))
    assert len(months) == len(written.fates["housing"]["cases"]) == 12
    with zipfile.ZipFile(months[2]) as book:
        assert b"2012-12-31T17:30:00Z" in book.read("docProps/core.xml")
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "合计" in sheet
    forms = (
        r"2012-3-\d+", r"2012/3/\d+", r"2012年3月\d+日", r"201203\d\d", r"12/3/\d+", r"２０１２－０３－[０-９]+",
    )  # fmt: skip
    spellings = [form for form in forms if re.search(f">{form}<", sheet)]
    assert len(spellings) >= 5


def test_packages_say_how_many_cases_they_hold(home: Path, written: Written) -> None:
    versions: Counter[str] = Counter()
    for path in (home / "demo" / "public_security").glob("GA*.xml"):
        package = etree.parse(path).getroot()
        versions[package.findtext("Head/No")] += 1
        assert package.findtext("Head/DataVer") == ("2" if path.stem.count("_") == 2 else "1")
        cases = package.findall("Body/Case")
        assert int(package.findtext("Head/Count")) == len(package.find("Body"))
        assert len(cases) == len(written.fates["public_security"]["cases"].get(path.name, []))
    assert max(versions.values()) == 2


def test_exchange_tables_are_new_to_the_hub(exchange: str, written: Written) -> None:
    for table, rows in tables(exchange).items():
        dataset = next(t.dataset for t in land_resources.TABLES if t.name == table)
        said = [row for row, _ in written.fates["land_resources"][dataset][table]]
        assert [row[0] for row in rows] == said[: len(rows)]
        assert {row[-1] for row in rows} == {row[-2] for row in rows} == {"0"}
        assert {row[-4] for row in rows} <= {1, 2}
    assert land_resources.push_later(exchange) > 0
    assert land_resources.push_later(exchange) == 0
    for table, rows in tables(exchange).items():
        dataset = next(t.dataset for t in land_resources.TABLES if t.name == table)
        assert len(rows) == len(written.fates["land_resources"][dataset][table])


def test_steps_that_may_be_lost_are_demanded_by_no_flow() -> None:
    for power in catalogue.load().powers.values():
        for version in power.versions:
            assert not any(s.mandatory for s in version.steps if s.code in LAST_STEPS)


def test_defects_fall_on_cases_without_violations(county: County, written: Written) -> None:
    """Latent cases are the exception, and each of them says what it hides."""
    seeded = {
        (slug, c.case_no): c.violations for slug, cases in county.cases.items() for c in cases
    }
    assert {case.department for case in written.latent} == set(DEMO_FIX)
    for case in written.latent:
        assert set(case.rules) == seeded[case.department, case.case_no] != set()


@pytest.mark.parametrize("slug", sorted(DEMO_FIX))
def test_the_missing_line_is_not_there_yet(slug: str) -> None:
    text = (CONTENT_ROOT / "departments" / slug / "powers.csv").read_text("utf-8")
    code, name, power, *_ = DEMO_FIX[slug].split(",")
    assert len(DEMO_FIX[slug].split(",")) == len(text.splitlines()[0].split(","))
    assert f"\n{code}," not in text
    assert f",{name},{power}," in text


def test_item_codes_follow_the_day() -> None:
    codes = own_codes("housing")
    assert codes.item("36012100FC-QT-0001", date(2012, 6, 30)) == "FC07"
    assert codes.item("36012100FC-QT-0001", date(2012, 7, 1)) == "FC08"
    with pytest.raises(LookupError):
        codes.item("36012100FC-XK-9999", date(2012, 7, 1))
    with pytest.raises(LookupError):
        codes.value("result", "lost")
    assert codes.value("result", None) == ""


def test_a_wide_row_refuses_what_it_cannot_hold(county: County) -> None:
    case = county.cases["civil_affairs"][0]
    twice = [*case.steps, case.steps[0]]
    with pytest.raises(ValueError, match="does not fit"):
        steps_by_place(
            type(case)(**{name: getattr(case, name) for name in case.__slots__} | {"steps": twice})
        )
    with pytest.raises(ValueError, match="the row holds one"):
        only(case, [1, 2])


def test_tellings_of_one_record() -> None:
    fates = Fates()
    fates.say_told("cases", [("a", 1, "old"), ("a", 2, "new"), ("b", 1, "new")])
    assert fates.rows == {
        "cases": {"a": [(1, "superseded"), (2, "unchanged")], "b": [(1, "landed")]}
    }


def test_a_package_is_not_sent_again_across_a_batch() -> None:
    def holding(rows: int) -> dict[str, list[Element]]:
        return {"steps": [Element(("c", "1"), "")] * rows}

    batches = _Batches()
    batches.take(holding(CHUNK_ROWS - 15))
    assert batches.take_together(holding(5), holding(10))
    assert not _after(CHUNK_ROWS - 14, holding(5), holding(10))
    assert _after(CHUNK_ROWS - 4, holding(5), holding(10))  # both begin the next batch


def _after(rows: int, first: dict[str, list[Element]], second: dict[str, list[Element]]) -> bool:
    batches = _Batches()
    batches.take({"steps": [Element(("c", "1"), "")] * rows})
    return batches.take_together(first, second)


text_cells = st.text(
    st.characters(codec="gb18030", exclude_categories=("Cc", "Cs", "Zs")), max_size=8
)


@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            text_cells, text_cells, st.none() | st.dates(date(1900, 1, 1)),
            st.none() | st.decimals(-9999, 9999, places=2), st.booleans(),
        ),
        max_size=5,
    )
)  # fmt: skip
def test_dbf_keeps_what_it_is_given(
    rows: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("dbf") / "T.DBF"
    with DbfWriter(path, fields("A C40, M M10, D D8, N N10.2"), date(2012, 12, 31)) as table:
        for *cells, gone in rows:
            table.write(cells, deleted=gone)
    read = dbfread.DBF(path, encoding="gb18030")
    for records, gone in ((list(read), False), (list(read.deleted), True)):
        given_rows = [row for row in rows if row[-1] is gone]
        for record, (text, memo, day, number, _) in zip(records, given_rows, strict=True):
            assert (record["A"], record["M"] or "") == (text, memo)
            assert record["D"] == day
            assert number is None or Decimal(str(record["N"])) == number


def test_dbf_refuses_what_is_too_long(tmp_path: Path) -> None:
    with (
        DbfWriter(tmp_path / "T.DBF", fields("A C3"), date(2012, 12, 31)) as table,
        pytest.raises(ValueError, match="field A holds 3 bytes, the value has 4"),
    ):
        table.write(["南昌"])


@settings(max_examples=50, deadline=None)
@given(day=st.dates(date(2001, 1, 1), date(2030, 12, 31)), spelling=st.integers(0, 6))
def test_every_spelling_is_read_as_the_day_it_means(day: date, spelling: int) -> None:
    frame = pl.DataFrame({"text": [spelled(day, spelling)]})
    read = frame.select(local_time(pl.col("text"), pl.String()))["text"][0]
    assert read == datetime(day.year, day.month, day.day)  # noqa: DTZ001


def test_full_width_forms() -> None:
    assert full_width("FC-01 a") == "ＦＣ－０１　ａ"
    assert all(bad not in {spelled(date(2012, 2, 28), n) for n in range(7)} for bad in BAD_DATES)


def test_a_bureau_that_publishes_nothing_has_no_place_for_it(
    county: County, tmp_path: Path
) -> None:
    items = county.publications["civil_affairs"]
    for slug in ("housing", "industry_commerce"):
        with pytest.raises(ValueError, match="no place for publications"):
            FILE_WRITERS[slug](county.cases[slug], items, tmp_path / slug, Random(0))


def test_field_widths_hold_the_county(county: County) -> None:
    widths = {field.name: field.width for field in civil_affairs.FIELDS}
    longest = max(len(c.title.encode("gb18030")) for c in county.cases["civil_affairs"])
    assert longest <= widths["AJMC"] - 20
