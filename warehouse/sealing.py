"""Encryption of raw objects at rest: AES-256-GCM in chunks, with a key of its own for each object.

A sealed object is MAGIC, 16 bytes of salt, then chunks of at most CHUNK bytes, each with its tag. Each object's key is
derived from the installation's raw key and the salt (HKDF-SHA256). The nonce of a chunk is its number (11 bytes) and
whether it is the last (1 byte), so that chunks can neither be moved nor cut off unnoticed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.core.errors import LandingError, SpecError
from hub.core.privacy import Keys

MAGIC = b"HUBRAW\x00\x01"
CHUNK = 2**20
_SALT, _TAG = 16, 16
SETTING = "HUB_RAW_ENCRYPTION"


@dataclass(frozen=True, slots=True)
class Seal:
    """Whether new raw objects are encrypted, and the key for those that are; None where no key is at hand."""

    writes: bool = False
    key: bytes | None = field(default=None, repr=False)

    @classmethod
    def of(cls, keys: Keys | None) -> Seal:
        """What HUB_RAW_ENCRYPTION says: on, or off (the default). Raises SpecError."""
        said = os.environ.get(SETTING) or "off"
        if said not in ("on", "off"):
            raise SpecError(f"{SETTING} is '{said}'", file="environment", remedy="write on, or off")
        return cls(said == "on" and keys is not None, keys.raw if keys else None)

    def closed(self, name: str, data: bytes) -> bytes:
        """The bytes to store: raw objects encrypted if that is on, all else as it is."""
        if self.key is None or not (self.writes and is_raw(name)):
            return data
        return b"".join(_sealed(data, self.key))

    def opened(self, name: str, data: bytes) -> bytes:
        """The bytes that were stored, decrypted if they are encrypted. Raises LandingError for another key's."""
        if not (is_raw(name) and data.startswith(MAGIC)):
            return data
        if self.key is None:
            raise _locked(name)
        try:
            return b"".join(_unsealed(memoryview(data), self.key))
        except InvalidTag:
            raise _locked(name) from None


NO_SEAL = Seal()


def is_raw(name: str) -> bool:
    """Whether an object of that name is a raw object, named by the SHA-256 of its content."""
    return name.startswith("raw/") and name.endswith(".parquet")


def _sealed(data: bytes, key: bytes) -> Iterator[bytes]:
    salt = os.urandom(_SALT)
    yield MAGIC + salt
    cipher, whole = _cipher(key, salt), memoryview(data)
    last = max(0, len(data) - 1) // CHUNK
    for number in range(last + 1):
        chunk = whole[number * CHUNK : (number + 1) * CHUNK]
        yield cipher.encrypt(_nonce(number, number == last), chunk, MAGIC)


def _unsealed(data: memoryview, key: bytes) -> Iterator[bytes]:
    head, step = len(MAGIC) + _SALT, CHUNK + _TAG
    cipher, body = _cipher(key, bytes(data[len(MAGIC) : head])), data[head:]
    last = max(0, len(body) - 1) // step
    for number in range(last + 1):
        chunk = body[number * step : (number + 1) * step]
        yield cipher.decrypt(_nonce(number, number == last), chunk, MAGIC)


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(hashes.SHA256(), 32, salt=salt, info=b"raw object").derive(key))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _locked(name: str) -> LandingError:
    return LandingError(
        "the raw object is encrypted with another key, or was changed", where=name,
        remedy="restore the installation's key (HUB_KEY, or keys/hub.key); nothing was read from it",
    )  # fmt: skip
