"""Decisions on the command line, and decisions that are killed: each stands whole or not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from hub import pipeline
from hub.core.errors import GateStopped, HubError
from hub.core.settings import CONTENT_ROOT
from hub.pipeline import gate
from tests.hub.conftest import Ask, Registry
from tests.hub.gate.office import (
    BALANCE,
    NAME,
    steward,
    stop,
    unfit,
)
from tests.hub.test_command_line import hub as command


def test_a_steward_lists_shows_and_decides(
    office: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    assert steward("gate", "list").exit_code == 0
    unfit(office)
    ran = command("run", "registry")
    assert ran.returncode == 1
    assert "hub gate show" in ran.stderr
    assert NAME not in ran.stderr
    ((batch,),) = ask("select batch_id::text from ops.batch")
    listed = steward("gate", "list", "--json")
    assert listed.exit_code == 1
    (waits,) = json.loads(listed.stdout)
    assert (waits["batch_id"], waits["rejected"], waits["share"]) == (batch, 5, 0.5)
    assert str(batch) in steward("gate", "list").stdout
    assert "stopped at the gate" in steward("status").stdout
    assert steward("gate", "reject", str(batch)).exit_code == 2  # no reason
    blank = steward("gate", "reject", str(batch), "--reason", " ")
    assert blank.exit_code == 2
    decided = steward(
        "gate", "reject", str(batch), "--reason", "shifted", "--actor", "li", "--json"
    )
    document = json.loads(decided.stdout)
    assert document["certificate"]["rejected"] == 10
    assert document["decision"] == {"what": "reject", "actor": "li", "reason": "shifted"}
    assert steward("gate", "list", "--json").stdout.strip() == "[]"
    report = json.loads(steward("gate", "report", str(batch)[:6], "--json").stdout)
    assert (report["state"], report["decision"]["actor"]) == ("rejected", "li")
    assert "拒收" in steward("certificate", str(batch)).stdout


# Invariant 2: killing the process at any point of a decision loses nothing and doubles nothing.

POINTS = {
    "release": ("after_staging", "before_commit", "after_commit", "before_acknowledge"),
    "reject": ("before_commit", "after_commit", "after_acknowledge"),
}


@pytest.mark.parametrize(
    ("what", "point"), [(w, p) for w, points in POINTS.items() for p in points]
)
def test_a_decision_that_was_killed_stands_whole_or_not_at_all(
    office: Registry, registry_hub: pipeline.Hub, ask: Ask, what: str, point: str
) -> None:
    batch = stop(registry_hub, office, ask)
    killed = _killed(["gate", what, batch, "--reason", "seen", "--actor", "li"], point)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    committed = point in ("after_commit", "before_acknowledge", "after_acknowledge")
    assert ask("select count(*) from ops.batch_decision") == [(int(committed),)]
    if committed:
        with pytest.raises(HubError, match="nothing to decide"):
            getattr(gate, what)(registry_hub, batch, "li", "again")
    else:
        getattr(gate, what)(registry_hub, batch, "li", "again")
    assert pipeline.run(registry_hub, "registry") == []
    assert ask("select count(*) from ops.batch_decision where told_at is null") == [(0,)]
    rejected = what == "reject"
    assert ask(BALANCE) == [
        (
            "rejected" if rejected else "landed",
            10,
            *((0, 0, 0, 0, 10) if rejected else (5, 0, 0, 5, 0)),
            True,
        )
    ]
    assert ask('select count(*) from core."case"') == [(0 if rejected else 5,)]


def test_a_run_that_is_killed_when_it_stops_a_batch_stops_it_the_next_time(
    office: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    unfit(office)
    assert _killed(["run", "registry"], "after_map").returncode in (1, -signal.SIGKILL)
    with pytest.raises(GateStopped):
        pipeline.run(registry_hub, "registry")
    assert ask("select count(*) from ops.batch where state = 'stopped'") == [(1,)]


def _killed(arguments: list[str], point: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from hub.cli import main; main()", *arguments],
        cwd=CONTENT_ROOT, env=os.environ | {"HUB_CRASH_AT": point}, capture_output=True, text=True, check=False,
    )  # fmt: skip
