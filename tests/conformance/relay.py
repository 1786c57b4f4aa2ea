"""A relay on 127.0.0.1 in a process of its own (some drivers hold Python's lock while they wait for the network).

Arguments: where the server listens, as host and port or as the path of a socket. Prints its port, then obeys one word
a line on standard input, answering each with a line: `arm`, `mend`. Ends with its input. Needs nothing but Python.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
import threading

_RESET = struct.pack("ii", 1, 0)


class Relay:
    """Relays until as many bytes were answered as `arm` allows; then it resets every connection and takes no new one."""

    def __init__(self, address: tuple[str, int] | str) -> None:
        self.address = address
        self.answered, self.limit = 0, -1
        self._ends: list[socket.socket] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self) -> None:
        """Break when half the bytes of what was answered so far have been answered again."""
        with self._lock:
            self.answered, self.limit = 0, self.answered // 2

    def mend(self) -> None:
        """Relay again, without limit, counting from nothing."""
        with self._lock:
            self.answered, self.limit = 0, -1

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            with self._lock:
                broken = 0 <= self.limit < self.answered
            if broken:
                _drop(client)
            else:
                self._relay(client)

    def _relay(self, client: socket.socket) -> None:
        kind = socket.AF_UNIX if isinstance(self.address, str) else socket.AF_INET
        server = socket.socket(kind, socket.SOCK_STREAM)
        try:
            server.connect(self.address)
        except OSError:
            _drop(client)
            return
        with self._lock:
            self._ends += [client, server]
        for pump in ((client, server, False), (server, client, True)):
            threading.Thread(target=self._pump, args=pump, daemon=True).start()

    def _pump(self, giver: socket.socket, taker: socket.socket, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while data := giver.recv(4096):
                if answers and self._one_too_many(len(data)):
                    self._reset()
                    return
                taker.sendall(data)
            taker.shutdown(socket.SHUT_WR)

    def _one_too_many(self, size: int) -> bool:
        with self._lock:
            self.answered += size
            return 0 <= self.limit < self.answered

    def _reset(self) -> None:
        with self._lock:
            ends, self._ends = self._ends, []
        for end in ends:
            _drop(end)


def _drop(end: socket.socket) -> None:
    """Close a connection as when a firewall forgets it: by a reset, not by a farewell."""
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        end.shutdown(socket.SHUT_RDWR)
    end.close()


def main(arguments: list[str]) -> None:
    relay = Relay(arguments[0] if len(arguments) == 1 else (arguments[0], int(arguments[1])))
    print(relay.port, flush=True)  # noqa: T201
    for line in sys.stdin:
        {"arm": relay.arm, "mend": relay.mend}[line.strip()]()
        print("done", flush=True)  # noqa: T201
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
