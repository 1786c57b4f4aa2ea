"""The object store: the same promises from a folder and from a real S3 server."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from hub.core.errors import LandingError, SourceUnavailable, SpecError
from hub.core.settings import Settings
from tests.services.s3 import S3
from warehouse.objects import FolderStore, ObjectStore, open_store, put_raw

KEYS = ("HUB_S3_ENDPOINT", "HUB_S3_ACCESS_KEY", "HUB_S3_SECRET_KEY")
DATA = "办件,1\n".encode() * 100


def _settings(objects: str) -> Settings:
    return replace(Settings.load(), objects=objects)


@pytest.fixture(params=["folder", "s3"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ObjectStore:
    if request.param == "folder":
        return open_store(_settings(str(tmp_path / "objects")))
    endpoint = request.getfixturevalue("s3_server")
    for name, value in zip(
        KEYS, (endpoint.endpoint, endpoint.access, endpoint.secret), strict=True
    ):
        monkeypatch.setenv(name, value)
    return open_store(_settings(f"s3://county/{tmp_path.name}"))


def test_what_is_put_is_what_is_got(store: ObjectStore) -> None:
    store.put("stage/b1/records.parquet", DATA)
    store.put("stage/b1/empty.parquet", b"")
    assert store.get("stage/b1/records.parquet") == DATA
    assert store.get("stage/b1/empty.parquet") == b""
    store.put("stage/b1/records.parquet", b"again")
    assert store.get("stage/b1/records.parquet") == b"again"


def test_existence_listing_and_removal(store: ObjectStore) -> None:
    for name in ("stage/b1/a.parquet", "stage/b1/b.parquet", "stage/b2/a.parquet", "raw/x/y/z.txt"):
        store.put(name, b"1")
    assert store.exists("stage/b1/a.parquet")
    assert not store.exists("stage/b1/c.parquet")
    assert not store.exists("stage/b1")
    assert list(store.list("stage/")) == ["stage/b1/a.parquet", "stage/b1/b.parquet", "stage/b2/a.parquet"]  # fmt: skip
    store.delete_prefix("stage/b1/")
    store.delete_prefix("stage/b1/")
    assert list(store.list("")) == ["raw/x/y/z.txt", "stage/b2/a.parquet"]


def test_a_missing_object_is_a_landing_error(store: ObjectStore) -> None:
    with pytest.raises(LandingError, match="no such object"):
        store.get("raw/a/b/c.parquet")


def test_a_raw_object_is_named_by_its_content(store: ObjectStore) -> None:
    manifest = {
        "department": "housing",
        "files": [{"name": "一月.xlsx", "furniture": [[3, "subtotal"]]}],
    }
    name = put_raw(store, "housing", "cases", DATA, manifest)
    assert name == f"raw/housing/cases/{hashlib.sha256(DATA).hexdigest()}.parquet"
    assert put_raw(store, "housing", "cases", DATA, manifest) == name
    assert store.get(name) == DATA
    assert json.loads(store.get(name.replace(".parquet", ".manifest.json"))) == manifest
    assert len(list(store.list("raw/housing/"))) == 2


def test_a_raw_object_that_was_changed_is_not_read(store: ObjectStore) -> None:
    name = put_raw(store, "housing", "cases", DATA, {})
    store.put(name, DATA + b" ")
    with pytest.raises(LandingError, match="hashes to"):
        store.get(name)


def test_a_folder_store_leaves_no_half_written_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(tmp_path / "objects")
    store.put("raw/a.txt", b"before")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SourceUnavailable, match=r"No space.*make room"):
        store.put("raw/a.txt", b"after")
    assert store.get("raw/a.txt") == b"before"
    assert [path.name for path in (tmp_path / "objects" / "raw").iterdir()] == ["a.txt"]


def test_a_folder_store_is_closed_to_others_and_stays_inside(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "objects")
    store.put("raw/a.txt", b"1")
    assert (tmp_path / "objects").stat().st_mode & 0o077 == 0
    with pytest.raises(ValueError, match="leaves the store"):
        store.put("../outside.txt", b"1")


def test_an_s3_store_names_what_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SpecError, match="HUB_S3_ENDPOINT"):
        open_store(_settings("s3://county/hub"))


def test_an_s3_endpoint_is_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KEYS:
        monkeypatch.setenv(name, "store:9000")
    with pytest.raises(SpecError, match="http://host:port"):
        open_store(_settings("s3://county/hub"))


def test_an_s3_endpoint_that_refuses_is_unavailable(
    s3_server: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_S3_ENDPOINT", s3_server.endpoint)
    monkeypatch.setenv("HUB_S3_ACCESS_KEY", s3_server.access)
    monkeypatch.setenv("HUB_S3_SECRET_KEY", "not-it")
    with pytest.raises(SourceUnavailable, match="keys"):
        open_store(_settings("s3://county/hub"))
