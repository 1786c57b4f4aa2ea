"""What stewards ask of the quality checkpoints: failing rows, the expectations there are, whether thresholds are right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hub.core.codelists import codelists
from hub.core.errors import HubError, SpecError
from hub.core.specs import department_slugs
from hub.pipeline.inspection import inspect, inspect_landed
from hub.pipeline.installation import Hub
from quality import suites, thresholds
from warehouse import expectations as kept


def failing_rows(
    hub: Hub, expectation: str, department: str | None, limit: int | None = None
) -> dict[str, Any]:
    """The rows that failed an expectation in the latest checkpoints: how many, and the keys of the first `limit`.

    Raises HubError when no checkpoint knows the expectation.
    """
    with hub.engine.connect() as connection:
        latest = [
            row
            for row in kept.latest_results(connection, department)
            if row["expectation_id"] == expectation
        ]
        if not latest:
            raise HubError(
                f"no checkpoint has looked at '{expectation}'",
                where=department or "",
                remedy="hub quality expectations lists them; hub quality runs them",
            )
        return {
            "expectation": expectation,
            "zh": latest[0]["zh"],
            "en": latest[0]["en"],
            "count": kept.count_failing_keys(connection, expectation, department),
            "results": [
                {name: row[name] for name in ("department", "state", "rows", "unexpected", "observed", "error")}
                for row in latest
            ],
            "rows": kept.failing_keys(connection, expectation, department, limit),
        }  # fmt: skip


def export_failing_rows(hub: Hub, expectation: str, department: str | None, path: Path) -> int:
    """Write the key of every failing row into a CSV file; returns how many. Errors as of `failing_rows`."""
    count = failing_rows(hub, expectation, department, 0)["count"]
    with hub.engine.connect() as connection:
        kept.write_keys(connection, expectation, department, path)
    return int(count)


def known_expectations(hub: Hub) -> list[dict[str, Any]]:
    """Every expectation: id, type, what it says, severity, for which departments it has another threshold."""
    slugs = department_slugs(hub.settings.departments)
    folders = {slug: hub.settings.departments / slug for slug in slugs}
    found, allowed = thresholds.apply(suites.load(codelists()), folders, codelists())
    return [
        {
            "expectation_id": each.id, "type": each.type, "zh": each.zh, "en": each.en, "severity": each.severity,
            "mostly": each.mostly if each.rows else None, "departments": list(each.departments),
            "thresholds": sorted(s for s in slugs if each.id in allowed.own.get(s, {})),
            "off": {s: why for s in slugs if (why := allowed.why_off(each, s))},
        }
        for suite in found.values()
        for each in suite.expected
    ]  # fmt: skip


def check_thresholds(slug: str, folder: Path) -> list[SpecError]:
    """What is wrong with a department's quality.yml."""
    return thresholds.check(slug, folder, suites.load(codelists()), codelists())


__all__ = [
    "check_thresholds",
    "export_failing_rows",
    "failing_rows",
    "inspect",
    "inspect_landed",
    "known_expectations",
]
