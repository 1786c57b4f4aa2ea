"""The engine over the county: a full run, the same again, and one after some cases have changed."""

from __future__ import annotations

import time
from collections.abc import Mapping

from sqlalchemy import Engine

import supervision
from benchmarks.rules import county
from supervision import parameters, preparation
from supervision.evaluation import set_current
from supervision.kept import Basis
from supervision.parameters import FIRST, LAST, Override

OVERRIDES = (
    Override(
        "platform.serial_gap", "serial_digits", "land_resources", "", "", 8.0, FIRST, LAST
    ),
)  # fmt: skip
"""One department numbers its cases without gaps; everything else is as the rules have it."""
FLOW_RULES = ("timeliness.step_overdue", "procedure.step_out_of_order", "procedure.step_skipped")
"""In this order: what the first finds is taken over while the others are judged."""


def run(engine: Engine, versions: Mapping[str, str], full: bool) -> supervision.RunSummary:
    """One run of all rules as of the county's last hour, committed."""
    rules = supervision.load_rules()
    still = engine.execution_options(isolation_level="REPEATABLE READ")
    with supervision.sliced(engine, rules) as sessions, still.begin() as connection:
        return supervision.evaluate(
            connection, rules, county.AS_OF, full, versions, OVERRIDES, sessions
        )


def violations(engine: Engine) -> dict[str, int]:
    """Standing findings by rule."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "select rule_id, count(*) from supervision.finding where state <> 'withdrawn' group by 1"
        )
        return {str(rule_id): int(count) for rule_id, count in rows}


def flow_seconds(engine: Engine, versions: Mapping[str, str], anew: bool) -> float:
    """Seconds for order, skips and step limits of all cases, to judgements.

    `anew`: from core, with all that is known of each case made for the purpose; otherwise from what the run before
    has kept of each case.
    """
    by_id = {rule.id: rule for rule in supervision.load_rules()}
    rules = [by_id[rule_id] for rule_id in FLOW_RULES]
    basis = Basis(county.AS_OF, versions, OVERRIDES, anew)
    still = engine.execution_options(isolation_level="REPEATABLE READ")
    with supervision.sliced(engine, rules) as sessions, still.connect() as connection:
        began = time.perf_counter()
        sessions.before(connection, basis)
        preparation.begin(connection, county.AS_OF)
        preparation.take_all(connection)
        if not anew:
            began = time.perf_counter()
        where = sessions.gather(connection, OVERRIDES)
        for rule in rules:
            set_current(connection, rule)
            parameters.resolve(
                connection, "parameter", rule.id, rule.spec.parameters, OVERRIDES, where
            )
            sessions.judge(connection, rule)
        return time.perf_counter() - began
