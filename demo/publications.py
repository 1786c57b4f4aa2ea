"""What the bodies disclose of their own accord: most of it in time, some of it late, some not at all."""

from __future__ import annotations

from random import Random

from catalogue.spec import DisclosureVersion
from demo.model import Publication
from demo.outlook import FIELDS_INCOMPLETE, PUBLISHED_LATE
from demo.profiles import PLACES, TOWNS
from demo.records import Clockface
from demo.seeding import Scene, second
from demo.workdays import DAY

LATE = 0.06
INCOMPLETE = 0.05
LEAST = 4


def publish(scene: Scene, cases: int, rng: Random) -> list[Publication]:
    """A department's disclosed items of the period, in order of production. `cases` is the whole county's number."""
    traits = scene.traits
    if not traits.publications:
        return []
    count = max(LEAST, round(traits.published * cases))
    late = max(1, round(LATE * count))
    first, end = scene.period.first, scene.period.end
    room = end - first
    moments = [
        (first + int(rng.random() * (max(1, room - 45) if n < late else room))) * DAY + second(rng)
        for n in range(count)
    ]
    drafts = sorted((moment, n < late) for n, moment in enumerate(moments))
    return [
        _publication(scene, n, moment, tardy, rng) for n, (moment, tardy) in enumerate(drafts, 1)
    ]


def _publication(scene: Scene, serial: int, moment: int, tardy: bool, rng: Random) -> Publication:
    traits, face = scene.traits, Clockface(scene.calendar, scene.traits.precision)
    item_code = rng.choice(traits.publications)
    item = scene.plans.catalogue.disclosure_in_force(item_code, scene.calendar.date(moment))
    assert item is not None
    published: int | None = _published(item, moment, tardy, rng)
    if published is not None and published >= scene.horizon:
        published = None
    day = scene.calendar.date(moment)
    made = Publication(
        traits.slug,
        f"{traits.body[-2:]}GK{day:%y}-{serial:05d}",
        item_code,
        f"{rng.choice(TOWNS)}{rng.choice(PLACES)}{item.name}（{day.year}年第{serial}号）",
        face.time(moment),
        face.maybe(published),
        f"http://xxgk.example.cn/{traits.body[-2:].lower()}/{day:%Y-%m}/{serial}.html"
        if published
        else "",
    )
    if _is_late(scene, item, moment, published):
        made.violations.add(PUBLISHED_LATE)
    elif published is not None and traits.fields:
        _tell_fields(made, item, serial % round(1 / INCOMPLETE) == 3, rng)
    if traits.fields and published is not None and not made.fields:
        made.fields = "、".join(item.fields_required)
    return made


def _is_late(scene: Scene, item: DisclosureVersion, moment: int, published: int | None) -> bool:
    """By the working days gone since; the limits of the county's items are all in working days."""
    until = scene.calendar.number(scene.clock.as_of) if published is None else published // DAY
    return until - moment // DAY > item.publish_within.value


def _tell_fields(made: Publication, item: DisclosureVersion, incomplete: bool, rng: Random) -> None:
    """Which fields were published; now and then one is left out, or the address is."""
    fields = list(item.fields_required)
    if incomplete:
        made.violations.add(FIELDS_INCOMPLETE)
        if rng.random() < 0.3:
            made.url = ""
        else:
            fields.remove(rng.choice(fields))
    made.fields = "、".join(fields)


def _published(item: DisclosureVersion, moment: int, tardy: bool, rng: Random) -> int | None:
    """The limit counts working days; late means at least one day more, or never."""
    within = item.publish_within.value
    if tardy and rng.random() < 0.3:
        return None
    if tardy:
        return moment + (within + 1 + int(rng.random() ** 2 * 20)) * DAY
    days = within if rng.random() < 0.03 else int(rng.random() ** 1.5 * within)
    return (moment // DAY + days) * DAY + max(moment % DAY, int(rng.random() * DAY))
