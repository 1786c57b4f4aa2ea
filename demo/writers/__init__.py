"""The county, written into five department systems as each of them keeps it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from demo.model import Amendment, County, DemoCase, Publication
from demo.writers import (
    civil_affairs,
    housing,
    industry_commerce,
    land_resources,
    public_security,
)
from demo.writers.defects import DEMO_FIX
from demo.writers.fates import Fates, Latent, RowFates

__all__ = ["DEMO_FIX", "Fates", "Latent", "Written", "deliver_later", "write_all"]

FILE_WRITERS: dict[str, Callable[..., Fates]] = {
    "civil_affairs": civil_affairs.write,
    "housing": housing.write,
    "industry_commerce": industry_commerce.write,
    "public_security": public_security.write,
}


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    `fates`: department → dataset → file or table → (row, fate). `connections`: connection id → URL. `latent`:
    violations that can only be seen once the lines of `fixes` (department → line of its powers.csv) are added.
    """

    fates: dict[str, RowFates]
    connections: dict[str, str]
    latent: list[Latent]
    furniture: dict[str, dict[str, dict[str, int]]]
    """Department → dataset → file → rows that are no records."""
    fixes: dict[str, str]
    lost: dict[str, set[str]]
    """Department → numbers of the cases and published items that never land."""
    erased: dict[str, set[str]]
    """Department → numbers of the cases that stand there as deleted from the first."""


def write_all(county: County, home: Path, exchange_url: str) -> Written:
    """Write every department's system: folders `home/demo/<slug>/`, and the exchange database behind the URL.

    Each department draws from a generator of its own, so that none depends on another.
    """
    written = Written({}, {}, [], {}, DEMO_FIX, {}, {})
    for slug, write in FILE_WRITERS.items():
        folder = _emptied(home / "demo" / slug)
        _emptied(home / "demo" / "later" / slug)
        fates = write(
            *_content(county, slug), folder, _rng(county, slug), *_amendments(county, slug)
        )
        _note(written, slug, fates, f"{slug}_files", folder.resolve().as_uri())
    slug = land_resources.SLUG
    changes = county.amendments.get(slug, [])
    fates = land_resources.write(*_content(county, slug), exchange_url, _rng(county, slug), changes)
    _note(written, slug, fates, f"{slug}_exchange", land_resources.plain_url(exchange_url))
    return written


def deliver_later(home: Path, exchange_url: str) -> list[str]:
    """Apply to the sources what changes after everything has been read once: the departments that have something new.

    Files are dropped into their department's folder, rows pushed into the exchange tables; done once, there is nothing
    left to do.
    """
    changed = set()
    for path in sorted((home / "demo" / "later").glob("*/*")):
        path.replace(home / "demo" / path.parent.name / path.name)
        changed.add(path.parent.name)
    if land_resources.push_later(exchange_url):
        changed.add(land_resources.SLUG)
    return sorted(changed)


def _amendments(county: County, slug: str) -> tuple[list[Amendment], ...]:
    """Only a writer that can tell a case again is asked to."""
    changes = county.amendments.get(slug)
    return (changes,) if changes else ()


def _content(county: County, slug: str) -> tuple[list[DemoCase], list[Publication]]:
    return county.cases.get(slug, []), county.publications.get(slug, [])


def _rng(county: County, slug: str) -> Random:
    return Random(f"{county.seed}/writers/{slug}")


def _emptied(folder: Path) -> Path:
    """The folder without the files of an earlier county."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    return folder


def _note(written: Written, slug: str, fates: Fates, connection: str, url: str) -> None:
    written.fates[slug] = fates.rows
    written.furniture[slug] = fates.furniture
    written.latent.extend(fates.latent)
    written.lost[slug], written.erased[slug] = fates.lost, fates.erased
    written.connections[connection] = url
