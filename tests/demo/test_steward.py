"""A steward's week on a small county: what is wrong is found and told under its reason, mended, and nothing is lost."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

import demo.__main__ as generator
import warehouse
from demo import EXCHANGE_DATABASE
from demo.writers import DEMO_FIX, deliver_later
from hub import pipeline
from hub.core.batches import Step
from hub.core.settings import CONTENT_ROOT, Settings
from hub.core.specs import department_slugs, read_department
from hub.pipeline import correction, quarantine, unmapped
from hub.pipeline.rebuild import rebuild
from mappings import read as read_mapping
from tests.hub.quarantine.sheets import edit, grids
from warehouse import server
from warehouse.workbench import Selection

CASES, SEED = 800, 360_121
RENAMED, OLD_NAME, NEW_NAME = "办件登记201205.xlsx", "领证日期", "取证日期"
"""One workbook in which the clerk called a column otherwise."""
RIGHT_IDENTITY = "360121198001011231"
Counts = Counter[tuple[str, str, str]]
"""Department, dataset, reason → rows."""


@dataclass
class County:
    """A county that was delivered and read, and what its truth says."""

    hub: pipeline.Hub
    truth: dict[str, Any]
    notes: dict[str, Any] = field(default_factory=dict)

    def rejected(self) -> Counts:
        """What the truth has rejected, by reason; all rows of the renamed workbook for want of a column."""
        found = Counts()
        for department, datasets in self.truth["rows"].items():
            for dataset, files in datasets.items():
                for file, runs in files.items():
                    for first, last, fate in runs:
                        if file == RENAMED:
                            fate = "quarantined:missing_column"  # noqa: PLW2901
                        if fate.startswith("quarantined:"):
                            found[department, dataset, fate.partition(":")[2]] += last - first + 1
        return found

    def mended(self, counts: Counts) -> Counts:
        """The same after the column's new name is known: the renamed rows count as what they are."""
        found = Counts({key: n for key, n in counts.items() if key[2] != "missing_column"})
        for first, last, fate in self.truth["rows"]["housing"]["cases"][RENAMED]:
            if fate.startswith("quarantined:"):
                found["housing", "cases", fate.partition(":")[2]] += last - first + 1
        return found


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    home = tmp_path_factory.mktemp("steward")
    departments = home / "departments"
    shutil.copytree(CONTENT_ROOT / "departments", departments)
    settings = Settings(home, None, str(home / "objects"), departments)
    hub = pipeline.open_hub(settings)
    url = warehouse.database_url(settings, EXCHANGE_DATABASE)
    generator.write(CASES, SEED, home, url)
    rename_column(next((home / "demo").rglob(RENAMED)))
    pipeline.prepare_warehouse(hub)
    for slug in department_slugs(departments):
        pipeline.run(hub, slug)
    for slug in deliver_later(home, url):
        pipeline.run(hub, slug)
    yield County(hub, json.loads((home / "demo" / "truth.json").read_text("utf-8")))
    hub.engine.dispose()
    server.discard(settings)


def rename_column(path: Path) -> None:
    """As if the clerk had typed another heading: in the sheet's own XML, everything else stays."""
    with zipfile.ZipFile(path) as book:
        parts = {part.filename: book.read(part) for part in book.infolist()}
    assert sum(OLD_NAME.encode() in data for data in parts.values()) == 1
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, data in parts.items():
            book.writestr(name, data.replace(OLD_NAME.encode(), NEW_NAME.encode()))


def waiting(hub: pipeline.Hub, state: str | None = "open") -> Counts:
    counts = quarantine.listed(hub, Selection(state=state), 1)["counts"]
    found = Counts()
    for row in counts:
        found[row["department"], row["dataset"], row["reason"]] += row["rows"]
    return found


def by(action: str, note: str = "") -> Step:
    return Step("李敏", action, note)


def test_every_seeded_defect_waits_under_its_reason(county: County) -> None:
    expected = county.rejected()
    assert waiting(county.hub, state=None) == expected
    assert {reason for *_, reason in expected} >= {
        "missing_column", "bad_date", "bad_number", "bad_boolean", "identity_digits_lost", "unmapped_power",
        "unmapped_code", "illegal_bytes", "damaged_row", "missing_key", "negative_amount", "implausible_time",
        "required_missing",
    }  # fmt: skip
    document = quarantine.balance(county.hub)
    assert document["balanced"], document
    read = sum(l - f + 1 for d in county.truth["rows"].values() for fs in d.values() for rs in fs.values() for f, l, _ in rs)  # noqa: E741  # fmt: skip
    assert sum(row["read"] for row in document["rows"]) >= read


def test_rows_are_shown_beside_what_was_expected_and_show_nobody(
    county: County, tmp_path: Path
) -> None:
    rows = quarantine.listed(county.hub, Selection(state=None), 10_000)["rows"]
    with county.hub.engine.connect() as connection:
        sealed = dict(
            connection.execute(
                text("select quarantine_id, raw_enc from restricted.quarantine_raw")
            ).all()
        )
    secrets: dict[str, set[str]] = {}
    for row in rows:
        shown = quarantine.shown(county.hub, row["quarantine_id"])
        assert shown["not_judged"] is None
        assert row["reason"] in {verdict["reason"] for verdict in shown["wrong"]}
        department = read_department(county.hub.settings.departments, row["department"])
        roles = read_mapping(department).sensitive_roles(row["dataset"])
        came = json.loads(county.hub.keys.decrypt(bytes(sealed[row["quarantine_id"]])))
        own = {str(came[name]).strip() for name in roles if came.get(name)}
        own = {secret for secret in own if len(secret) >= 2}
        said = json.dumps(shown, ensure_ascii=False, default=str)
        assert not [secret for secret in own if secret in said], row["quarantine_id"]
        secrets.setdefault(row["department"], set()).update(s for s in own if len(s) >= 11)
    assert sum(map(len, secrets.values())) > 30
    for slug, of_department in secrets.items():
        out = tmp_path / f"{slug}.xlsx"
        assert correction.export(county.hub, slug, out, by("export"))
        said = json.dumps(grids(out), ensure_ascii=False)
        assert not [secret for secret in of_department if secret in said], slug


def test_the_scripted_fixes_bring_the_expected_remainder(county: County, tmp_path: Path) -> None:
    hub, expected = county.hub, county.rejected()
    suggested = {row["source_code"]: row["suggestions"] for row in unmapped.suggest(hub)}
    for slug, line in DEMO_FIX.items():
        code, name, power, *_ = line.split(",")
        assert suggested[code][0]["code"] == power
        approved = unmapped.approve(hub, slug, "powers", code, power, "李敏", name)
        assert approved["rows_waiting"] == expected.pop((slug, "cases", "unmapped_power"))
        pipeline.replay(hub, slug, "unmapped_power", step=by("replay"))
    assert waiting(hub) == expected

    mapping = hub.settings.departments / "housing" / "mapping.yml"
    mapping.write_text(
        mapping.read_text("utf-8").replace("    ignore: [序号, 备注]\n", f"    ignore: [序号, 备注]\n    rename: [{{field: {OLD_NAME}, was: [{NEW_NAME}]}}]\n"), "utf-8"
    )  # fmt: skip
    pipeline.replay(hub, "housing", "missing_column")
    expected = county.mended(expected)
    assert waiting(hub) == expected

    out = tmp_path / "housing.xlsx"
    correction.export(hub, "housing", out, by("export"))
    corrected = {
        "bad_date": ("更正为", "2012-12-28"),
        "identity_digits_lost": ("证件号码", RIGHT_IDENTITY),
    }
    open_rows = quarantine.listed(hub, Selection(department="housing"), 1_000)["rows"]
    edit(out, "cases", {
        (row["quarantine_id"], corrected[row["reason"]][0]): corrected[row["reason"]][1]
        for row in open_rows if row["reason"] in corrected
    })  # fmt: skip
    found = correction.import_(hub, out, by("correct"))
    assert found.refused == []
    assert sum(c.landed for c in found.certificates) == sum(
        expected.pop(("housing", "cases", r)) for r in corrected
    )
    accepted = quarantine.accept(
        hub, Selection(department="housing", reason="negative_amount"), by("accept", "退费")
    )
    assert (accepted["accepted"], accepted["refused"]) == (
        expected.pop(("housing", "cases", "negative_amount")),
        [],
    )
    rejected = quarantine.reject(
        hub, Selection(department="housing", reason="bad_number"), by("reject", "测试")
    )
    assert rejected == expected.pop(("housing", "cases", "bad_number"))
    assert waiting(hub) == expected
    assert {key for key in expected if key[0] == "housing"} == {
        ("housing", "cases", "unmapped_code")
    }

    document = quarantine.balance(hub)
    assert document["balanced"], document
    (housing,) = [row for row in document["rows"] if row["department"] == "housing"]
    assert housing["rejected"] == rejected
    assert housing["quarantined"] == expected["housing", "cases", "unmapped_code"]
    for slug in ("housing", *DEMO_FIX):
        rebuilt = rebuild(hub, slug)
        assert rebuilt.same, rebuilt
