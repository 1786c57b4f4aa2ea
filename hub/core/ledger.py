"""The ledger of batches: one lock that everybody who needs its end to stand still asks for."""

from __future__ import annotations

LEDGER_LOCK = 0x68756202
"""Advisory lock of the warehouse, an arbitrary number of ours. A landing holds it from taking its number to its commit."""
