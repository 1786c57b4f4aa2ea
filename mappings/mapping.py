"""A department's mapping, read and checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hub.core.codelists import codelists
from hub.core.errors import SpecError
from hub.core.fingerprints import version_of
from hub.core.specs import Department, SpecFile, read_yaml
from mappings.checks import dataset_problems, ownership_problems
from mappings.crosswalks import Crosswalks, read_crosswalks
from mappings.spec import POWERS, DatasetSpec, parse_datasets


@dataclass(frozen=True, slots=True)
class Mapping:
    """What the fields of one department mean. Made by `read`."""

    department: str
    version: str
    """Content version of mapping.yml."""
    codes_version: str
    """Content version of powers.csv and codes.csv, those of the layout included."""
    file: SpecFile
    specs: dict[str, DatasetSpec]
    crosswalks: Crosswalks

    @property
    def datasets(self) -> tuple[str, ...]:
        """Names of the datasets, in the file's order."""
        return tuple(self.specs)

    def spec(self, dataset: str) -> DatasetSpec:
        """One dataset. Raises SpecError if the mapping has none of that name."""
        if dataset not in self.specs:
            raise self.file.error(
                f"no dataset '{dataset}'", ("datasets",), f"known: {', '.join(self.specs)}"
            )
        return self.specs[dataset]

    def fields(self, dataset: str) -> tuple[str, ...]:
        """All source fields that the dataset uses, by their newest names."""
        return self.spec(dataset).fields

    def key_fields(self, dataset: str) -> tuple[str, ...]:
        """The source fields that identify a record."""
        return self.spec(dataset).head.key

    def sensitive_roles(self, dataset: str) -> dict[str, str]:
        """Source field → identity, phone or name, under every name that the field has had."""
        spec = self.spec(dataset)
        roles = spec.applicant.roles if spec.applicant else {}
        return {
            name: role
            for field, role in roles.items()
            for name in (field, *spec.older_names.get(field, ()))
        }

    def sensitive_fields(self, dataset: str) -> tuple[str, ...]:
        """The source fields that hold the applicant's identity number, phone number and name."""
        return tuple(self.sensitive_roles(dataset))


def read(department: Department) -> Mapping:
    """The mapping of a department. Raises SpecError at its first problem."""
    mapping, problems = _load(department)
    if problems:
        raise problems[0]
    assert mapping is not None
    return mapping


def check(department: Department) -> list[SpecError]:
    """Every problem of mapping.yml, powers.csv and codes.csv, with its file and line."""
    return _load(department)[1]


def _load(department: Department) -> tuple[Mapping | None, list[SpecError]]:
    folder, layout = department.folder, department.layout
    try:
        file = read_yaml(_mapping_file(department))
    except SpecError as problem:
        return None, [problem]
    specs, problems = parse_datasets(file)
    if layout and file.path.parent == layout:
        # The layout's mapping speaks of all its tables, the department may have fewer.
        specs = {name: specs[name] for name in department.spec.datasets if name in specs}
    canonical = codelists()
    tables = [folder / "powers.csv", folder / "codes.csv"]
    tables += [layout / "codes.csv"] if layout else []
    crosswalks, in_tables = read_crosswalks(tables, canonical)
    problems += in_tables
    if layout and POWERS not in crosswalks.lines:
        what, remedy = (
            "has no lines",
            "the layout translates items by it: add the department's codes",
        )
        problems.append(SpecError(what, file=tables[0], remedy=remedy))
    problems += _against_source(department, file, specs)
    for spec in specs.values():
        problems += dataset_problems(file, spec, crosswalks, canonical)
    problems += ownership_problems(file, list(specs.values()))
    mapping = Mapping(
        department=department.slug,
        version=version_of(file.path.read_bytes()),
        codes_version=version_of(*(path.read_bytes() if path.exists() else b"" for path in tables)),
        file=file,
        specs=specs,
        crosswalks=crosswalks,
    )
    return mapping, problems


def _mapping_file(department: Department) -> Path:
    """The department's own mapping.yml, or else that of its layout."""
    own = department.folder / "mapping.yml"
    if department.layout is None or own.exists():
        return own
    return department.layout / "mapping.yml"


def _against_source(
    department: Department, file: SpecFile, specs: dict[str, DatasetSpec]
) -> Iterator[SpecError]:
    """source.yml and mapping.yml speak of the same datasets; of a layout's mapping only what is declared counts."""
    declared = department.spec.datasets
    named = (file.data or {}).get("datasets") if isinstance(file.data, dict) else None
    known = set(named) if isinstance(named, dict) else set(specs)
    if file.path.parent == department.layout:
        known &= set(declared)
    for name in sorted(known - set(declared)):
        yield file.error(
            f"dataset '{name}' is not in source.yml", ("datasets", name),
            f"source.yml has {', '.join(declared)}",
        )  # fmt: skip
    for name in sorted(set(declared) - known):
        yield department.source.error(
            f"dataset '{name}' is not in mapping.yml",
            ("datasets", name),
            "map it, or do not read it",
        )
