"""Who must act: the legal calendar, the rules, their three-valued evaluation, findings and their life cycle."""

from supervision.calendar import calendar_frame, calendar_version
from supervision.chain import first_broken
from supervision.checks import check
from supervision.evaluation import Engine, evaluate
from supervision.handbook import rules_page
from supervision.parameters import department_value, from_records, read_overrides
from supervision.preparation import engine_version, local_time
from supervision.rulebook import Rule, load_rules, read_rule, reasons, rule_of
from supervision.shadow import Change, Difference, compare
from supervision.slices import sliced
from supervision.statements import withheld
from supervision.summary import RuleResult, RunSummary, findings_hash, gravest
from supervision.testing import TestResult, run_rule_tests
from supervision.verification import Break, Verified, verify

__all__ = [
    "Break",
    "Change",
    "Difference",
    "Engine",
    "Rule",
    "RuleResult",
    "RunSummary",
    "TestResult",
    "Verified",
    "calendar_frame",
    "calendar_version",
    "check",
    "compare",
    "department_value",
    "engine_version",
    "evaluate",
    "findings_hash",
    "first_broken",
    "from_records",
    "gravest",
    "load_rules",
    "local_time",
    "read_overrides",
    "read_rule",
    "reasons",
    "rule_of",
    "rules_page",
    "run_rule_tests",
    "sliced",
    "verify",
    "withheld",
]
