"""Parameters of rules: defaults from the rule's `.yml`, overridden per department or power in `parameters.csv`.

Overrides are dated; the ones valid on the run's local date apply to the whole run. The most specific wins: department and
power, then power, then department, then the default.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, text

from hub.core.errors import SpecError
from hub.core.specs import read_csv
from supervision.rulebook import Rule

OVERRIDES = Path(__file__).parent / "parameters.csv"
COLUMNS = ("rule_id", "parameter", "department", "power_code", "value", "valid_from", "valid_to")


@dataclass(frozen=True, slots=True)
class Override:
    """One line of `parameters.csv`. An empty department or power means any; the last day is included."""

    rule_id: str
    parameter: str
    department: str
    power_code: str
    value: float
    valid_from: date
    valid_to: date


def read_overrides(rules: Sequence[Rule], path: Path = OVERRIDES) -> tuple[Override, ...]:
    """All overrides. Raises SpecError for a rule or parameter that does not exist, or a value that is none."""
    known = {(rule.id, name) for rule in rules for name in rule.spec.parameters}
    overrides = []
    for row in read_csv(path, COLUMNS):
        line = int(row["line"])
        if (row["rule_id"], row["parameter"]) not in known:
            raise SpecError(
                f"rule {row['rule_id']} has no parameter {row['parameter']}", file=path, line=line
            )
        try:
            overrides.append(
                Override(
                    row["rule_id"], row["parameter"], row["department"], row["power_code"], float(row["value"]),
                    date.fromisoformat(row["valid_from"] or "0001-01-01"),
                    date.fromisoformat(row["valid_to"] or "9999-12-31"),
                )
            )  # fmt: skip
        except ValueError as failure:
            raise SpecError(str(failure), file=path, line=line) from None
    return tuple(overrides)


def in_force(overrides: Sequence[Override], on: date) -> tuple[Override, ...]:
    """The overrides valid on that date, in a fixed order."""
    valid = [each for each in overrides if each.valid_from <= on <= each.valid_to]
    return tuple(sorted(valid, key=lambda o: (o.rule_id, o.parameter, o.department, o.power_code)))


_RESOLVE = text("""
    insert into parameter (name, department, power_code, value)
    select :name, t.department, t.power_code, coalesce(o.value, :default)
    from (
        select department, power_code from case_version where power_code is not null
        union
        select department, item_code from core.disclosure
    ) t
    left join lateral (
        select o.value
        from jsonb_to_recordset(cast(:overrides as jsonb)) as o (department text, power_code text, value numeric)
        where o.department in ('', t.department) and o.power_code in ('', t.power_code)
        order by o.power_code desc, o.department desc
        limit 1
    ) o on true
""")


def resolve(connection: Connection, rule: Rule, overrides: Sequence[Override]) -> None:
    """Fill the run's table `parameter` for one rule: a value for every department and power in scope."""
    if not rule.spec.parameters:
        return
    connection.execute(text("delete from parameter"))
    for name, parameter in rule.spec.parameters.items():
        mine = [
            {"department": each.department, "power_code": each.power_code, "value": each.value}
            for each in overrides
            if (each.rule_id, each.parameter) == (rule.id, name)
        ]
        connection.execute(
            _RESOLVE, {"name": name, "default": parameter.default, "overrides": json.dumps(mine)}
        )
