"""Identity data: keyed tokens, encryption at rest, and masks for everything that people may read.

The installation's key is 32 random bytes in HUB_HOME/keys/hub.key (mode 0600) or base64 in HUB_KEY. Tokens and
ciphertext use keys derived from it (HKDF-SHA256), so neither reveals the other.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.core.errors import SpecError

# A resident identity number or a mobile or land-line number, in ASCII or full-width digits: whatever looks like one
# is hidden in texts that leave the restricted schema.
_DIGIT = "[0-9０-９]"
IDENTITY_PATTERN = rf"{_DIGIT}{{17}}[0-9０-９XxＸｘ]|{_DIGIT}{{15}}"
PHONE_PATTERN = rf"1[3-9]{_DIGIT}{{9}}|１[３-９]{_DIGIT}{{9}}|0{_DIGIT}{{2,3}}-?{_DIGIT}{{7,8}}"
SENSITIVE_PATTERN = rf"(?:{IDENTITY_PATTERN}|{PHONE_PATTERN})"
MASK = "■■■"
_SENSITIVE = re.compile(SENSITIVE_PATTERN)


def masked_text(text: pl.Expr) -> pl.Expr:
    """Free text with everything that looks like an identity or phone number hidden."""
    return text.str.replace_all(SENSITIVE_PATTERN, MASK)


def mask_message(text: str) -> str:
    """The same for one message."""
    return _SENSITIVE.sub(MASK, text)


def masked_name(name: pl.Expr) -> pl.Expr:
    """First character and stars: 张某某 → 张＊＊. Organisations' names are masked in the same way."""
    return pl.concat_str(
        [name.str.slice(0, 1), pl.lit("＊").repeat_by((name.str.len_chars() - 1).clip(1, 3)).list.join("")]
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys derived from the installation's key: for tokens, for values, for raw objects. Never shown."""

    token: bytes = field(repr=False)
    cipher: bytes = field(repr=False)
    raw: bytes = field(repr=False)

    @classmethod
    def load(cls, home: Path) -> Keys:
        """From HUB_KEY, or HUB_HOME/keys/hub.key, which is made on first use."""
        given = os.environ.get("HUB_KEY")
        key_file = home / "keys" / "hub.key"
        secret = base64.b64decode(given) if given else _read_or_make(key_file)
        if len(secret) != 32:
            raise SpecError(
                "the key is not 32 bytes", file=home / "keys" / "hub.key",
                remedy="restore the installation's key: without it the restricted data is lost",
            )  # fmt: skip
        purposes = (b"token", b"cipher", b"raw")
        return cls(*(_derive(secret, purpose) for purpose in purposes))

    def tokens(self, identities: pl.Series) -> pl.Series:
        """Keyed hash (HMAC-SHA256, 32 hex digits) of each distinct normalised identity; null stays null."""
        distinct = identities.drop_nulls().unique()
        hashed = [
            hmac.digest(self.token, str(value).encode(), hashlib.sha256).hex()[:32]
            for value in distinct
        ]
        return identities.replace_strict(
            distinct, pl.Series(hashed, dtype=pl.String), default=None, return_dtype=pl.String
        )

    def encrypt(self, values: pl.Series) -> pl.Series:
        """AES-256-GCM of each value: 12 bytes of nonce, then ciphertext and tag; null stays null.

        A loop over values: authenticated encryption has no vectorised form, and only parties that the
        warehouse has not seen and quarantined rows pass through here.
        """
        cipher = AESGCM(self.cipher)
        sealed = []
        for value in values:
            nonce = os.urandom(12)
            sealed.append(
                None if value is None else nonce + cipher.encrypt(nonce, str(value).encode(), None)
            )
        return pl.Series(values.name, sealed, dtype=pl.Binary)

    def decrypt(self, sealed: bytes) -> str:
        """The text behind one ciphertext. Raises cryptography's InvalidTag if the key is another."""
        return AESGCM(self.cipher).decrypt(sealed[:12], sealed[12:], None).decode()


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"county-data-hub/" + purpose).derive(secret)


def _read_or_make(path: Path) -> bytes:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(32))
    return path.read_bytes()
