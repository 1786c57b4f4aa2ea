"""A mapping that is wrong says so: every problem, with file and line, before any row is read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import mappings
from hub.core.codelists import codelists
from hub.core.entities import ENTITIES
from hub.core.errors import SpecError
from hub.core.specs import Department
from mappings.checks import dataset_problems
from mappings.crosswalks import Crosswalks

Write = Callable[..., Department]

BASE = """\
datasets:
  cases:
    key: [NO]
    case_no: NO
    ignore: [XH]
    applicant:
      identity: SFZH
      name: SQR
    case:
      applied_at: SQRQ
      result: {field: JG, codelist: result}
    event:
      - {event_no: {const: 1}, step_code: {const: accept}, started_at: SLRQ}
"""
CODES = "result,1,,granted,,,"


def problems(write: Write, mapping: str, **kwargs: object) -> list[tuple[str, int | None, str]]:
    found = mappings.check(write(mapping, **{"powers": None, "codes": CODES} | kwargs))
    return [(problem.file.name, problem.line, problem.what) for problem in found]


def test_a_sound_mapping_has_no_problems(write: Write) -> None:
    assert problems(write, BASE) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("event:", "evnt:", 12, "cases.evnt is not in the vocabulary"),
        ("applied_at:", "aplied_at:", 10, "case has no column 'aplied_at'"),
        ("codelist: result", "codelist: rslt", 11, "no code list 'rslt'"),
        ("codelist: result", "codelist: status", 11, "result takes codes of result, not status"),
        ("applied_at: SQRQ", "status: {field: ZT, codelist: status}", 10, "codes.csv has no lines for status"),
        ("applied_at: SQRQ", "applied_at: {field: SQRQ, as: datum}", 10, "as: Input should be"),
        ("applied_at: SQRQ", "applied_at: {field: SQRQ, as: date}", 10, "applied_at takes timestamp, the expression gives date"),
        ("applied_at: SQRQ", "unit: {field: A, as: money}", 10, "unit takes text, the expression gives money"),
        ("applied_at: SQRQ", "unit: {present: A}", 10, "unit takes text, the expression gives boolean"),
        ("applied_at: SQRQ", "applied_at: {const: x}", 10, "applied_at (timestamp) cannot be a constant"),
        ("applied_at: SQRQ", "applied_at: {field: A, const: x}", 10, "needs exactly one of"),
        ("applied_at: SQRQ", "applied_at: {feld: A}", 10, "not in the vocabulary"),
        ("applied_at: SQRQ", "applied_at: [A]", 10, "neither a field name nor an expression"),
        ("applied_at: SQRQ", "unit: {field: A, as: text, contains: x}", 10, "only one of as, codelist, crosswalk, contains"),
        ("applied_at: SQRQ", "unit: {present: A, sep: x}", 10, "sep cannot stand beside present"),
        ("applied_at: SQRQ", "unit: {field: A, name: B}", 10, "name needs crosswalk"),
        ("applied_at: SQRQ", "unit: {field: A, on: B}", 10, "on needs a crosswalk"),
        ("applied_at: SQRQ", "unit: {join: [A]}", 10, "at least 2 items"),
        ("applied_at: SQRQ", "power_code: {field: A, crosswalk: powers}", 10, "powers.csv has no lines"),
        ("applied_at: SQRQ", "case_id: A", 10, "case_id cannot be mapped"),
        ("applied_at: SQRQ", "applicant_token: A", 10, "applicant_token cannot be mapped"),
        ("applied_at: SQRQ", "unit: _file", 10, "_file is no field of the department"),
        ("applied_at: SQRQ", "title: SQR", 10, "field SQR is the applicant's name"),
        ("applied_at: SQRQ", "title: {join: [A, SFZH]}", 10, "field SFZH is the applicant's identity"),
        ("applied_at: SQRQ", "unit: XH", 10, "field XH is used and ignored"),
        (", started_at: SLRQ", "", 13, "event needs started_at"),
        ("{const: accept}", "{const: akzept}", 13, "'akzept' is not on step"),
        ("{const: 1}", '{const: "1"}', 13, "event_no is integer, '1' is not"),
        ("{const: 1}", "{const: true}", 13, "event_no is integer, True is not"),
        ("{const: accept}", "{const: 1}", 13, "step_code is text, 1 is not"),
        ("{const: 1}", "XH2", 13, "event.event_no comes from XH2, which is not in the key"),
        ("started_at: SLRQ}", "started_at: SLRQ, when: {field: A, equals: [1]}}", 13, "when.equals.0"),
        ("case_no: NO", "case_no: AJBH", 4, "case_no AJBH is not part of the key"),
        ("    case_no: NO\n", "", 2, "case needs case_no"),
        ("key: [NO]", "key: []", 3, "cases.key"),
        ("key: [NO]", "key: [NO, SFZH]", 3, "field SFZH is the applicant's identity"),
        ("ignore: [XH]", "rename: [{field: ZZ, was: [Z]}]", 5, "renamed field ZZ is not used"),
        ("ignore: [XH]", "rename: [{field: JG, was: [SQRQ]}]", 10, "field SQRQ is an older name"),
        ("ignore: [XH]", "ignore: XH", 5, "cases.ignore"),
        ("datasets:", "sets:", 1, "unknown key 'sets'"),
        ("key: [NO]", "key: [NO]\n    key: [A]", 4, "key 'key' stands here twice"),
        ("    event:\n", "    supplement: []\n    event:\n", 12, "supplement: no rows"),
        ("    event:\n", "    supplement:\n    event:\n", 12, "supplement: no columns"),
        ("    event:\n", "    supplement: [A]\n    event:\n", 12, "supplement: no columns"),
    ],
)  # fmt: skip
def test_each_mistake_is_named_with_its_line(
    write: Write, old: str, new: str, line: int, what: str
) -> None:
    assert old in BASE
    found = problems(write, BASE.replace(old, new, 1))
    assert [place for place in found if place[:2] == ("mapping.yml", line) and what in place[2]]


def test_all_problems_are_reported_not_only_the_first(write: Write) -> None:
    wrong = (
        BASE.replace("applied_at:", "aplied_at:").replace("{const: accept}", "{const: akzept}")
        .replace("ignore: [XH]", "ignore: [SLRQ]").replace("codelist: result", "codelist: rslt")
    )  # fmt: skip
    found = problems(write, wrong, codes="result,1,,grunted,,,\nresult,2,,denied,2012-13-01,,")
    assert sorted((name, line) for name, line, _ in found) == [
        ("codes.csv", 2), ("codes.csv", 3), ("mapping.yml", 10), ("mapping.yml", 11), ("mapping.yml", 13),
        ("mapping.yml", 13),
    ]  # fmt: skip
    with pytest.raises(SpecError):
        mappings.read(write(wrong, powers=None, codes=CODES))


def test_datasets_must_agree_with_the_source(write: Write) -> None:
    found = problems(write, BASE, datasets=("cases", "fees"))
    assert [(name, what) for name, _, what in found] == [
        ("source.yml", "dataset 'fees' is not in mapping.yml")
    ]
    found = problems(write, BASE, datasets=("fees",))
    assert ("mapping.yml", 2, "dataset 'cases' is not in source.yml") in found


def test_a_missing_mapping_is_one_problem(write: Write) -> None:
    department = write(BASE)
    (department.folder / "mapping.yml").unlink()
    (problem,) = mappings.check(department)
    assert "cannot be read" in problem.what


TWO = """\
datasets:
  a:
    key: [NO]
    case_no: NO
    case: {applied_at: SQRQ, unit: DW}
    event: {event_no: {const: 1}, step_code: {const: accept}, started_at: T}
  b:
    key: [NO]
    case_no: NO
    case: {closed_at: BJRQ}
    event: {event_no: {const: 2}, step_code: {const: decide}, started_at: T}
"""


def test_a_column_has_one_owner(write: Write) -> None:
    both = ("a", "b")
    assert problems(write, TWO, datasets=both) == []
    twice = TWO.replace("{closed_at: BJRQ}", "{closed_at: BJRQ, unit: DW}")
    assert problems(write, twice, datasets=both) == [
        ("mapping.yml", 10, "case.unit is also written by dataset 'a'")
    ]
    same_rows = TWO.replace("{const: 2}", "{const: 1}")
    assert problems(write, same_rows, datasets=both) == [
        ("mapping.yml", 11, "event.step_code is also written by dataset 'a'")
    ]
    applicant = "    applicant: {name: SQR}\n    case: {"
    found = problems(write, TWO.replace("    case: {", applicant), datasets=both)
    assert [(line, what[:20]) for _, line, what in found] == [(11, "case.applicant_token")]


def test_a_record_emits_no_key_twice(write: Write) -> None:
    row = "      - {event_no: {const: 1}, step_code: {const: accept}, started_at: SLRQ}\n"
    assert [line for _, line, _ in problems(write, BASE + row)] == [14]
    first, second = (
        row.replace("{event_no", f"{{when: {{field: LX, equals: [{value}]}}, event_no")
        for value in ("A", "B")
    )
    assert problems(write, BASE.replace(row, first) + second) == []
    assert [line for _, line, _ in problems(write, BASE.replace(row, first) + first)] == [14]


@pytest.mark.parametrize(
    ("powers", "line", "what"),
    [
        ("A,,P1,,,\nA,,P2,2012-07-01,,", 3, "'A' is valid on the same days as on line 2"),
        ("A,,P1,,2012-07-01,\nA,,P2,2012-07-01,,", 3, "valid on the same days"),
        ("Ａ,,P1,,,\nA,,P1,,,", 3, "valid on the same days"),
        (",甲,P1,,,\n,甲,P2,,,", 3, "'甲' is valid on the same days"),
        ("A,,P1,2012-07-02,2012-07-01,", 2, "valid_to 2012-07-01 is before valid_from"),
        ("A,,P1,2012-7-2,,", 2, "a date is not YYYY-MM-DD"),
        ("A,,,,,", 2, "has no target code"),
        (",,P1,,,", 2, "neither source_code nor source_name"),
        ("A,,P1,,", 2, "wrong number of columns"),
    ],
)  # fmt: skip
def test_powers_are_checked_line_by_line(write: Write, powers: str, line: int, what: str) -> None:
    found = mappings.check(write(BASE, powers=powers, codes=CODES))
    assert [(problem.file.name, problem.line) for problem in found] == [("powers.csv", line)]
    assert what in found[0].what


def test_lines_that_follow_each_other_do_not_overlap(write: Write) -> None:
    powers = "A,,P1,,2012-06-30,\nA,,P2,2012-07-01,2012-07-01,\nA,,P3,2012-07-02,,\n,A,P4,,,"
    assert problems(write, BASE, powers=powers) == []


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("result,1,,grunted,,,", "'grunted' is not on result"),
        ("rslt,1,,granted,,,", "no code list 'rslt'"),
        ("result,,准予,granted,,,", "no source_code"),
    ],
)
def test_codes_are_checked_line_by_line(write: Write, line: str, what: str) -> None:
    found = problems(write, BASE, codes=f"{CODES}\n{line}")
    assert [(name, number) for name, number, _ in found] == [("codes.csv", 3)]
    assert what in found[0][2]


def test_codes_of_flows_are_left_to_the_catalogue(write: Write) -> None:
    assert problems(write, BASE, codes=f"{CODES}\nstep,1,,anything,,,\nmaterial,1,,07,,,") == []


def test_versions_follow_the_content(write: Write) -> None:
    first = mappings.read(write(BASE, powers=None, codes=CODES))
    again = mappings.read(write(BASE, powers=None, codes=CODES))
    assert (first.version, first.codes_version) == (again.version, again.codes_version)
    changed = mappings.read(write(BASE.replace("[XH]", "[XH, BZ]"), powers=None, codes=CODES))
    assert changed.version != first.version
    assert changed.codes_version == first.codes_version
    line = mappings.read(write(BASE, powers="A,,P1,,,", codes=CODES))
    assert line.version == first.version
    assert line.codes_version != first.codes_version


def test_what_a_mapping_tells_of_its_fields(standard: mappings.Mapping) -> None:
    assert standard.datasets == ("cases",)
    assert standard.key_fields("cases") == ("AJBH",)
    assert standard.sensitive_fields("cases") == ("SFZH", "LXDH", "SQR")
    assert standard.sensitive_roles("cases") == {"SFZH": "identity", "LXDH": "phone", "SQR": "name"}
    fields = standard.fields("cases")
    assert {"AJBH", "BBH", "SXMC", "SLRQ", "CLQD", "LX"} <= set(fields)
    assert "XH" not in fields
    assert len(fields) == len(set(fields))


def test_renamed_applicant_fields_are_sensitive_under_every_name(write: Write) -> None:
    text = BASE.replace("ignore: [XH]", "rename: [{field: SFZH, was: [SFZ, ZJHM]}]")
    mapping = mappings.read(write(text, powers=None, codes=CODES))
    assert mapping.sensitive_fields("cases") == ("SFZH", "SFZ", "ZJHM", "SQR")


def test_every_canonical_codelist_exists_with_both_names() -> None:
    lists = codelists()
    needed = {c.codelist for entity in ENTITIES.values() for c in entity.columns if c.codelist}
    assert {*needed, "reason", "step"} <= set(lists)
    for codes in lists.values():
        assert all(zh and en for zh, en in codes.values())


def test_checks_need_no_files_of_ours(standard: mappings.Mapping) -> None:
    """Without its crosswalks the same mapping has problems: the checks look at what they are given."""
    spec = standard.specs["cases"]
    found = list(dataset_problems(standard.file, spec, Crosswalks({}), codelists()))
    assert {problem.what for problem in found} >= {
        "powers.csv has no lines", "codes.csv has no lines for result",
    }  # fmt: skip


def test_a_mapping_in_another_charset_is_a_problem_not_a_crash(write: Write) -> None:
    department = write(BASE)
    for name in ("mapping.yml", "powers.csv"):
        (department.folder / name).write_bytes("# 国土资源局\n".encode("gb18030"))
        assert any(problem.file.name == name for problem in mappings.check(department))
        write(BASE)
