"""One run of a department at a time, wherever the other one runs: a session lock of the warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from hub.core.errors import DepartmentBusy
from hub.pipeline.installation import Hub
from warehouse.access import answering


@contextmanager
def working_alone(hub: Hub, slug: str) -> Iterator[None]:
    """Hold the department while the block runs; a process that dies lets it go.

    Raises DepartmentBusy, and SourceUnavailable when the warehouse goes away meanwhile.
    """
    key = {"name": f"hub run {slug}"}
    with (
        answering(),
        hub.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
    ):
        if not connection.scalar(
            text("select pg_try_advisory_lock(hashtextextended(:name, 0))"), key
        ):
            raise DepartmentBusy(
                "another run of this department is at work",
                where=slug,
                remedy="run again when it is over",
            )
        try:
            yield
        finally:
            if not connection.invalidated:
                connection.scalar(
                    text("select pg_advisory_unlock(hashtextextended(:name, 0))"), key
                )
