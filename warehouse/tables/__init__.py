"""All tables of the warehouse, as SQLAlchemy Core metadata. Importing this module declares every one."""

from warehouse.tables.catalogue import CATALOGUE_TABLES, REFERENCE_TABLES
from warehouse.tables.core import CORE, HISTORY, lineage_names
from warehouse.tables.metadata import METADATA, SCHEMAS
from warehouse.tables.ops import OPS
from warehouse.tables.quality import QUALITY
from warehouse.tables.restricted import PARTY, QUARANTINE_RAW
from warehouse.tables.supervision import SUPERVISION

__all__ = [
    "CATALOGUE_TABLES",
    "CORE",
    "HISTORY",
    "METADATA",
    "OPS",
    "PARTY",
    "QUALITY",
    "QUARANTINE_RAW",
    "REFERENCE_TABLES",
    "SCHEMAS",
    "SUPERVISION",
    "lineage_names",
]
