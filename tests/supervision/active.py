"""The library with only some rules active, so that a test's numbers stay its own when rules are added."""

from __future__ import annotations

from dataclasses import replace

from supervision.rulebook import Rule, load_rules


def only(*rule_ids: str) -> list[Rule]:
    """All rules, those not named retired: parameters.csv may name any of them."""
    return [
        rule
        if rule.id in rule_ids
        else replace(rule, spec=rule.spec.model_copy(update={"status": "retired"}))
        for rule in load_rules()
    ]


LIMITS = only("timeliness.overdue_promised", "timeliness.overdue_statutory")

_DOZEN = {
    "timeliness.due_soon", "timeliness.overdue_promised", "timeliness.overdue_statutory", "procedure.step_skipped",
    "procedure.step_out_of_order", "procedure.work_before_acceptance", "procedure.unlisted_power",
    "procedure.refusal_without_reason", "completeness.material_missing", "fees.above_standard",
    "fees.on_free_power", "disclosure.published_late",
}  # fmt: skip
FAMILIAR = tuple(sorted(only(*_DOZEN), key=lambda rule: rule.status != "active"))
"""A dozen rules, and after them the others, retired: worlds for tests of the engine are too small to satisfy all."""
