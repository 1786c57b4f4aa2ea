"""Notices to departments: supervision notice 督办通知, yellow card 黄牌, red card 红牌.

One content, built from findings and `notices.yml`, from which both documents are made. Issuing stores the documents
and moves the findings to notified, in one transaction.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import Field
from sqlalchemy import Connection, text

from hub.core.specs import Spec, read_yaml
from supervision import lifecycle, notices_docx, notices_html, selection
from supervision.lifecycle import Actor, Step
from supervision.rulebook import Level
from supervision.selection import Row, Selection
from supervision.wording import day, sentence

NOTICES = Path(__file__).parent / "notices.yml"


class Kind(Spec):
    """A kind of notice, and the levels of findings that it is for."""

    word: str
    title: str
    levels: tuple[Level, ...]
    opening: str


class NoticeTexts(Spec):
    """`notices.yml`."""

    version: int
    issuer: str
    series: str
    appeal: str
    answer: str
    close: str
    kinds: dict[str, Kind] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Section:
    """The findings of one rule: its name and level, the law, each finding in words, what is to be done by whom."""

    title: str
    basis: tuple[str, ...]
    findings: tuple[str, ...]
    remedy: str
    answers: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a notice says, in Chinese, whatever it is printed on. Names no applicant."""

    number: str
    kind: str
    title: str
    department: str
    addressee: str
    opening: str
    sections: tuple[Section, ...]
    closing: tuple[str, ...]
    issuer: str
    issued_on: str

    def hash(self) -> str:
        """SHA-256 of the content as JSON."""
        written = json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(written.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Notice:
    """An issued notice: content, both documents, and the findings that it is about."""

    content: Content
    html: bytes = field(repr=False)
    docx: bytes = field(repr=False)
    respond_by: date
    finding_ids: tuple[str, ...] = field(repr=False)


@cache
def texts(path: Path = NOTICES) -> NoticeTexts:
    """The words of notices. Raises SpecError when a level has no kind of notice, or more than one."""
    source = read_yaml(path)
    spec = source.parse(NoticeTexts)
    levels = sorted(level for kind in spec.kinds.values() for level in kind.levels)
    if levels != sorted(("notice", "warning", "yellow", "red")):
        raise source.error("each level needs exactly one kind of notice", ("kinds",))
    return spec


def notify(
    connection: Connection,
    actor: Actor,
    chosen: Selection,
    *,
    reason: str | None = None,
    at: datetime | None = None,
    kind: str | None = None,
) -> tuple[Step, list[Notice]]:
    """Issue notices for open findings and move these to notified: one notice per department and kind.

    `kind` puts all levels on that kind of notice; otherwise the level decides. Errors as of `lifecycle.plan`.
    """
    step = lifecycle.plan(connection, "notify", actor, chosen, reason=reason, at=at)
    issued = _drafts(connection, step, kind)
    _store(connection, step, issued)
    noted = {f: {"notice": n.content.number} for n in issued for f in n.finding_ids}
    lifecycle.take(connection, step, noted)
    return step, issued


def stored(connection: Connection, number: str) -> dict[str, Any] | None:
    """An issued notice with both documents, or None."""
    row = connection.execute(
        text("select * from supervision.notice where notice_no = :number"), {"number": number}
    )
    return next((dict(found) for found in row.mappings()), None)


def _drafts(connection: Connection, step: Step, kind: str | None) -> list[Notice]:
    if not step.states:
        return []
    assert step.respond_by is not None
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in selection.rows(connection, Selection(ids=tuple(step.states))):
        groups[row["department"], kind or _kind_of(row["level"])].append(row)
    next_number = {name: _issued_in(connection, name, step.at.year) + 1 for name in texts().kinds}
    notices = []
    for (_, name), rows in sorted(groups.items()):
        said = content(name, next_number[name], rows, step.at.date(), step.respond_by)
        next_number[name] += 1
        documents = notices_html.render(said), notices_docx.render(said, step.at)
        ids = tuple(row["finding_id"] for row in rows)
        notices.append(Notice(said, *documents, step.respond_by, ids))
    return notices


def content(
    kind: str, number: int, rows: Iterable[Row], issued_on: date, respond_by: date
) -> Content:
    """What a notice about these findings of one department says."""
    words, rows = texts(), sorted(rows, key=lambda row: (row["rule_id"], row["rule_version"]))
    form = words.kinds[kind]
    sections = tuple(
        _section(list(same))
        for _, same in groupby(rows, key=lambda r: (r["rule_id"], r["rule_version"]))
    )
    answers = "、".join(dict.fromkeys(s.answers for s in sections if s.answers)) or "贵单位"
    days = lifecycle.lifecycle().deadlines["answer"].working_days
    filled: Mapping[str, Any] = {
        "findings": len(rows), "answers": answers, "days": days, "respond_by": day(respond_by),
    }  # fmt: skip
    return Content(
        number=f"{words.series}〔{issued_on.year}〕{form.word}第{number:04d}号",
        kind=kind,
        title=form.title,
        department=rows[0]["department"],
        addressee=rows[0]["department_zh"],
        opening=form.opening.format(**filled),
        sections=sections,
        closing=tuple(each.format(**filled) for each in (words.answer, words.appeal, words.close)),
        issuer=words.issuer,
        issued_on=day(issued_on),
    )


def _section(rows: list[Row]) -> Section:
    rule = rows[0]
    return Section(
        title=f"{rule['title_zh'] or rule['rule_id']}（{len(rows)}项）",
        basis=tuple((rule["basis"] or "").splitlines()),
        findings=tuple(sentence(row) for row in rows),
        remedy=rule["remedy_zh"] or "",
        answers=rule["answers_zh"] or "",
    )


def _kind_of(level: str) -> str:
    return next(name for name, kind in texts().kinds.items() if level in kind.levels)


def _issued_in(connection: Connection, kind: str, year: int) -> int:
    """How many notices of the kind the year has: notices are never removed and the lock is held, so the next number
    leaves no gap."""
    like = f"{texts().series}〔{year}〕{texts().kinds[kind].word}第%"
    return int(
        connection.scalar(
            text("select count(*) from supervision.notice where notice_no like :like"),
            {"like": like},
        )
        or 0
    )


def _store(connection: Connection, step: Step, notices: list[Notice]) -> None:
    if not notices:
        return
    connection.execute(
        text("""
            insert into supervision.notice
                (notice_no, kind, department, title, issued_at, issued_by, respond_by, html, docx, content_hash)
            values (:number, :kind, :department, :title, :at, :by, :respond_by, :html, :docx, :hash)
        """),
        [
            {
                "number": notice.content.number, "kind": notice.content.kind, "title": notice.content.title,
                "department": notice.content.department, "at": step.at, "by": step.actor.name,
                "respond_by": notice.respond_by, "html": notice.html, "docx": notice.docx,
                "hash": notice.content.hash(),
            }
            for notice in notices
        ],
    )  # fmt: skip
    connection.execute(
        text("""
            insert into supervision.notice_finding (notice_no, finding_id)
            select * from unnest(cast(:numbers as text[]), cast(:ids as uuid[]))
        """),
        {
            "numbers": [n.content.number for n in notices for _ in n.finding_ids],
            "ids": [finding for n in notices for finding in n.finding_ids],
        },
    )


def about(connection: Connection, finding_id: str) -> list[Row]:
    """The notices in which a finding was sent: number, kind, title, when, by whom, deadline, hash."""
    found = connection.execute(
        text("""
            select notice_no, kind, title, issued_at, issued_by, respond_by, content_hash
            from supervision.notice join supervision.notice_finding using (notice_no)
            where finding_id = cast(:id as uuid) order by issued_at, notice_no
        """),
        {"id": finding_id},
    )
    return [dict(row) for row in found.mappings()]
