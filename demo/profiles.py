"""What is asked for in Nanchang County, how much of it, when, and by whom; and what each department's system can hold.

The numbers are plausible, not counted: shares add up to a county of about half a million people in one year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Precision = Literal["day", "minute", "second"]


@dataclass(frozen=True, slots=True)
class Demand:
    """How often a power is asked for within its department, in which season, and by which kind of applicant."""

    power: str
    weight: float
    season: str = "even"
    persons: float = 0.0
    """Share of natural persons; the rest are `others`."""
    others: str = "enterprise"
    person: str = "person"
    """`elder` where only the old may ask."""


@dataclass(frozen=True, slots=True)
class Traits:
    """One department: its share of the county's cases and what its system keeps of a case."""

    slug: str
    body: str
    share: float
    precision: Precision
    single: bool
    """One row per case: each step once with one time, at most one clock stop and one fee, no quantities."""
    notices: bool
    papers: bool
    document: str
    """How its document numbers begin."""
    demands: tuple[Demand, ...]
    publications: tuple[str, ...] = ()
    published: float = 0.0
    """Published items per case of the whole county."""
    unit: str = ""
    """The unit that handles its cases; empty where its system does not say."""
    reports: bool = False
    """Whether its system says when it passed a case on."""
    fields: bool = False
    """Whether it says which fields of an item were published."""
    amends: tuple[str, ...] = ()
    """What it does to cases that were read already: `alter`, `delete`."""
    serials: int = 0
    """Digits of a running number without gaps; 0 where numbers have gaps anyway."""
    quiet_days: int = 0
    """Working days before the end of the period in which nothing was heard of it."""
    outages: tuple[date, ...] = ()
    """Working days on which it took nothing in."""
    late_month: int = 0
    """The month in which many decisions were made in the evening."""


def _codes(body: str, demands: tuple[Demand, ...]) -> tuple[Demand, ...]:
    return tuple(
        Demand(f"{body[:8]}{d.power}", d.weight, d.season, d.persons, d.others, d.person)
        for d in demands
    )


DEPARTMENTS: tuple[Traits, ...] = (
    Traits(
        "public_security", "36012100GA", 0.30, "second", False, True, True, "南公",
        _codes("36012100GA", (
            Demand("GA-QR-0001", 46, "school", 1.0),
            Demand("GA-QR-0002", 22, "autumn", 1.0),
            Demand("GA-XK-0001", 15, "summer", 1.0),
            Demand("GA-BM-0001", 13, "spring", 1.0),
            Demand("GA-XK-0004", 2, "yearend", 0.1),
            Demand("GA-XK-0002", 1, "even", 0.6),
            Demand("GA-XK-0003", 1, "even", 0.5),
            Demand("GA-CF-0001", 2, "even", 1.0),
        )),
        ("36012100GA-GK-0001",), 0.003,
        unit="南昌县公安局行政审批科", reports=True, amends=("alter",), serials=6,
        outages=(date(2012, 9, 12),), late_month=10,
    ),
    Traits(
        "housing", "36012100FC", 0.22, "day", True, False, True, "南房",
        _codes("36012100FC", (
            Demand("FC-QR-0002", 38, "yearend", 0.94),
            Demand("FC-QR-0003", 24, "yearend", 0.8),
            Demand("FC-BM-0001", 16, "even", 0.9),
            Demand("FC-QR-0004", 12, "autumn", 0.96),
            Demand("FC-QR-0001", 6, "even", 0.4),
            Demand("FC-QT-0001", 2.5, "spring", 0.8),
            Demand("FC-XK-0002", 0.8, "even", 0.0),
            Demand("FC-XK-0001", 0.7, "autumn", 0.0),
        )),
        outages=(date(2012, 12, 17),),
    ),
    Traits(
        "industry_commerce", "36012100GS", 0.20, "minute", True, True, True, "南工商",
        _codes("36012100GS", (
            Demand("GS-XK-0001", 52, "spring", 1.0),
            Demand("GS-XK-0004", 17, "even", 0.85),
            Demand("GS-XK-0002", 12, "spring", 0.0),
            Demand("GS-BM-0001", 10, "even", 0.3),
            Demand("GS-FX-0001", 4, "even", 0.1),
            Demand("GS-XK-0003", 3, "autumn", 0.1),
            Demand("GS-QT-0001", 2, "even", 0.2),
            Demand("GS-CF-0001", 2, "even", 0.7),
        )),
        unit="南昌县工商行政管理局注册分局", reports=True, late_month=9,
    ),
    Traits(
        "civil_affairs", "36012100MZ", 0.18, "day", True, True, True, "南民",
        _codes("36012100MZ", (
            Demand("MZ-QR-0001", 50, "wedding", 1.0),
            Demand("MZ-JF-0003", 16, "even", 1.0),
            Demand("MZ-JF-0001", 13, "spring", 1.0),
            Demand("MZ-BM-0001", 11, "autumn", 1.0, person="elder"),
            Demand("MZ-JF-0002", 6, "even", 1.0),
            Demand("MZ-QR-0002", 1.5, "even", 1.0),
            Demand("MZ-XK-0001", 1.3, "spring", 0.0, "social"),
            Demand("MZ-XK-0002", 1.2, "even", 0.0, "institution"),
        )),
        ("36012100MZ-GK-0001", "36012100MZ-GK-0002"), 0.006, fields=True, quiet_days=4,
    ),
    Traits(
        "land_resources", "36012100GT", 0.10, "second", False, True, False, "南国土",
        _codes("36012100GT", (
            Demand("GT-XK-0002", 30, "autumn", 1.0),
            Demand("GT-QR-0001", 20, "yearend", 0.5),
            Demand("GT-QR-0002", 18, "yearend", 0.2),
            Demand("GT-BM-0001", 20, "even", 0.6),
            Demand("GT-XK-0003", 5, "autumn", 0.0),
            Demand("GT-XK-0001", 4, "even", 0.0, "government"),
            Demand("GT-FX-0001", 2, "even", 0.6),
            Demand("GT-XK-0004", 1, "even", 0.0),
        )),
        ("36012100GT-GK-0001", "36012100GT-GK-0002"), 0.006,
        unit="南昌县国土资源局行政审批科", reports=True, fields=True, amends=("alter", "delete"), serials=6,
    ),
)  # fmt: skip
"""Departments in order of size; each draws from its own generator, so that none depends on another."""

SEASONS: dict[str, tuple[float, ...]] = {
    "even": (0.9, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1.35),
    "spring": (0.8, 1.2, 1.5, 1.3, 1.1, 1, 0.9, 0.8, 0.9, 0.9, 0.9, 1.2),
    "summer": (0.8, 0.7, 0.8, 0.9, 1.1, 1.5, 1.8, 1.3, 0.8, 0.7, 0.7, 1.15),
    "autumn": (0.7, 0.7, 0.9, 0.9, 0.9, 0.9, 0.9, 1, 1.3, 1.3, 1.3, 1.6),
    "school": (1.2, 1.3, 0.9, 0.8, 0.8, 1, 1.4, 1.4, 0.8, 0.8, 0.9, 1.4),
    "yearend": (0.9, 0.7, 0.9, 0.9, 1, 1, 0.9, 0.9, 1, 1.1, 1.3, 2.1),
    "wedding": (1.3, 1.3, 0.8, 0.8, 1.2, 0.8, 0.7, 0.9, 1, 1.3, 1.1, 1.6),
}
"""Weight of each month; in December everybody wants it done before the year is out."""

WEDDING_DAYS: dict[date, float] = {
    date(2012, 2, 14): 5, date(2012, 5, 18): 2.5, date(2012, 8, 23): 4, date(2012, 9, 28): 2,
    date(2012, 10, 10): 3, date(2012, 12, 12): 8,
}  # fmt: skip
"""St Valentine's, Qixi, and the days whose numbers please."""

NEW_YEAR_LULL = (date(2012, 1, 17), date(2012, 2, 6))
"""Around the Spring Festival the offices are quiet."""
WEEKDAYS = (1.15, 1.05, 1.0, 1.0, 0.85, 0.6, 0.6)
"""Monday to Sunday; Saturdays and Sundays are make-up days."""

TOWNS = [
    "莲塘镇",
    "向塘镇",
    "三江镇",
    "塘南镇",
    "幽兰镇",
    "蒋巷镇",
    "武阳镇",
    "冈上镇",
    "广福镇",
    "黄马乡",
    "泾口乡",
    "南新乡",
    "塔城乡",
    "富山乡",
    "东新乡",
    "八一乡",
]
PLACES = [
    "测试村",
    "样例村",
    "示例社区",
    "虚拟小区",
    "演示路8号",
    "试用街12号",
    "样本组",
    "模拟工业园",
]
