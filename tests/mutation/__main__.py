"""Mutation of the rule library: `make mutate-rules`. Lists the survivors and ends in a line of JSON {killed, total}."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from hub.core.settings import Settings
from supervision import load_rules
from tests.mutation.campaign import declared_equivalent, try_mutants
from warehouse import server
from warehouse.access import connect, create_database
from warehouse.migrate import migrate

WANTED = 0.95


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="rules whose id begins so")
    arguments = parser.parse_args()
    equivalent = declared_equivalent()
    killed = total = 0
    with warehouse() as engine, engine.connect() as connection:
        for rule in load_rules():
            if not rule.id.startswith(arguments.only):
                continue
            try:
                verdict = try_mutants(connection, rule, equivalent)
            except ValueError as failure:
                say(f"{failure}")
                continue
            connection.rollback()
            killed, total = killed + verdict.killed, total + verdict.total
            say(
                f"{rule.id}: {verdict.killed} of {verdict.total} killed, {verdict.equivalent} equivalent"
            )
            for mutant in verdict.survivors:
                say(f"    {mutant.kind}: {mutant.fragment}")
    say(json.dumps({"killed": killed, "total": total}))
    return 0 if killed >= WANTED * total else 1


@contextmanager
def warehouse() -> Iterator[Engine]:
    """A migrated, empty warehouse that lasts as long as the campaign."""
    with tempfile.TemporaryDirectory(prefix="hub-mutation-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # the server's account must reach it
        settings = Settings(home, None, str(home / "objects"), home)
        try:
            engine = connect(create_database(server.ensure(settings, durable=False), "mutation"))
            migrate(engine)
            yield engine
            engine.dispose()
        finally:
            server.discard(settings)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
