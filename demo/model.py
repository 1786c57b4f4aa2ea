"""What the generator knows of the county before it is written into five department systems.

Times are naive Asia/Shanghai local times. Each case carries the rules that it was made to violate.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(slots=True)
class Applicant:
    """An invented person or organisation. `identity` is an 18- or 15-digit number, or a 9-character code."""

    kind: str
    name: str
    identity: str
    phone: str
    identity_is_valid: bool = True


@dataclass(slots=True)
class Step:
    """One step of a case; `code` is the catalogue's step code."""

    no: int
    code: str
    name: str
    action: str
    handler: str
    post: str
    started_at: datetime
    ended_at: datetime
    opinion: str


@dataclass(slots=True)
class Stop:
    """One clock stop; `ended_at` None while open."""

    no: int
    kind: str
    started_at: datetime
    ended_at: datetime | None
    reason: str
    approver: str
    limit_days: int


@dataclass(slots=True)
class Notice:
    """One supplement notice."""

    no: int
    notified_at: datetime
    missing: str
    received_at: datetime | None


@dataclass(slots=True)
class Paper:
    """One material on the case's list."""

    code: str
    name: str
    required: bool
    received: bool
    received_at: datetime | None


@dataclass(slots=True)
class Charge:
    """One charge, in yuan."""

    no: int
    fee_code: str
    amount: Decimal
    quantity: int
    paid_at: datetime
    receipt_no: str


@dataclass(slots=True)
class Penalty:
    """One penalty, in yuan; `circumstance` is the catalogue's code of the case's gravity."""

    no: int
    circumstance: str
    kind: str
    amount: Decimal
    decided_at: datetime


@dataclass(slots=True)
class DemoCase:
    """One case as the department lived it."""

    department: str
    case_no: str
    power_code: str
    item_name: str
    title: str
    applicant: Applicant
    kind: str
    channel: str
    applied_at: datetime
    accepted_at: datetime | None
    promised_at: datetime | None
    decided_at: datetime | None
    closed_at: datetime | None
    delivered_at: datetime | None
    result: str | None
    reason: str
    document_no: str
    status: str
    acceptor: str
    approver: str
    unit: str = ""
    reported_at: datetime | None = None
    """When the system passed on what had happened last; None where the system does not say."""
    steps: list[Step] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    papers: list[Paper] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    penalties: list[Penalty] = field(default_factory=list)
    violations: set[str] = field(default_factory=set)
    spared: bool = False
    """Whether more hangs on this case than its own outcome, so that its row must land."""


@dataclass(slots=True)
class Publication:
    """One disclosed item."""

    department: str
    source_no: str
    item_code: str
    title: str
    produced_at: datetime
    published_at: datetime | None
    url: str
    fields: str = ""
    """Names of the fields that were published, separated by 、."""
    violations: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Amendment:
    """A case that looks otherwise when the department is read again; `now` None when it is gone.

    `rules`: what the change itself breaks.
    """

    case_no: str
    now: DemoCase | None
    rules: tuple[str, ...]


@dataclass(slots=True)
class County:
    """The whole county, before it is written."""

    seed: int
    as_of: datetime
    cases: dict[str, list[DemoCase]]
    """Department → cases in order of application."""
    publications: dict[str, list[Publication]]
    amendments: dict[str, list[Amendment]] = field(default_factory=dict)
    """Department → what it changes at the source after everything has been read once."""
