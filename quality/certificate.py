"""The certificate of a batch: that every row read has exactly one fate, and that what landed is what was read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hub.core.batches import Certificate
from hub.core.errors import LandingError
from hub.core.settings import TIME_ZONE

FATES: dict[str, tuple[str, str]] = {
    "landed": ("入库", "landed"),
    "unchanged": ("未变", "unchanged"),
    "superseded": ("被新版本取代", "superseded"),
    "quarantined": ("隔离", "quarantined"),
    "rejected": ("拒收", "rejected"),
}


def balance(certificate: Certificate) -> None:
    """Assert that rows read = the sum of the five fates, and that both checksums agree.

    Raises LandingError. Call it inside the landing transaction, before the commit.
    """
    where = f"{certificate.department}/{certificate.dataset} batch {certificate.batch_id}"
    if wrong := _imbalance({**_numbers(certificate), "read": certificate.read}):
        raise LandingError(
            wrong, where=where, remedy="nothing was committed; report this as a defect of the hub"
        )
    if certificate.checksum_read != certificate.checksum_landed:
        raise LandingError(
            f"checksum of what was read {certificate.checksum_read} is not that of what landed "
            f"{certificate.checksum_landed}",
            where=where,
            remedy="nothing was committed; report this as a defect of the hub",
        )  # fmt: skip


def document(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of ops.certificate as plain JSON values, with `balanced` and `checksums_agree` worked out anew.

    The rows read are under `read`, or `rows_read` as the table's column is called.
    """
    issued = row.get("issued_at")
    return {
        "batch_id": str(row["batch_id"]),
        "department": row["department"],
        "dataset": row["dataset"],
        "read": _read(row),
        **{fate: int(row[fate]) for fate in FATES},
        "checksum_read": row["checksum_read"],
        "checksum_landed": row["checksum_landed"],
        "balanced": not _imbalance(row),
        "checksums_agree": row["checksum_read"] == row["checksum_landed"],
        "issued_at": issued.isoformat() if isinstance(issued, datetime) else issued,
    }


def render(certificate_row: Mapping[str, Any]) -> str:
    """A row of ops.certificate for people, in Chinese and English."""
    facts = document(certificate_row)
    issued = certificate_row.get("issued_at")
    at = (
        f"{issued.astimezone(ZoneInfo(TIME_ZONE)):%Y-%m-%d %H:%M:%S}"
        if isinstance(issued, datetime)
        else "—"
    )
    lines = [
        "数据入库凭证  Certificate of landing",
        f"  部门/数据集  department/dataset   {facts['department']}/{facts['dataset']}",
        f"  批次         batch                {facts['batch_id']}",
        f"  签发时间     issued (北京时间)    {at}",
        "",
        f"  读取 read        {facts['read']:>12,}",
        *(f"  {zh} {en:<12}{facts[fate]:>12,}" for fate, (zh, en) in FATES.items()),
        f"  读取＝入库＋未变＋取代＋隔离＋拒收  read = {' + '.join(FATES)}: {_verdict(facts['balanced'])}",
        f"  读取校验和  checksum read    {facts['checksum_read']}",
        f"  入库校验和  checksum landed  {facts['checksum_landed']}",
        f"  校验和一致  checksums agree: {_verdict(facts['checksums_agree'])}",
    ]  # fmt: skip
    return "\n".join(lines)


def _numbers(certificate: Certificate) -> dict[str, int]:
    return {fate: getattr(certificate, fate) for fate in FATES}


def _read(row: Mapping[str, Any]) -> int:
    return int(row["read"] if "read" in row else row["rows_read"])


def _imbalance(row: Mapping[str, Any]) -> str:
    total = sum(int(row[fate]) for fate in FATES)
    if any(int(row[fate]) < 0 for fate in FATES):
        return "a fate has a negative number of rows"
    if _read(row) == total:
        return ""
    told = " + ".join(f"{row[fate]} {fate}" for fate in FATES)
    return f"{_read(row)} rows read, but {told} = {total}"


def _verdict(holds: bool) -> str:
    return "成立 holds" if holds else "不成立 DOES NOT HOLD"
