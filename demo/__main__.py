"""Write the demo county: `python -m demo --cases 20000 --seed 360121 --home DIR --exchange-url URL`.

Writes each department's system in its native form under DIR/demo/, the exchange database behind URL, DIR/demo/truth.json
and the five lines of DIR/connections.yml.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import yaml

from demo import county, truth, writers


def main() -> None:
    """Parse the arguments and write the county."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=360_121)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--exchange-url", required=True)
    asked = parser.parse_args()
    write(asked.cases, asked.seed, asked.home, asked.exchange_url)


def write(cases: int, seed: int, home: Path, exchange_url: str) -> None:
    """Simulate the county, write its systems, say the truth, and name the connections."""
    simulated = county.simulate(cases, seed)
    written = writers.write_all(simulated, home, exchange_url)
    truth.write(home / "demo" / "truth.json", simulated, written)
    connections = home / "connections.yml"
    known = yaml.safe_load(connections.read_text("utf-8")) if connections.exists() else {}
    connections.touch(mode=0o600)
    connections.write_text(yaml.safe_dump((known or {}) | written.connections), "utf-8")


if __name__ == "__main__":
    main()
