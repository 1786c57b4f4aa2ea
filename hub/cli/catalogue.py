"""Commands that keep, compare and publish the catalogue 目录."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from hub.cli import catalogue_showing as showing
from hub.cli.printing import emit_json, say
from hub.core.errors import EXIT_CONFIGURATION, EXIT_FINDINGS, EXIT_OK, SpecError
from hub.core.settings import TIME_ZONE

if TYPE_CHECKING:
    from catalogue.differences import ItemDifference
    from catalogue.spec import DisclosureItem, Power

catalogue_app = typer.Typer(
    no_args_is_help=True,
    help="The catalogue of powers, services and disclosure items 事项目录: forms, versions, codes, the public directory.",
)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
On = Annotated[
    datetime | None,
    typer.Option("--on", formats=["%Y-%m-%d"], help="Only versions in force on that day."),
]


@catalogue_app.command("export")
def export(
    out: Annotated[Path, typer.Option("--out", help="Workbook to write.")],
    on: On = None,
    body: Annotated[
        str | None, typer.Option(help="Only items of this body, such as 36012100GT.")
    ] = None,
) -> None:
    """Write the forms of the approval offices: one sheet each for powers, steps, materials, fees … 导出填报表.

    Example: [bold]hub catalogue export --out forms.xlsx --body 36012100GT[/bold]
    """
    import catalogue
    from catalogue.forms import rows, workbook

    loaded = catalogue.load()
    if body and body not in loaded.bodies:
        raise SpecError(
            f"no body '{body}'", file="catalogue/bodies.yml", remedy=f"known: {', '.join(loaded.bodies)}"
        )  # fmt: skip
    items = [item for item in loaded.items() if body in (None, item.body)]
    found = rows.rows(items, loaded.names(), _day(on))
    workbook.write(out, found)
    versions = len(found["powers"]) + len(found["disclosure"])
    say(f"{out}: {len(items)} items, {versions} versions, {sum(map(len, found.values())):,} rows")


@catalogue_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Workbook of forms.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check it; write nothing.")] = False,
    items: Annotated[
        Path | None,
        typer.Option(help="Folder of the items' files; without it, the catalogue's own."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a workbook and write what it changes into the items' files; all errors by sheet and cell 导入填报表.

    Nothing is written while there is an error (exit code 2).

    Example: [bold]hub catalogue import forms.xlsx --dry-run[/bold]
    """
    from catalogue.forms import importing

    planned = importing.plan(file, items)
    if not dry_run:
        importing.apply(planned)
    if as_json:
        emit_json(showing.import_document(planned, dry_run))
    else:
        showing.print_import(planned, dry_run)
    raise typer.Exit(EXIT_CONFIGURATION if planned.errors else EXIT_OK)


@catalogue_app.command("codes")
def codes(
    code: Annotated[str, typer.Argument(help="A code of any scheme.")],
    as_json: AsJson = False,
) -> None:
    """Explain a code part by part, in every scheme that it fits, and say which power it means 编码解释.

    Example: [bold]hub catalogue codes 36012100GS-XK-0002[/bold]
    """
    import catalogue
    from catalogue.codes import CodeError
    from catalogue.explanation import explain

    try:
        found, near = explain(code, catalogue.load())
    except CodeError as failure:
        raise SpecError(
            str(failure), file="catalogue/schemes.yml, catalogue/national.yml"
        ) from None
    if as_json:
        emit_json(
            {"code": code, "fits": [showing.code_document(one) for one in found], "fails": near}
        )
        return
    for one in found:
        showing.print_code(one)
    for reason in near:
        typer.echo(f"不符合 does not fit {reason}")


@catalogue_app.command("diff")
def diff(
    power: Annotated[
        str | None, typer.Argument(help="Code of one power or disclosure item.")
    ] = None,
    first: Annotated[
        int | None, typer.Option("--from", help="Version; without it, the one before --to.")
    ] = None,
    last: Annotated[
        int | None, typer.Option("--to", help="Version; without it, the last one.")
    ] = None,
    old: Annotated[
        Path | None,
        typer.Option("--catalogue", help="Compare with this catalogue folder or workbook."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What changed between two versions of an item, or since another catalogue 版本比较.

    Example: [bold]hub catalogue diff 36012100GT-XK-0002 --from 1 --to 2[/bold]
    """
    import catalogue
    from catalogue import differences

    loaded = catalogue.load()
    new = [item for item in loaded.items() if power in (None, item.code)]
    if power and not new:
        raise SpecError(
            f"no item '{power}'", file="catalogue/items", remedy="hub catalogue export lists all"
        )
    if old is not None:
        before = [item for item in _items_of(old) if power in (None, item.code)]
        found = list(differences.of_catalogues(before, new))
    elif power:
        found = [_between(new[0], first, last)]
    else:
        raise SpecError(
            "nothing to compare", file="catalogue", remedy="name an item, or --catalogue OLD"
        )
    if as_json:
        emit_json([showing.difference_document(one) for one in found])
    else:
        showing.print_differences(found)


def _items_of(path: Path) -> list[Power | DisclosureItem]:
    """The items of a catalogue folder or of a workbook of forms."""
    import catalogue
    from catalogue.forms import importing

    return catalogue.load(path).items() if path.is_dir() else importing.items_in(path)


def _between(item: Power | DisclosureItem, first: int | None, last: int | None) -> ItemDifference:
    from catalogue import differences

    versions = {version.version: version for version in item.versions}
    last = last or max(versions)
    first = first or max(last - 1, 1)
    for number in (first, last):
        if number not in versions:
            known = ", ".join(map(str, versions))
            raise SpecError(
                f"{item.code} has no version {number}",
                file="catalogue/items",
                remedy=f"known: {known}",
            )
    found = differences.of_versions(versions[first], versions[last], with_period=True)
    return differences.ItemDifference(item.code, versions[last].name, last, tuple(found))


@catalogue_app.command("completeness")
def completeness(on: On = None, as_json: AsJson = False) -> None:
    """Compare the catalogue with the basic catalogue 基本目录, body by body: missing, beyond it, not filled in.

    Exits with 1 when an item is missing or incomplete.

    Example: [bold]hub catalogue completeness --on 2012-07-01[/bold]
    """
    from catalogue import codes, loading
    from catalogue.completeness import assess

    content = loading.read(codes.ROOT)
    reports = assess(content, _day_or_today(on))
    unread = [str(error) for error in content.errors]
    if as_json:
        emit_json(
            {"bodies": [showing.report_document(report) for report in reports], "unread": unread}
        )
    else:
        showing.print_reports(reports, unread)
    lacks = unread or any(report.missing or report.incomplete for report in reports)
    raise typer.Exit(EXIT_FINDINGS if lacks else EXIT_OK)


@catalogue_app.command("publish")
def publish(
    out: Annotated[
        Path, typer.Option("--out", help="Folder of the site: new, empty, or published before.")
    ],
    on: On = None,
) -> None:
    """Publish the public directory 政务公开和政务服务事项目录: pages with flow charts, search, CSV and JSON.

    The same catalogue and day give the same files; without --on, today.

    Example: [bold]hub catalogue publish --out site --on 2012-07-01[/bold]
    """
    import catalogue
    from catalogue.directory import site

    loaded = catalogue.load()
    files = site.publish(loaded, out, _day_or_today(on))
    say(f"{out}/index.html: {len(loaded.items())} items, {len(files)} files")


def _day(on: datetime | None) -> date | None:
    return on.date() if on else None


def _day_or_today(on: datetime | None) -> date:
    return on.date() if on else datetime.now(ZoneInfo(TIME_ZONE)).date()
