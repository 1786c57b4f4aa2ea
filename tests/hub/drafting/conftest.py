"""One small register in every form in which a department may hold it, and the folder drafted from it completed."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

import psycopg
import pytest
import xlsxwriter

from demo.writers.dbf import DbfWriter, fields
from hub.core.settings import Settings
from hub.pipeline.drafting.source import Given
from hub.pipeline.new_department import NewDepartment, new_department

NAMES = (
    "BJBH",
    "SXDM",
    "SXMC",
    "SQR",
    "SFZH",
    "LXDH",
    "SQRQ",
    "SLRQ",
    "BLJG",
    "ZT",
    "GXSJ",
    "JSBS",
)
PEOPLE = ("王秀英", "李建国", "张桂兰", "刘志强")
IDENTITIES = ("11010519491231002X", "360121194002070374")
PHONES = ("13812345678", "13987654321")
ITEMS = (("A1", "城乡医疗救助审批"), ("B2", "高龄补贴申领"))
CASES = 40

ROWS = [
    (
        f"AB{number:05d}", *ITEMS[number % 2], PEOPLE[number % 4], IDENTITIES[number % 2], PHONES[number % 2],
        f"2012-03-{number % 28 + 1:02d}", f"2012/3/{number % 28 + 1}", "批准", ("已办结", "办理中")[number % 2],
        f"2012-04-{number % 28 + 1:02d} 09:00:00", "0",
    )
    for number in range(CASES)
]  # fmt: skip


def text(place: Path) -> None:
    lines = ["|".join(row) for row in (NAMES, *ROWS)]
    (place / "BJ_20120401.txt").write_bytes("\r\n".join(lines).encode("gb18030"))


def dbf(place: Path) -> None:
    layout = ", ".join(f"{name} C30" for name in NAMES)
    with DbfWriter(place / "BJ2012", fields(layout), date(2012, 4, 1)) as table:
        for row in ROWS:
            table.write(row)


def excel(place: Path) -> None:
    with xlsxwriter.Workbook(place / "登记201203.xlsx") as book:
        sheet = book.add_worksheet("登记")
        sheet.write_row(0, 0, ["某某局办件登记表"])
        for at, row in enumerate((NAMES, *ROWS), 2):
            sheet.write_row(at, 0, row)
        sheet.write_row(CASES + 3, 0, ["合计", "40"])


def xml(place: Path) -> None:
    cases = "".join(
        "<Case>" + "".join(f"<{n}>{escape(v)}</{n}>" for n, v in zip(NAMES, row, strict=True)) + "</Case>"
        for row in ROWS
    )  # fmt: skip
    (place / "BJ001.xml").write_text(
        f"<Package><Head><No>1</No></Head><Body>{cases}</Body></Package>", "utf-8"
    )


def jsonl(place: Path) -> None:
    lines = (json.dumps(dict(zip(NAMES, row, strict=True)), ensure_ascii=False) for row in ROWS)
    (place / "cases.json").write_text("\n".join(lines), "utf-8")


FORMATS: dict[str, Callable[[Path], None]] = {
    "text": text, "dbf": dbf, "excel": excel, "xml": xml, "jsonl": jsonl,
}  # fmt: skip


def sqlite(place: Path) -> str:
    path = place / "register.db"
    with closing(sqlite3.connect(path)) as register, register:
        declared = ", ".join(f"{name} TEXT" for name in NAMES)
        register.execute(f"CREATE TABLE BJ_XX (ID INTEGER PRIMARY KEY, {declared})")
        register.executemany(
            f"INSERT INTO BJ_XX ({', '.join(NAMES)}) VALUES ({', '.join('?' * len(NAMES))})",  # noqa: S608
            ROWS,
        )
    return f"sqlite:///{path}"


def postgres(url: str) -> None:
    """A table of an exchange database, in which a flag marks what is new."""
    with psycopg.connect(url) as connection:
        declared = ", ".join(f'"{name}" text' for name in NAMES)
        connection.execute(f'CREATE TABLE "BJ_XX" ("SN" serial PRIMARY KEY, {declared})')
        with connection.cursor() as cursor:
            cursor.executemany(
                f'INSERT INTO "BJ_XX" ({", ".join(f"{chr(34)}{n}{chr(34)}" for n in NAMES)})'  # noqa: S608
                f" VALUES ({', '.join(['%s'] * len(NAMES))})",
                ROWS,
            )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where a department drops its files."""
    path = tmp_path / "drop"
    path.mkdir()
    return path


Draft = Callable[..., NewDepartment]


@pytest.fixture
def draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Draft:
    """Draft the folder `desk` from a source, in a folder of departments of the test's own."""
    departments = tmp_path / "departments"
    monkeypatch.setenv("HUB_DEPARTMENTS", str(departments))

    def drafted(connector: str, url: str, *wanted: str, force: bool = False) -> NewDepartment:
        monkeypatch.setenv("HUB_CONNECTION_DESK", url)
        given = Given("desk", connector, "desk", "36012100MZ", "某某局", "Some Desk")
        return new_department(Settings.load(), given, wanted, force=force)

    return drafted


def decide(folder: Path) -> None:
    """What a person does with a draft: an owner, a flag, and a target for each code."""
    source = (folder / "source.yml").read_text("utf-8")
    source = source.replace("待定-done", '"1"').replace("待定-error", '"2"').replace("待定", "某人")
    (folder / "source.yml").write_text(source, "utf-8")
    targets = {
        "A1": "36012100MZ-JF-0003", "B2": "36012100MZ-BM-0001", "批准": "granted", "已办结": "closed", "办理中": "in_progress",
    }  # fmt: skip
    for name, column in (("powers.csv", "power_code"), ("codes.csv", "code")):
        with (folder / name).open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
        with (folder / name).open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(row | {column: targets[row["source_code"]]} for row in rows)
