"""Where the time of a full run goes: `python -m benchmarks.rules.profile --cases 1000000 [--kept FOLDER] [--explain RULE]`.

A table of seconds of the server's processor time per working table and per rule, slowest first. Nothing is committed.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil
from sqlalchemy import Connection, text

import supervision
from benchmarks.rules import county, ours
from benchmarks.rules.installation import installation
from supervision import evaluation, findings, parameters, preparation
from supervision.preparation import statement
from supervision.rulebook import Rule


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--kept", type=Path, help="an installation that keeps the county")
    parser.add_argument("--only", default="", help="rules whose id begins so")
    parser.add_argument("--explain", action="store_true", help="print the plan of each judgement")
    arguments = parser.parse_args()
    with (
        installation(arguments.cases, arguments.kept) as (hub, _),
        hub.engine.connect() as connection,
    ):
        rules = [rule for rule in supervision.load_rules() if rule.id.startswith(arguments.only)]
        say(f"{datetime.now(UTC):%H:%M} UTC, {arguments.cases:,} cases, {len(rules)} rules")
        where = _working(connection, rules)
        _rules(connection, rules, where, arguments.explain)
        connection.rollback()


def _working(connection: Connection, rules: list[Rule]) -> list[parameters.Place]:
    overrides = ours.OVERRIDES
    began = clock(connection)
    preparation.begin(connection, county.AS_OF)
    say(f"{clock(connection) - began:7.2f}  begin (what departments report)")
    began = clock(connection)
    preparation.take_all(connection)
    say(f"{clock(connection) - began:7.2f}  scope")
    original = preparation.run_script

    def timed(on: Connection, sql: str) -> None:
        began = clock(on)
        original(on, sql)
        name = sql.partition("create temp table ")[2].partition(" ")[0]
        say(f"{clock(on) - began:7.2f}  {name}")

    preparation.run_script = timed
    try:
        return preparation.gather(connection, overrides)
    finally:
        preparation.run_script = original


def _rules(
    connection: Connection, rules: list[Rule], where: list[parameters.Place], explain: bool
) -> None:
    overrides = ours.OVERRIDES
    lines = []
    connection.execute(
        text(
            "update run set run_id = gen_random_uuid(), catalogue_version = 'x', calendar_version = 'x'"
        )
    )
    for rule in rules:
        with connection.begin_nested() as undone:
            evaluation.set_current(connection, rule)
            parameters.resolve(
                connection, "parameter", rule.id, rule.spec.parameters, overrides, where
            )
            plan = _plan(connection, rule) if explain else ""
            began = clock(connection)
            evaluation.judge(connection, rule)
            judged = clock(connection)
            findings.merge(connection, rule, datetime.now(UTC))
            merged = clock(connection)
            counts = dict(
                connection.execute(
                    text("select outcome, sum(subjects)::bigint from judgement_count group by 1")
                ).all()
            )
            lines.append((judged - began, merged - judged, rule.id, counts, plan))
            undone.rollback()
    say("judge    merge   rule")
    for judge, merge, name, counts, plan in sorted(lines, reverse=True):
        said = ", ".join(
            f"{counts.get(each, 0):,} {each}"
            for each in ("violation", "compliant", "not_evaluable")
        )
        say(f"{judge:7.2f} {merge:7.2f}  {name}: {said}" + (f"\n{plan}" if plan else ""))
    say(f"{sum(line[0] for line in lines):7.2f} {sum(line[1] for line in lines):7.2f}  all")


def _plan(connection: Connection, rule: Rule) -> str:
    sql = statement("sql/judge.sql").replace("/* rule */", rule.sql)
    with connection.begin_nested() as undone:
        found = (
            connection.exec_driver_sql(
                "explain (analyze, costs off, buffers off) " + sql,
                execution_options={"no_parameters": True},
            )
            .scalars()
            .all()
        )
        undone.rollback()
    return "\n".join(found)


def clock(connection: Connection) -> float:
    """Seconds of processor time that the connection's server process has used: others on the machine do not count."""
    times = psutil.Process(connection.connection.driver_connection.info.backend_pid).cpu_times()
    return float(times.user + times.system)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
