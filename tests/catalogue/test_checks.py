"""Each self-check, by breaking one thing in a copy of our content: the error names the file and the line."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

import catalogue
from catalogue.codes import ROOT

HOMESTEAD, FOUR = "items/gt/GT-XK-0002.yml", "items/gt/GT-XK-0004.yml"
WEDDING, LAND = "items/mz/MZ-QR-0001.yml", "items/gt/GT-QR-0001.yml"
PREPURCHASE, PENALTY = "items/fc/FC-QR-0004.yml", "items/gs/GS-CF-0001.yml"
NOTICE, RENT = "items/gt/GT-GK-0001.yml", "items/fc/FC-QT-0001.yml"


@dataclass(frozen=True)
class Break:
    """Replace `old` by `new` in `file`; the error is at the line that then holds `at` and says `says`."""

    file: str
    old: str
    new: str
    at: str
    says: str


BREAKS = {
    # demanded fields
    "content blank": Break(HOMESTEAD, "content: 审批", 'content: "" # 审批', "content:", "content is blank"),
    "channel missing": Break(HOMESTEAD, "supervision_channel:", "# ", "code:", "supervision_channel: Field required"),
    "unknown field": Break(HOMESTEAD, "charges: false", "charges: false\nfee: 3", "fee: 3", "Extra inputs"),
    "required field of a disclosure item": Break(NOTICE, "  - 批准机关和批准文号", '  - " "', "fields_required:", "fields_required is blank"),
    "post blank": Break(RENT, "code: decide, post: 审批岗（分管副局长）", 'code: decide, post: ""', "code: decide", "post of 'decide' is blank"),
    "no limit": Break(RENT, "材料是否真实齐全、符合条件, limit: 1 working_day", "材料", "code: review", "mandatory step 'review' has no limit"),
    # limits
    "limit without unit": Break(HOMESTEAD, "statutory_limit: 20 working_day", "statutory_limit: 20 days", "20 days", "'20 days' is no limit"),
    "promise above the law": Break(RENT, "statutory_limit: 3 working_day", "statutory_limit: 2 working_day", "promised_limit:", "promised 3 working_day exceed the statutory 2 working_day"),
    "later promise above the law": Break(PREPURCHASE, "promised_limit: 5 working_day", "promised_limit: 11 working_day", "promised_limit: 11", "exceed the statutory 10"),
    "steps above the promise": Break(RENT, "promised_limit: 3 working_day", "promised_limit: 2 working_day", "steps:", "together exceed the promised 2 working_day"),
    "later steps above the promise": Break(PREPURCHASE, "promised_limit: 5 working_day", "promised_limit: 3 working_day", "      steps:", "together exceed the promised 3"),
    "units not comparable": Break(HOMESTEAD, "statutory_limit: 20 working_day", "statutory_limit: 16 calendar_day", "promised_limit: 15", "not comparable"),
    # flow
    "two starts": Break(RENT, "accept -> review -> decide", "review -> decide", "flow:", "the flow has 2 starts: accept, review"),
    "no start": Break(RENT, "decide -> deliver", "decide -> deliver -> accept", "flow:", "the flow has 0 starts: none"),
    "no end": Break(RENT, "decide -> deliver", "decide -> deliver -> decide", "flow:", "the flow reaches no end"),
    "mandatory step bypassed": Break(HOMESTEAD, "  - decide -> deliver", "  - decide -> deliver\n  - review -> decide", "code: survey", "mandatory step 'survey' can be bypassed"),
    "never reached": Break(LAND, "accept -> review -> survey -> publicity -> examine -> decide -> issue -> deliver\n  - review -> publicity\n  - review -> examine\n  - survey -> examine", "accept -> review -> examine -> decide -> issue -> deliver\n  - survey -> publicity -> survey", "code: survey", "step 'survey' is dead: the flow never reaches it"),
    "transition to nowhere": Break(LAND, "  - decide -> deliver", "  - decide -> deliver\n  - survey -> visit", "survey -> visit", "unknown step 'visit'"),
    "no way to an end": Break(LAND, "accept -> review -> survey -> publicity -> examine -> decide -> issue -> deliver\n  - review -> publicity\n  - review -> examine\n  - survey -> examine", "accept -> review -> examine -> decide -> issue -> deliver\n  - review -> survey -> publicity -> survey", "code: survey", "no end can be reached from it"),
    "optional step in the way": Break("items/gt/GT-XK-0001.yml", "  - review -> examine\n", "", "code: survey", "optional step 'survey' cannot be passed by"),
    "to itself": Break(RENT, "review -> decide", "review -> review -> decide", "review -> review", "step 'review' follows itself"),
    "twice": Break(HOMESTEAD, "  - decide -> deliver", "  - decide -> issue", "  - decide -> issue", "transition decide -> issue is written twice"),
    "step listed twice": Break(RENT, "{code: review,", "{code: accept,", "{code: accept, post: 审查岗", "step 'accept' is listed twice"),
    "step unknown": Break(RENT, "{code: review,", "{code: inspect,", "{code: inspect,", "step 'inspect' is not in the vocabulary"),
    "start is no acceptance": Break(RENT, "- accept -> review -> decide", "- review -> accept -> decide", "code: review", "the flow starts with 'review', not acceptance"),
    "no steps": Break(PENALTY, "on_platform: false", "on_platform: true", "code:", "a power on the platform has no steps"),
    "chain misspelt": Break(RENT, "accept -> review", "accept->review", "accept->review", "String should match pattern"),
    # fees
    "free with fee": Break(WEDDING, "charges: true", "charges: false", "  - code: F1", "a free power has a fee"),
    "charging without fee": Break(RENT, "charges: false", "charges: true", "charges: true", "a power that charges has no fee"),
    "fee upside down": Break(FOUR, "standard_min: 100.00", "standard_min: 600.00", "- code: F1", "standard_min is above standard_max"),
    "fee too fine": Break(FOUR, "standard_max: 500.00", "standard_max: 500.005", "500.005", "decimal places"),
    # instant
    "instant, long step": Break(WEDDING, "limit: 30 minute", "limit: 2 working_day", "2 working_day", "multi-day step 'decide'"),
    "instant, long promise": Break(WEDDING, "promised_limit: 1 working_day", "promised_limit: 3 working_day", "promised_limit:", "promises more than one day"),
    # codes
    "code malformed": Break(RENT, "36012100FC-QT-0001", "36012100FC-QT-1", "code: 3", "does not have the form"),
    "type unknown": Break(RENT, "36012100FC-QT-0001", "36012100FC-QQ-0001", "code: 3", "type 'QQ' is unknown"),
    "body unknown": Break(RENT, "36012100FC-QT-0001", "36012200FC-QT-0001", "code: 3", "body 36012200FC is unknown"),
    "file misnamed": Break(RENT, "36012100FC-QT-0001", "36012100FC-QT-0002", "code: 3", "code and file name do not agree"),
    "material code used twice": Break(RENT, '{code: "02"', '{code: "01"', '"01", name: 租赁当事人', "code '01' is used twice"),
    "material code malformed": Break(RENT, '{code: "02"', "{code: 2", "{code: 2", "valid string"),
    # periods
    "from after to": Break(HOMESTEAD, "effective_to: 2012-06-30", "effective_to: 2011-06-30", "effective_to: 2011-06-30", "effective_from is after effective_to"),
    "overlap": Break(HOMESTEAD, "effective_to: 2012-06-30", "effective_to: 2012-07-01", "effective_from: 2012-07-01", "version 2 begins while version 1 holds"),
    "open version followed": Break(HOMESTEAD, ", effective_to: 2012-06-30", "", "effective_from: 2012-07-01", "version 2 begins while version 1 holds"),
    "no version": Break(RENT, "versions:\n  - effective_from: 2012-01-01", "versions: []", "versions:", "at least 1 item"),
    "not a date": Break(RENT, "effective_from: 2012-01-01", "effective_from: 2012-02-30", "2012-02-30", "'2012-02-30' is no date"),
    "region not yet": Break("regions.csv", "360121,南昌县,1984-01-01", "360121,南昌县,2012-05-01", "", "region 36012100 does not exist on 2012-01-01"),
    "changes an unknown field": Break(PREPURCHASE, "      promised_limit:", "      promise:", "      promise:", "Extra inputs"),
    "unexplained gap": Break(HOMESTEAD, "effective_to: 2012-06-30}\n  - effective_from: 2012-07-01\n    why:", "effective_to: 2012-06-29}\n  - effective_from: 2012-07-01\n    # ", "effective_from: 2012-07-01", "no version holds from 2012-06-30 to 2012-06-30"),
    "version that changes nothing": Break(RENT, "  - effective_from: 2012-01-01", "  - {effective_from: 2012-01-01, effective_to: 2012-05-31}\n  - effective_from: 2012-06-01", "effective_from: 2012-06-01", "version 2 changes nothing"),
    # telephones, results
    "one telephone for all": Break(HOMESTEAD, "charges: false", "charges: false\nconsult_phone: '12336'", "consult_phone", "the same telephone"),
    "result blank": Break(HOMESTEAD, "charges: false", "charges: false\nresult_name: ' '", "result_name", "result_name is blank"),
    # risk points, discretion
    "fine without a range": Break(PENALTY, "    max_amount: 200000.00\n", "", 'code: "02"', "the fine of '02' has no range"),
    "risk at no step": Break(HOMESTEAD, "step: publicity", "step: issuing", "step: issuing", "step 'issuing' is unknown"),
    "risk of another body": Break(HOMESTEAD, "code: GT_XK_002", "code: MZ_XK_902", "MZ_XK_902", "must begin with GT_XK_"),
    "risk of another power": Break(HOMESTEAD, "code: GT_XK_002", "code: GT_XK_001", "code: GT_XK_001", "belongs to 36012100GT-XK-0001"),
    "range upside down": Break(PENALTY, "min_amount: 50000.00", "min_amount: 600000.00", "min_amount: 600000.00", "min_amount is above max_amount"),
    # registers
    "body twice": Break("bodies.yml", "{code: 36012100FC,", "{code: 36012100GT,", "房产", "body code '36012100GT' is given twice"),
    "body malformed": Break("bodies.yml", "{code: 36012100FC,", "{code: 36012100F,", "房产", "body code '36012100F' is not well formed"),
    "body of nowhere": Break("bodies.yml", "{code: 36012100FC,", "{code: 36992100FC,", "房产", "region 369921 is not in regions.csv"),
    "nature unknown": Break("bodies.yml", "房产管理局, nature: legal_organ", "房产管理局, nature: office", "房产", "nature"),
    "region twice": Break("regions.csv", "360111,郊区,1984-01-01,2002-06-30", "360111,郊区,1984-01-01,2002-07-01", "青山湖区", "region 360111 means two names on 2002-07-01"),
    "region upside down": Break("regions.csv", "360122,新建县,1984-01-01,2015-07-31", "360122,新建县,1984-01-01,1983-07-31", "新建县", "valid_from is after valid_to"),
    "region without day": Break("regions.csv", "360122,新建县,1984-01-01", "360122,新建县,1984", "新建县", "'1984' is no date"),
    "step kind unknown": Break("steps.yml", "kind: decision", "kind: deciding", "deciding", "kind"),
    "not YAML": Break(RENT, "charges: false", "\tcharges: false", "\tcharges", "tab character"),
    "key twice": Break(RENT, "charges: false", "charges: false\ncharges: true", "charges: true", "stands here twice"),
}  # fmt: skip


def test_a_code_belongs_to_one_item(folder: Path) -> None:
    items = folder / "items/fc"
    shutil.copy(items / "FC-QT-0001.yml", items / "FC-QT-0002.yml")
    errors = catalogue.check(folder)
    path = items / "FC-QT-0002.yml"
    assert {(error.file, error.line) for error in errors} == {(path, line_of(path, "code: 3"))}
    assert any("code is used by FC-QT-0001.yml too" in str(error) for error in errors)


@pytest.mark.parametrize(
    "name", ["items/fc/FC-QT-0002.yaml", "items/FC-QT-0002.yml", "items/fc/old/FC-QT-0002.yml"]
)
def test_a_file_that_is_not_read_is_named(folder: Path, name: str) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    shutil.copy(folder / RENT, path)
    assert [(error.file, error.what) for error in catalogue.check(folder)] == [
        (path, "is not read")
    ]


def test_a_catalogue_without_items_is_an_error(folder: Path) -> None:
    shutil.rmtree(folder / "items")
    (folder / "crosswalk.csv").unlink()
    assert [str(error.file) for error in catalogue.check(folder)] == [str(folder / "items")]


@pytest.mark.parametrize(
    ("name", "text"),
    [("steps.yml", "- accept"), ("bodies.yml", "code: 1"), ("items/fc/FC-QT-0001.yml", "- x")],
)
def test_a_file_of_another_shape_is_an_error(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, "utf-8")
    errors = catalogue.check(folder)
    assert [(error.file, error.line) for error in errors] == [(folder / name, 1)]


def test_every_error_is_reported_not_only_the_first(folder: Path) -> None:
    for name in (RENT, WEDDING):
        path = folder / name
        path.write_text(path.read_text("utf-8").replace("case_kind: ", "case_kind: x"), "utf-8")
    assert [error.file.name for error in catalogue.check(folder)] == [
        "FC-QT-0001.yml",
        "MZ-QR-0001.yml",
    ]


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    errors = catalogue.check(tmp_path / "nowhere")
    assert [error.file.name for error in errors] == ["schemes.yml"]


def line_of(path: Path, text: str) -> int:
    lines = path.read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """A copy of the files that the tests below break, with the registers that they need."""
    root = tmp_path / "catalogue"
    registers = ("schemes.yml", "steps.yml", "bodies.yml", "regions.csv")
    for name in {*registers, "items/gt/GT-XK-0001.yml", *(b.file for b in BREAKS.values())}:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    assert catalogue.check(root) == []
    return root


@pytest.mark.parametrize("broken", BREAKS.values(), ids=BREAKS)
def test_a_break_is_named_with_file_and_line(few: Path, broken: Break) -> None:
    path = few / broken.file
    text = path.read_text("utf-8")
    assert broken.old in text
    path.write_text(text.replace(broken.old, broken.new, 1), "utf-8")
    errors = [error for error in catalogue.check(few) if broken.says in str(error)]
    assert errors, [str(error) for error in catalogue.check(few)]
    if broken.at:
        assert (errors[0].file, errors[0].line) == (path, line_of(path, broken.at))
