"""The crash test: runs that are killed at every point, while the sources change. `make crash`, or `python -m tests.crash`."""
