"""How the commands of the catalogue show what they found: text for people, documents for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from hub.cli.printing import say, table

if TYPE_CHECKING:
    from catalogue.completeness import BodyReport
    from catalogue.differences import ItemDifference
    from catalogue.explanation import Explanation
    from catalogue.forms.importing import Plan


def import_document(planned: Plan, dry_run: bool) -> dict[str, Any]:
    """What an import found and did."""
    return {
        "errors": [
            {"file": str(error.file), "sheet": getattr(error, "sheet", None),
             "cell": getattr(error, "cell", None), "line": error.line, "what": error.what,
             "remedy": error.remedy}
            for error in planned.errors
        ],
        "changes": [
            {"code": change.code, "file": str(change.path), "new": change.is_new,
             "differences": [difference_document(one) for one in change.differences],
             "lost_comments": list(change.lost_comments)}
            for change in planned.changes
        ],
        "unchanged": list(planned.unchanged),
        "kept_versions": [{"code": code, "version": version} for code, version in planned.kept],
        "written": not dry_run and not planned.errors,
    }  # fmt: skip


def print_import(planned: Plan, dry_run: bool) -> None:
    """What an import found and did, errors by cell."""
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
        for one in () if change.is_new else change.differences:
            _print_difference(one)
        for comment in change.lost_comments:
            typer.echo(f"    注释未保留 comment dropped: {comment}")
    for code, version in planned.kept:
        typer.echo(
            f"{code}: 表中没有版本 {version}，目录中保留 version {version} is not in the workbook and stays"
        )
    done = "将写入 would be written" if dry_run else "已写入 written"
    say(f"[green]✓[/green] {len(planned.changes)} {done}, {len(planned.unchanged)} 未变 unchanged")


def _meaning(title: Any) -> tuple[str, str]:
    return (title.zh, title.en) if title else ("", "")


def code_document(one: Explanation) -> dict[str, Any]:
    """A code in one scheme, part by part."""
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


def print_differences(found: list[ItemDifference]) -> None:
    """Differences as lines in the words of the forms."""
    for one in found:
        _print_difference(one)
    if not any(one.differences for one in found):
        typer.echo("没有不同 no difference")


def _print_difference(one: ItemDifference) -> None:
    from catalogue.differences import sentence
    from catalogue.forms import layout

    version = f" 版本 {one.version}" if one.version else ""
    typer.echo(f"{one.code}{version} {one.name}")
    for difference in one.differences:
        typer.echo(f"    {sentence(difference, layout.choices('step'))}")


def difference_document(one: ItemDifference) -> dict[str, Any]:
    """The differences of one item."""
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


def print_reports(reports: list[BodyReport], unread: list[str]) -> None:
    """The catalogue beside the basic catalogue, body by body."""
    table(
        "对照基本目录 against the basic catalogue",
        (
            "办理主体 body",
            "应有 basic",
            "已有 present",
            "缺 missing",
            "超出 extra",
            "不完整 incomplete",
        ),
        [
            (r.name, r.basic, r.present, len(r.missing), len(r.extra), len(r.incomplete))
            for r in reports
        ],
    )
    for report in reports:
        for one in report.missing:
            typer.echo(f"缺 missing   {report.name} {one.type} {one.name}（{one.source}）")
        for code, name in report.extra:
            typer.echo(f"超出 extra   {report.name} {code} {name}")
        for item in report.incomplete:
            typer.echo(f"不完整 incomplete {item.code} {item.name}：{'、'.join(item.fields)}")
    for error in unread:
        typer.echo(f"无法读取 cannot be read {error}")


def report_document(report: BodyReport) -> dict[str, Any]:
    """One body's report."""
    return {
        "body": report.body, "name": report.name, "basic": report.basic, "present": report.present,
        "missing": [{"type": m.type, "name": m.name, "source": m.source} for m in report.missing],
        "extra": [{"code": code, "name": name} for code, name in report.extra],
        "incomplete": [
            {"code": i.code, "name": i.name, "fields": list(i.fields)} for i in report.incomplete
        ],
    }  # fmt: skip


def print_code(one: Explanation) -> None:
    """A code in one scheme as a table of its parts, and what it means."""
    table(
        f"{one.scheme}: {one.title}" + (f" = {one.item}" if one.item else ""),
        ("", "部分", "part", "含义", "meaning"),
        [(part.text, part.title.zh, part.title.en, *_meaning(part.meaning)) for part in one.parts],
    )
    for entry in one.entries:
        until = entry.valid_to or "—"
        typer.echo(
            f"  {entry.scheme} {entry.code} = {entry.power_code} "
            f"({entry.valid_from} – {until}{', ' + entry.source if entry.source else ''})"
        )
