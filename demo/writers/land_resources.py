"""国土资源局: the exchange database, one table per kind of event, rows reported again with a higher data version."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

import psycopg
from psycopg import sql

from demo.model import Amendment, DemoCase, Publication, Step
from demo.writers.codes import OwnCodes, own_codes
from demo.writers.defects import Defect, charged, full_width, pick, spelled
from demo.writers.fates import LANDED, SUPERSEDED, UNCHANGED, Fates, quarantined
from hub.core.batches import CHUNK_ROWS

SLUG = "land_resources"
REGION = "360121"
LAST_STEPS = ("issue", "deliver")

TIME, TEXT, INT, NUMBER = "timestamp(0)", "varchar(64)", "integer", "numeric(12,2)"
CODE, LONG = "varchar(8)", "varchar(1000)"
TRANSPORT = (("SJBBH", INT), ("CZSJ", TIME), ("SCBS", "char(1)"), ("JSBS", "char(1)"))
"""Data version, time of the operation, mark of deletion (删除标识), flag of the reader."""
OUTDONE = {"0": SUPERSEDED, "1": UNCHANGED}
"""Mark of deletion → fate of the telling before it: what is deleted says the same once more."""
LATER = "_LATER"
"""Ends the name of the table with the rows that are pushed after everything has been read once."""
OPERATED = datetime(2012, 12, 31, 17, 0)  # noqa: DTZ001  (the table's times have no zone)

DEFECTS = (
    Defect("number", "bad_number", 0.005, charged),
    Defect("negative", "negative_amount", 0.005, charged),
    Defect("action", "unmapped_code", 0.025, lambda case: _last_step(case) is not None),
)
RETOLD_SHARE = 0.012
"""Share of rows that were reported twice; in a third of them nothing had changed."""

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """One record: its values, without the transport's, and its fate unless it is told again."""

    values: Row
    fate: str = LANDED
    first: Row | None = None
    """What was told before, when the record grows: a procedure that began, and ended later."""


@dataclass(frozen=True, slots=True)
class Table:
    """One exchange table: its dataset, its columns besides the transport's, and its rows."""

    name: str
    dataset: str
    columns: tuple[tuple[str, str], ...]
    rows: Callable[[_Source], Iterator[Told]]
    mistake: int | None = None
    """Place of the value that was wrong in a first report; None if the table is never reported again."""
    retold: int | None = None
    """How many values make the key of a record that may be altered after it was read; None if none is."""


class _Source:
    """What the bureau's system holds."""

    def __init__(
        self,
        cases: Sequence[DemoCase],
        publications: Sequence[Publication],
        rng: Random,
        amendments: Sequence[Amendment] = (),
    ) -> None:
        self.cases, self.publications, self.rng = cases, publications, rng
        self.amended = {amendment.case_no: amendment.now for amendment in amendments}
        self.codes: OwnCodes = own_codes(SLUG)
        self.defects = pick(cases, DEFECTS, rng, frozenset())
        clean = [at for at, item in enumerate(publications) if not item.violations]
        self.unreadable = set(rng.sample(clean, min(len(clean), 1 + len(publications) // 100)))

    def numbered(self) -> Iterator[tuple[DemoCase, str | None]]:
        """Each case, with the name of its defect."""
        for at, case in enumerate(self.cases):
            defect = self.defects.get(at)
            yield case, defect.name if defect else None


def write(
    cases: Sequence[DemoCase],
    publications: Sequence[Publication],
    target: str,
    rng: Random,
    amendments: Sequence[Amendment] = (),
) -> Fates:
    """Create the EX_GDBS tables in the database behind the URL, in place of older ones, and fill them.

    What is amended later waits in a table of its own beside each (`push_later`).
    """
    fates, source = Fates(), _Source(cases, publications, rng, amendments)
    fates.lost |= {publications[at].source_no for at in source.unreadable}
    with psycopg.connect(plain_url(target), application_name="demo") as connection:
        for table in TABLES:
            _create(connection, table)
            _fill(connection, table, source, fates)
    return fates


def plain_url(url: str) -> str:
    """The URL without SQLAlchemy's driver name, as libpq and the hub's connector take it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def push_later(target: str) -> int:
    """Push the amendments into the exchange tables, once. Returns how many rows that were."""
    pushed = 0
    with psycopg.connect(plain_url(target), application_name="demo") as connection:
        for table in TABLES:
            name, waiting = sql.Identifier(table.name), sql.Identifier(table.name + LATER)
            there = connection.execute(
                "select to_regclass(%s)", (f'"{table.name}{LATER}"',)
            ).fetchone()
            if there and there[0]:
                statement = sql.SQL("insert into {} select * from {}").format(name, waiting)
                pushed += connection.execute(statement).rowcount
                connection.execute(sql.SQL("drop table {}").format(waiting))
    return pushed


def _create(connection: psycopg.Connection[Row], table: Table) -> None:
    name = sql.Identifier(table.name)
    columns = [
        sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind))
        for column, kind in (("SN", "bigserial primary key"), *table.columns, *TRANSPORT)
    ]
    waiting = sql.Identifier(table.name + LATER)
    connection.execute(sql.SQL("drop table if exists {}, {}").format(name, waiting))
    connection.execute(sql.SQL("create table {} ({})").format(name, sql.SQL(", ").join(columns)))


def _fill(connection: psycopg.Connection[Row], table: Table, source: _Source, fates: Fates) -> None:
    copy_in = sql.SQL("copy {} from stdin").format(sql.Identifier(table.name))
    number = 0
    amended: list[tuple[int, int, Row, str]] = []
    with connection.cursor() as cursor, cursor.copy(copy_in) as copy:
        for told in table.rows(source):
            versions = _versions(table, told, number, source.rng)
            for version, values in enumerate(versions, 1):
                copy.write_row((number + version, *values, version, OPERATED, "0", "0"))
            if told.fate == LANDED:
                tellings = enumerate(versions, number + 1)
                fates.say_told(table.dataset, [(table.name, sn, row) for sn, row in tellings])
            else:
                fates.say(table.dataset, table.name, number + 1, told.fate)
            number += len(versions)
            if change := _amendment(source, table, told):
                amended.append((number, len(versions) + 1, *change))
    number += _wait(connection, table, amended, number, fates)
    sequence = sql.Literal(f'"{table.name}_SN_seq"')
    connection.execute(
        sql.SQL("select setval({}, {})").format(sequence, sql.Literal(max(number, 1)))
    )


def _amendment(source: _Source, table: Table, told: Told) -> tuple[Row, str] | None:
    """What will be pushed of a record later: its values and its mark of deletion; None if nothing will."""
    if told.values[0] not in source.amended:
        return None
    now = source.amended[told.values[0]]
    if now is None:
        return told.values, "1"
    if table.retold is None:
        return None
    alone = _Source(
        [now], [], Random(0)
    )  # tells what the bureau's system holds of the case by then
    alone.defects = {}
    key = told.values[: table.retold]
    values = next(row.values for row in table.rows(alone) if row.values[: table.retold] == key)
    return (values, "0") if values != told.values else None


def _wait(
    connection: psycopg.Connection[Row],
    table: Table,
    amended: Sequence[tuple[int, int, Row, str]],
    number: int,
    fates: Fates,
) -> int:
    """Lay the amendments of a table ready, their numbers after those of the table. Returns how many they are."""
    if not amended:
        return 0
    waiting = sql.Identifier(table.name + LATER)
    like = sql.SQL("create table {} (like {})").format(waiting, sql.Identifier(table.name))
    connection.execute(like)
    copy_in = sql.SQL("copy {} from stdin").format(waiting)
    with connection.cursor() as cursor, cursor.copy(copy_in) as copy:
        for place, (earlier, version, values, deleted) in enumerate(amended, number + 1):
            copy.write_row((place, *values, version, OPERATED, deleted, "0"))
            fates.outdo(table.dataset, table.name, earlier, OUTDONE[deleted])
            fates.say(table.dataset, table.name, place)
    return len(amended)


def _versions(table: Table, told: Told, number: int, rng: Random) -> list[Row]:
    """What was reported of one record, oldest first. Both reports of a pair fall into one batch of the hub's."""
    if told.first:
        return [told.first, told.values]
    place = table.mistake
    if place is None or told.fate != LANDED or rng.random() >= RETOLD_SHARE:
        return [told.values]
    if number % CHUNK_ROWS == CHUNK_ROWS - 1:
        return [told.values]
    first = told.values
    if rng.random() < 2 / 3:
        first = (*first[:place], f"{first[place] or ''}（待核）", *first[place + 1 :])
    return [first, told.values]


def _applications(source: _Source) -> Iterator[Told]:
    codes, rng = source.codes, source.rng
    for case in source.cases:
        applicant = case.applicant
        yield Told((
            case.case_no, REGION, _typed(case.power_code, rng), case.item_name, case.title,
            codes.value("applicant_kind", applicant.kind), applicant.name, applicant.identity, applicant.phone,
            codes.value("channel", case.channel), codes.value("case_kind", case.kind), case.applied_at,
            codes.value("status", case.status), case.unit, case.reported_at,
        ))  # fmt: skip


def _typed(power_code: str, rng: Random) -> str:
    """The unified code as it was typed: now and then in lower case, now and then full-width."""
    draw = rng.random()
    if draw < 0.01:
        return full_width(power_code)
    return power_code.lower() if draw < 0.03 else power_code


def _acceptances(source: _Source) -> Iterator[Told]:
    for case in source.cases:
        if case.accepted_at or case.promised_at or case.acceptor:
            yield Told((case.case_no, case.accepted_at, case.promised_at, case.acceptor))


def _steps(source: _Source) -> Iterator[Told]:
    codes = source.codes
    for case, defect in source.numbered():
        damaged = _last_step(case) if defect == "action" else None
        for step in case.steps:
            action = "77" if step is damaged else codes.value("action", step.action)
            fate = quarantined("unmapped_code") if step is damaged else LANDED
            yield Told(
                (
                    case.case_no, step.no, codes.value("step", step.code), step.name, action, step.handler,
                    step.post, step.started_at, step.ended_at, step.opinion,
                ),
                fate,
            )  # fmt: skip


def _notices(source: _Source) -> Iterator[Told]:
    for case in source.cases:
        for notice in case.notices:
            sent = (case.case_no, notice.no, notice.notified_at, notice.missing, None)
            answered = (*sent[:-1], notice.received_at)
            yield Told(answered, first=sent if notice.received_at else None)


def _stops(source: _Source) -> Iterator[Told]:
    codes = source.codes
    for case in source.cases:
        for stop in case.stops:
            begun = (
                case.case_no, stop.no, codes.value("stop_kind", stop.kind), stop.started_at, stop.reason,
                stop.approver, stop.limit_days, codes.value("limit_unit", "working_day"), None,
            )  # fmt: skip
            yield Told((*begun[:-1], stop.ended_at), first=begun if stop.ended_at else None)


def _closings(source: _Source) -> Iterator[Told]:
    codes = source.codes
    for case in source.cases:
        values = (
            case.decided_at, case.closed_at, case.delivered_at, codes.value("result", case.result), case.reason,
            case.document_no, case.approver,
        )  # fmt: skip
        if any(values):
            yield Told((case.case_no, *values))


def _fees(source: _Source) -> Iterator[Told]:
    for case, defect in source.numbered():
        for place, charge in enumerate(case.charges):
            amount, fate = str(charge.amount), LANDED
            if place == 0 and defect == "number":
                amount, fate = f"{amount}元整（欠）", quarantined("bad_number")
            if place == 0 and defect == "negative":
                amount, fate = f"-{amount}", quarantined("negative_amount")
            yield Told(
                (
                    case.case_no, charge.no, charge.fee_code, amount, charge.quantity, charge.paid_at,
                    charge.receipt_no,
                ),
                fate,
            )  # fmt: skip


def _disclosures(source: _Source) -> Iterator[Told]:
    for at, item in enumerate(source.publications):
        bad = at in source.unreadable
        spelling = source.rng.randrange(4)
        produced = "2012-13-45" if bad else _spelled(item.produced_at, spelling)
        published = _spelled(item.published_at, spelling) if item.published_at else ""
        yield Told(
            (
                item.source_no,
                item.item_code,
                item.title,
                produced,
                published,
                item.url,
                item.fields,
            ),
            quarantined("bad_date") if bad else LANDED,
        )


def _spelled(moment: datetime, spelling: int) -> str:
    return f"{spelled(moment, spelling)} {moment:%H:%M:%S}"


def _last_step(case: DemoCase) -> Step | None:
    return next((step for step in reversed(case.steps) if step.code in LAST_STEPS), None)


CASE_NO = ("SBLSH", "varchar(32)")

TABLES = (
    Table("EX_GDBS_SB", "applications", (
        CASE_NO, ("XZQHDM", "varchar(12)"), ("SXBM", TEXT), ("SXMC", "varchar(200)"), ("AJMC", LONG), ("SQRLX", CODE),
        ("SQRMC", "varchar(200)"), ("SQRZJHM", TEXT), ("LXDH", TEXT), ("SBFS", CODE), ("BJLX", CODE),
        ("SQSJ", TIME), ("AJZT", CODE), ("BLDW", "varchar(100)"), ("SBSJ", TIME),
    ), _applications, mistake=4, retold=1),
    Table("EX_GDBS_SL", "acceptances", (
        CASE_NO, ("SLSJ", TIME), ("CNSJ", TIME), ("SLRXM", TEXT),
    ), _acceptances, mistake=3),
    Table("EX_GDBS_SPCL", "steps", (
        CASE_NO, ("SPBZH", INT), ("SPHJDM", CODE), ("SPHJMC", TEXT), ("YWDZ", CODE), ("SPRXM", TEXT), ("SPRZW", TEXT),
        ("KSSJ", TIME), ("JSSJ", TIME), ("SPYJ", LONG),
    ), _steps, mistake=5),
    Table("EX_GDBS_BZ", "supplements", (
        CASE_NO, ("XH", INT), ("BZGZSJ", TIME), ("BZCLQD", LONG), ("BZSLSJ", TIME),
    ), _notices),
    Table("EX_GDBS_TBCX", "special_procedures", (
        CASE_NO, ("XH", INT), ("TBCXZL", CODE), ("TBCXKSRQ", TIME), ("TBCXQDLY", LONG), ("TBCXPZR", TEXT),
        ("TBCXSX", INT), ("TBCXSXDW", CODE), ("TBCXJSRQ", TIME),
    ), _stops),
    Table("EX_GDBS_BJ", "closings", (
        CASE_NO, ("JDSJ", TIME), ("BJSJ", TIME), ("LQSJ", TIME), ("BJJGDM", CODE), ("BJJGMS", LONG),
        ("ZJBH", "varchar(100)"), ("SPRXM", TEXT),
    ), _closings, mistake=7, retold=1),
    Table("EX_GDBS_SF", "fees", (
        CASE_NO, ("XH", INT), ("SFXMDM", CODE), ("SFJE", TEXT), ("SFSL", NUMBER), ("JFSJ", TIME), ("PJH", TEXT),
    ), _fees, mistake=6, retold=2),
    Table("EX_GDBS_XXGK", "disclosures", (
        ("GKLSH", "varchar(32)"), ("GKSXBM", TEXT), ("BT", LONG), ("CSRQ", TEXT), ("GKRQ", TEXT), ("WZ", "varchar(200)"),
        ("GKYS", LONG),
    ), _disclosures, mistake=2),
)  # fmt: skip
