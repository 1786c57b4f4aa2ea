"""Types that the settings of several access methods share. Light to import."""

from __future__ import annotations

import codecs
from typing import Annotated

from pydantic import AfterValidator, Field

SUBSETS_OF_GB18030 = {"gb2312", "gbk", "cp936", "gb_2312-80", "x-gbk"}
"""Declared one of these, systems write characters of the next: GB18030 contains them all."""


def _charset(name: str) -> str:
    ascii_bytes = bytes(range(0x20, 0x7F)) + b"\t\r\n"
    try:
        known = codecs.lookup(name).name
        as_ascii = ascii_bytes.decode(name, "replace")
    except (LookupError, ValueError):  # Python also knows codecs that are no charsets, such as hex
        raise ValueError(f"'{name}' is no charset") from None
    if known in {"hz", "utf-7"} or as_ascii != ascii_bytes.decode("ascii"):
        raise ValueError(f"'{name}' does not keep ASCII as it is, so lines cannot be told apart")
    return "gb18030" if known in SUBSETS_OF_GB18030 else known


Charset = Annotated[str, AfterValidator(_charset)]
OneCharacter = Annotated[str, Field(min_length=1, max_length=1)]
Name = Annotated[str, Field(min_length=1)]
