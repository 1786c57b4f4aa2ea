"""What bytes say of their charset. Evidence for a person who declares it: a charset is never guessed alone."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass

COMMON = range(0xB0, 0xD8)
"""First bytes of the 3,755 commonest characters in GB 2312 (level 1)."""
LIKELY = 0.85
"""Share of common characters in Chinese text that was decoded rightly; Big5 read as GB18030 has far fewer."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """`charset`: what to declare, None if nothing speaks for one. `why`: what was seen, and how far it can be trusted."""

    charset: str | None
    why: str


def charset_of(parts: Iterable[bytes]) -> Evidence:
    """What some texts, or the beginning of a file, say. A part may end inside a character."""
    beyond = [part for part in parts if not part.isascii()]
    if not beyond:
        return Evidence(None, "只见 ASCII 字符，看不出字符集 (only ASCII seen)")
    if _decoded(beyond, "utf-8") is not None:
        return Evidence(
            "utf-8",
            "字节全部合乎 UTF-8，几乎可以肯定 (all bytes are UTF-8, which other charsets hardly ever are)",
        )
    text = _decoded(beyond, "gb18030")
    if text is None:
        return Evidence(
            None,
            "既非 UTF-8 也非 GB18030：问来源方 (neither UTF-8 nor GB18030: ask the department)",
        )
    share = _common(text)
    judged = (
        "很可能，仍须看几个字确认 (likely; look at some words to be sure)"
        if share >= LIKELY
        else "可疑，或为 Big5 等其他字符集：须看几个字确认 (doubtful, perhaps Big5: look at some words)"
    )
    return Evidence("gb18030", f"不是 UTF-8，合乎 GB18030，常用字占 {share:.0%}：{judged}")


def _decoded(parts: Iterable[bytes], charset: str) -> str | None:
    texts = []
    for part in parts:
        try:
            texts.append(codecs.getincrementaldecoder(charset)().decode(part))
        except UnicodeDecodeError:
            return None
    return "".join(texts)


def _common(text: str) -> float:
    characters = [each for each in text if not each.isascii()]
    known = [each.encode("gb18030") for each in characters]
    common = sum(1 for each in known if len(each) == 2 and each[0] in COMMON and each[1] >= 0xA1)
    marks = sum(1 for each in known if len(each) == 2 and 0xA1 <= each[0] <= 0xA9)
    return (common + marks) / len(characters) if characters else 0.0
