"""Charts: well-formed SVG that says in words what it draws, whatever the names and numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from quality.department_report.charts import HEIGHT, Part, bars, columns

SVG = "{http://www.w3.org/2000/svg}"
words = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
numbers = st.integers(0, 10**9)


def drawn(svg: str) -> etree._Element:
    return etree.fromstring(svg)


@given(st.lists(st.tuples(words, numbers), min_size=1, max_size=12))
def test_bars_are_as_long_as_their_numbers(rows: list[tuple[str, int]]) -> None:
    svg = drawn(bars("x", "标题", rows))
    lengths = [float(rect.get("width", 0)) for rect in svg.iter("rect")]
    assert len(lengths) == len(rows)
    by_number = sorted(zip((n for _, n in rows), lengths, strict=True))
    assert [length for _, length in by_number] == sorted(lengths)
    told = svg.findtext("desc") or ""
    assert all(f"{number:,}" in told for _, number in rows)


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=12))
def test_columns_stay_inside_and_name_every_month(months: list[tuple[int, int]]) -> None:
    names = [f"2012-{place + 1:02}" for place in range(len(months))]
    parts = [
        Part("及时", "c1", [a for a, _ in months]),
        Part("迟报", "c3", [b for _, b in months]),
    ]
    svg = drawn(columns("x", "标题", names, parts, "件"))
    heights = [float(rect.get("height", 0)) for rect in svg.iter("rect")]
    assert all(0 <= height <= HEIGHT for height in heights)
    told = svg.findtext("desc") or ""
    assert all(name in told for name in names)
    assert svg.get("role") == "img" and svg.get("aria-labelledby") == "x-t x-d"


def test_names_are_escaped() -> None:
    assert "<b>" not in bars("x", "<b>", [("<b>&", 1)])
