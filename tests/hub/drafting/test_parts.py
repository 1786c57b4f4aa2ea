"""Parts of a draft: scalars that read as they were, invented moments that are moments, suggestions with their scores."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.settings import Settings
from hub.core.specs import read_yaml
from hub.pipeline.drafting.crosswalks import suggestions
from hub.pipeline.drafting.dataset import share
from hub.pipeline.drafting.sample import _moment
from hub.pipeline.drafting.writing import commented, flow, line
from mappings.times import local_time
from tests.hub.drafting.conftest import Draft

TEXTS = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=12
)
VALUES = st.recursive(
    st.one_of(TEXTS, st.integers(), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)


@given(TEXTS, VALUES, st.text(max_size=20))
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: object, said: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "written.yml"
    path.write_text(line(0, key, value, said) + "\n", "utf-8")
    assert read_yaml(path).data == {key: value}


@pytest.mark.parametrize(
    "text", ["on", "no", "null", "2012-03-05", "1e3", "007", "~", "- a", "a: b", "*.DBF", "0x1", ""]
)
def test_texts_that_look_like_something_else(tmp_path, text: str) -> None:
    path = tmp_path / "written.yml"
    path.write_text(f"a: {flow({'b': [text]})}\n", "utf-8")
    assert read_yaml(path).data == {"a": {"b": [text]}}


def test_a_comment_stays_on_its_line() -> None:
    assert "\n" not in commented("a: 1", "one\ntwo")


@pytest.mark.parametrize(
    "form",
    ["9999-99-99", "9{8}", "9999/9/9", "9999/9/99", "9999字9字9字", "9999-99-99·99:99:99", "9{14}", "99.9.9",
     "9999字99字99字·9:99", "9999-99-99A99:99:99"],
)  # fmt: skip
def test_invented_moments_are_moments(form: str) -> None:
    written = _moment(form).replace("A", "T")
    read = pl.DataFrame({"text": [written]}).select(local_time(pl.col("text"), pl.String())).item()
    assert read is not None, written
    assert (read.year, read.month) == (2012, 3)


def test_suggestions_have_scores_and_none_is_certain_by_itself() -> None:
    powers = [("城乡医疗救助审批", "JF-3"), ("高龄补贴申领", "BM-1"), ("结婚登记", "QR-1")]
    assert suggestions("城乡医疗救助审批", powers)[0] == ("JF-3", "城乡医疗救助审批", 100)
    (likely,) = suggestions("医疗救助", powers)
    assert likely[0] == "JF-3"
    assert 50 <= likely[2] < 100
    assert suggestions("烟花爆竹", powers) == []


@given(st.integers(0, 500), st.integers(1, 500))
def test_shares_are_never_rounded_to_all_or_nothing(part: int, whole: int) -> None:
    part = min(part, whole)
    assert (share(part, whole) == "100%") == (part == whole)
    assert (share(part, whole) == "0%") == (part == 0)


def test_a_published_layout_is_recognised_by_its_tables(tmp_path, draft: Draft) -> None:
    import sqlite3
    from contextlib import closing

    tables = (
        "EX_GDBS_SB",
        "EX_GDBS_SL",
        "EX_GDBS_SPCL",
        "EX_GDBS_BZGZ",
        "EX_GDBS_BJ",
        "EX_GDBS_TBCXSQ",
    )
    with closing(sqlite3.connect(tmp_path / "a.db")) as database, database:
        for table in tables:
            database.execute(f"CREATE TABLE {table} (SBLSH TEXT, SQSJ TEXT)")
            database.execute(f"INSERT INTO {table} VALUES ('1', '2012-03-05')")  # noqa: S608
    made = draft("database", f"sqlite:///{tmp_path}/a.db")
    assert Settings.load().departments == made.folder.parent
    assert "layout: ex_gdbs" in (made.folder / "source.yml").read_text("utf-8")
