"""The rule library as read from disk: `rules/<theme>/<rule>.yml`, each with a same-named `.sql`.

The `.yml` says what the rule means, on what law it rests and how it is tested; the `.sql` is one SELECT that judges
every subject. Nothing here touches a database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from hub.core.entities import ENTITIES
from hub.core.errors import SpecError
from hub.core.fingerprints import version_of
from hub.core.specs import SLUG, Spec, SpecFile, Title, read_csv, read_yaml

RULES = Path(__file__).parent / "rules"
REASONS = Path(__file__).parent / "reasons.csv"

Level = Literal["notice", "warning", "yellow", "red"]
LEVELS: tuple[Level, ...] = ("notice", "warning", "yellow", "red")
"""From the lightest to the gravest."""
Outcome = Literal["violation", "compliant", "not_evaluable"]
TestKind = Literal["violation", "compliant", "not_evaluable", "boundary"]
KINDS: tuple[TestKind, ...] = ("violation", "compliant", "not_evaluable", "boundary")
Rows = dict[str, list[dict[str, Any]]]

DEFAULT_AS_OF = datetime(2012, 12, 31, 23, 59, 59)  # noqa: DTZ001 (local time, as everywhere in rule tests)


class Parameter(Spec):
    """A number that may differ by department, type of power, power and day (see `parameters.csv`).

    A default of null means that it has no value unless an override gives one.
    """

    default: float | None
    unit: str
    meaning: Title


class Expected(Spec):
    """What a test expects of one subject; what is not stated is not compared. `facts` compares the keys it names."""

    outcome: Outcome
    level: Level | None = None
    elapsed: float | None = None
    limit: float | None = None
    unit: str | None = None
    due_on: Any = None
    reason: str | None = None
    facts: dict[str, Any] = Field(default={})


class RuleTest(Spec):
    """Given rows by table (core.case, catalogue.power, …) and the outcome of each subject: `case:A`, `fee:A/1`."""

    kind: TestKind
    name: str
    as_of: datetime = DEFAULT_AS_OF
    parameters: dict[str, float] = Field(default={})
    """Values that replace the rule's defaults in this test; `clock.<name>` for those of the clock."""
    given: Rows = Field(default={})
    expect: dict[str, Expected | Outcome]

    def expected(self) -> dict[str, Expected]:
        """`expect` with short forms written out."""
        return {
            subject: Expected(outcome=want) if isinstance(want, str) else want
            for subject, want in self.expect.items()
        }


class RuleSpec(Spec):
    """The `.yml` of a rule."""

    id: str
    title: Title
    theme: str
    level: Level
    ladder: dict[Level, str] = Field(default={})
    """Graver levels, each with the parameter that says from what excess over the limit (elapsed - limit_value, in the
    limit's unit) it is reached."""
    status: Literal["draft", "active", "retired"]
    basis: tuple[str, ...] = Field(min_length=1)
    """Articles that make it a violation."""
    answers: Title
    """Who has to explain a finding."""
    parameters: dict[str, Parameter] = Field(default={})
    not_evaluable: tuple[str, ...]
    """Codes of `reasons.csv` with which the rule may say that it cannot judge."""
    evidence: tuple[str, ...]
    """Canonical entities whose rows prove a finding. A rule on departments names none: its facts name the batch."""
    withholds_statement: bool = False
    """While a violation of it stands, nothing else is said to be in order in that department."""
    remedy: Title
    false_positives: tuple[str, ...] = ()
    given: Rows = Field(default={})
    """Rows that all tests share."""
    tests: tuple[RuleTest, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its specification, its SELECT, and the content version of both."""

    spec: RuleSpec
    sql: str
    path: Path
    version: str

    @property
    def id(self) -> str:
        return self.spec.id

    @property
    def level(self) -> str:
        return self.spec.level

    @property
    def status(self) -> str:
        return self.spec.status

    @property
    def title(self) -> Title:
        return self.spec.title

    @property
    def basis(self) -> tuple[str, ...]:
        return self.spec.basis


def load_rules(root: Path | None = None) -> tuple[Rule, ...]:
    """All rules, by id. Raises SpecError at the first broken one."""
    paths = sorted((root or RULES).glob("*/*.yml"))
    return tuple(sorted((read_rule(path) for path in paths), key=lambda rule: rule.id))


def read_rule(path: Path) -> Rule:
    """One rule from its `.yml`. Raises SpecError at the first thing that is wrong."""
    rule, problems = _read(path)
    for problem in problems:
        raise problem
    assert rule is not None
    return rule


def rule_of(spec: Mapping[str, Any], sql: str, version: str) -> Rule:
    """A rule as a warehouse keeps it: its specification as JSON, its SELECT, and the version they had."""
    return Rule(RuleSpec.model_validate(dict(spec)), sql, Path("supervision.rule"), version)


def rule_problems(root: Path | None = None) -> list[SpecError]:
    """Everything that is wrong in the library, file by file."""
    folder = root or RULES
    problems = [problem for path in sorted(folder.glob("*/*.yml")) for problem in _read(path)[1]]
    problems += [
        SpecError(
            "no .yml beside it", file=path, remedy="every rule states its basis and its tests"
        )
        for path in sorted(folder.glob("*/*.sql"))
        if not path.with_suffix(".yml").exists()
    ]
    return problems


@cache
def reasons(path: Path = REASONS) -> dict[str, tuple[str, str]]:
    """Why a subject may be not evaluable: code → (Chinese, English)."""
    return {row["code"]: (row["zh"], row["en"]) for row in read_csv(path, ("code", "zh", "en"))}


def _read(path: Path) -> tuple[Rule | None, list[SpecError]]:
    sql_path = path.with_suffix(".sql")
    try:
        source = read_yaml(path)
        spec = source.parse(RuleSpec)
        sql = sql_path.read_text("utf-8")
    except SpecError as problem:
        return None, [problem]
    except OSError:
        return None, [
            SpecError("no .sql beside it", file=path, remedy=f"write the SELECT in {sql_path.name}")
        ]
    rule = Rule(spec, sql, path, version_of(path.read_text("utf-8"), sql))
    return rule, [*_spec_problems(source, spec), *_sql_problems(sql, sql_path)]


def _spec_problems(source: SpecFile, spec: RuleSpec) -> Iterator[SpecError]:
    theme, name = source.path.parent.name, source.path.stem
    if spec.id != f"{theme}.{name}" or spec.theme != theme or not SLUG.match(name):
        yield source.error(
            f"id {spec.id}, theme {spec.theme} do not follow the path", ("id",),
            f"write id: {theme}.{name} and theme: {theme}, in {SLUG.pattern}",
        )  # fmt: skip
    for code in set(spec.not_evaluable) - set(reasons()):
        yield source.error(
            f"reason {code} is unknown", ("not_evaluable",), f"add it to {REASONS.name}"
        )
    for entity in set(spec.evidence) - set(ENTITIES):
        yield source.error(f"evidence {entity} is no canonical entity", ("evidence",))
    for level, parameter in spec.ladder.items():
        if parameter not in spec.parameters or LEVELS.index(level) <= LEVELS.index(spec.level):
            yield source.error(
                f"ladder: {level} is not graver than {spec.level}, or {parameter} is no parameter",
                ("ladder",), "write for example {red: red_from}, with red_from among the parameters",
            )  # fmt: skip
    for kind in KINDS:
        if kind not in {test.kind for test in spec.tests}:
            yield source.error(
                f"no test of kind {kind}", ("tests",), f"give one of each: {', '.join(KINDS)}"
            )
    for position, test in enumerate(spec.tests):
        outcomes = {want.outcome for want in test.expected().values()}
        if test.kind != "boundary" and test.kind not in outcomes:
            yield source.error(f"test '{test.name}' expects no {test.kind}", ("tests", position))


_HIDDEN = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"[^\"]*\"", re.DOTALL)
_WRITES = re.compile(
    r"\b(insert|update|delete|merge|truncate|drop|alter|create|grant|revoke|copy|call|do|set|lock|into|commit|"
    r"rollback|savepoint|nextval|setval|dblink\w*|pg_\w+)\b",
    re.IGNORECASE,
)


def _sql_problems(sql: str, path: Path) -> Iterator[SpecError]:
    """A rule only reads. It is also run READ ONLY: this says so earlier and names the line."""
    bare = _HIDDEN.sub(lambda hidden: re.sub(r"[^\n]", " ", hidden[0]), sql)
    remedy = "a rule is one SELECT that reads core, catalogue, reference and the tables of the run"
    if not re.match(r"\s*(select|with)\b", bare, re.IGNORECASE):
        yield SpecError("does not begin with SELECT or WITH", file=path, line=1, remedy=remedy)
    for found in (*_WRITES.finditer(bare), *re.finditer(";", bare)):
        line = bare.count("\n", 0, found.start()) + 1
        yield SpecError(f"'{found[0]}' has no place in a rule", file=path, line=line, remedy=remedy)
