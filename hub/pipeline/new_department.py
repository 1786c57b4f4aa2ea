"""`hub new department`: look at a source and write a first folder for it, to be completed by a person."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import catalogue
import connectors
from hub.core.codelists import codelists
from hub.core.errors import SpecError
from hub.core.settings import TIME_ZONE, Settings
from hub.core.specs import (
    LAYOUTS,
    SLUG,
    UNDECIDED,
    Department,
    DepartmentSpec,
    Owner,
    SpecFile,
    Title,
    department_slugs,
    read_csv,
    read_department,
    read_yaml,
)
from hub.pipeline.drafting.crosswalks import Words, codes_text, powers_text
from hub.pipeline.drafting.dataset import Found, look
from hub.pipeline.drafting.mapping import mapping_text
from hub.pipeline.drafting.sample import readme_text, rows_text
from hub.pipeline.drafting.source import Given, source_text
from mappings.crosswalks import CODES_HEADER

SAMPLE_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class NewDepartment:
    """What was written. `replaced`: where the folder lies now that stood there before."""

    folder: Path
    read: tuple[Found, ...]
    left: tuple[Found, ...]
    replaced: Path | None


def new_department(
    settings: Settings,
    given: Given,
    wanted: Sequence[str] = (),
    rows: int = SAMPLE_ROWS,
    force: bool = False,
) -> NewDepartment:
    """Look at the source of `given`, at most `rows` rows of each dataset, and write `departments/<slug>/`.

    `wanted`: patterns of tables or files. The folder appears whole or not at all. Raises SpecError when there is one
    already (unless `force`, which keeps it under HUB_HOME/replaced), when the connection is not known or the source
    cannot be asked; SourceUnavailable and SourceRefused as reading does.
    """
    folder = settings.departments / given.slug
    _check(folder, given, force)
    powers = {
        power.code: power.versions[-1].name
        for power in catalogue.load().powers.values()
        if given.body in (UNDECIDED, power.body)
    }
    words = _words(settings.departments)
    offers = connectors.offers(
        _unwritten(folder, given), settings.connection_url(given.connection), wanted
    )
    found = look(offers, rows, powers, words)
    if not found:
        raise SpecError(
            "the source holds no row", file=folder, remedy="run again when there is data to look at"
        )
    read = tuple(one for one in found if one.entity) or (
        max(found, key=lambda one: one.profile.rows),
    )
    left = tuple(one for one in found if one not in read)
    files = {
        "source.yml": source_text(
            given, read, left, sorted(catalogue.load().bodies), _layouts(found)
        ),
        "mapping.yml": mapping_text(given.slug, read, frozenset(powers)),
        "powers.csv": powers_text(read, powers),
        "codes.csv": codes_text(read, frozenset(powers), words),
        "sample/README.md": readme_text(given.slug, read),
        **{f"sample/{one.name}.csv": rows_text(one) for one in read},
    }
    replaced = _write(settings, folder, files)
    return NewDepartment(folder, read, left, replaced)


def _check(folder: Path, given: Given, force: bool) -> None:
    if not SLUG.match(given.slug):
        raise SpecError(f"'{given.slug}' is no slug", file=folder, remedy=f"use {SLUG.pattern}")
    if folder.exists() and not force:
        raise SpecError(
            "there is such a folder already", file=folder,
            remedy="take another slug, or give --force, which keeps the old folder under HUB_HOME/replaced",
        )  # fmt: skip
    bodies = catalogue.load().bodies
    if given.body not in (UNDECIDED, *bodies):
        raise SpecError(
            f"body {given.body} is not in the catalogue", file="catalogue/bodies.yml",
            remedy=f"known: {', '.join(sorted(bodies))}; or leave --body out and decide later",
        )  # fmt: skip


def _unwritten(folder: Path, given: Given) -> Department:
    """The department as far as it is known before its folder is there."""
    spec = DepartmentSpec(
        title=Title(zh=given.title_zh, en=given.title_en),
        body=given.body,
        owner=Owner(name=UNDECIDED, contact=UNDECIDED),
        connector=given.connector,
        connection=given.connection,
        datasets={UNDECIDED: {}},
    )
    return Department(given.slug, folder, spec, SpecFile(folder / "source.yml", {}, {}))


def _words(departments: Path) -> Words:
    """By which words codes are known: their canonical names, and what other departments call them."""
    words = {
        name: {word: code for code, names in codes.items() for word in names}
        for name, codes in codelists().items()
    }
    for slug in department_slugs(departments):
        path = departments / slug / "codes.csv"
        for row in read_csv(path, CODES_HEADER) if path.exists() else ():
            for word in (row["source_name"], row["source_code"]):
                if word and not word.isascii() and row["code"] not in ("", "-"):
                    words.setdefault(row["codelist"], {}).setdefault(word, row["code"])
    return words


def _layouts(found: Sequence[Found]) -> list[str]:
    """Published layouts of which at least half of the tables are there, whatever their case."""
    tables = {one.offer.title.rpartition(".")[2].upper() for one in found}
    fitting = []
    for path in sorted(LAYOUTS.glob("*/source.yml")):
        datasets = read_yaml(path).data["datasets"].values()
        named = {str(one["table"]).upper() for one in datasets if "table" in one}
        if named and 2 * len(named & tables) >= len(named):
            fitting.append(path.parent.name)
    return fitting


def _write(settings: Settings, folder: Path, files: dict[str, str]) -> Path | None:
    """Write the folder aside, read it once, and put it in its place."""
    settings.departments.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".new-", dir=settings.departments))
    try:
        made = aside / folder.name
        for name, text in files.items():
            path = made / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        connectors.check(read_department(aside, folder.name))
        replaced = _put_away(settings, folder) if folder.exists() else None
        made.rename(folder)
        return replaced
    finally:
        shutil.rmtree(aside)


def _put_away(settings: Settings, folder: Path) -> Path:
    now = datetime.now(ZoneInfo(TIME_ZONE)).strftime("%Y%m%d-%H%M%S-%f")
    replaced = settings.home / "replaced" / f"{folder.name}-{now}"
    replaced.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder, replaced)
    return replaced
