"""What the server answers: receipts with the fate of each row, and refusals with a code that a program can act on."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

Fate = Literal["landed", "unchanged", "superseded", "quarantined", "rejected"]


class Refusal(Exception):
    """A request that is not accepted. Nothing of it is kept."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        line: int | None = None,
        column: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers
        self.answer = RefusalAnswer(error=code, message=message, line=line, column=column)


class RefusalAnswer(BaseModel):
    """Why a request was not accepted; line and column (from 1) where the body could not be read."""

    error: str
    message: str
    line: int | None = None
    column: int | None = None


class PushAnswer(BaseModel):
    """The receipt of a push: its payload is on disk, and its rows will land. `poll` tells what became of them."""

    receipt: str
    state: Literal["received", "landed", "refused"]
    received_at: str
    rows: int
    bytes: int
    sha256: str
    poll: str


class Outcome(BaseModel):
    """What became of one row. Of a quarantined one: why, where, and whether it was replayed since."""

    row: int
    fate: Fate
    reason: str | None = None
    column: str | None = None
    message: str | None = None
    quarantine: str | None = None
    """State in the quarantine: open, replayed or discarded."""


class BatchAnswer(BaseModel):
    """The certificate of a batch that held rows of the push, and perhaps of its neighbours."""

    batch_id: str
    landed_at: str | None
    read: int
    landed: int
    unchanged: int
    superseded: int
    quarantined: int
    rejected: int


class ReceiptAnswer(PushAnswer):
    """A receipt as it stands. `outcomes` are the rows after `after` that have a fate, at most `limit` of them."""

    department: str
    dataset: str
    landed_at: str | None
    error: str | None
    fates: dict[str, int]
    batches: list[BatchAnswer]
    outcomes: list[Outcome]
    next_after: int | None
    """Ask again with `after` = this number for the following rows; null when there are none."""
    note: str | None = None
