"""Publishing the directory as a folder of static files: the same catalogue and day give the same bytes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from catalogue import Catalogue, codes
from catalogue.directory import pages, svg
from catalogue.forms import layout
from catalogue.forms.rows import rows
from catalogue.spec import Body, DisclosureItem, Power
from hub.core.errors import HubError
from hub.core.specs import Spec, Title

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = codes.ROOT / "templates"
TITLE = "政务公开和政务服务事项目录"
MANIFEST = "files.txt"
"""Names what was published, so that the next time what is gone from the catalogue goes from the folder too."""


class Document(Spec):
    """`catalogue.json`: everything in the catalogue, all versions."""

    version: str = Field(description="Names the content of the catalogue 目录版本")
    on: date = Field(description="The day for which the pages were made 编排日期")
    bodies: tuple[Body, ...]
    powers: tuple[Power, ...]
    disclosure_items: tuple[DisclosureItem, ...]


def publish(catalogue: Catalogue, out: Path, on: date) -> list[str]:
    """Write the site; returns the names of its files. Files that an earlier publishing left and this one has not are removed.

    Raises HubError if the folder holds files that no publishing wrote.
    """
    files = dict(build(catalogue, on))
    before = _published(out)
    files[MANIFEST] = "".join(f"{name}\n" for name in sorted(files))
    for name, text in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
    for name in before - files.keys():
        (out / name).unlink(missing_ok=True)
    return sorted(files)


def build(catalogue: Catalogue, on: date) -> Iterator[tuple[str, str]]:
    """Every file of the site: name and text."""
    environment = _environment()
    site = {
        "title": f"{_county(catalogue, on)}{TITLE}", "on": on, "version": catalogue.version,
        "bodies": catalogue.bodies,
    }  # fmt: skip
    forms = dict(_csv(catalogue))
    yield "index.html", _index(environment, catalogue, on, site)
    yield "fields.html", environment.get_template("fields.html").render(site=site, top="", forms=layout.forms())  # fmt: skip
    for item in catalogue.items():
        yield pages.page(item), _item(environment, catalogue, item, on, site)
        if isinstance(item, Power):
            for version in item.versions:
                if version.steps:
                    yield pages.chart_file(item, version), svg.draw(version, item.code)
    yield from forms.items()
    yield "catalogue.json", _json(catalogue, on)
    yield "catalogue.schema.json", _schema()
    for name in ("style.css", "search.js"):
        yield name, (TEMPLATES / name).read_text("utf-8")


def _county(catalogue: Catalogue, on: date) -> str:
    """Name of the region of all bodies on that day; nothing when they are of several."""
    codes_of_regions = {body.region[:6] for body in catalogue.bodies.values()}
    names = [
        region.name
        for region in catalogue.regions
        if {region.code} == codes_of_regions
        and region.valid_from <= on <= (region.valid_to or date.max)
    ]
    return names[0] if names else ""


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip


def _index(
    environment: Environment, catalogue: Catalogue, on: date, site: Mapping[str, Any]
) -> str:
    types = _types(catalogue)
    order = list(types)
    found = sorted(catalogue.items(), key=lambda item: (order.index(pages.letters(item)), item.code))  # fmt: skip
    groups = [
        {
            "code": body.code, "name": body.name,
            "items": [pages.index_row(item, on, types) for item in found if item.body == body.code],
        }
        for body in catalogue.bodies.values()
    ]  # fmt: skip
    used = {pages.letters(item) for item in found}
    count = {
        "powers": len(catalogue.powers), "disclosure": len(catalogue.disclosure_items),
        "all": len(found),
    }  # fmt: skip
    tables = rows(catalogue.items(), catalogue.names(), root=catalogue.root)
    files = [
        {"href": _csv_name(form.part), "name": form.name, "title": form.title, "rows": len(tables[form.part])}
        for form in layout.forms()
    ]  # fmt: skip
    return environment.get_template("index.html").render(
        site=site, top="", groups=groups, count=count, files=files,
        types=[pages.type_of(code, types) for code in order if code in used],
    )  # fmt: skip


def _item(
    environment: Environment, catalogue: Catalogue, item: Power | DisclosureItem, on: date,
    site: Mapping[str, Any],
) -> str:  # fmt: skip
    from markupsafe import Markup

    types = _types(catalogue)
    shown = pages.versions(item, catalogue, on)
    for version in shown:
        # The chart is our own drawing, in which every text is escaped.
        version["chart"] = Markup(version["chart"]) if version["chart"] else None
    head = {
        "code": item.code, "name": pages.shown_version(item, on).name,
        "body": catalogue.names()[item.body],
        "type": pages.type_of(pages.letters(item), types),
        "codes": pages.codes_of(item, catalogue, on),
    }  # fmt: skip
    return environment.get_template("item.html").render(
        site=site, top="../", item=head, versions=shown
    )


def _types(catalogue: Catalogue) -> dict[str, Title]:
    known = codes.schemes(catalogue.root)
    return dict(known.schemes[known.default].types)


def _csv_name(part: str) -> str:
    return f"data/{part}.csv"


def _csv(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """One file for each form, with its columns; the mark at the front tells spreadsheets that it is UTF-8."""
    tables = rows(catalogue.items(), catalogue.names(), root=catalogue.root)
    for form in layout.forms():
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(column.heading for column in form.columns)
        for row in tables[form.part]:
            writer.writerow(layout.shown(c, row.get(c.field), catalogue.root) for c in form.columns)
        yield _csv_name(form.part), "\ufeff" + buffer.getvalue()


def _json(catalogue: Catalogue, on: date) -> str:
    document = Document(
        version=catalogue.version, on=on, bodies=tuple(catalogue.bodies.values()),
        powers=tuple(catalogue.powers.values()),
        disclosure_items=tuple(catalogue.disclosure_items.values()),
    )  # fmt: skip
    return json.dumps(document.model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n"


def _schema() -> str:
    schema = Document.model_json_schema(mode="serialization")
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema
    return json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _published(out: Path) -> set[str]:
    """What an earlier publishing wrote there. Raises HubError if the folder is someone else's."""
    manifest = out / MANIFEST
    if manifest.exists():
        names = set(manifest.read_text("utf-8").splitlines())
        return {name for name in names if (out / name).resolve().is_relative_to(out.resolve())}
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise HubError(
            "holds files that were not published by this command", where=str(out),
            remedy="name a new or an empty folder",
        )  # fmt: skip
    return set()
