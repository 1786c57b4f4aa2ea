"""A county of made-up cases straight in core, for measuring the rules: no department reported it, nothing landed it.

One case in twenty is open, a violation of each rule is found in about one case in a hundred, each case has about five
events; materials, fees, supplement notices, clock stops, penalties, disclosures and earlier versions in proportion. The
catalogue is the real one, with the powers of three bodies a second time.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from supervision.preparation import run_script

AS_OF = datetime(2013, 12, 31, 18, 0)  # noqa: DTZ001 (local time, as everywhere in supervision)
"""The time that the county's data end."""
_ENTITIES = (
    "case",
    "event",
    "supplement",
    "clock_stop",
    "material",
    "fee",
    "penalty",
    "disclosure",
)


def fill(engine: Engine, cases: int) -> None:
    """Fill a warehouse that holds the reference data and no cases.

    The indexes of the filled tables are made afterwards: it takes a third of the time.
    """
    with engine.begin() as connection:
        indexes = _indexes(connection)
        run_script(connection, "".join(f"drop index {name};" for name in indexes))
        script = Path(__file__).with_name("county.sql").read_text("utf-8")
        run_script(connection, script.replace("{cases}", str(cases)))
        run_script(connection, "".join(f"{made};" for made in indexes.values()))
    _vacuum(engine)


def events(engine: Engine) -> int:
    """How many events there are."""
    with engine.connect() as connection:
        return int(connection.scalar(text("select count(*) from core.event")) or 0)


def change(engine: Engine, cases: int) -> None:
    """Report a hundredth of `cases` times a hundred anew, evenly over the county, in one batch: decided a day later."""
    with engine.begin() as connection:
        connection.execute(_CHANGE, {"cases": cases})


def settle(engine: Engine) -> None:
    """Vacuum what was changed, as the server does by itself in the minutes after a run, so that it does not do so during the
    next measurement."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("vacuum analyze")


def forget(engine: Engine) -> None:
    """Remove all that was found, so that another engine finds it anew: a run leaves alone what it finds again."""
    with engine.begin() as connection:
        run_script(
            connection,
            "truncate supervision.run, supervision.outcome, supervision.statement, supervision.finding, "
            "supervision.finding_event, supervision.chain_head",
        )


def _indexes(connection: Connection) -> dict[str, str]:
    """Indexes of the filled tables that are no keys: name → what makes it."""
    found = connection.execute(
        text("""
            select format('core.%I', indexname), indexdef from pg_indexes
            where schemaname = 'core' and tablename = any (:tables) and indexdef not like '%UNIQUE%'
        """),
        {"tables": list(_ENTITIES)},
    )
    return {str(name): str(made) for name, made in found}


def _vacuum(engine: Engine) -> None:
    """What the server would do by itself some minutes after so much has landed."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name in _ENTITIES:
            connection.exec_driver_sql(f'vacuum analyze core."{name}"')
        connection.exec_driver_sql('vacuum analyze history."case"')
        connection.exec_driver_sql("analyze ops.batch")


_CHANGE = text("""
    with batch as (
        insert into ops.batch (batch_id, department, dataset, kind, state, raw_object, rows_read, versions, seconds, files,
            started_at, landed_at, ledger_no)
        select gen_random_uuid(), 'land_resources', 'cases', 'extract', 'landed', 'raw/changes', :cases,
            '{"mapping": "m1", "codes": "c1"}', '{}', '[]', now(), now(), max(ledger_no) + 1
        from ops.batch
        returning batch_id
    ), chosen as (
        select case_id from core."case"
        where decided_at is not null and source_version = 1 order by hashtext(case_id::text) limit :cases
    )
    update core."case" c
    set batch_id = batch.batch_id, source_version = 2, decided_at = c.decided_at + interval '1 day',
        closed_at = c.closed_at + interval '1 day', reported_at = c.reported_at + interval '1 day'
    from batch, chosen
    where c.case_id = chosen.case_id
""")
