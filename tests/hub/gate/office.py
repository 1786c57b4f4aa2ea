"""An office whose file deliveries the gate may stop, and what to look at afterwards."""

from __future__ import annotations

import pytest
from click.testing import Result
from typer.testing import CliRunner

from hub import pipeline
from hub.cli.commands import app
from hub.core.errors import GateStopped, HubError
from tests.hub.conftest import Ask, Registry

MAPPING = """
datasets:
  cases:
    key: [NO]
    case_no: NO
    applicant: {kind: {const: person}, identity: IDNO, phone: PHONE, name: NAME}
    case:
      region_code: {const: "360121"}
      power_code: {field: ITEM, crosswalk: powers, on: APPLIED}
      applied_at: APPLIED
      title: TITLE
"""
EVENTS = """
  others:
    key: [NO]
    case_no: NO
    ignore: [ITEM, TITLE, IDNO, PHONE, NAME]
    event: {event_no: {const: 1}, step_code: {const: accept}, started_at: APPLIED}
"""
HEADER = "NO,APPLIED,ITEM,TITLE,IDNO,PHONE,NAME"
IDENTITY, PHONE, NAME = "11010519491231002X", "13807001234", "欧阳建国"
POWERS = "source_code,source_name,power_code,valid_from,valid_to,note\n"
LINE = "{},item,36012100GS-XK-0001,2012-01-01,,\n"


def row(number: int, applied: str = "2012-03-01", item: str = "A") -> str:
    return f"{number},{applied},{item},申请人{NAME}，电话{PHONE},{IDENTITY},{PHONE},{NAME}"


def put(office: Registry, name: str, *rows: str) -> None:
    office.put(name, *rows, header=HEADER)


def unfit(office: Registry, name: str = "a.csv", first: int = 1) -> None:
    """Ten rows, of which five cannot pass: three have an unknown item (one of them no date either), two no date."""
    put(
        office, name,
        *(row(first + n) for n in range(5)), row(first + 5, item="B"), row(first + 6, item="B"),
        row(first + 7, "never", "B"), row(first + 8, "never"), row(first + 9, "never"),
    )  # fmt: skip


def stop(hub: pipeline.Hub, office: Registry, ask: Ask) -> str:
    """A batch that is stopped; its id."""
    unfit(office)
    with pytest.raises(GateStopped):
        pipeline.run(hub, "registry")
    ((batch_id,),) = ask("select batch_id::text from ops.batch where state = 'stopped'")
    return str(batch_id)


NOTHING = {
    "core": 'select count(*) from core."case"', "cursor": "select count(*) from ops.cursor",
    "quarantine": "select count(*) from ops.quarantine", "certificate": "select count(*) from ops.certificate",
    "record": "select count(*) from ops.record", "party": "select count(*) from restricted.party",
}  # fmt: skip
BALANCE = """
select b.state, c.rows_read, c.landed, c.unchanged, c.superseded, c.quarantined, c.rejected,
       c.rows_read = c.landed + c.unchanged + c.superseded + c.quarantined + c.rejected
           and c.checksum_read = c.checksum_landed
           and (c.landed, c.quarantined, c.rejected) = (b.landed, b.quarantined, b.rejected)
from ops.batch b join ops.certificate c using (batch_id) order by b.ledger_no
"""


def steward(*arguments: str) -> Result:
    """Run a command in this process: the machinery need not be imported again."""
    result = CliRunner().invoke(app, arguments)
    if isinstance(result.exception, HubError):
        result.exit_code = result.exception.exit_code
    return result
