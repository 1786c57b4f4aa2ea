"""The same checks, each one SQL as a database administrator would write it, straight on core, catalogue and calendar."""

from __future__ import annotations

import time
from pathlib import Path

from sqlalchemy import Engine

FOLDER = Path(__file__).parent / "by_hand"


def run(engine: Engine) -> tuple[dict[str, float], dict[str, int]]:
    """Every query once, in one session: rule → seconds, rule → violations."""
    seconds, violations = {}, {}
    with engine.connect() as connection:
        connection.exec_driver_sql("set work_mem = '128MB'")
        for path in sorted(FOLDER.glob("*.sql")):
            began = time.perf_counter()
            query = f"select count(*) from (\n{path.read_text('utf-8')}\n) found"  # noqa: S608 (our own files)
            found = connection.exec_driver_sql(
                query, execution_options={"no_parameters": True}
            ).scalar()
            seconds[path.stem] = time.perf_counter() - began
            violations[path.stem] = int(found or 0)
    return seconds, violations
