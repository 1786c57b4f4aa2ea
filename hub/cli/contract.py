"""The command that writes data contracts 数据契约."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.cli.printing import emit_json


def contract(
    department: Annotated[
        str | None, typer.Argument(help="Slug of the department (default: every department).")
    ] = None,
    dataset: Annotated[str | None, typer.Argument(help="Only this dataset.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for <department>.<dataset>.odcs.yaml (default: print)."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of YAML.")
    ] = False,
) -> None:
    """What a dataset promises, as an Open Data Contract Standard document: fields, codes, checks, freshness. 数据契约。

    Example: [bold]hub contract housing cases --out contracts[/bold]
    """
    from hub.core.settings import Settings
    from hub.core.specs import department_slugs
    from hub.pipeline import contracts

    root = Settings.load().departments
    slugs = [department] if department else department_slugs(root)
    documents = [each for slug in slugs for each in contracts.contracts(root, slug, dataset)]
    paths = contracts.write(documents, out) if out else []
    if as_json:
        emit_json({"files": [str(path) for path in paths], "contracts": documents})
    elif out:
        for path in paths:
            typer.echo(path)
    else:
        typer.echo("---\n".join(contracts.as_yaml(document) for document in documents), nl=False)
