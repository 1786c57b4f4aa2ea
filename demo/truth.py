"""What the hub must find: every violation that was seeded, and the fate of every row that was written.

`truth.json` holds {seed, cases, as_of, violations, latent, counts, rows, furniture}. `violations`: rule → list of
{department, case_no}, or {department, subject} where the subject is no case nor part of one. `rows`: department → dataset → file or table → runs
[first row, last row, fate] of rows that follow one another. Fates: landed, unchanged, superseded,
quarantined:<reason>.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import polars as pl

import catalogue
from demo import totals
from demo.model import County, DemoCase
from demo.outlook import DELETED, RULES
from hub.core.settings import CONTENT_ROOT
from hub.core.specs import department_slugs, read_department

RowFates = Mapping[str, Mapping[str, Iterable[tuple[int, str]]]]
"""Dataset → file or table → (row as the connector counts it, fate)."""
Runs = list[list[Any]]
HOURS = {"h": 1, "d": 24}
FATE_SCHEMA = {
    "department": pl.String(), "dataset": pl.String(), "file": pl.String(),
    "row": pl.Int64(), "fate": pl.String(),
}  # fmt: skip


class LatentCase(Protocol):
    """Violations of a case that cannot be seen before its row is replayed."""

    @property
    def department(self) -> str: ...
    @property
    def case_no(self) -> str: ...
    @property
    def rules(self) -> tuple[str, ...]: ...


class Written(Protocol):
    """What `demo.writers.write_all` tells."""

    @property
    def fates(self) -> Mapping[str, RowFates]: ...
    @property
    def latent(self) -> Iterable[LatentCase]: ...
    @property
    def lost(self) -> Mapping[str, Collection[str]]: ...
    @property
    def erased(self) -> Mapping[str, Iterable[str]]: ...
    @property
    def furniture(self) -> Mapping[str, Mapping[str, Mapping[str, int]]]: ...


def violations(
    county: County,
    lost: Mapping[str, Collection[str]] | None = None,
    erased: Mapping[str, Iterable[str]] | None = None,
) -> dict[str, list[dict[str, str]]]:
    """Every rule → what breaks it, by department in order of application.

    `lost`: department → numbers that never land: what is counted over many cases goes without them. `erased`:
    department → numbers of cases that the source marks as deleted from the first.
    """
    found: dict[str, list[dict[str, str]]] = {rule: [] for rule in RULES}
    everything = chain(
        _of_cases(county, erased or {}),
        _of_publications(county),
        _of_all_together(county, lost or {}),
    )
    for rule, subject in everything:
        found[rule].append(subject)
    return found


Broken = Iterator[tuple[str, dict[str, str]]]
"""Rule and subject."""


def _of_cases(county: County, erased: Mapping[str, Iterable[str]]) -> Broken:
    for department, cases in county.cases.items():
        for case in cases:
            for rule in case.violations:
                yield rule, {"department": department, "case_no": case.case_no}
    for department, amendments in county.amendments.items():
        for amendment in amendments:
            for rule in amendment.rules:
                yield rule, {"department": department, "case_no": amendment.case_no}
    for department, numbers in erased.items():
        for number in numbers:
            yield DELETED, {"department": department, "case_no": number}


def _of_publications(county: County) -> Broken:
    for department, publications in county.publications.items():
        for item in publications:
            for rule in item.violations:
                subject = f"disclosure:{department}/{item.source_no}"
                yield rule, {"department": department, "subject": subject}


def _of_all_together(county: County, lost: Mapping[str, Collection[str]]) -> Broken:
    counted = totals.violations(county, catalogue.load(), _freshness(), lost)
    for rule, subjects in counted.items():
        for department, subject in subjects:
            yield rule, {"department": department, "subject": subject}


def _freshness() -> dict[str, int]:
    """Department → hours that may pass without a sign of life."""
    root = CONTENT_ROOT / "departments"
    stated = {
        slug: read_department(root, slug).spec.freshness or "0h" for slug in department_slugs(root)
    }
    return {slug: int(text[:-1]) * HOURS[text[-1]] for slug, text in stated.items()}


def unland(case: DemoCase) -> tuple[str, ...]:
    """Take a case out of the truth, because the row that tells of it will never land. Returns what it had broken."""
    lost = tuple(sorted(case.violations))
    case.violations.clear()
    return lost


def assemble(county: County, written: Written) -> dict[str, Any]:
    """The truth document."""
    seeded = violations(county, written.lost, written.erased)
    return {
        "seed": county.seed,
        "cases": sum(len(cases) for cases in county.cases.values()),
        "as_of": county.as_of.isoformat(),
        "violations": seeded,
        "latent": [
            {"department": case.department, "case_no": case.case_no, "rules": list(case.rules)}
            for case in written.latent
        ],
        "counts": {
            "cases": {department: len(cases) for department, cases in county.cases.items()},
            "publications": {slug: len(items) for slug, items in county.publications.items()},
            "violations": {rule: len(subjects) for rule, subjects in seeded.items()},
            "rows": _row_counts(written.fates),
        },
        "rows": {department: encode_fates(rows) for department, rows in written.fates.items()},
        "furniture": {
            department: {dataset: dict(files) for dataset, files in datasets.items()}
            for department, datasets in written.furniture.items()
        },
    }


def _row_counts(fates: Mapping[str, RowFates]) -> dict[str, dict[str, dict[str, int]]]:
    """Department → dataset → fate → rows."""
    return {
        department: {
            dataset: dict(
                sorted(Counter(fate for rows in files.values() for _, fate in rows).items())
            )
            for dataset, files in datasets.items()
        }
        for department, datasets in fates.items()
    }


def encode_fates(rows: RowFates) -> dict[str, dict[str, Runs]]:
    """One department's fates as runs. Rows may come in any order. Raises ValueError if a row has two fates."""
    return {
        dataset: {file: _runs(sorted(fates)) for file, fates in files.items()}
        for dataset, files in rows.items()
    }


def _runs(fates: Iterable[tuple[int, str]]) -> Runs:
    runs: Runs = []
    for row, fate in fates:
        if runs and row <= runs[-1][1]:
            raise ValueError(f"row {row} has two fates: {runs[-1][2]} and {fate}")
        if runs and row == runs[-1][1] + 1 and fate == runs[-1][2]:
            runs[-1][1] = row
        else:
            runs.append([row, row, fate])
    return runs


def decode_fates(
    runs: Mapping[str, Mapping[str, Runs]],
) -> dict[str, dict[str, list[tuple[int, str]]]]:
    """The rows behind the runs, in order."""
    return {
        dataset: {
            file: [(row, fate) for first, last, fate in parts for row in range(first, last + 1)]
            for file, parts in files.items()
        }
        for dataset, files in runs.items()
    }


def write(path: Path, county: County, written: Written) -> None:
    """Write the truth document."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(assemble(county, written), ensure_ascii=False), "utf-8")


def read(path: Path) -> dict[str, Any]:
    """Read the truth document."""
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def expected_violations(
    document: Mapping[str, Any], landed: Iterable[tuple[str, str]]
) -> set[tuple[str, str, str]]:
    """(rule, department, case number or subject) that must be open findings.

    `landed`: (department, case number) of the cases in the warehouse. Latent violations count once their case has
    landed; all others count always.
    """
    there = set(landed)
    hidden = {
        (rule, case["department"], case["case_no"])
        for case in document["latent"]
        if (case["department"], case["case_no"]) not in there
        for rule in case["rules"]
    }
    seeded = {
        (rule, subject["department"], subject.get("case_no") or subject["subject"])
        for rule, subjects in document["violations"].items()
        for subject in subjects
    }
    return seeded - hidden


def fate_frame(document: Mapping[str, Any]) -> pl.DataFrame:
    """One line per source row: department, dataset, file, row, fate."""
    runs = pl.DataFrame(
        list(_all_runs(document)),
        schema={**FATE_SCHEMA, "last": pl.Int64()},
        orient="row",
    )
    rows = runs.with_columns(row=pl.int_ranges(pl.col("row"), pl.col("last") + 1, dtype=pl.Int64()))
    return rows.drop("last").explode("row")


def _all_runs(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str, int, str, int]]:
    for department, datasets in document["rows"].items():
        for dataset, files in datasets.items():
            for file, runs in files.items():
                for first, last, fate in runs:
                    yield department, dataset, file, first, fate, last
