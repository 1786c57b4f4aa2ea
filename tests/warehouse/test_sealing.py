"""Raw objects encrypted at rest: named and verified by their plain content, in stores that hold both kinds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.errors import LandingError, SpecError
from hub.core.privacy import Keys
from hub.core.settings import Settings
from warehouse import sealing
from warehouse.objects import FolderStore, open_store, put_raw
from warehouse.sealing import CHUNK, MAGIC, Seal

KEYS = Keys(b"t" * 32, b"c" * 32, b"r" * 32)
NAME = "raw/housing/cases/x.parquet"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_what_is_sealed_opens_to_the_same(size: int) -> None:
    seal, data = Seal(True, KEYS.raw), os.urandom(size)
    assert seal.opened(NAME, seal.closed(NAME, data)) == data


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 4_000), change=st.integers(1, 255))
def test_any_change_is_noticed(place: int, change: int) -> None:
    """Behind the header; a changed header makes it an object that is not encrypted, which its name then refuses."""
    seal = Seal(True, KEYS.raw)
    stored = bytearray(seal.closed(NAME, b"x" * 4_000))
    stored[len(MAGIC) + place % (len(stored) - len(MAGIC))] ^= change
    with pytest.raises(LandingError, match="another key, or was changed"):
        seal.opened(NAME, bytes(stored))


def test_chunks_cannot_be_swapped_or_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "CHUNK", 8)
    seal = Seal(True, KEYS.raw)
    stored = seal.closed(NAME, bytes(range(24)))
    head, body = stored[: len(MAGIC) + 16], stored[len(MAGIC) + 16 :]
    first, second, third = body[:24], body[24:48], body[48:]
    for wrong in (second + first + third, first + second, first, b""):
        with pytest.raises(LandingError):
            seal.opened(NAME, head + wrong)


def test_a_sealed_object_keeps_its_name_and_hides_its_content(root: Path) -> None:
    data = "王小明 110101199003070000".encode() * 50
    sealed = FolderStore(root, Seal(True, KEYS.raw))
    name = put_raw(sealed, "housing", "cases", data, {})
    assert name == put_raw(FolderStore(root.with_name("plain")), "housing", "cases", data, {})
    assert (root / name).read_bytes().startswith(MAGIC)
    assert b"110101199003070000" not in (root / name).read_bytes()
    assert sealed.get(name) == data


def test_a_store_may_hold_both_kinds(root: Path) -> None:
    plain, sealed = (
        FolderStore(root, Seal(False, KEYS.raw)),
        FolderStore(root, Seal(True, KEYS.raw)),
    )
    before = put_raw(plain, "housing", "cases", b"before", {})
    after = put_raw(sealed, "housing", "cases", b"after", {})
    for store in (plain, sealed):
        assert (store.get(before), store.get(after)) == (b"before", b"after")


@pytest.mark.parametrize("other", [None, b"o" * 32])
def test_another_key_is_an_error_that_says_so(root: Path, other: bytes | None) -> None:
    name = put_raw(FolderStore(root, Seal(True, KEYS.raw)), "housing", "cases", b"data", {})
    with pytest.raises(LandingError, match="restore the installation's key"):
        FolderStore(root, Seal(True, other)).get(name)


def test_the_setting_is_on_or_off(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = Settings(root, None, str(root), root)
    for said, sealed in (("on", True), ("off", False), ("", False)):
        monkeypatch.setenv("HUB_RAW_ENCRYPTION", said)
        store = open_store(where, KEYS)
        name = put_raw(store, "housing", "cases", said.encode(), {})
        assert (root / name).read_bytes().startswith(MAGIC) is sealed
    monkeypatch.setenv("HUB_RAW_ENCRYPTION", "yes")
    with pytest.raises(SpecError, match="HUB_RAW_ENCRYPTION"):
        open_store(where, KEYS)
