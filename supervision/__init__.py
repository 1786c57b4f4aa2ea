"""Who must act: the legal calendar, the rules, their three-valued evaluation, findings and their life cycle."""

from supervision.calendar import calendar_frame, calendar_version
from supervision.chain import first_broken
from supervision.checks import check
from supervision.evaluation import evaluate
from supervision.preparation import local_time
from supervision.rulebook import Rule, load_rules, reasons
from supervision.summary import RuleResult, RunSummary, findings_hash, gravest
from supervision.testing import TestResult, run_rule_tests

__all__ = [
    "Rule",
    "RuleResult",
    "RunSummary",
    "TestResult",
    "calendar_frame",
    "calendar_version",
    "check",
    "evaluate",
    "findings_hash",
    "first_broken",
    "gravest",
    "load_rules",
    "local_time",
    "reasons",
    "run_rule_tests",
]
