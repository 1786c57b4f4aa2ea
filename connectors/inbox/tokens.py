"""Tokens by which departments push. Only their SHA-256 is kept: a token has 256 random bits, nobody guesses it.

They stand in HUB_HOME/push_tokens.yml (department → list of hashes, mode 0600), or, as a hash too, in the
environment: HUB_PUSH_TOKEN_<DEPARTMENT>.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

import yaml

from connectors.inbox import durable
from hub.core.settings import Settings
from hub.core.specs import read_yaml

ENVIRONMENT = "HUB_PUSH_TOKEN_"
_HASH_DIGITS = 64

Known = dict[str, list[str]]
"""Department → hashes of its tokens."""


def tokens_file(settings: Settings) -> Path:
    """Where the hashes are kept."""
    return settings.home / "push_tokens.yml"


def hashed(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def known(settings: Settings) -> Known:
    """All hashes, of the file and of the environment. Raises SpecError when the file is broken."""
    found = _read(tokens_file(settings))
    for name, value in os.environ.items():
        if name.startswith(ENVIRONMENT):
            slug = name.removeprefix(ENVIRONMENT).lower()
            found.setdefault(slug, []).append(value.strip().lower())
    return found


def owner(token: str, tokens: Known) -> str | None:
    """The department of a token. Takes the same time whatever the token is: all hashes are compared."""
    given, found = hashed(token).encode(), None
    for slug, hashes in tokens.items():
        for one in hashes:
            if hmac.compare_digest(given, one.encode()):
                found = slug
    return found


def issue(settings: Settings, slug: str, *, keep_others: bool = False) -> str:
    """Make a token and keep its hash, in place of the department's others unless they are to stay valid.

    Returns the token, which cannot be had again.
    """
    path = tokens_file(settings)
    token = secrets.token_urlsafe(32)
    found = _read(path)
    found[slug] = [*(found.get(slug, []) if keep_others else []), hashed(token)]
    path.parent.mkdir(parents=True, exist_ok=True)
    durable.write(path, yaml.safe_dump(found).encode())
    durable.sync_folder(path.parent)
    return token


def _read(path: Path) -> Known:
    if not path.exists():
        return {}
    file = read_yaml(path)
    entries = file.data or {}
    if not isinstance(entries, dict) or not all(map(_is_hashes, entries.values())):
        raise file.error(
            "must name departments, each with a list of SHA-256 hashes",
            remedy="hub push token <department> makes one",
        )
    return {str(slug): list(hashes) for slug, hashes in entries.items()}


def _is_hashes(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, str) and len(one) == _HASH_DIGITS for one in value
    )
