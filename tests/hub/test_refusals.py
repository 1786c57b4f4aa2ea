"""What a source refuses holds nothing else up, and is not forgotten."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import Engine

from hub import pipeline
from hub.cli.demo.run import refuse_real_data
from hub.core.errors import SourceRefused, SpecError
from hub.core.settings import CONTENT_ROOT, Settings
from hub.pipeline import Hub
from warehouse import overview

SAMPLE = CONTENT_ROOT / "departments" / "public_security" / "sample"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The public security bureau's exchange folder, with its sample packages."""
    folder = tmp_path / "packages"
    folder.mkdir()
    for package in SAMPLE.glob("*.xml"):
        (folder / package.name).write_bytes(package.read_bytes())
    monkeypatch.setenv("HUB_CONNECTION_PUBLIC_SECURITY_FILES", folder.as_uri())
    return folder


@pytest.fixture
def hub(database: Engine) -> Hub:
    """An installation on the test's own warehouse."""
    assert os.environ["HUB_WAREHOUSE_URL"]
    return pipeline.open_hub(Settings.load())


def test_a_broken_package_is_named_and_the_rest_lands(hub: Hub, folder: Path) -> None:
    whole = next(iter(folder.glob("*.xml")))
    (folder / "GA_broken.xml").write_bytes(whole.read_bytes()[:-40])
    certificates = pipeline.run(hub, "public_security")
    assert sum(c.landed for c in certificates) > 0
    with pytest.raises(SourceRefused, match=r"GA_broken\.xml"):
        pipeline.raise_refusals(hub, "public_security")
    assert "GA_broken.xml" in pipeline.status(hub)["refused"]["public_security"][0]

    (folder / "GA_broken.xml").unlink()
    assert pipeline.run(hub, "public_security") == []
    pipeline.raise_refusals(hub, "public_security")
    assert pipeline.status(hub)["refused"] == {}


def test_nothing_readable_fails_the_extraction(hub: Hub, folder: Path) -> None:
    for package in folder.glob("*.xml"):
        package.write_bytes(package.read_bytes()[:-40])
    with pytest.raises(SourceRefused):
        pipeline.extract(hub, "public_security")
    assert pipeline.status(hub)["refused"]["public_security"]


def test_an_unknown_connection_says_where_to_put_it(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HUB_CONNECTION_PUBLIC_SECURITY_FILES", raising=False)
    with pytest.raises(SpecError, match="HUB_CONNECTION_PUBLIC_SECURITY_FILES"):
        pipeline.extract(hub, "public_security")


def test_an_abandoned_batch_is_read_again(hub: Hub, folder: Path) -> None:
    """A process that ends between extraction and landing loses nothing: the cursor has not moved."""
    lost = pipeline.extract(hub, "public_security")
    assert lost
    certificates = pipeline.run(hub, "public_security")
    assert {c.batch_id for c in certificates}.isdisjoint(lost)
    assert sum(c.landed for c in certificates) > 0
    assert sum(c.unchanged for c in certificates) == 0


def test_a_landing_may_be_repeated(hub: Hub, folder: Path) -> None:
    """A retried task gets the certificates of what has landed already, and lands the rest."""
    batches = pipeline.map_and_gate(
        hub, "public_security", pipeline.extract(hub, "public_security")
    )
    assert len(batches) > 1
    first = pipeline.land(hub, "public_security", batches[:1])
    again = pipeline.land(hub, "public_security", batches)
    assert again[0].batch_id == first[0].batch_id
    assert again[0].landed == first[0].landed > 0
    assert [c.batch_id for c in again] == batches
    with hub.engine.connect() as connection:
        assert len(overview.landed_batches(connection)) == len(batches)


def test_the_demo_does_not_write_into_somebodys_installation(hub: Hub, folder: Path) -> None:
    refuse_real_data(hub)
    pipeline.run(hub, "public_security")
    with pytest.raises(SpecError, match="not the demo's"):
        refuse_real_data(hub)
