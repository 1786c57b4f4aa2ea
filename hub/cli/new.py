"""`hub new`: a first folder for a department."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.printing import emit_json, say, table

if TYPE_CHECKING:
    from hub.pipeline.drafting.dataset import Found

new_app = typer.Typer(no_args_is_help=True, help="Begin something new 新建: a department folder.")


@new_app.callback()
def _new() -> None:
    """Begin something new 新建: a department folder."""


@new_app.command("department")
def new_department(
    slug: Annotated[str, typer.Argument(help="Slug of the folder to write, such as water_bureau.")],
    connector: Annotated[str, typer.Option(help="Access method: database, exchange or files.")],
    connection: Annotated[str, typer.Option(help="Connection id, as in HUB_HOME/connections.yml.")],
    tables: Annotated[
        list[str] | None,
        typer.Option("--table", help="Only tables that match, such as 'BJ_*'. May be repeated."),
    ] = None,
    paths: Annotated[
        list[str] | None,
        typer.Option("--path", help="Only files that match, such as '*.DBF'. May be repeated."),
    ] = None,
    body: Annotated[str | None, typer.Option(help="Code of the body in the catalogue.")] = None,
    title_zh: Annotated[str | None, typer.Option("--title-zh", help="Name in Chinese.")] = None,
    title_en: Annotated[str | None, typer.Option("--title-en", help="Name in English.")] = None,
    rows: Annotated[
        int, typer.Option(min=1, max=50_000, help="Rows to look at, of each table or kind of file.")
    ] = 10_000,
    force: Annotated[
        bool,
        typer.Option("--force", help="Replace a folder of that name; the old one is kept aside."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of tables.")
    ] = False,
) -> None:
    """Look at a source and write a first department folder, in which every decision is left to a person (待定).

    Reads a sample, never writes to the source. Shows what the fields hold and what they are likely to mean; no number,
    name or text of a person is shown or written. 依抽样起草部门目录：字段、代码、可能的含义，由人决定。

    Example: [bold]hub new department water_bureau --connector database --connection water_db --body 36012100MZ[/bold]
    """
    from hub.core.settings import Settings
    from hub.core.specs import UNDECIDED
    from hub.pipeline.drafting.source import Given
    from hub.pipeline.new_department import new_department as write

    given = Given(
        slug, connector, connection, body or UNDECIDED, title_zh or UNDECIDED, title_en or UNDECIDED
    )
    made = write(Settings.load(), given, [*(tables or ()), *(paths or ())], rows, force)
    if as_json:
        emit_json(
            {
                "department": slug, "folder": str(made.folder),
                "replaced": str(made.replaced) if made.replaced else None,
                "datasets": [_document(found) for found in made.read],
                "not_read": [_document(found) for found in made.left],
            }
        )  # fmt: skip
        return
    for found in made.read:
        _show(found)
    for found in made.left:
        say(f"{_plain(found.offer.title)}: {found.profile.rows} rows, not read 未纳入")
    if made.replaced:
        say(f"The folder that stood there lies in {made.replaced}")
    say(f"Written 已写成: {made.folder}")
    say(f"Next 下一步: replace every 待定, then: hub check {slug}; hub run {slug} --dry-run")


def _show(found: Found) -> None:
    profile = found.profile
    table(
        f"{found.offer.title} → {found.name} ({found.entity or '待定'}), {profile.rows} rows"
        + (f", {profile.damaged} damaged" if profile.damaged else ""),
        ("field", "means", "seen"),
        [(_plain(name), _target(found, name), _plain(found.said(name))) for name in profile.fields],
    )
    keys = "; ".join("+".join(key) for key in found.keys.keys[:4]) or "none"
    say(f"  key {_plain(keys)} · cursor {_plain(', '.join(found.keys.cursors) or 'none')}")
    for setting, why in found.offer.remarks.items():
        say(f"  {setting}: {_plain(why)}")


def _target(found: Found, name: str) -> str:
    meaning = found.assigned.reasons.get(name)
    return f"{meaning.target} {meaning.score}" if meaning else ""


def _document(found: Found) -> dict[str, Any]:
    return {
        "dataset": found.name, "title": found.offer.title, "entity": found.entity,
        "rows": found.profile.rows, "damaged": found.profile.damaged, "known_rows": found.offer.rows,
        "settings": dict(found.offer.settings), "remarks": dict(found.offer.remarks),
        "keys": [list(key) for key in found.keys.keys], "cursors": list(found.keys.cursors),
        "rising": list(found.keys.rising),
        "fields": [
            {
                "field": name, "type": field.type, "kind": field.kind, "filled": field.filled,
                "fitting": field.fitting, "distinct": field.distinct, "shortest": field.shortest,
                "longest": field.longest, "forms": field.forms, "values": found.values(name),
                "means": _target(found, name).partition(" ")[0] or None,
                "meanings": [
                    {"target": one.target, "score": one.score, "why": one.why}
                    for one in found.meanings[name]
                ],
            }
            for name, field in found.profile.fields.items()
        ],
    }  # fmt: skip


def _plain(text: str) -> str:
    """Text from a source is no markup."""
    from rich.markup import escape

    return escape(text)
