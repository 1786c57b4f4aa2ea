"""Notices: what they say, their numbers, both documents from one content, and that they are sent or nothing is."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

import pytest
from docx import Document
from lxml import html
from sqlalchemy import text

import supervision
from supervision import notices
from supervision.lifecycle import Actor, TransitionRefused
from supervision.notices_html import numeral
from supervision.selection import Selection
from tests.supervision.active import LIMITS

OFFICE = Actor("王科长", "supervision")
MONDAY = datetime.fromisoformat("2012-11-05 10:00")
LAND = Selection(department="land")


@pytest.fixture
def found(world: Any) -> Any:
    """Yellow findings of three cases, one of them red as well."""
    world.connection.execute(text("update reference.department set title_zh = '国土资源局<一科>'"))
    world.connection.execute(
        text("update catalogue.power set name = '土地登记' where power_code = 'P'")
    )
    for name in ("GT-1", "GT-2"):
        world.land_overdue(name)
    world.land("case", case_id="GT-3", power_code="P", accepted_at="2012-03-01 09:00",
               decided_at="2012-05-31 09:00", applicant_masked="张＊＊")  # fmt: skip
    world.supervise(rules=LIMITS)
    return world


def lines(document: bytes) -> list[str]:
    return [paragraph.text for paragraph in Document(io.BytesIO(document)).paragraphs]


def test_a_department_gets_one_notice_per_card(found: Any) -> None:
    step, issued = notices.notify(found.connection, OFFICE, LAND, at=MONDAY)
    assert [(n.content.number, n.content.kind, len(n.finding_ids)) for n in issued] == [
        ("监督〔2012〕红字第0001号", "red", 1), ("监督〔2012〕黄字第0001号", "yellow", 3),
    ]  # fmt: skip
    assert step.respond_by == date(2012, 11, 12)
    rows = found.connection.execute(
        text("""
            select f.state, f.respond_by, e.reason::jsonb ->> 'notice' as logged, n.notice_no
            from supervision.finding f join supervision.notice_finding n using (finding_id)
            join supervision.finding_event e on e.finding_id = f.finding_id and e.action = 'notify'
        """)
    ).all()
    assert len(rows) == 4
    assert all(r.state == "notified" and r.logged == r.notice_no for r in rows)
    assert supervision.verify(found.connection).breaks == ()


def test_both_documents_say_the_same(found: Any) -> None:
    _, issued = notices.notify(found.connection, OFFICE, LAND, at=MONDAY)
    yellow = issued[1]
    page = html.fromstring(yellow.html.decode())
    said = [" ".join(part.text_content().split()) for part in page.iter("p", "h1", "h2", "li")]
    words = "".join(said)
    for line in lines(yellow.docx):
        bare = line.split("．", 1)[-1] if line[:1].isdigit() else line.rstrip("：")
        assert bare in words
    assert "国土资源局<一科>" in words
    assert b"<\xe4\xb8\x80\xe7\xa7\x91>" not in yellow.html  # escaped
    assert (
        "办件GT-1，事项“土地登记”（P）：超过承诺时限。时限15个工作日，实际18个工作日，超出3个工作日，"
        "期限届满日为2012年3月22日。受理日期：2012年3月1日；期限计算截止日：2012年3月27日"
    ) in words
    assert "《中华人民共和国行政许可法》" in words
    assert "5个工作日内（2012年11月12日前）" in words
    assert "张" not in words


def test_the_same_content_gives_the_same_bytes(found: Any) -> None:
    made = []
    for _ in range(2):
        with found.connection.begin_nested() as savepoint:
            made.append(notices.notify(found.connection, OFFICE, LAND, at=MONDAY)[1])
            savepoint.rollback()
    assert [(n.html, n.docx, n.content.hash()) for n in made[0]] == [
        (n.html, n.docx, n.content.hash()) for n in made[1]
    ]


def test_numbers_run_by_year_and_kind_without_gaps_and_refusals_use_none(found: Any) -> None:
    connection = found.connection
    ids = connection.scalars(text("select finding_id::text from supervision.finding where level = 'yellow' order by 1")).all()  # fmt: skip
    numbers = []
    for position, at in enumerate(("2012-12-28 10:00", "2012-12-31 10:00", "2013-01-04 10:00")):
        with pytest.raises(TransitionRefused):
            notices.notify(connection, Actor("李", "land"), Selection(ids=(ids[position],)))
        with connection.begin_nested() as savepoint:
            notices.notify(connection, OFFICE, Selection(ids=(ids[position],)))
            savepoint.rollback()
        _, issued = notices.notify(
            connection, OFFICE, Selection(ids=(ids[position],)), at=datetime.fromisoformat(at)
        )
        numbers += [n.content.number for n in issued]
    assert numbers == [
        "监督〔2012〕黄字第0001号",
        "监督〔2012〕黄字第0002号",
        "监督〔2013〕黄字第0001号",
    ]


def test_a_notice_of_another_kind_can_be_asked_for(found: Any) -> None:
    _, issued = notices.notify(found.connection, OFFICE, LAND, at=MONDAY, kind="supervision")
    assert [(n.content.number, n.content.title, len(n.finding_ids)) for n in issued] == [
        ("监督〔2012〕督字第0001号", "电子监察督办通知书", 4)
    ]
    kept = notices.stored(found.connection, "监督〔2012〕督字第0001号")
    assert kept is not None
    assert (bytes(kept["html"]), bytes(kept["docx"])) == (issued[0].html, issued[0].docx)
    assert kept["content_hash"] == issued[0].content.hash()


def test_chinese_numerals() -> None:
    assert [numeral(n) for n in (1, 10, 11, 20, 21, 99, 100)] == [
        "一",
        "十",
        "十一",
        "二十",
        "二十一",
        "九十九",
        "100",
    ]
