"""`hub push`: the server that receives what departments push, and their tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

push_app = typer.Typer(
    no_args_is_help=True, help="Departments push their records 主动推送: server, tokens."
)


@push_app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8090,
    certificate: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="TLS certificate; without one, a proxy must do TLS."
        ),
    ] = None,
    key: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The certificate's key.")
    ] = None,
    ingest: Annotated[
        bool, typer.Option("--ingest", help="Run a department soon after it pushed.")
    ] = False,
    rate: Annotated[int, typer.Option(min=1, help="Pushes of one department per minute.")] = 600,
) -> None:
    """Receive pushes until stopped. What was received lands with the department's next run.

    Example: [bold]hub push serve --port 8090 --ingest[/bold]
    """
    from hub.core.settings import Settings
    from hub.push.server import serve as run_server

    run_server(
        Settings.load(), host, port, certificate=certificate, key=key, ingesting=ingest, per_minute=rate
    )  # fmt: skip


@push_app.command()
def token(
    department: Annotated[str, typer.Argument(help="Slug of the department folder.")],
    keep_others: Annotated[
        bool, typer.Option("--keep-others", help="The tokens it has stay valid, for a changeover.")
    ] = False,
) -> None:
    """Make a department's token and print it, once: only its hash is kept.

    Example: [bold]hub push token housing[/bold]
    """
    from connectors.inbox import tokens
    from hub.core.settings import Settings
    from hub.core.specs import read_department

    settings = Settings.load()
    spec = read_department(settings.departments, department)
    if spec.spec.connector != "inbox":
        raise spec.source.error(
            f"connector: {spec.spec.connector} is not pushed", ("connector",),
            "a token is for 'connector: inbox'",
        )  # fmt: skip
    typer.echo(tokens.issue(settings, department, keep_others=keep_others))
