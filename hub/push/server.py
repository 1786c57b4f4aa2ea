"""The server process: the application under uvicorn, and the ingest beside it."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hub.core.errors import SourceRefused
from hub.core.settings import Settings

if TYPE_CHECKING:
    from hub.push.ingest import Ingest

CONNECTIONS = 256
"""Requests at the same time; more are answered 503."""


def serve(
    settings: Settings,
    host: str,
    port: int,
    *,
    certificate: Path | None = None,
    key: Path | None = None,
    ingesting: bool = False,
    per_minute: int,
) -> None:
    """Receive pushes until SIGTERM or SIGINT. Raises SpecError when the tokens cannot be read."""
    try:
        import uvicorn

        from hub.push.app import create_app
    except ModuleNotFoundError as missing:
        raise SourceRefused(
            f"the package {missing.name} is not installed",
            remedy="pip install 'county-data-hub[push]'",
        ) from None
    from connectors.inbox import tokens

    tokens.known(settings)
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s"
    )
    work = _ingest(settings) if ingesting else None
    app = create_app(
        settings, received=work.wake if work else lambda slug: None, per_minute=per_minute
    )
    try:
        uvicorn.run(
            app, host=host, port=port, access_log=False, log_config=None, server_header=False,
            limit_concurrency=CONNECTIONS, timeout_graceful_shutdown=60,
            ssl_certfile=certificate, ssl_keyfile=key,
        )  # fmt: skip
    finally:
        if work:
            work.stop()


def _ingest(settings: Settings) -> Ingest:
    """Begins with the departments whose pushes may have waited since the server last ran."""
    from hub import pipeline
    from hub.push.inboxes import Inboxes
    from hub.push.ingest import Ingest

    hub = pipeline.open_hub(settings)
    pipeline.prepare_warehouse(hub)
    work = Ingest(lambda slug: pipeline.run(hub, slug))
    work.start(Inboxes(settings).slugs())
    return work
