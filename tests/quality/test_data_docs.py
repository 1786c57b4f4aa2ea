"""Great Expectations' pages, detached; failing rows linked where they failed."""

from __future__ import annotations

from pathlib import Path

from quality.data_docs import Site, detached

PAGE = """<html><head><title>x</title><script src="https://cdn.invalid/a.js"></script>
<link href="https://cdn.invalid/a.css"><style>a { background: url(https://cdn.invalid/a.png) }</style></head><body>
<nav>Home</nav><h5>Info</h5><table><tr><th>Run Name</th><td>x</td></tr></table><a href="https://x.invalid">out</a>
<table><tr><th>Status</th></tr><tr><td>甲 [case.a.b]</td></tr></table></body></html>"""


def test_a_detached_page_fetches_nothing_and_speaks_chinese() -> None:
    page = detached(PAGE, "rows_case").decode()
    assert "cdn.invalid" not in page and "x.invalid" not in page and "<script" not in page
    assert "结果 Status" in page and "Run Name" not in page and "Home" not in page
    assert "Content-Security-Policy" in page


def test_failing_rows_are_linked_where_they_failed(tmp_path: Path) -> None:
    site = Site(tmp_path)
    page = site.run("r") / "rows_case.html"
    page.parent.mkdir(parents=True)
    page.write_text(
        "<p>[case.a]</p><p>[case.b]　one　≥ 90%</p><p>[case.b]　two　≥ 90%</p>", "utf-8"
    )
    site.link("r", {"case.a": ["one", "two"], "case.b": ["two"]})
    strict, one, two = page.read_text("utf-8").removesuffix("</p>").split("</p>")
    assert "failures/one/case.a.csv" in strict and "failures/two/case.a.csv" in strict
    assert "failures" not in one
    assert "failures/two/case.b.csv" in two
