"""The command line. Commands import what they need when they run, so that `hub --help` stays fast."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point of `hub`: runs a command and turns a HubError into a message and its exit code.

    A warehouse that went away is such an error too.
    """
    from hub.cli.commands import app
    from hub.cli.printing import complain
    from hub.core.errors import HubError

    try:
        app()
    except HubError as error:
        complain(error)
        sys.exit(error.exit_code)
    except Exception as failure:
        from warehouse.access import unavailable

        if (away := unavailable(failure)) is None:
            raise
        complain(away)
        sys.exit(away.exit_code)
