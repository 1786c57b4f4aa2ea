"""County data hub: the way of a case record from a department's system to a supervised finding."""

__version__ = "0.1.0"
