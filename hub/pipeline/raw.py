"""The store's housekeeping: what nobody refers to any more, and raw objects whose time is over.

A department is collected while nobody else works on it, so that no run finds an object that is about to go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hub.core.errors import DepartmentBusy, SpecError
from hub.core.specs import department_slugs, read_department
from hub.pipeline.busy import working_alone
from hub.pipeline.installation import Hub
from warehouse import retention
from warehouse.objects import Stored
from warehouse.sealing import is_raw

GRACE = timedelta(days=1)
"""What is younger may belong to a run at work."""


@dataclass(slots=True)
class Removed:
    """Objects (a raw object's manifest counts with it) and their bytes."""

    objects: int = 0
    bytes: int = 0

    def add(self, parts: Iterable[Stored]) -> None:
        self.objects += 1
        self.bytes += sum(part.size for part in parts)


@dataclass(slots=True)
class Collected:
    """What was removed of one department, or would be: orphans that no batch refers to, raw objects past the
    retention. `held`: past it, but needed by open quarantined rows, or as last images by a sweep that finds deletes.
    `busy`: a run was at work, nothing was looked at."""

    department: str
    orphans: Removed = field(default_factory=Removed)
    expired: Removed = field(default_factory=Removed)
    held: int = 0
    busy: bool = False


def collect(
    hub: Hub, older_than: timedelta | None = None, dry_run: bool = False
) -> list[Collected]:
    """Remove orphans of all departments; with a retention also raw objects that were last read before it.

    The ledger notes what a retention removed before it is gone. Nothing is removed in a `dry_run`. Raises SpecError
    for a department folder that cannot be read, SourceUnavailable when the store does not answer.
    """
    departments: dict[str, dict[str, list[Stored]]] = {}
    for found in hub.store.stored("raw/"):
        _, slug, *_ = found.name.split("/")
        departments.setdefault(slug, {}).setdefault(_object_of(found.name), []).append(found)
    return [_collect(hub, slug, older_than, dry_run) for slug in sorted(departments)]


def clear_stage(hub: Hub, dry_run: bool = False) -> Removed:
    """Remove what batches that have landed or were given up left between the stages, and what was half written."""
    leftovers: dict[str, list[Stored]] = {}
    for found in hub.store.stored("stage/"):
        leftovers.setdefault(found.name.split("/")[1], []).append(found)
    with hub.engine.connect() as connection:
        over = retention.over(connection, leftovers.keys())
    removed = Removed()
    for batch_id in sorted(over):
        removed.add(leftovers[batch_id])
        if not dry_run:
            hub.store.delete_prefix(f"stage/{batch_id}/")
    for part in [*hub.store.unfinished("")]:
        if _is_old(part):
            removed.add([part])
            if not dry_run:
                hub.store.delete(part.name)
    return removed


def _object_of(name: str) -> str:
    """The raw object that a file belongs to: itself, or the one whose manifest it is."""
    stem = name.removesuffix(".manifest.json")
    return name if stem == name else f"{stem}.parquet"


def _collect(hub: Hub, slug: str, older_than: timedelta | None, dry_run: bool) -> Collected:
    collected = Collected(slug)
    try:
        with working_alone(hub, slug):
            _collect_alone(hub, collected, older_than, dry_run)
    except DepartmentBusy:
        collected.busy = True
    return collected


def _collect_alone(
    hub: Hub, collected: Collected, older_than: timedelta | None, dry_run: bool
) -> None:
    slug = collected.department
    objects: dict[str, list[Stored]] = {}
    for found in hub.store.stored(f"raw/{slug}/"):  # again: what was listed before may have changed
        objects.setdefault(_object_of(found.name), []).append(found)
    with hub.engine.connect() as connection:
        known = retention.references(connection, slug)
        held = _held(hub, slug) if older_than else set()
    orphans = [n for n in objects.keys() - known.keys() if all(map(_is_old, objects[n]))]
    for name in orphans:
        collected.orphans.add(objects[name])
    expired = [*_expired(known, objects, older_than)]
    collected.held = len(held & {*expired})
    expired = [name for name in expired if name not in held]
    for name in expired:
        collected.expired.add(objects[name])
    if dry_run:
        return
    with hub.engine.begin() as connection:
        retention.note_removed(connection, slug, expired)
    for name in (*orphans, *expired):
        for part in objects[name]:
            hub.store.delete(part.name)


def _expired(
    known: dict[str, retention.Reference],
    objects: dict[str, list[Stored]],
    older_than: timedelta | None,
) -> Iterator[str]:
    if older_than is None:
        return
    before = datetime.now(UTC) - max(older_than, GRACE)
    for name, reference in known.items():
        if is_raw(name) and name in objects and reference.over and reference.read_at < before:
            yield name


def _held(hub: Hub, slug: str) -> set[str]:
    with hub.engine.connect() as connection:
        held = retention.quarantined(connection, slug)
        return held | retention.last_images(connection, slug, _swept(hub, slug))


def _swept(hub: Hub, slug: str) -> list[str]:
    """The datasets of which deletes become known by a sweep, which lands a record's last image once more."""
    if slug not in department_slugs(hub.settings.departments):
        return []  # a department that is no longer read is no longer swept
    department = read_department(hub.settings.departments, slug)
    return [
        name for name in department.spec.datasets if department.settings(name).deletes == "sweep"
    ]


def _is_old(found: Stored) -> bool:
    return found.at < datetime.now(UTC) - GRACE


def retention_of(said: str | None) -> timedelta | None:
    """'400d' as a timedelta; None, and a setting that is there but empty, is no retention. Raises SpecError."""
    if not said:
        return None
    number, unit = said[:-1], said[-1:]
    if not (number.isascii() and number.isdigit() and unit == "d"):
        raise SpecError(
            f"a retention of '{said}'", file="--older-than or HUB_RAW_RETENTION", remedy="write days, such as 400d"
        )  # fmt: skip
    return timedelta(days=int(number))
