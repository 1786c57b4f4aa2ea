"""Several processes try the rules, each on a warehouse of its own: a copy of one that is migrated and has the calendar."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import Engine

from hub.core.settings import Settings
from supervision import calendar_frame, load_rules
from tests.mutation.campaign import Verdict, declared_equivalent, try_mutants
from warehouse import server
from warehouse.access import create_database, create_engine_without_pool
from warehouse.migrate import migrate
from warehouse.reference import replace_calendar

TEMPLATE = "mutation"


def verdicts(rule_ids: list[str], jobs: int) -> Iterator[Verdict | str]:
    """What became of the mutants of these rules, in the order in which they are done; or why one could not be tried."""
    # A forked child would share the parent's connections.
    context = multiprocessing.get_context("spawn")
    with warehouse() as url, ProcessPoolExecutor(jobs, context) as pool:
        running = [pool.submit(_verdict, url, rule_id) for rule_id in rule_ids]
        yield from (each.result() for each in as_completed(running))


@contextmanager
def warehouse() -> Iterator[str]:
    """The URL of a server that lasts as long as the campaign, with the warehouse to copy."""
    with tempfile.TemporaryDirectory(prefix="hub-mutation-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # the server's account must reach it
        settings = Settings(home, None, str(home / "objects"), home)
        try:
            url = server.ensure(settings, durable=False)
            engine = create_engine_without_pool(create_database(url, TEMPLATE))
            migrate(engine)
            with engine.begin() as connection:
                replace_calendar(connection, calendar_frame())
                connection.exec_driver_sql("analyze reference.calendar_day")
            engine.dispose()
            yield url
        finally:
            server.discard(settings)


@cache
def _own_copy(url: str) -> Engine:
    return create_engine_without_pool(create_database(url, f"{TEMPLATE}_{os.getpid()}", TEMPLATE))


def _verdict(url: str, rule_id: str) -> Verdict | str:
    [rule] = (each for each in load_rules() if each.id == rule_id)
    with _own_copy(url).connect() as connection:
        try:
            return try_mutants(connection, rule, declared_equivalent())
        except ValueError as failure:
            return str(failure)
