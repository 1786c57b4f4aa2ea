"""Parameters of rules and of the clock: defaults from the `.yml`, overridden in `parameters.csv`.

An override holds for a department, a type of power (the letters of the code scheme) or a power, from a day to a day.
The most specific that holds on a day wins: power, then type, then department, then the default; of two equally
specific ones that with the department too. Rules take the value of the day that a subject is judged by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from hub.core.errors import SpecError
from hub.core.specs import read_csv, read_yaml
from supervision.rulebook import Parameter, Rule

OVERRIDES = Path(__file__).parent / "parameters.csv"
CLOCK_FILE = Path(__file__).parent / "clock.yml"
CLOCK = "clock"
"""What `rule_id` says in `parameters.csv` for a parameter of the clock, which all rules share."""
COLUMNS = (
    "rule_id", "parameter", "department", "power_type", "power_code", "value", "valid_from", "valid_to",
)  # fmt: skip
FIRST, LAST = date(1, 1, 1), date(9999, 12, 31)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Override:
    """One line of `parameters.csv`. An empty department, type or power means any; the last day is included."""

    rule_id: str
    parameter: str
    department: str
    power_type: str
    power_code: str
    value: float
    valid_from: date
    valid_to: date

    @property
    def rank(self) -> tuple[bool, bool, bool]:
        """Greater is more specific."""
        return bool(self.power_code), bool(self.power_type), bool(self.department)


@dataclass(frozen=True, slots=True)
class Place:
    """What a parameter may differ by; an empty power stands for subjects without one."""

    department: str
    power_code: str
    power_type: str


def clock_parameters(path: Path = CLOCK_FILE) -> dict[str, Parameter]:
    """The parameters of the clock. Raises SpecError."""
    file = read_yaml(path)
    return {name: file.parse(Parameter, (name,)) for name in file.data}


def counts_parts_of_days(overrides: Sequence[Override]) -> bool:
    """Whether anywhere a limit in working days is counted by the hours of its days."""
    default = clock_parameters()["round_up"].default
    set_to = (one.value for one in overrides if (one.rule_id, one.parameter) == (CLOCK, "round_up"))
    return any(value == 1 for value in (default, *set_to))


def read_overrides(rules: Sequence[Rule], path: Path = OVERRIDES) -> tuple[Override, ...]:
    """All overrides. Raises SpecError for a rule or parameter that does not exist, a wrong value, or two lines that
    say different things of the same days."""
    known = {(rule.id, name) for rule in rules for name in rule.spec.parameters}
    known |= {(CLOCK, name) for name in clock_parameters()}
    overrides: list[Override] = []
    for row in read_csv(path, COLUMNS):
        line = int(row["line"])
        if (row["rule_id"], row["parameter"]) not in known:
            raise SpecError(
                f"rule {row['rule_id']} has no parameter {row['parameter']}", file=path, line=line
            )
        made = _override(row, path)
        if any(_same_place(made, other) and _overlap(made, other) for other in overrides):
            raise SpecError(
                "another line gives this parameter a value for some of the same days",
                file=path, line=line, remedy="let one of them end before the other begins",
            )  # fmt: skip
        overrides.append(made)
    return tuple(overrides)


def _override(row: Mapping[str, str], path: Path) -> Override:
    try:
        return Override(
            row["rule_id"], row["parameter"], row["department"], row["power_type"], row["power_code"],
            float(row["value"]),
            date.fromisoformat(row["valid_from"]) if row["valid_from"] else FIRST,
            date.fromisoformat(row["valid_to"]) if row["valid_to"] else LAST,
        )  # fmt: skip
    except ValueError as failure:
        raise SpecError(str(failure), file=path, line=int(row["line"])) from None


def _same_place(a: Override, b: Override) -> bool:
    places = [(o.rule_id, o.parameter, o.department, o.power_type, o.power_code) for o in (a, b)]
    return places[0] == places[1]


def _overlap(a: Override, b: Override) -> bool:
    return a.valid_from <= b.valid_to and b.valid_from <= a.valid_to


def department_value(
    rules: Sequence[Rule], rule_id: str, name: str, department: str, on: date | None = None
) -> float:
    """What a parameter is for a department on a day (None: the default in force without an end), whatever the power.

    Raises SpecError when there is no such rule or parameter, or it has no value.
    """
    rule = next((each for each in rules if each.id == rule_id), None)
    if rule is None or name not in rule.spec.parameters:
        raise SpecError(f"rule {rule_id} has no parameter {name}", file=OVERRIDES)
    day = on or LAST
    mine = [
        each
        for each in _of(read_overrides(rules), rule_id, name)
        if each.department in ("", department) and not (each.power_type or each.power_code)
        and each.valid_from <= day <= each.valid_to
    ]  # fmt: skip
    best = max(mine, key=lambda each: each.rank, default=None)
    value = best.value if best else rule.spec.parameters[name].default
    if value is None:
        raise SpecError(f"{rule_id}: {name} has no value for {department}", file=OVERRIDES)
    return value


def differ(overrides: Sequence[Override], on: date, later: date) -> bool:
    """Whether an override begins or ends between the two days, so that other values are in force on the later one."""
    return any(on < each.valid_from <= later or on <= each.valid_to < later for each in overrides)


def as_records(overrides: Sequence[Override]) -> list[dict[str, Any]]:
    """The overrides as plain data, in a fixed order: they are stored with the run that used them."""
    records = [{name: str(value) for name, value in asdict(each).items()} for each in overrides]
    return sorted(records, key=lambda record: list(record.values()))


def from_records(records: Sequence[Mapping[str, str]]) -> tuple[Override, ...]:
    """The overrides that `as_records` wrote."""
    return tuple(
        Override(
            **{name: record[name] for name in COLUMNS[:5]}, value=float(record["value"]),
            valid_from=date.fromisoformat(record["valid_from"]),
            valid_to=date.fromisoformat(record["valid_to"]),
        )
        for record in records
    )  # fmt: skip


PLACES = """
    select v.department, v.power_code, coalesce(k.type, '') as power_type
    from (select distinct department, power_code from case_place where power_code is not null) v
    left join (select power_code, max(type) as type from catalogue.power group by power_code) k
        on k.power_code = v.power_code
    union all
    select distinct department, item_code, '' as power_type from core.disclosure
    union all
    select department, '' as power_code, '' as power_type from (
        select department from case_place
        union select department from core.disclosure
        union select department from reference.department
    ) known
"""
"""Every department and power in scope, and every department without a power."""


def places(connection: Connection) -> list[Place]:
    """The places of PLACES."""
    return [Place(*row) for row in connection.execute(text(PLACES))]


def resolve(
    connection: Connection,
    table: str,
    rule_id: str,
    parameters: Mapping[str, Parameter],
    overrides: Sequence[Override],
    where: Sequence[Place],
) -> None:
    """Fill `parameter` or `clock_parameter` (`table`), which is empty: a value for every place and every day."""
    rows = [
        row
        for name, parameter in parameters.items()
        for place in where
        for row in _values(name, parameter, place, _of(overrides, rule_id, name))
    ]
    if not rows:
        return
    names = ("name", "department", "power_code", "valid_from", "valid_to", "value")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    connection.execute(
        text(
            f"insert into {table} select * from unnest("  # noqa: S608
            "cast(:name as text[]), cast(:department as text[]), cast(:power_code as text[]), "
            "cast(:valid_from as date[]), cast(:valid_to as date[]), cast(:value as numeric[]))"
        ),
        columns,
    )
    connection.exec_driver_sql(f"analyze {table}")


def _of(overrides: Sequence[Override], rule_id: str, name: str) -> list[Override]:
    return [each for each in overrides if (each.rule_id, each.parameter) == (rule_id, name)]


def _values(
    name: str, parameter: Parameter, place: Place, overrides: Sequence[Override]
) -> Iterator[tuple[Any, ...]]:
    """The parameter's values at one place, period by period; null where it has none."""
    mine = [each for each in overrides if _holds(each, place)]
    starts = {FIRST} | {each.valid_from for each in mine}
    starts |= {each.valid_to + ONE_DAY for each in mine if each.valid_to < LAST}
    ordered = sorted(starts)
    for start, following in zip(ordered, [*ordered[1:], None], strict=True):
        best = max(
            (each for each in mine if each.valid_from <= start <= each.valid_to),
            key=lambda each: each.rank,
            default=None,
        )
        value = best.value if best else parameter.default
        end = following - ONE_DAY if following else LAST
        yield name, place.department, place.power_code, start, end, value


def _holds(override: Override, place: Place) -> bool:
    return (
        override.department in ("", place.department)
        and override.power_type in ("", place.power_type)
        and override.power_code in ("", place.power_code)
    )
