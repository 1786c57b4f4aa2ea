"""Data contracts: what a department's folder promises and demands, as Open Data Contract Standard (ODCS) documents."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

import mappings
import supervision
from hub.core.entities import ENTITIES
from hub.core.specs import Department, read_department
from hub.pipeline import contract_fields
from hub.pipeline.contract_fields import ENGINE, Document
from mappings import Mapping
from quality import gate
from quality.contract_words import ContractWords, both, contract_words

API_VERSION = "v3.2.0"
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://county-data-hub.invalid/contracts")


def contracts(departments: Path, slug: str, dataset: str | None = None) -> list[Document]:
    """The contract of each dataset of a department, or of one. Raises SpecError."""
    department = read_department(departments, slug)
    mapping = mappings.read(department)
    chosen = mapping.datasets if dataset is None else (mapping.spec(dataset).name,)
    return [contract(department, mapping, name) for name in chosen]


def contract(department: Department, mapping: Mapping, dataset: str) -> Document:
    """One contract. The same content of the folder and of the gate gives the same document."""
    words, spec, of = contract_words(), mapping.spec(dataset), department.spec
    told = "、".join(entity.zh for name, entity in ENTITIES.items() if any(r.entity == name for r in spec.rows))  # fmt: skip
    said = {"department": of.title.zh, "dataset": dataset, "told": told}
    return {
        "apiVersion": API_VERSION,
        "kind": "DataContract",
        "id": str(uuid.uuid5(NAMESPACE, f"{department.slug}/{dataset}")),
        "name": f"{of.title.zh} {told} ({department.slug}/{dataset})",
        "version": mapping.version,
        "status": words.status,
        "domain": words.domain,
        "tenant": of.body,
        "dataProduct": department.slug,
        "description": {
            "purpose": both(words.purpose, **said),
            "usage": both(words.usage, **said),
            "limitations": both(words.limitations),
        },
        "servers": [_server(department, dataset)],
        "schema": [
            _delivered(department, mapping, dataset, words),
            *contract_fields.landed(spec, words),
        ],
        "support": [
            {
                "channel": of.owner.name, "description": both(words.contact), "scope": "issues",
                **({"tool": "email", "url": f"mailto:{of.owner.contact}"} if "@" in of.owner.contact else {}),
            }
        ],
        "team": {
            "name": of.owner.name,
            "members": [{"username": of.owner.contact, "name": of.owner.name, "role": "owner"}],
        },
        "slaProperties": list(_service(department, mapping, dataset, words)),
        "customProperties": [
            {"property": "department", "value": department.slug},
            {"property": "connector", "value": of.connector},
            *([{"property": "layout", "value": of.layout}] if of.layout else []),
            {"property": "mappingVersion", "value": mapping.version},
            {"property": "codesVersion", "value": mapping.codes_version},
            {"property": "gateVersion", "value": gate.schema_version()},
        ],
    }  # fmt: skip


def as_yaml(document: Document) -> str:
    """The document as YAML, in its own order, without anchors."""
    return yaml.dump(document, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=100)


def write(documents: list[Document], out: Path) -> list[Path]:
    """One file per contract, `<department>.<dataset>.odcs.yaml`; returns their paths."""
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for document in documents:
        path = out / f"{document['dataProduct']}.{document['schema'][0]['name']}.odcs.yaml"
        path.write_text(as_yaml(document), "utf-8")
        paths.append(path)
    return paths


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _delivered(
    department: Department, mapping: Mapping, dataset: str, words: ContractWords
) -> Document:
    spec, settings = mapping.spec(dataset), department.spec.datasets[dataset]
    place = settings.get("table") or settings.get("files") or settings.get("path") or dataset
    unsent = list(spec.head.ignore)
    return {
        "name": dataset,
        "logicalType": "object",
        "physicalType": "table" if "table" in settings else "file" if "files" in settings else "message",
        "physicalName": str(place),
        "description": both(words.delivered),
        "dataGranularityDescription": ", ".join(spec.head.key),
        "properties": contract_fields.delivered(mapping, spec, words),
        "quality": list(_batch_checks(department, dataset, words)),
        **(
            {"customProperties": [
                {"property": "unusedFields", "value": unsent, "description": both(words.unsent)}
            ]} if unsent else {}
        ),
    }  # fmt: skip


def _batch_checks(department: Department, dataset: str, words: ContractWords) -> Iterator[Document]:
    """What holds of a whole batch: the gate's threshold, and what a change of shape does."""
    threshold = department.threshold(dataset)
    said = both(words.threshold, share=f"{threshold.stop_above:.0%}", rows=threshold.at_least)
    yield {
        "name": "stop_above", "description": said, "dimension": "accuracy", "type": "custom", "engine": ENGINE,
        "implementation": {
            "stage": "gate", "stop_above": float(threshold.stop_above), "at_least": threshold.at_least,
        },
    }  # fmt: skip
    yield {
        "name": "drift", "description": both(words.drift), "dimension": "consistency", "type": "custom",
        "engine": ENGINE,
        "implementation": {"stage": "mapping", **department.settings(dataset).drift.model_dump()},
    }  # fmt: skip


def _server(department: Department, dataset: str) -> Document:
    """The connection by its id: its address and secrets are no part of a contract."""
    settings = department.spec.datasets[dataset]
    given = {"format": settings.get("format"), "encoding": settings.get("charset"), "path": settings.get("files")}  # fmt: skip
    return {
        "server": department.spec.connection, "type": "custom", "description": department.spec.connector,
        **{key: str(value) for key, value in given.items() if value},
    }  # fmt: skip


def _service(
    department: Department, mapping: Mapping, dataset: str, words: ContractWords
) -> Iterator[Document]:
    agreed, schedule = department.spec.freshness, department.spec.schedule
    yield {
        "property": "frequency", "value": int(agreed[:-1]), "unit": agreed[-1], "element": dataset,
        "driver": "regulatory", "description": both(words.frequency),
        **({"scheduler": "cron", "schedule": schedule} if schedule else {}),
    }  # fmt: skip
    reports = any("reported_at" in row.columns for row in mapping.spec(dataset).rows)
    if reports:
        within = supervision.department_value(
            supervision.load_rules(),
            words.latency_rule.rule,
            words.latency_rule.parameter,
            department.slug,
        )
        yield {
            "property": "latency", "value": within, "unit": "h", "element": "core.case.reported_at",
            "driver": "regulatory", "description": both(words.latency),
        }  # fmt: skip
