"""What fields mean: the mapping engine, its closed vocabulary of conversions, and the canonical code lists."""

from mappings.engine import apply, record_keys
from mappings.mapping import Mapping, check, read

__all__ = ["Mapping", "apply", "check", "read", "record_keys"]
