"""What a sample of a department's rows says of its fields: the ground on which a person decides what they mean.

A profile holds shapes, counts and codes, never a value that could be somebody's: neither numbers nor names nor free text.
"""

from mappings.profiling.assigning import Assignment, assign
from mappings.profiling.keys import Keys, is_unique, keys_of
from mappings.profiling.meanings import Meaning, column_of, meanings_of
from mappings.profiling.profile import DatasetProfile, FieldProfile, profile

__all__ = [
    "Assignment",
    "DatasetProfile",
    "FieldProfile",
    "Keys",
    "Meaning",
    "assign",
    "column_of",
    "is_unique",
    "keys_of",
    "meanings_of",
    "profile",
]
