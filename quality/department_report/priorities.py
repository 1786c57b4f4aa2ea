"""What to fix first: everything that a report found, the gravest consequence first, then the most rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from quality.department_report.content import Action, Lateness
from quality.department_report.wording import Words

Row = Mapping[str, Any]
FAILED, NOT_EVALUATED = "failed", "not_evaluated"
CRITICAL = "critical"


def rank(words: Words, actions: Sequence[Action]) -> list[Action]:
    """The same actions in the order in which they should be done."""
    graveness = {name: place for place, name in enumerate(words.consequences)}
    return sorted(actions, key=lambda each: (graveness[each.consequence], -each.rows, each.zh))


def of_batches(words: Words, batches: Sequence[Row]) -> Iterator[Action]:
    """Batches that a human has to look at."""
    for batch in batches:
        if batch["stopped"]:
            yield _action(
                words, "stopped", batch["rows_read"], dataset=batch["label"], state=batch["state_zh"]
            )  # fmt: skip


def of_silence(words: Words, hours: float | None, freshness: str) -> Action:
    """Nothing has come for longer than agreed, or ever."""
    if hours is None:
        return _action(words, "never", 0)
    return _action(words, "silent", 0, hours=duration(hours), freshness=agreed(freshness))


def of_rejected(words: Words, groups: Sequence[Row]) -> Iterator[Action]:
    """Rows that wait in quarantine, by dataset and reason; the reason says whose turn it is."""
    together: dict[tuple[str, str], list[Row]] = {}
    for group in groups:
        together.setdefault((group["dataset"], group["reason"]), []).append(group)
    for (_, reason), same in together.items():
        fields = list(dict.fromkeys(group["field"] for group in same if group["field"]))
        said = words.reasons.get(reason)
        codes = "、".join(same[0]["codes"])
        known_now = said is not None and said.codes is not None and not codes
        yield _action(
            words, "replay" if known_now else "rejected", sum(group["rows"] for group in same),
            side=said.side if said else "hub", dataset=same[0]["label"],
            reason=same[0]["reason_zh"], reason_en=same[0]["reason_en"],
            fields=f"（字段 {'、'.join(fields)}）" if fields else "",
            remedy=said.remedy.zh.replace("{codes}", codes) if said else "",
            remedy_en=said.remedy.en.replace("{codes}", codes) if said else "",
        )  # fmt: skip


def of_checkpoint(words: Words, checkpoint: Row | None) -> Iterator[Action]:
    """Expectations that failed, each with its rows."""
    results = checkpoint["results"] if checkpoint else ()
    for found in results:
        if found["state"] == FAILED:
            kind = "expectation" if found["severity"] == CRITICAL else "expectation_minor"
            yield _action(
                words, kind, found["unexpected"], entity=found["entity_zh"], check=found["zh"],
                check_en=found["en"],
            )  # fmt: skip


def of_unknown(words: Words, checkpoint: Row | None, gate: Sequence[Row]) -> Iterator[Action]:
    """Checks of the checkpoint and of the gate that were not evaluated, together: unknown is not good."""
    results = checkpoint["results"] if checkpoint else ()
    unknown = sum(found["state"] == NOT_EVALUATED for found in results)
    unknown += sum(check[NOT_EVALUATED] > 0 for check in gate)
    if unknown:
        yield _action(words, "not_evaluated", 0, checks=unknown)


def of_lateness(words: Words, lateness: Lateness) -> Iterator[Action]:
    """Cases that were told of too late."""
    if late := lateness.late:
        share = f"{late / lateness.timed:.0%}"
        yield _action(words, "late", late, limit=lateness.limit, share=share)


def duration(hours: float) -> str:
    """Hours as people say them: 5小时, 3天, 3天5小时."""
    days, rest = divmod(round(hours), 24)
    return "".join([f"{days}天" if days else "", f"{rest}小时" if rest or not days else ""])


def agreed(freshness: str) -> str:
    """An agreed freshness as people say it: 24h → 24小时, 31d → 31天."""
    return freshness.replace("h", "小时").replace("d", "天")


def _action(words: Words, kind: str, rows: int, side: str | None = None, **said: Any) -> Action:
    form = words.actions[kind]
    zh, en = (text.format(rows=rows, **said) for text in (form.zh, form.en))
    return Action(kind, form.consequence, side or form.side, rows, zh, en)
