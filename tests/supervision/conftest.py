"""One warehouse with the legal calendar for all tests of a module; each test works in a transaction of its own."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from hub.core.entities import ENTITIES
from supervision import RunSummary, calendar_frame, evaluate
from tests.supervision.active import FAMILIAR
from warehouse.reference import replace_calendar


@pytest.fixture(scope="module")
def engine(pg_server: Any, database_template: str) -> Iterator[Engine]:
    from warehouse.access import connect

    name = "supervision_tests"
    made = connect(pg_server.create(name, database_template))
    with made.begin() as connection:
        replace_calendar(connection, calendar_frame())
        connection.exec_driver_sql("analyze reference.calendar_day")
    yield made
    made.dispose()
    pg_server.drop(name)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as opened:
        yield opened
        opened.rollback()


class World:
    """A small county in the warehouse: a catalogue of three powers, and rows that land batch by batch."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.versions = {"catalogue": "c1", "calendar": "k1", "department": "d1"}
        self.ledger = 0
        connection.execute(text("set local timezone = 'Asia/Shanghai'"))
        self.put(
            "reference.department", department="land", body_code="GT", title_zh="x", title_en="x"
        )
        self.power("P", "2012-01-01", "2012-06-30", version=1, promised=15)
        self.power("P", "2012-07-01", None, version=2, promised=12)
        self.power("FREE", "2012-01-01", None, version=1, promised=5, charges=False)
        for code, version in (("P", 1), ("P", 2)):
            for order, (step, kind) in enumerate(STEPS):
                self.put("catalogue.step", power_code=code, version=version, step_code=step, step_order=order,
                         name=step, kind=kind, mandatory=True, special=False)  # fmt: skip
            for (step, _), (following, _) in pairwise(STEPS):
                self.put("catalogue.transition", power_code=code, version=version, from_step=step,
                         to_step=following)  # fmt: skip
            self.put(
                "catalogue.fee",
                power_code=code,
                version=version,
                fee_code="F1",
                name="x",
                standard_max=80,
            )
        self.put("catalogue.disclosure_item", item_code="G", version=1, effective_from="2012-01-01", name="x",
                 body_code="GT", publish_within_value=20, publish_within_unit="working_day")  # fmt: skip

    def power(
        self,
        code: str,
        start: str,
        end: str | None,
        *,
        version: int,
        promised: int,
        charges: bool = True,
    ) -> None:
        self.put(
            "catalogue.power", power_code=code, version=version, effective_from=start, effective_to=end,
            name="x", type="XK", body_code="GT", charges=charges, on_platform=True, promised_value=promised,
            promised_unit="working_day", statutory_value=promised + 5, statutory_unit="working_day",
        )  # fmt: skip

    def put(self, table: str, **values: Any) -> None:
        """Insert one row as it stands."""
        names = ", ".join(f'"{name}"' for name in values)
        binds = ", ".join(f":{name}" for name in values)
        self.connection.execute(text(f"insert into {table} ({names}) values ({binds})"), values)  # noqa: S608

    def batch(self) -> str:
        """A landed batch with the next ledger number."""
        self.ledger += 1
        batch_id = str(uuid.uuid4())
        self.put(
            "ops.batch", batch_id=batch_id, department="land", dataset="d", kind="extract", state="landed",
            raw_object=f"raw/{self.ledger}", rows_read=1, versions="{}", seconds="{}", files="[]",
            started_at="2012-01-01", ledger_no=self.ledger,
        )  # fmt: skip
        return batch_id

    def land(self, entity: str, *, batch_id: str | None = None, **values: Any) -> None:
        """Land one row, replacing the row of the same key as a whole. Cases are called by name in `case_id`."""
        key = ENTITIES[entity].key
        if "case_id" in values:
            name = values["case_id"]
            values |= {"source_case_no": name} if entity == "case" else {}
            values["case_id"] = str(uuid.uuid5(uuid.NAMESPACE_OID, name))
        row = {
            "department": "land", "dataset": "d", "record_key": "x", "source_version": 0,
            "batch_id": batch_id or self.batch(), "raw_row": 0, "landed_at": "2012-01-01",
            "row_hash": hashlib.md5(str(sorted(values.items())).encode()).hexdigest(), **values,
        }  # fmt: skip
        where = " and ".join(f"{column} = :{column}" for column in key)
        self.connection.execute(
            text(f"""
                insert into history."{entity}" select *, now(), cast(:batch_id as uuid)
                from core."{entity}" where {where}
            """),  # noqa: S608
            row,
        )
        self.connection.execute(text(f'delete from core."{entity}" where {where}'), row)  # noqa: S608
        self.put(f'core."{entity}"', **row)

    def land_overdue(self, name: str = "A", decided: str = "2012-03-27 09:00") -> None:
        """A case of eighteen working days, where fifteen are promised and twenty allowed."""
        self.land(
            "case", case_id=name, power_code="P", accepted_at="2012-03-01 09:00", decided_at=decided
        )

    def supervise(
        self,
        as_of: str = "2012-12-31 23:59:59",
        full: bool = False,
        rules: Any = None,
        overrides: Any = None,
    ) -> RunSummary:
        moment = datetime.fromisoformat(as_of)
        return evaluate(self.connection, rules or FAMILIAR, moment, full, self.versions, overrides)

    def findings(self, state: str = "open") -> set[tuple[str, str]]:
        """(rule, subject with the case by its number) of findings in that state."""
        rows = self.connection.execute(
            text("""
                select rule_id, case when f.case_id is null then subject
                    else replace(subject, f.case_id::text, coalesce(facts ->> 'source_case_no', '?')) end
                from supervision.finding f where state = :state
            """),
            {"state": state},
        )
        return {(rule_id, subject) for rule_id, subject in rows}

    def events(self, rule_id: str) -> list[tuple[str, str]]:
        """(action, state after it) of a rule's findings, in order."""
        rows = self.connection.execute(
            text("""
                select action, state_to from supervision.finding_event join supervision.finding using (finding_id)
                where rule_id = :rule_id order by event_no
            """),
            {"rule_id": rule_id},
        )
        return [(action, state) for action, state in rows]


STEPS = (("accept", "acceptance"), ("review", "work"), ("decide", "decision"))


@pytest.fixture
def world(connection: Connection) -> World:
    return World(connection)
