"""What a source could give, before anybody has written what is to be read of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Offer:
    """A dataset that a source could give: a table, or the files of one kind."""

    title: str
    """The table, or the pattern of the files."""
    settings: Mapping[str, Any]
    """As they would stand under `datasets` in source.yml, as far as the source itself tells them."""
    sample: Callable[[int], Iterator[pa.Table]] = field(repr=False)
    """At most so many of its rows, with the reserved columns. Raises what reading raises."""
    remarks: Mapping[str, str] = field(default_factory=dict)
    """Setting → what speaks for it. Holds no value of a field."""
    unique: tuple[tuple[str, ...], ...] = ()
    """What the source itself declares to be unique."""
    rows: int | None = None
    """How many rows it has, where that is known without counting."""
