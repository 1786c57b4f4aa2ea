"""What the yardstick does: PM4Py's token replay and temporal profile over the events of some cases.

    python -m benchmarks.rules.pm4py_log LOG.parquet MODEL.parquet

LOG: power, case, step, started; MODEL: the same of the cases that keep to the flow. Each power has a net of its own,
discovered from its cases in MODEL, and so has each a temporal profile; discovery is not timed. The last line of output
is JSON {cases, replay_s, profile_s}. PM4Py is under the AGPL: it is imported here and nowhere else.
"""

from __future__ import annotations

import json
import sys
import time

import pandas as pd
import pm4py
from pm4py.algo.conformance.temporal_profile import algorithm as temporal_profile
from pm4py.algo.conformance.tokenreplay import algorithm as token_replay

_NAMES = {"case": "case:concept:name", "step": "concept:name", "started": "time:timestamp"}
_QUIET = {"show_progress_bar": False}


def main(log_path: str, model_path: str) -> None:
    log, model = (pd.read_parquet(path).rename(columns=_NAMES) for path in (log_path, model_path))
    models = dict(list(model.groupby("power")))
    cases, replay, profiling = 0, 0.0, 0.0
    for power, events in log.groupby("power"):
        if power not in models:
            continue
        net, start, end = pm4py.discover_petri_net_inductive(models[power])
        profile = pm4py.discover_temporal_profile(models[power])
        began = time.perf_counter()
        token_replay.apply(events, net, start, end, parameters=_QUIET)
        replayed = time.perf_counter()
        temporal_profile.apply(events, profile, parameters=_QUIET)
        profiling += time.perf_counter() - replayed
        replay += replayed - began
        cases += int(events["case:concept:name"].nunique())
    said = {
        "cases": cases,
        "replay_s": replay,
        "profile_s": profiling,
        "version": pm4py.__version__,
    }
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
