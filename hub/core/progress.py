"""Progress of long work, as log records: whoever watches attaches a handler (a bar, Airflow's task log, a pipe)."""

from __future__ import annotations

import logging

LOGGER = logging.getLogger("hub.progress")


def advanced(stage: str, department: str, dataset: str, rows: int) -> None:
    """Say that `stage` (extract, map, land) has taken `rows` more rows of a dataset behind it."""
    LOGGER.info(
        "%s %s.%s: %d rows", stage, department, dataset, rows,
        extra={"step": {"stage": stage, "department": department, "dataset": dataset, "rows": rows}},
    )  # fmt: skip
