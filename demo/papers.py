"""What lies in the file of a case: materials, charges, numbers."""

from __future__ import annotations

from decimal import Decimal
from math import exp, log
from random import Random

from catalogue.spec import Fee
from demo.course import Life
from demo.model import Charge, Paper, Penalty
from demo.records import Clockface
from demo.seeding import Draft, Scene, Seed
from demo.workdays import DAY

UNTYPED_LISTS = 0.005
WAIVED = 0.03
PREPAID = "public_security"
"""Whoever wants a card or a passport pays when the case is accepted; the others pay when it is decided."""


def papers(scene: Scene, draft: Draft, life: Life, face: Clockface, rng: Random) -> list[Paper]:
    """The list of materials of an accepted case, complete unless seeded otherwise; now and then nobody typed it."""
    if not scene.traits.papers or life.accepted is None:
        return []
    if draft.seed is not Seed.MISSING and rng.random() < UNTYPED_LISTS:
        return []
    absent = _absent(draft, life, rng)
    brought = next((late for _, late in reversed(life.notices) if late), life.applied)
    late = rng.choice(life.plan.materials).code if brought != life.applied else ""
    made = []
    for material in life.plan.materials:
        received = material.code not in absent and (material.required or rng.random() < 0.5)
        at = face.time(brought if material.code == late else life.applied)
        made.append(
            Paper(
                material.code, material.name, material.required, received, at if received else None
            )
        )
    return made


def _absent(draft: Draft, life: Life, rng: Random) -> tuple[str, ...]:
    """Required materials that are missing; one at least is always there."""
    if draft.seed is not Seed.MISSING:
        return ()
    required = life.plan.required
    return tuple(rng.sample(required, 2 if len(required) > 2 and rng.random() < 0.2 else 1))


def charges(
    scene: Scene, draft: Draft, life: Life, face: Clockface, receipt: str, rng: Random
) -> list[Charge]:
    """What the applicant paid, at or below the standard unless seeded otherwise."""
    paid = life.accepted if scene.traits.slug == PREPAID else life.decided
    if (
        paid is None
        or life.result not in ("granted", None)
        or draft.seed in (Seed.REPEALED, Seed.UNKNOWN)
    ):
        return []
    at = face.time(paid + 60 if (paid + 60) // DAY == paid // DAY else paid)
    if draft.seed is Seed.FREE:
        amount = rng.choice((10, 20, 50, 100))
        return [Charge(1, "F1", Decimal(amount * 100).scaleb(-2), 1, at, f"{receipt}1")]
    if not life.plan.charges:
        return []
    made = []
    for no, fee in enumerate(_fees(scene, life, rng), 1):
        quantity = 1 if scene.traits.single else 1 + int(rng.random() ** 6 * 3)
        above = draft.seed is Seed.ABOVE and no == 1
        amount_due = _above(fee, quantity, rng) if above else _amount(fee, quantity, rng)
        if draft.seed in (Seed.NOT_LISTED, Seed.NO_RECEIPT, Seed.ALTERED):
            amount_due = _cents(fee.standard_max * quantity)
        made.append(Charge(no, fee.code, amount_due, quantity, at, f"{receipt}{no}"))
    return made


def penalties(draft: Draft, life: Life, face: Clockface, rng: Random) -> list[Penalty]:
    """What was imposed, within the range of its circumstance unless seeded otherwise."""
    if not life.plan.fines or life.decided is None:
        return []
    grade = rng.choice(life.plan.fines)
    low, high = grade.min_amount or Decimal(0), grade.max_amount or Decimal(0)
    amount = low + Decimal(int(rng.random() * int((high - low) / 10))) * 10
    if draft.seed is Seed.FINED:
        amount = low / 2 if low and rng.random() < 0.4 else high + (1 + int(rng.random() * 5)) * 100
    decided = face.time(life.decided)
    return [Penalty(1, grade.code, grade.penalty_kind, _cents(amount), decided)]


def _fees(scene: Scene, life: Life, rng: Random) -> tuple[Fee, ...]:
    """The first fee; where a case may have several, sometimes the second one too."""
    both = not scene.traits.single and rng.random() < 0.15
    return life.plan.fees[: 2 if both else 1]


def _amount(fee: Fee, quantity: int, rng: Random) -> Decimal:
    low, high = fee.standard_min, fee.standard_max
    if fee.reducible and rng.random() < WAIVED:
        return _cents(Decimal(0) if rng.random() < 0.5 else low / 2)
    if low in (high, 0):
        return _cents(high * quantity)
    drawn = exp(rng.uniform(log(low), log(min(high, low * 100))))
    return _cents(min(Decimal(round(drawn)), high) * quantity)


def _above(fee: Fee, quantity: int, rng: Random) -> Decimal:
    """Charged with a surcharge of one fifth to the double, rounded up to whole yuan."""
    most = fee.standard_max * quantity
    return _cents(Decimal(int(float(most) * (1.2 + rng.random() * 0.8)) + 1))


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"))
