"""Every rule's own tests pass, fail when its SQL is broken, and leave no trace."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

import supervision
from supervision.rulebook import Rule, load_rules, rule_problems

RULES = {rule.id: rule for rule in load_rules()}


def test_the_library_holds_the_forty_rules_without_problems() -> None:
    assert supervision.check() == []
    assert {rule.id: rule.level for rule in RULES.values()} == {
        "timeliness.acceptance_late": "yellow",
        "timeliness.clock_stop_overrun": "yellow",
        "timeliness.delivery_late": "yellow",
        "timeliness.due_soon": "warning",
        "timeliness.overdue_promised": "yellow",
        "timeliness.overdue_statutory": "red",
        "timeliness.report_late": "notice",
        "timeliness.step_overdue": "yellow",
        "timeliness.supplement_notice_late": "yellow",
        "procedure.clock_stop_unapproved": "yellow",
        "procedure.refusal_without_reason": "red",
        "procedure.same_person": "yellow",
        "procedure.step_out_of_order": "yellow",
        "procedure.step_skipped": "yellow",
        "procedure.supplement_repeated": "yellow",
        "procedure.unauthorised_handler": "red",
        "procedure.unlisted_power": "red",
        "procedure.work_after_closing": "red",
        "procedure.work_before_acceptance": "red",
        "completeness.document_missing": "yellow",
        "completeness.field_missing": "notice",
        "completeness.identity_invalid": "notice",
        "completeness.material_missing": "yellow",
        "fees.above_standard": "red",
        "fees.not_listed": "red",
        "fees.on_free_power": "red",
        "fees.receipt_missing": "yellow",
        "disclosure.fields_incomplete": "yellow",
        "disclosure.item_unpublished": "yellow",
        "disclosure.power_incomplete": "notice",
        "disclosure.published_late": "yellow",
        "integrity.after_hours_approval": "notice",
        "integrity.batch_closing": "warning",
        "integrity.discretion_out_of_range": "red",
        "integrity.record_altered": "red",
        "integrity.zero_length_chain": "warning",
        "platform.deleted_at_source": "red",
        "platform.serial_gap": "warning",
        "platform.source_silent": "warning",
        "platform.volume_drop": "notice",
    }


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_a_rule_passes_its_own_tests(connection: Connection, rule: Rule) -> None:
    results = supervision.run_rule_tests(connection, rule)
    assert {(result.name, result.problems) for result in results} == {
        (test.name, ()) for test in rule.spec.tests
    }


# How people get such rules wrong: off by one, the other date, a forgotten filter, missing data taken as good.
BROKEN = [
    ("timeliness.due_soon", "between 0 and p.value", "< p.value"),
    ("timeliness.due_soon", "between 0 and p.value", "between 1 and p.value"),
    ("timeliness.due_soon", "between 0 and p.value", "<= p.value"),
    ("timeliness.due_soon", "where k.is_open", ""),
    ("timeliness.due_soon", "when k.promised_reason is not null then 'not_evaluable'", ""),
    ("timeliness.overdue_promised", "k.promised_elapsed > k.", "k.promised_elapsed >= k."),
    ("timeliness.overdue_promised", "k.promised_elapsed > k.", "k.promised_elapsed - 1 > k."),
    ("timeliness.overdue_promised", "promised_", "statutory_"),
    ("timeliness.overdue_statutory", "statutory_elapsed > k.", "statutory_elapsed >= k."),
    ("timeliness.overdue_statutory", "statutory_", "promised_"),
    ("procedure.step_skipped", "x.missing_steps is not null", "x.missing_steps is null"),
    ("procedure.step_skipped", "v.closed_at is not null and ", ""),
    ("procedure.step_skipped", "and v.result in ('granted', 'denied')", ""),
    ("procedure.step_skipped", "when v.events is null then 'events_missing'", ""),
    ("procedure.step_skipped", "when not x.has_mandatory then 'flow_missing'", ""),
    ("procedure.step_out_of_order", "or x.has_unknown_step then", "then"),
    ("procedure.step_out_of_order", "left join variant x on", "join variant x on"),
    ("procedure.step_out_of_order", "when x.wrong_transitions is not null then 'violation'", ""),
    ("procedure.work_before_acceptance", "and e.started_at < p.", "and e.started_at <= p."),
    ("procedure.work_before_acceptance", "s.started <> date_trunc('day', s.started)", "true"),
    ("procedure.work_before_acceptance", "s.started <> date_trunc('day', s.started)", "false"),
    ("procedure.work_before_acceptance", "(k.kind in ('work', 'decision')", "(k.kind = 'work'"),
    ("procedure.work_before_acceptance", "(k.kind in ('work', 'decision') or", "(true or"),
    ("procedure.work_before_acceptance", "and e.deleted_at is null", ""),
    ("procedure.work_before_acceptance", "when p.accepted_at is null then 'acceptance_missing'", ""),
    ("procedure.work_before_acceptance", "or k.kind is null)", ")"),
    ("procedure.work_before_acceptance", "or x.has_work", ""),
    ("procedure.work_before_acceptance", "or x.has_unknown_step", ""),
    ("procedure.work_after_closing", "s.latest > s.closed", "s.latest >= s.closed"),
    ("procedure.work_after_closing", "not in ('issue', 'delivery')", "not in ('delivery')"),
    ("procedure.unlisted_power", "('power_unknown', 'power_not_in_force')", "('power_unknown')"),
    ("procedure.unlisted_power", "v.body_code <> d.body_code", "v.body_code = d.body_code"),
    ("procedure.unlisted_power", "or j.department_body is null", ""),
    ("procedure.refusal_without_reason", "'refused', 'returned', 'denied'", "'refused', 'denied'"),
    ("procedure.refusal_without_reason", "when not v.has_reason then", "when v.has_reason is null then"),
    ("procedure.refusal_without_reason", "or (v.result is null and v.closed_at is not null)", ""),
    ("completeness.material_missing", "where required", ""),
    ("completeness.material_missing", "and q.required\n    where", "where"),
    ("completeness.material_missing", "j.codes is null or ", ""),
    ("completeness.material_missing", "filter (where m.received)", ""),
    ("completeness.material_missing", "and m.deleted_at is null", ""),
    ("completeness.material_missing", "v.accepted_at is not null and", ""),
    ("completeness.material_missing", "when r.received is null then 'materials_not_reported'", ""),
    ("fees.above_standard", "j.amount > j.allowed", "j.amount >= j.allowed"),
    ("fees.above_standard", "coalesce(f.quantity, 1)", "f.quantity"),
    ("fees.above_standard", " * coalesce(f.quantity, 1)", ""),
    ("fees.above_standard", "and s.version = v.version", "and s.version = 1"),
    ("fees.above_standard", "where v.charges is distinct from false", ""),
    ("fees.on_free_power", "f.amount > 0", "f.amount >= 0"),
    ("fees.on_free_power", "f.amount > 0", "f.amount > 1"),
    ("fees.on_free_power", "is distinct from true", "= false"),
    ("disclosure.published_late", "elapsed > limit_value", "elapsed >= limit_value"),
    ("disclosure.published_late", "coalesce(i.publish_within_value, p.value)", "p.value"),
    ("disclosure.published_late", "coalesce(d.published_at, run.as_of)", "d.published_at"),
    ("disclosure.published_late", "when 'working_day' then j.working_days else", "when 'x' then 1 else"),
    ("disclosure.published_late", "where d.deleted_at is null", ""),
]  # fmt: skip


@pytest.mark.parametrize(("rule_id", "right", "wrong"), BROKEN)
def test_a_broken_rule_fails_its_own_tests(
    connection: Connection, rule_id: str, right: str, wrong: str
) -> None:
    rule = RULES[rule_id]
    assert right in rule.sql
    broken = replace(rule, sql=rule.sql.replace(right, wrong))
    assert not all(result.passed for result in supervision.run_rule_tests(connection, broken))


def test_rule_tests_leave_no_trace(connection: Connection) -> None:
    for rule_id in ("fees.above_standard", "disclosure.published_late", "procedure.unlisted_power"):
        supervision.run_rule_tests(connection, RULES[rule_id])
    for table in (
        'core."case"',
        "core.event",
        "catalogue.power",
        "supervision.finding",
        "reference.department",
    ):
        assert connection.scalar(text(f"select count(*) from {table}")) == 0  # noqa: S608


def test_rule_tests_judge_nothing_but_the_given_rows(connection: Connection) -> None:
    """A warehouse that holds other cases and disclosures gives the same results."""
    rule = RULES["disclosure.published_late"]
    connection.execute(
        text("""
            insert into core.disclosure (department, dataset, record_key, source_version, batch_id, raw_row, row_hash,
                landed_at, source_no, item_code)
            values ('housing', 'd', '1', 0, gen_random_uuid(), 0, 'x', now(), '1', 'NOTHING')
        """)
    )
    assert all(result.passed for result in supervision.run_rule_tests(connection, rule))


def test_a_rule_cannot_write(connection: Connection) -> None:
    rule = RULES["procedure.refusal_without_reason"]
    for sql in (
        "with gone as (delete from core.\"case\" returning case_id) select 'case:' || case_id as subject from gone",
        "select setval('supervision.finding_event_event_no_seq', 1)::text as subject",
    ):
        results = supervision.run_rule_tests(connection, replace(rule, sql=sql))
        assert {
            problem for result in results for problem in result.problems if "read-only" in problem
        }


@pytest.mark.parametrize(
    ("change", "file", "what"),
    [
        (lambda yml, sql: (yml.replace("id: fees.", "id: fee."), sql), "rule.yml", "do not follow the path"),
        (lambda yml, sql: (yml.replace("basis:", "reasons:"), sql), "rule.yml", "basis"),
        (lambda yml, sql: (yml.replace("kind: boundary", "kind: compliant"), sql), "rule.yml", "boundary"),
        (lambda yml, sql: (yml.replace("[case, fee]", "[case, fees]"), sql), "rule.yml", "no canonical entity"),
        (lambda yml, sql: (yml.replace("date_missing]", "no_date]"), sql), "rule.yml", "no_date is unknown"),
        (lambda yml, sql: (yml, None), "rule.yml", "no .sql beside it"),
        (lambda yml, sql: (None, sql), "rule.sql", "no .yml beside it"),
        (lambda yml, sql: (yml, "update core.fee set amount = 0"), "rule.sql", "does not begin with"),
        (lambda yml, sql: (yml, f"{sql}; drop table core.fee"), "rule.sql", "'drop'"),
        (lambda yml, sql: (yml, sql + "\n; select 1"), "rule.sql", "';'"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rule_is_named_with_its_file(
    tmp_path: Path, change: object, file: str, what: str
) -> None:
    good = RULES["fees.on_free_power"]
    folder = tmp_path / "fees"
    folder.mkdir()
    yml = good.path.read_text("utf-8").replace("id: fees.on_free_power", "id: fees.rule")
    new_yml, new_sql = change(yml, good.sql)  # type: ignore[operator]
    if new_yml is not None:
        (folder / "rule.yml").write_text(new_yml, "utf-8")
    if new_sql is not None:
        (folder / "rule.sql").write_text(new_sql, "utf-8")
    problems = rule_problems(tmp_path)
    assert any(what in str(problem) and problem.file.name == file for problem in problems)
    assert supervision.check(tmp_path)


def test_words_that_write_are_allowed_in_comments_and_texts(tmp_path: Path) -> None:
    good = RULES["fees.on_free_power"]
    (tmp_path / "fees").mkdir()
    (tmp_path / "fees" / "on_free_power.yml").write_text(good.path.read_text("utf-8"), "utf-8")
    sql = "-- never delete; never update\n" + good.sql.replace("'yuan'", "'set; drop'")
    (tmp_path / "fees" / "on_free_power.sql").write_text(sql, "utf-8")
    assert rule_problems(tmp_path) == []
