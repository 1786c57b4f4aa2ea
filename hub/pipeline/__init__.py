"""Where the six siblings meet: the way of a record, stage by stage.

`run` (or, for Airflow, `extract` → `map_and_gate` → `land`) for one department, then `supervise` and `quality.inspect` for one or all. Each stage
takes and returns batch ids, so that Airflow's tasks, the command line and the tests drive the same functions.
"""

from hub.pipeline.backfill import backfill
from hub.pipeline.doctor import diagnose
from hub.pipeline.flow import finish, run
from hub.pipeline.installation import Hub, open_hub
from hub.pipeline.reading import raise_refusals
from hub.pipeline.reconciling import reconcile
from hub.pipeline.replay import replay
from hub.pipeline.stages import extract, land, map_and_gate
from hub.pipeline.stewardship import (
    batch_ids,
    certificate,
    certificate_document,
    clear_installation,
    demo_summary,
    prepare_warehouse,
    replay_and_supervise,
    run_rule_tests,
    status,
    supervise_again,
)
from hub.pipeline.supervise import supervise
from hub.pipeline.sweeping import sweep

__all__ = [
    "Hub",
    "backfill",
    "batch_ids",
    "certificate",
    "certificate_document",
    "clear_installation",
    "demo_summary",
    "diagnose",
    "extract",
    "finish",
    "land",
    "map_and_gate",
    "open_hub",
    "prepare_warehouse",
    "raise_refusals",
    "reconcile",
    "replay",
    "replay_and_supervise",
    "run",
    "run_rule_tests",
    "status",
    "supervise",
    "supervise_again",
    "sweep",
]
