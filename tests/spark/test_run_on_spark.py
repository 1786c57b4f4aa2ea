"""A whole run on Spark and the same run in PostgreSQL: the same counts, the same findings, to the hash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from benchmarks.rules import county
from benchmarks.rules.installation import installation
from hub.pipeline import Hub
from hub.pipeline.supervise import supervise
from supervision import parameters

CASES = 1_000


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    pytest.importorskip("pyspark", reason="pyspark is not installed: pip install '.[spark]'")
    folder = tmp_path_factory.mktemp("county")
    for above in (folder, *folder.parents[:3]):
        above.chmod(0o755)  # the server's account must reach it
    with installation(CASES, None, folder) as (made, _):
        yield made


def test_findings_are_equal_to_the_hash_and_nothing_is_left_in_the_store(
    hub: Hub, spark: Any
) -> None:
    from hub.pipeline.spark import judge_on

    there = judge_on(hub, spark, county.AS_OF)
    county.forget(
        hub.engine
    )  # what is found again is left as it was, even if it was spelled otherwise
    here = supervise(hub, county.AS_OF, full=True)
    assert there.state == here.state == "complete"
    assert there.findings_hash == here.findings_hash
    for spark_rule, postgres_rule in zip(there.rules, here.rules, strict=True):
        assert replace(spark_rule, seconds=0) == replace(postgres_rule, seconds=0)
    assert sum(rule.violations for rule in here.rules) > CASES / 10
    assert list(hub.store.list("spark")) == []


def test_a_rule_that_cannot_be_carried_makes_the_run_incomplete_and_is_named(
    hub: Hub, spark: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import supervision
    from hub.pipeline import spark as on_spark

    rules = [rule for rule in supervision.load_rules() if rule.id == "fees.on_free_power"]
    monkeypatch.setattr(
        parameters, "read_overrides", lambda known: ()
    )  # of rules that are not loaded here
    odd = replace(rules[0], sql=f"{rules[0].sql} limit 1")
    monkeypatch.setattr(supervision, "load_rules", lambda: (odd,))
    summary = on_spark.judge_on(hub, spark, county.AS_OF)
    assert summary.state == "incomplete"
    assert "limit" in str(summary.rules[0].error)
    assert "on_free_power.sql" in str(summary.rules[0].error)
    with hub.engine.connect() as connection:
        standing = text(
            "select count(*) from supervision.finding where rule_id = 'fees.on_free_power' and state = 'open'"
        )
        assert connection.scalar(standing)
