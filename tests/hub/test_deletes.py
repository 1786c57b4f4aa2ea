"""Deletes that the source reports by a field."""

from __future__ import annotations

from hub import pipeline
from tests.hub.conftest import MAPPING, Ask, Registry

FLAGGED = "deletes: flag, deleted: {column: OP, equals: [D]}"
HEADER = "NO,APPLIED,TITLE,STEP,OP"
WITH_STEP = (
    MAPPING.replace("[NOTE]", "[OP]")
    + "    event: [{event_no: {const: 1}, step_code: STEP, started_at: APPLIED}]\n"
)
LAST_IMAGE = """
    select c.title, c.deleted_at is not null, e.step_code, e.deleted_at is not null
    from core."case" c join core.event e using (case_id)
"""


def test_a_deleted_record_keeps_its_last_image_even_if_only_its_key_arrives(
    registry: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    (registry.folder / "mapping.yml").write_text(WITH_STEP)
    registry.declare(FLAGGED)
    registry.put("a.csv", "1,2012-03-01,one,accept,I", header=HEADER)
    pipeline.run(registry_hub, "registry")
    registry.put("b.csv", "1,,,,D", header=HEADER)
    (certificate,) = pipeline.run(registry_hub, "registry")
    assert (certificate.landed, certificate.quarantined) == (1, 0)
    assert ask(LAST_IMAGE) == [("one", True, "accept", True)]
    registry.put("c.csv", "1,2012-03-01,one,accept,I", header=HEADER)
    pipeline.run(registry_hub, "registry")
    assert ask(LAST_IMAGE) == [("one", False, "accept", False)]


def test_the_deletion_of_a_record_that_never_came_is_remembered(
    registry: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    (registry.folder / "mapping.yml").write_text(WITH_STEP)
    registry.declare(FLAGGED)
    registry.put("a.csv", "1,,,,D", header=HEADER)
    (certificate,) = pipeline.run(registry_hub, "registry")
    assert (certificate.landed, certificate.quarantined) == (1, 0)
    assert ask("select deleted from ops.record") == [(True,)]
