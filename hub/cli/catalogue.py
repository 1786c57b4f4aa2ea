"""Commands that keep, compare and publish the catalogue 目录."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.printing import emit_json, say, table
from hub.core.errors import EXIT_CONFIGURATION, EXIT_OK, SpecError

if TYPE_CHECKING:
    from catalogue.differences import ItemDifference
    from catalogue.explanation import Explanation
    from catalogue.forms.importing import Plan
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
        emit_json(_import_document(planned, dry_run))
    else:
        _print_import(planned, dry_run)
    raise typer.Exit(EXIT_CONFIGURATION if planned.errors else EXIT_OK)


def _import_document(planned: Plan, dry_run: bool) -> dict[str, Any]:
    return {
        "errors": [
            {"file": str(error.file), "sheet": getattr(error, "sheet", None),
             "cell": getattr(error, "cell", None), "line": error.line, "what": error.what,
             "remedy": error.remedy}
            for error in planned.errors
        ],
        "changes": [
            {"code": change.code, "file": str(change.path), "new": change.is_new,
             "lost_comments": list(change.lost_comments)}
            for change in planned.changes
        ],
        "unchanged": list(planned.unchanged),
        "kept_versions": [{"code": code, "version": version} for code, version in planned.kept],
        "written": not dry_run and not planned.errors,
    }  # fmt: skip


def _print_import(planned: Plan, dry_run: bool) -> None:
    for error in planned.errors:
        typer.echo(str(error))
    if planned.errors:
        say(
            f"[red]✗[/red] {len(planned.errors)} 处错误，未写入任何文件 errors; nothing was written"
        )
        return
    for change in planned.changes:
        how = "新增 new" if change.is_new else "整体重写 rewritten whole"
        typer.echo(f"{change.code}: {change.path} {how}")
        for comment in change.lost_comments:
            typer.echo(f"    注释未保留 comment dropped: {comment}")
    for code, version in planned.kept:
        typer.echo(
            f"{code}: 表中没有版本 {version}，目录中保留 version {version} is not in the workbook and stays"
        )
    done = "将写入 would be written" if dry_run else "已写入 written"
    say(f"[green]✓[/green] {len(planned.changes)} {done}, {len(planned.unchanged)} 未变 unchanged")


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
        emit_json({"code": code, "fits": [_code_document(one) for one in found], "fails": near})
        return
    for one in found:
        table(
            f"{one.scheme}: {one.title}" + (f" = {one.item}" if one.item else ""),
            ("", "部分", "part", "含义", "meaning"),
            [
                (part.text, part.title.zh, part.title.en, *_meaning(part.meaning))
                for part in one.parts
            ],
        )
        for entry in one.entries:
            until = entry.valid_to or "—"
            typer.echo(
                f"  {entry.scheme} {entry.code} = {entry.power_code} "
                f"({entry.valid_from} – {until}{', ' + entry.source if entry.source else ''})"
            )

    for reason in near:
        typer.echo(f"不符合 does not fit {reason}")


def _meaning(title: Any) -> tuple[str, str]:
    return (title.zh, title.en) if title else ("", "")


def _code_document(one: Explanation) -> dict[str, Any]:
    return {
        "scheme": one.scheme,
        "title": one.title,
        "item": one.item,
        "parts": [
            {"name": part.name, "text": part.text, "title": part.title.model_dump(),
             "meaning": part.meaning.model_dump() if part.meaning else None}
            for part in one.parts
        ],
        "crosswalk": [
            {"scheme": e.scheme, "code": e.code, "power_code": e.power_code,
             "valid_from": e.valid_from, "valid_to": e.valid_to, "source": e.source}
            for e in one.entries
        ],
    }  # fmt: skip


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
        emit_json([_difference_document(one) for one in found])
    else:
        _print_differences(found)


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


def _print_differences(found: list[ItemDifference]) -> None:
    from catalogue import differences
    from catalogue.forms import layout

    for one in found:
        version = f" 版本 {one.version}" if one.version else ""
        typer.echo(f"{one.code}{version} {one.name}")
        for difference in one.differences:
            typer.echo(f"    {differences.sentence(difference, layout.choices('step'))}")
    if not any(one.differences for one in found):
        typer.echo("没有不同 no difference")


def _difference_document(one: ItemDifference) -> dict[str, Any]:
    return {
        "code": one.code, "name": one.name, "version": one.version,
        "differences": [
            {"kind": d.kind, "field": d.field, "part": d.part, "before": _plain(d.before),
             "after": _plain(d.after)}
            for d in one.differences
        ],
    }  # fmt: skip


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int) else str(value)


def _day(on: datetime | None) -> date | None:
    return on.date() if on else None
