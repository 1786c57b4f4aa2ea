"""Measurements beside other tools: same data, same machine, one run. `make bench-ingest`."""
