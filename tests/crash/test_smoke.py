"""A short crash test in the normal suite; `make crash` is the long one."""

from __future__ import annotations

import re
from pathlib import Path

from hub.core.crash import POINTS
from hub.core.settings import CONTENT_ROOT
from tests.crash.__main__ import conduct
from tests.crash.campaign import PATH, SENDING

ENGINES = ("hub", "connectors", "warehouse")


def test_a_few_kills_lose_nothing_and_double_nothing() -> None:
    outcomes = conduct(("exchange", "push"), kills=6, seed=7, seconds=300)
    for outcome in outcomes:
        assert outcome.verdict.good, outcome
        assert sum(outcome.kills.values()) >= 3
        assert not outcome.unexpected


def test_every_point_of_the_code_is_named_and_tried() -> None:
    files = (path for name in ENGINES for path in Path(CONTENT_ROOT, name).rglob("*.py"))
    called = {
        point for path in files for point in re.findall(r'crash_point\("(\w+)"\)', path.read_text("utf-8"))
    }  # fmt: skip
    assert called == set(POINTS)
    assert set(POINTS) <= {*PATH, *SENDING, "push_before_put_away"}
