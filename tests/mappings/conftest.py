"""A small department, written for each test."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pytest

import mappings
from hub.core.batches import Mapped
from hub.core.privacy import Keys
from hub.core.specs import Department, read_department

POWERS_HEADER = "source_code,source_name,power_code,valid_from,valid_to,note"
CODES_HEADER = "codelist,source_code,source_name,code,valid_from,valid_to,note"
KEYS = Keys(token=b"t" * 32, cipher=b"c" * 32, raw=b"r" * 32)

POWERS = """
XK01,商品房预售许可,36012100FC-XK-0001,,2012-06-30,
XK01,商品房预售许可,36012100FC-XK-0009,2012-07-01,,renumbered
XK02,房屋测绘备案,36012100FC-XK-0002,2012-02-01,2012-09-30,repealed
,房屋租赁登记备案,36012100FC-QT-0001,,,no code in the source
"""
CODES = """
applicant_kind,1,个人,person,,,
applicant_kind,2,单位,enterprise,,,
result,1,准予,granted,,,
result,2,不予,denied,,2012-06-30,
result,2,退件,returned,2012-07-01,,
result,8,其他,-,,,known; no canonical code
step,SL,受理,accept,,,
"""
MAPPING = """
datasets:
  cases:
    key: [AJBH]
    version: BBH
    case_no: AJBH
    rename:
      - {field: SLRQ, was: [SLSJ], since: 2012-07-01}
    ignore: [XH]
    blank: ["无", "/"]
    applicant:
      kind: {field: LX, codelist: applicant_kind}
      identity: SFZH
      phone: LXDH
      name: SQR
    case:
      power_code: {field: SXDM, name: SXMC, crosswalk: powers, on: SLRQ}
      source_item_code: SXDM
      item_name: SXMC
      title: BT
      applied_at: SQRQ
      accepted_at: SLRQ
      result: {field: JG, codelist: result, on: SLRQ}
    event:
      - {when: SLRQ, event_no: {const: 1}, step_code: {const: accept}, started_at: SLRQ, handler: SLR}
      - {when: JDRQ, event_no: {const: 2}, step_code: {const: decide}, started_at: JDRQ}
    material:
      - {when: CLQD, material_code: {const: "01"}, received: {field: CLQD, contains: "[01]"}}
      - {when: CLQD, material_code: {const: "02"}, received: {field: CLQD, contains: "[02]"}}
    fee:
      - {when: SFJE, fee_no: {const: 1}, fee_code: {const: F1}, amount: SFJE}
"""
ROW: dict[str, object] = {
    "AJBH": "FC2012-0001", "BBH": "1", "XH": "1", "LX": "1", "SFZH": "", "LXDH": "", "SQR": "张测试",
    "SXDM": "XK01", "SXMC": "商品房预售许可", "BT": "某某花园一期", "SQRQ": "2012-3-1", "SLRQ": "2012-3-5",
    "JG": "1", "SLR": "李四", "JDRQ": "", "CLQD": "[01]申请书", "SFJE": "",
}  # fmt: skip

Write = Callable[..., Department]


def write_department(
    root: Path,
    mapping: str = MAPPING,
    powers: str | None = POWERS,
    codes: str | None = CODES,
    datasets: tuple[str, ...] = ("cases",),
) -> Department:
    folder = root / "testing"
    folder.mkdir(parents=True, exist_ok=True)
    sources = "".join(f"  {name}: {{format: text}}\n" for name in datasets)
    (folder / "source.yml").write_text(
        "title: {zh: 测试, en: testing}\nbody: 36012100FC\nowner: {name: 某某, contact: none}\n"
        f"connector: files\nconnection: testing\ndatasets:\n{sources}",
        "utf-8",
    )
    (folder / "mapping.yml").write_text(textwrap.dedent(mapping).lstrip(), "utf-8")
    for name, header, lines in (
        ("powers.csv", POWERS_HEADER, powers),
        ("codes.csv", CODES_HEADER, codes),
    ):
        (folder / name).unlink(missing_ok=True)
        if lines is not None:
            (folder / name).write_text(f"{header}\n{lines.strip()}\n", "utf-8")
    return read_department(root, "testing")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a department folder and reads it back: write(mapping, powers, codes, datasets)."""

    def writer(*args: object, **kwargs: object) -> Department:
        return write_department(tmp_path, *args, **kwargs)  # type: ignore[arg-type]

    return writer


@pytest.fixture(scope="session")
def standard(tmp_path_factory: pytest.TempPathFactory) -> mappings.Mapping:
    """The mapping of the small department, once."""
    return mappings.read(write_department(tmp_path_factory.mktemp("departments")))


@pytest.fixture
def map_rows(standard: mappings.Mapping) -> Callable[..., Mapped]:
    """Maps rows given as the differences from one regular row."""

    def mapper(*changes: Mapping[str, object]) -> Mapped:
        return mappings.apply(standard, "cases", table(*changes), KEYS)

    return mapper


def table(*changes: Mapping[str, object]) -> pa.Table:
    """A raw table of text columns: the regular row, changed."""
    rows = [{**ROW, **change} for change in changes]
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pa.table({name: [row.get(name) for row in rows] for name in names})


@pytest.fixture
def keys() -> Keys:
    return KEYS


@pytest.fixture
def raw_table() -> Callable[..., pa.Table]:
    return table
