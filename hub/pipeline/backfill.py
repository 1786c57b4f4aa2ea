"""Reading a range again, past or missed, without moving the cursor."""

from __future__ import annotations

import connectors
from hub.core.batches import Certificate
from hub.pipeline.busy import working_alone
from hub.pipeline.installation import Hub
from hub.pipeline.reading import open_source
from hub.pipeline.stopping import refuse_while_stopped
from hub.pipeline.taking import take_all


def backfill(
    hub: Hub, slug: str, dataset: str, low: str | None, high: str | None
) -> list[Certificate]:
    """Land the rows with low <= cursor column < high as they are at the source now; None is open.

    May be repeated or broken off at any point. Raises SpecError where the source has no ranges, and as `run` does.
    """
    with working_alone(hub, slug):
        source = open_source(hub, slug)
        if dataset not in source.connector.datasets:
            known = ", ".join(source.connector.datasets)
            raise source.department.source.error(
                f"no dataset '{dataset}'", ("datasets",), f"known: {known}"
            )
        if not isinstance(source.connector, connectors.Ranged):
            raise source.department.source.error(
                f"a source of access method '{source.department.spec.connector}' has no ranges to read",
                ("connector",), remedy="only sources with a cursor column can be backfilled",
            )  # fmt: skip
        refuse_while_stopped(hub, slug, dataset)
        batches = source.connector.read_range(dataset, low, high)
        return [*take_all(hub, source, batches, kind="backfill")]
