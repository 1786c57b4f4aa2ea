"""County data hub: the way of a case record from a department's system to a supervised finding."""

from hub.allocators import give_memory_back

__version__ = "0.1.0"

give_memory_back()
