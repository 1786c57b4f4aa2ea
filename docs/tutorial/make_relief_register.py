"""Makes the register of the tutorial: a relief desk's own SQLite file, as such systems are. Every run makes the same.

    python docs/tutorial/make_relief_register.py relief.db

300 applications and their steps, in tables and fields of the desk's own naming, dates as three programs wrote them, item
codes that nobody else uses. Ten rows are wrong, on purpose: the page says which.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

CASES = 300
ITEMS = (
    ("DB01", "城市低保待遇审批", 25), ("WB02", "农村五保供养审批", 15), ("YL03", "城乡医疗救助审批", 15), ("GL07", "高龄补贴申领", 1),
)  # fmt: skip
TOWNS = ("莲塘镇", "向塘镇", "三江镇", "塘南镇", "幽兰镇", "蒋巷镇")
SURNAMES, GIVEN = "王李张刘陈杨黄赵吴周", ("秀英", "建国", "桂兰", "志强", "玉梅", "海波", "春生")
STEPS = (
    (1, "受理", 0, 0),
    (2, "审查", 1, 3),
    (3, "入户调查", 4, 6),
    (4, "张榜公示", 7, 11),
    (5, "审核", 12, 12),
    (6, "审批", 13, 13),
)
QUICK = ((1, "受理", 0, 0), (2, "审查", 1, 2), (5, "审核", 3, 3), (6, "审批", 4, 4))
LATE_DAYS = 10
WEIGHTS, CHECKS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), "10X98765432"

TABLES = """
CREATE TABLE JZ_SPXX (ID INTEGER PRIMARY KEY, SQBH TEXT, SXDM TEXT, SXMC TEXT, SQSY TEXT, SQRXM TEXT,
    SQRLX TEXT, SFZHM TEXT, LXDH TEXT, SQFS TEXT, BJLX TEXT, SQRQ TEXT, SLRQ TEXT, CNRQ TEXT, SPRQ TEXT, BJRQ TEXT, SPJG TEXT, BYLY TEXT, WSH TEXT, ZT TEXT,
    SLR TEXT, SPR TEXT, SZXZ TEXT, BZJE TEXT, BZ TEXT, GXSJ TEXT NOT NULL);
CREATE TABLE JZ_BLHJ (ID INTEGER PRIMARY KEY, SQBH TEXT NOT NULL, HJXH INTEGER NOT NULL, HJMC TEXT, CLR TEXT,
    KSSJ TEXT, JSSJ TEXT, CLYJ TEXT);
CREATE TABLE JZ_DM_XZ (DM TEXT PRIMARY KEY, MC TEXT);
"""


def identity(number: int) -> str:
    """A number with the right check digit, of a person who does not exist."""
    body = f"360121{date(1940, 1, 1) + timedelta(days=37 * number):%Y%m%d}{number % 1000:03d}"
    return body + CHECKS[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]


def written(day: date, number: int) -> str:
    """A date as one of the desk's three programs writes it."""
    forms = (day.isoformat(), f"{day:%Y%m%d}", f"{day.year}年{day.month}月{day.day}日")
    return forms[number % 3]


def workday(day: date, days: int) -> date:
    """So many days later, but never on a Saturday or Sunday."""
    later = day + timedelta(days=days)
    return later + timedelta(days=max(0, 7 - later.weekday()) if later.weekday() > 4 else 0)


def applied_on(number: int) -> date:
    """About ten applications a week, from February on."""
    return workday(date(2012, 2, 1), number * 7 // 10)


def late_days(number: int, code: str) -> int:
    """Every seventh application is decided ten days later than it should be."""
    return LATE_DAYS if number % 7 == 0 and code != "GL07" else 0


def case(number: int) -> dict[str, object]:
    """One application. Every eleventh is refused, the last ten are open."""
    code, name, promised = ITEMS[number % 4]
    applied = applied_on(number)
    last = (QUICK if code == "GL07" else STEPS)[-1][3]
    decided = workday(applied, last + late_days(number, code))
    is_open, refused = number > CASES - 10, number % 11 == 0
    return {
        "ID": number, "SQBH": f"JZ2012-{number:04d}", "SXDM": code, "SXMC": name, "SQSY": f"申请{name[:-2]}",
        "SQRXM": SURNAMES[number % 10] + GIVEN[number % 7], "SQRLX": "居民", "SFZHM": identity(number),
        "LXDH": f"138{number:08d}", "SQFS": "村居代办" if number % 5 == 0 else "窗口", "BJLX": "承诺件",
        "SQRQ": written(applied, number), "SLRQ": written(applied, number + 1),
        "CNRQ": workday(applied, promised).isoformat(),
        "SPRQ": None if is_open else written(decided, number), "BJRQ": None if is_open else written(decided, number + 2),
        "SPJG": None if is_open else "不予" if refused else "批准", "BYLY": "收入超过标准" if refused and not is_open else None,
        "WSH": None if is_open else f"昌救〔2012〕{number}号", "ZT": "在办" if is_open else "办结", "SLR": "涂丽",
        "SPR": None if is_open else "万局长", "SZXZ": TOWNS[number % 6], "BZJE": f"{200 + number % 9 * 30}.00", "BZ": None,
        "GXSJ": f"{decided} 16:{number % 60:02d}:00",
    }  # fmt: skip


def spoil(cases: list[dict[str, object]]) -> None:
    """Ten wrong rows."""
    for at, text in ((20, "2012-02-30"), (60, "不详"), (100, "12.13.5")):
        cases[at]["SQRQ"] = text  # no dates
    for at in (40, 80):
        cases[at]["SFZHM"] = "3.60121E+17"  # Excel has been at it
    cases[120]["SQBH"] = None  # no number
    for at in (140, 180):
        cases[at] |= {"SXDM": "X9", "SXMC": None}  # a code that nobody can explain
    cases[160] |= {"SQBH": cases[159]["SQBH"]}  # a number given twice
    cases[200]["SPJG"] = "待补"  # a result that is none


def steps(row: dict[str, object]) -> list[tuple[object, ...]]:
    """The steps of an application, with the times at which they began and ended."""
    number, code = int(str(row["ID"])), str(row["SXDM"])
    applied, late = applied_on(number), late_days(number, code)
    chosen = (QUICK if code == "GL07" else STEPS)[: 2 if row["ZT"] == "在办" else None]
    told = []
    for no, name, first, last in chosen:
        delay = late if no > 4 else 0
        handler = {1: "涂丽", 5: "熊伟", 6: "万局长"}.get(no, "熊莉")
        begun, ended = workday(applied, first + delay), workday(applied, last + delay)
        told.append(
            (
                row["SQBH"],
                no,
                name,
                handler,
                f"{begun} 09:{number % 60:02d}",
                f"{ended} 11:{number % 60:02d}",
                None,
            )
        )
    return told


def make(path: Path) -> None:
    """Write the file anew."""
    path.unlink(missing_ok=True)
    good = [case(number) for number in range(1, CASES + 1)]
    told = [step for row in good for step in steps(row)]
    spoil(good)
    with closing(sqlite3.connect(path)) as register, register:
        register.executescript(TABLES)
        names = ", ".join(good[0])
        marks = ", ".join("?" * len(good[0]))
        register.executemany(
            f"INSERT INTO JZ_SPXX ({names}) VALUES ({marks})",  # noqa: S608
            [tuple(row.values()) for row in good],
        )
        register.executemany(
            "INSERT INTO JZ_BLHJ (SQBH, HJXH, HJMC, CLR, KSSJ, JSSJ, CLYJ) VALUES (?, ?, ?, ?, ?, ?, ?)",
            told,
        )
        register.executemany(
            "INSERT INTO JZ_DM_XZ VALUES (?, ?)",
            [(f"{n:02d}", town) for n, town in enumerate(TOWNS, 1)],
        )


if __name__ == "__main__":
    make(Path(sys.argv[1]))
