"""A connection that can be cut: the kit's end of the relay between a connector and the real server."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conformance.kit import Link, Source


def closed_port() -> int:
    """A port of 127.0.0.1 where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def through_proxy(source: Source) -> Iterator[tuple[str, Link]]:
    """The source's URL through a relay, and the relay."""
    with Proxy(source.address) as proxy:
        yield source.through(proxy.port), proxy


class Proxy:
    """A relay that runs as long as the context; see relay.Relay."""

    def __init__(self, address: tuple[str, int] | str) -> None:
        where = [address] if isinstance(address, str) else [address[0], str(address[1])]
        relay = Path(__file__).with_name("relay.py")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(relay), *where],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip
        self.port = int(self._line())

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        with self._process as process:
            assert process.stdin
            process.stdin.close()

    def arm(self) -> None:
        """Break when half the bytes of what was answered so far have been answered again."""
        self._tell("arm")

    def after_batch(self) -> None:
        """Nothing: bytes decide."""

    def mend(self) -> None:
        """Relay again, without limit, counting from nothing."""
        self._tell("mend")

    def _tell(self, word: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{word}\n")
        assert self._line() == "done"

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()
