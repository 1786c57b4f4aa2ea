"""Reading the rows between two values of the field of `since`, whatever the position."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import polars as pl

from connectors.http import since
from connectors.http.packing import Standing, Task, batches, check_field
from connectors.http.reading import Reading
from connectors.http.since import Position, Since
from hub.core.batches import RawBatch
from hub.core.specs import Department


def parsed_bound(
    text: str | None, rule: Since, department: Department, at: tuple[str, ...]
) -> Position | None:
    """A bound as the source writes it, or in ISO form; None is open. Raises SpecError."""
    if text is None:
        return None
    forms = ["number"] if rule.format == "number" else [rule.format, "iso"]
    found = next((p for form in forms if (p := since.parsed(text, form)) is not None), None)
    if found is None:
        raise department.source.error(
            f"'{text}' is no {rule.format}", at, remedy="give a bound in the form of the field"
        )
    return found


def in_range(
    task: Task,
    begin: Callable[[dict[str, str]], Reading],
    rule: Since,
    bounds: tuple[Position | None, ...],
) -> Iterator[RawBatch]:
    """Batches of the rows with low <= field < high. The source is asked for them; what it gives beyond is left out."""
    low, high = bounds
    asked = {} if low is None else {rule.param: since.written(low, rule.format)}
    if high is not None and rule.until:
        asked[rule.until] = since.written(high, rule.format)
    for batch in batches(task, begin(asked), Standing()):
        check_field(batch.table, rule, task.where)
        values = pl.Series(batch.table[rule.field].to_pylist(), dtype=pl.String)
        wanted = [text for text in values.unique() if _within(text, rule, low, high)]
        table = batch.table.filter(values.is_in(wanted).fill_null(False).to_arrow())
        if table.num_rows:
            source = replace(batch.files[0], rows=table.num_rows)
            yield RawBatch(batch.dataset, table, (source,), {})


def _within(text: str | None, rule: Since, low: Position | None, high: Position | None) -> bool:
    position = since.parsed(text, rule.format) if text is not None else None
    if position is None:
        return False
    return (low is None or position >= low) and (high is None or position < high)  # type: ignore[operator]
