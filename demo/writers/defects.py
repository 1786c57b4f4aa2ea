"""Which rows get which defect, and how damaged values look.

Defects that send a row to quarantine fall only on cases that violate no rule, so that the loss changes no other
outcome. The exception is said aloud: cases under an item code that the hub does not know yet (`DEMO_FIX`) may carry
violations; they are latent until the line is added and the quarantine replayed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from random import Random

from demo.model import DemoCase
from demo.writers.fates import Latent

DEMO_FIX: dict[str, str] = {
    "civil_affairs": "0205,城乡医疗救助审批,36012100MZ-JF-0003,,,2012年末启用的新编号",
    "industry_commerce": "G04-2,食品流通许可,36012100GS-XK-0004,,,2012年末启用的新编号",
}
"""Department → the line that its `powers.csv` lacks: add it and `hub quarantine replay` lands the rows."""

BAD_DATES = ("2012-13-45", "待定", "2012-2-30", "二月份")

_FULL_WIDTH = str.maketrans(
    {chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)} | {" ": "\u3000"}
)


_SPELLINGS = ("{}-{}-{}", "{}/{}/{}", "{}年{}月{}日", "{}{:02}{:02}", "{3:02}/{1}/{2}", "{}.{}.{}")


@dataclass(frozen=True, slots=True)
class Defect:
    """One kind of damage: the share of the cases it hits (at least `least`), and which cases can have it."""

    name: str
    reason: str
    share: float
    fits: Callable[[DemoCase], bool] = lambda case: True
    least: int = 2


@dataclass(frozen=True, slots=True)
class NewCode:
    """The cases that carry an item code which the hub does not know yet."""

    code: str
    positions: frozenset[int]
    latent: tuple[Latent, ...]


def pick(
    cases: Sequence[DemoCase], kinds: Sequence[Defect], rng: Random, taken: frozenset[int]
) -> dict[int, Defect]:
    """Position of a case → its defect; at most one each, only on cases without violations, none of `taken`."""
    free = [
        at
        for at, case in enumerate(cases)
        if not case.violations and not case.spared and at not in taken
    ]
    picked: dict[int, Defect] = {}
    for kind in kinds:
        candidates = [at for at in free if at not in picked and kind.fits(cases[at])]
        wanted = min(len(candidates), max(kind.least, round(kind.share * len(cases))))
        picked.update((at, kind) for at in rng.sample(candidates, wanted))
    return picked


def new_code(department: str, cases: Sequence[DemoCase]) -> NewCode:
    """The last cases of the power in `DEMO_FIX`, as if one window had a new program late in the year.

    At least six, or two in a thousand of the department's cases, and with them the last two that violate a rule.
    """
    code, _, power, *_ = DEMO_FIX[department].split(",")
    of_power = [at for at, case in enumerate(cases) if case.power_code == power and not case.spared]
    guilty = [at for at in of_power if cases[at].violations]
    chosen = {*of_power[-max(6, ceil(0.002 * len(cases))) :], *guilty[-2:]}
    latent = tuple(
        Latent(department, cases[at].case_no, tuple(sorted(cases[at].violations)))
        for at in sorted(chosen)
        if cases[at].violations
    )
    return NewCode(code, frozenset(chosen), latent)


def charged(case: DemoCase) -> bool:
    """Whether something was charged; a waived charge is zero, which no sign makes negative."""
    return bool(case.charges) and case.charges[0].amount > 0


def full_width(text: str) -> str:
    """ASCII as full-width forms, as an input method left on types it."""
    return text.translate(_FULL_WIDTH)


def spelled(day: date, spelling: int) -> str:
    """One date in one of the spellings that people mix within one column (0 to 5; 6 is full-width)."""
    text = _SPELLINGS[spelling % 6].format(day.year, day.month, day.day, day.year % 100)
    return full_width(text) if spelling > 5 else text


def bad_date(rng: Random) -> str:
    """A date that nobody can read."""
    return rng.choice(BAD_DATES)
