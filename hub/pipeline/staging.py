"""The stage: a batch between the gate and the landing, as Parquet in the object store. No identity data in clear."""

from __future__ import annotations

import io
import json
from dataclasses import asdict

import polars as pl

from hub.core.batches import BatchHeader, Drift, Landing
from warehouse.objects import ObjectStore

_FRAMES = ("records", "quarantine", "parties", "unmapped", "checks")


def _name(batch_id: str, part: str) -> str:
    return f"stage/{batch_id}/{part}"


def write(store: ObjectStore, landing: Landing) -> None:
    """Write all parts; the header comes last, so that a batch with a header is a whole batch."""
    batch_id = landing.header.batch_id
    frames = {part: getattr(landing, part) for part in _FRAMES}
    frames |= {f"entity.{name}": frame for name, frame in landing.entities.items()}
    for part, frame in frames.items():
        buffer = io.BytesIO()
        frame.write_parquet(buffer, compression="zstd")
        store.put(_name(batch_id, f"{part}.parquet"), buffer.getvalue())
    head = {
        "header": asdict(landing.header),
        "owned": landing.owned,
        "entities": list(landing.entities),
        "drift": [asdict(drift) for drift in landing.drift],
        "shape": landing.shape,
    }
    store.put(_name(batch_id, "header.json"), json.dumps(head, ensure_ascii=False).encode())


def read(store: ObjectStore, batch_id: str) -> Landing:
    """The batch as it was written. Replays never pass the stage, so `replays` is None."""
    head = json.loads(store.get(_name(batch_id, "header.json")))

    def frame(part: str) -> pl.DataFrame:
        return pl.read_parquet(io.BytesIO(store.get(_name(batch_id, f"{part}.parquet"))))

    return Landing(
        header=BatchHeader(**head["header"]),
        records=frame("records"),
        entities={name: frame(f"entity.{name}") for name in head["entities"]},
        owned={name: tuple(columns) for name, columns in head["owned"].items()},
        quarantine=frame("quarantine"),
        parties=frame("parties"),
        unmapped=frame("unmapped"),
        drift=tuple(Drift(**drift) for drift in head["drift"]),
        shape=head["shape"],
        checks=frame("checks"),
    )


def clear(store: ObjectStore, batch_id: str) -> None:
    """Remove a landed batch from the stage."""
    store.delete_prefix(f"stage/{batch_id}/")
