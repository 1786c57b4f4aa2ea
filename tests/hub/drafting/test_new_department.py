"""Drafted folders: from every kind of source, complete once a person has decided, and without anything of a person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hub.cli.commands import app
from hub.core.errors import SourceRefused, SourceUnavailable, SpecError
from hub.core.specs import UNDECIDED, read_department
from hub.pipeline.check import check_department
from hub.pipeline.new_department import NewDepartment
from mappings import read
from tests.hub.drafting import conftest as register
from tests.hub.drafting.conftest import FORMATS, Draft, decide

PERSONAL = (*register.PEOPLE, *register.IDENTITIES, *register.PHONES)


def problems(made: NewDepartment) -> list[str]:
    found = check_department(made.folder.parent, "desk")
    assert all(problem.line for problem in found)
    return [f"{problem.file.name}:{problem.what}" for problem in found]


def assert_sound(made: NewDepartment) -> None:
    """Undecided at first, and nothing else; nothing is missing when the decisions are made; no person is in it."""
    at_first = problems(made)
    assert at_first
    assert all("undecided" in problem for problem in at_first)
    assert sum(problem.startswith("powers.csv") for problem in at_first) == len(register.ITEMS)
    written = "".join(path.read_text("utf-8") for path in made.folder.rglob("*") if path.is_file())
    assert not any(personal in written for personal in PERSONAL)
    decide(made.folder)
    assert problems(made) == []
    spec = read(read_department(made.folder.parent, "desk")).spec("cases")
    assert (spec.head.key, spec.head.case_no) == (("BJBH",), "BJBH")
    assert spec.applicant is not None
    assert set(spec.applicant.roles.values()) == {"identity", "phone", "name"}
    (case,) = [row for row in spec.rows if row.entity == "case"]
    assert {"power_code", "applied_at", "accepted_at", "result", "status"} <= set(case.columns)
    assert {*spec.fields, *spec.head.ignore} >= set(register.NAMES)


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_files(kind: str, place: Path, draft: Draft) -> None:
    FORMATS[kind](place)
    made = draft("files", place.as_uri())
    (found,) = made.read
    assert found.offer.settings["format"] == kind
    assert found.profile.rows == register.CASES
    assert_sound(made)


def test_several_kinds_of_files_are_several_datasets(place: Path, draft: Draft) -> None:
    FORMATS["text"](place)
    FORMATS["jsonl"](place)
    made = draft("files", place.as_uri())
    assert [found.name for found in made.read] == ["cases", "cases_2"]
    alone = draft("files", place.as_uri(), "*.json", force=True)
    assert [found.offer.settings["files"] for found in alone.read] == ["*.json"]
    assert alone.replaced is not None
    assert (alone.replaced / "source.yml").exists()


def test_a_database(place: Path, draft: Draft) -> None:
    made = draft("database", register.sqlite(place))
    source = read_department(made.folder.parent, "desk")
    strategy = {"keyset": {"cursor": "GXSJ", "key": ["ID"], "lag": "15m"}}
    assert source.spec.datasets["cases"]["strategy"] == strategy
    assert_sound(made)


def test_an_exchange_database(draft: Draft, pg_server: Any) -> None:
    url = pg_server.create("exchange_of_desk").replace("+psycopg", "")
    try:
        register.postgres(url)
        made = draft("exchange", url)
        settings = read_department(made.folder.parent, "desk").spec.datasets["cases"]
        assert settings["order"] == "SN"
        assert settings["flag"] == {
            "column": "JSBS", "new": "0", "done": f"{UNDECIDED}-done", "error": f"{UNDECIDED}-error",
        }  # fmt: skip
        assert_sound(made)
    finally:
        pg_server.drop("exchange_of_desk")


def test_a_charset_is_declared_with_its_evidence(place: Path, draft: Draft) -> None:
    FORMATS["text"](place)
    draft("files", place.as_uri())
    source = (place.parent / "departments" / "desk" / "source.yml").read_text("utf-8")
    (line,) = [line for line in source.splitlines() if "charset:" in line]
    assert "gb18030" in line
    assert "常用字占" in line


def test_a_text_without_a_header_gets_numbered_columns(place: Path, draft: Draft) -> None:
    (place / "a.csv").write_text("1,2012-03-05,x\n2,2012-03-06,y\n")
    made = draft("files", place.as_uri())
    settings = read_department(made.folder.parent, "desk").spec.datasets
    (dataset,) = settings.values()
    assert dataset["fields"] == ["column_1", "column_2", "column_3"]
    assert any("case_no" in problem for problem in problems(made))


def test_a_folder_is_never_overwritten_and_nothing_is_left_of_a_failure(
    place: Path, draft: Draft
) -> None:
    FORMATS["text"](place)
    made = draft("files", place.as_uri())
    before = (made.folder / "mapping.yml").read_bytes()
    with pytest.raises(SpecError, match="already"):
        draft("files", place.as_uri())
    with pytest.raises(SpecError, match="no file"):
        draft("files", place.as_uri(), "*.nothing", force=True)
    assert (made.folder / "mapping.yml").read_bytes() == before
    assert [path.name for path in made.folder.parent.iterdir()] == ["desk"]


@pytest.mark.parametrize("connector", ["http", "soap", "inbox"])
def test_other_sources_say_what_to_write_by_hand(
    connector: str, draft: Draft, tmp_path: Path
) -> None:
    with pytest.raises(SpecError, match="cannot be asked") as told:
        draft(connector, "https://example.invalid")
    assert "docs/connectors.md" in told.value.remedy
    assert not (tmp_path / "departments" / "desk").exists()


def test_an_unknown_body_is_refused(draft: Draft, place: Path) -> None:
    from hub.core.settings import Settings
    from hub.pipeline.drafting.source import Given
    from hub.pipeline.new_department import new_department

    with pytest.raises(SpecError, match="not in the catalogue"):
        new_department(Settings.load(), Given("desk", "files", "desk", "99999999XX"))


def test_a_source_that_does_not_answer(draft: Draft, tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable):
        draft("files", (tmp_path / "nowhere").as_uri())
    with pytest.raises(SourceUnavailable):
        draft("database", f"sqlite:///{tmp_path}/nowhere.db")


def test_an_archive_is_left_to_a_person(place: Path, draft: Draft) -> None:
    import zipfile

    with zipfile.ZipFile(place / "a.zip", "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(SourceRefused, match="archive"):
        draft("files", place.as_uri())


def test_many_tables_are_for_a_person_to_choose_from(place: Path, draft: Draft) -> None:
    import sqlite3
    from contextlib import closing

    url = register.sqlite(place)
    with closing(sqlite3.connect(place / "register.db")) as database, database:
        for number in range(40):
            database.execute(f"CREATE TABLE T{number} (A TEXT)")
    with pytest.raises(SpecError, match="41 tables"):
        draft("database", url)
    assert [found.offer.title for found in draft("database", url, "bj_*").read] == ["BJ_XX"]


def test_the_command(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_DEPARTMENTS", str(tmp_path / "departments"))
    monkeypatch.setenv("HUB_CONNECTION_DESK", register.sqlite(place))
    asked = ["new", "department", "desk", "--connector", "database", "--connection", "desk"]
    shown = CliRunner().invoke(app, asked)
    assert shown.exit_code == 0, shown.output
    told = CliRunner().invoke(app, [*asked, "--force", "--json"])
    (cases,) = json.loads(told.stdout)["datasets"]
    meant = {field["field"]: field["means"] for field in cases["fields"]}
    assert (meant["BJBH"], meant["SFZH"]) == ("record.case_no", "applicant.identity")
    assert cases["keys"][:2] == [["ID"], ["BJBH"]]
    assert not any(personal in shown.output + told.output for personal in PERSONAL)


def test_fields_with_awkward_names(place: Path, draft: Draft) -> None:
    """Headers of sheets hold line ends, and whatever else somebody typed."""
    import xlsxwriter

    awkward = ("办件\n编号", "申请: 日期", "# 备注", '"引"', "a|b", "删除标识", "- 项")
    with xlsxwriter.Workbook(place / "登记1.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, awkward)
        for number in range(1, 9):
            sheet.write_row(number, 0, (f"A{number}", "2012-03-05", "x", "y", "z", "0", "w"))
    made = draft("files", place.as_uri())
    assert all("undecided" in problem for problem in problems(made))
    text = (made.folder / "mapping.yml").read_text("utf-8")
    assert 'key: ["办件\\n编号"]' in text
