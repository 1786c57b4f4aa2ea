"""A registry with a bad system: identities where none should be, late reports, rows that are rejected."""

from __future__ import annotations

from hub import pipeline
from tests.hub.conftest import Registry

MAPPING = """
datasets:
  cases:
    key: [NO]
    case_no: NO
    applicant: {identity: SFZH, phone: LXDH, name: SQR}
    case:
      power_code: {field: ITEM, name: ITEMNAME, crosswalk: powers, on: APPLIED}
      item_name: ITEMNAME
      title: TITLE
      applied_at: APPLIED
      decided_at: DECIDED
      reported_at: REPORTED
    fee:
      - {when: FEE, fee_no: {const: 1}, amount: FEE}
"""
HEADER = "NO,SFZH,LXDH,SQR,ITEM,ITEMNAME,TITLE,APPLIED,DECIDED,REPORTED,FEE"
IDENTITY, OLD_IDENTITY = "360121198001011232", "360121800101123"
PHONE, LAND_LINE = "13907911234", "0791-86279288"
NAME = "欧阳锦绣"
SECRETS = (IDENTITY, OLD_IDENTITY, PHONE, LAND_LINE, NAME)
FILE = f"登记_{PHONE}.csv"


def row(
    number: str, *, item: str = "G1", title: str = "登记", applied: str = "2012-03-05 09:00:00",
    decided: str = "2012-03-06 09:00:00", reported: str = "2012-03-06 10:00:00", fee: str = "",
    identity: str = IDENTITY, item_name: str = "个体工商户设立登记",
) -> str:  # fmt: skip
    """One line of the registry's file."""
    told = (number, identity, PHONE, NAME, item, item_name, title, applied, decided, reported, fee)
    return ",".join(told)


ROWS = (
    row("A1"),
    row("A2", reported="2012-03-07 09:00:00"),  # 24 hours exactly: in time
    row("A3", reported="2012-03-07 09:00:01"),
    row("A4", applied="2012-04-05 09:00:00", decided="", reported="2012-04-20 09:00:00"),
    row("A5", decided="", reported="2012-03-01 09:00:00"),  # before anything that it tells of
    row("B1", applied="2012-02-30"),
    row("B2", applied="没有"),
    row(IDENTITY, applied="2012-13-01", title=f"{NAME}的登记 {PHONE}"),
    row(OLD_IDENTITY, fee="-5"),
    row("B3", fee="十元"),
    row("B4", identity="12345"),
    row("C1", item="G9", item_name=f"咨询{LAND_LINE}"),
    row("C2", item="G9", item_name=f"咨询{LAND_LINE}"),
)
REJECTED = {
    "bad_date": 3, "negative_amount": 1, "bad_number": 1, "bad_identity": 1, "unmapped_power": 2,
}  # fmt: skip
LATE = {"2012-03": (3, 1), "2012-04": (1, 1)}
"""Month → cases timed and late."""


def declare(registry: Registry) -> None:
    """Give the registry that mapping and one line in powers.csv."""
    registry.declare("charset: utf-8")
    (registry.folder / "mapping.yml").write_text(MAPPING)
    with (registry.folder / "powers.csv").open("a") as powers:
        powers.write("G1,个体工商户设立登记,36012100GS-XK-0001,,,\n")


def deliver(registry: Registry, hub: pipeline.Hub) -> None:
    """Send those rows and bring them in."""
    registry.put(FILE, *ROWS, header=HEADER)
    pipeline.prepare_warehouse(hub)
    pipeline.run(hub, "registry")
