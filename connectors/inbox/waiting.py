"""Pushes that wait become batches; batches that have landed become fates in the receipts."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from connectors.inbox import bodies, receipts
from connectors.inbox.bodies import Body
from connectors.inbox.malformed import Malformed
from connectors.inbox.receipts import Receipt
from connectors.inbox.spool import Spool
from connectors.pace import Pace
from hub.core.batches import FILE, ROW, SRC, RawBatch, SourceFile
from hub.core.errors import SourceRefused, SourceUnavailable

_NO_LIMIT = sys.maxsize
Piece = tuple[Receipt, pa.Table]


@contextmanager
def answering(spool: Spool) -> Iterator[None]:
    """Turn the operating system's errors into ours."""
    try:
        yield
    except PermissionError:
        raise SourceRefused(
            "may not be used", where=str(spool.folder), remedy="it must belong to the hub's user"
        ) from None
    except OSError as failure:
        raise SourceUnavailable(
            f"does not answer ({failure.strerror or failure})", where=str(spool.folder),
            remedy="check the disk of the spool",
        ) from None  # fmt: skip


def batches(spool: Spool, pace: Pace, refused: list[SourceRefused]) -> Iterator[RawBatch]:
    """What waits, in the order of arrival, packed into batches. Payloads that cannot be read go to `refused`."""
    pile: list[Piece] = []
    for piece in _pieces(spool, pace, refused):
        if pile and not _fits(pile, piece, pace.chunk_rows):
            yield from _batch(spool, pile, pace)
            pile = []
        pile.append(piece)
    if pile:
        yield from _batch(spool, pile, pace)


def acknowledge(spool: Spool, table: pa.Table, fates: pl.DataFrame) -> None:
    """Write the fates (_src, fate and maybe reason) of the rows of a batch into the receipts of its pushes."""
    reason = pl.col("reason") if "reason" in fates.columns else pl.lit(None, pl.String)
    rows = pl.DataFrame(table.select([FILE, ROW])).rename({ROW: "row"})
    found = rows.with_columns(pl.int_range(pl.len()).alias(SRC)).join(
        fates.select(SRC, "fate", reason=reason), on=SRC
    )
    changed = []
    for (receipt_id,), part in found.group_by(FILE, maintain_order=True):
        receipt = receipts.read(spool.receipt_path(str(receipt_id)))
        if receipt is not None:
            changed.append(receipt.with_fates(part, datetime.now(UTC)))
    spool.keep(*changed)


def all_of(refused: Sequence[SourceRefused]) -> SourceRefused:
    """One error that names them."""
    if len(refused) == 1:
        return refused[0]
    listed = "; ".join(str(failure) for failure in refused[:10])
    more = f"; and {len(refused) - 10} more" if len(refused) > 10 else ""
    return SourceRefused(f"{len(refused)} payloads were left: {listed}{more}")


def _pieces(spool: Spool, pace: Pace, refused: list[SourceRefused]) -> Iterator[Piece]:
    """The rows that wait for a fate, at most as many at a time as the pace allows."""
    for path in spool.waiting():
        receipt = receipts.read(spool.receipt_path(path.stem))
        if receipt is None:
            refused.append(
                SourceRefused("has no receipt", where=str(path), remedy="restore or remove it")
            )
            continue
        done = receipt.closed(datetime.now(UTC))
        if done.state == "landed":  # no rows, or the process ended before the payload was put away
            spool.keep(done)
            continue
        try:
            for table in _unacknowledged(spool, path, receipt):
                for first in range(0, table.num_rows, pace.chunk_rows):
                    yield receipt, table.slice(first, pace.chunk_rows)
        except Malformed as failure:
            if receipt.error != failure.what:
                spool.keep(replace(receipt, state="refused", error=failure.what))
            refused.append(
                SourceRefused(
                    str(failure), where=f"push {receipt.id}",
                    remedy="correct 'accepts' in source.yml; each run tries again",
                )
            )  # fmt: skip


def _unacknowledged(spool: Spool, path: Path, receipt: Receipt) -> Iterator[pa.Table]:
    """The tables of a payload without the rows that have their fate. Raises Malformed before the first."""
    with path.open("rb") as handle:
        if hashlib.file_digest(handle, "sha256").hexdigest() != receipt.sha256:
            raise Malformed("the payload is no longer what was received")
    body = Body(receipt.format, receipt.charset)
    rows = bodies.count(path, body, spool.settings.model_copy(update={"max_rows": _NO_LIMIT}))
    if rows != receipt.rows:
        raise Malformed(f"{receipt.rows} rows were received, {rows} are found now")
    known = pa.array(receipt.frame()["row"])
    for table in bodies.tables(path, body, receipt.id, spool.settings):
        fresh = table.filter(pc.invert(pc.is_in(table[ROW], known)))
        if fresh.num_rows:
            yield fresh


def _fits(pile: list[Piece], piece: Piece, rows: int) -> bool:
    total = sum(table.num_rows for _, table in pile) + piece[1].num_rows
    return total <= rows and bool(piece[1].schema.equals(pile[0][1].schema))


def _batch(spool: Spool, pile: list[Piece], pace: Pace) -> Iterator[RawBatch]:
    pace.wait()
    table = pa.concat_tables([part for _, part in pile]).combine_chunks()
    files: dict[str, SourceFile] = {}
    for receipt, part in pile:
        before = files.get(receipt.id) or SourceFile(receipt.id, 0, receipt.sha256, receipt.size)
        files[receipt.id] = replace(before, rows=before.rows + part.num_rows)
    cursor = {"push": pile[-1][0].id, "row": table[ROW][-1].as_py()}
    yield RawBatch(spool.dataset, table, tuple(files.values()), cursor)
    pace.took(table.num_rows, table.nbytes)
