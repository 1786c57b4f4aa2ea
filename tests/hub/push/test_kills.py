"""The server is killed while many clients push: every receipt that was given stays, every row is there once."""

from __future__ import annotations

import random
import signal
from collections import Counter
from pathlib import Path
from threading import Condition

import httpx
import pytest

from tests.connectors.inbox.sending import run
from tests.hub.push.serving import PATIENCE, Sender, server

CLIENTS, PUSHES, KILLS = 6, 30, 4


def test_killed_at_any_instant(inbox, token, tmp_path: Path) -> None:
    rng, progress = random.Random(20120215), Condition()
    with server(tmp_path / "server.log") as process:
        process.start()
        senders = [
            Sender(process, token, f"c{number}", PUSHES, progress) for number in range(CLIENTS)
        ]
        for sender in senders:
            sender.start()
        total = CLIENTS * PUSHES
        for kill in range(1, KILLS + 1):
            _wait_for(progress, senders, total * kill // (KILLS + 1) + rng.randrange(5))
            process.kill()
            process.start()
        for sender in senders:
            sender.join(120)
        given = {no: receipt for sender in senders for no, receipt in sender.receipts.items()}
        assert [sender.refused for sender in senders] == [[]] * CLIENTS
        assert len(given) == len(set(given.values())) == total
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(timeout=PATIENCE, headers=headers) as client:
            for receipt in given.values():
                found = client.get(f"{process.url}/push/receipts/{receipt}").json()
                assert (found["state"], found["rows"]) == ("received", 3)
    rows = run(inbox)
    assert Counter(row["no"] for row in rows) == Counter(
        f"{no}-{part}" for no in given for part in range(3)
    )
    spool = inbox.spool("cases")
    assert {spool.receipt(receipt).state for receipt in given.values()} == {"landed"}


@pytest.mark.parametrize(("point", "taken"), [("push_before_accept", 0), ("push_after_accept", 1)])
def test_killed_around_the_acceptance(inbox, token, tmp_path: Path, point: str, taken: int) -> None:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "once"}
    with (
        server(tmp_path / "server.log") as process,
        httpx.Client(base_url=process.url, headers=headers, timeout=PATIENCE) as client,
    ):
        process.start(HUB_CRASH_AT=point)
        with pytest.raises(httpx.TransportError):
            client.post("/push/trade/cases", json=[{"no": "1"}])
        assert process.wait() == -signal.SIGKILL
        assert len(inbox.spool("cases").waiting()) == taken
        process.start()
        answer = client.post("/push/trade/cases", json=[{"no": "1"}])
        assert answer.status_code == 202, answer.text
        assert client.post("/push/trade/cases", json=[{"no": "1"}]).json() == answer.json()
    assert [(row["no"], row["_file"]) for row in run(inbox)] == [("1", answer.json()["receipt"])]


def test_a_body_that_is_too_large_ends_while_it_is_sent(inbox, token, tmp_path: Path) -> None:
    sent = 0

    def endless():
        nonlocal sent
        while sent < 10**9:
            sent += 65_536
            yield b" " * 65_536

    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with server(tmp_path / "server.log") as process:
        process.start()
        try:
            answer = httpx.post(
                f"{process.url}/push/trade/cases",
                content=endless(),
                headers=headers,
                timeout=PATIENCE,
            )
            assert answer.status_code == 413
        except httpx.TransportError:
            pass  # the server closed while this side was still sending
        assert sent < 10**9
        assert httpx.get(f"{process.url}/health", timeout=PATIENCE).status_code == 200
    assert list((inbox.spool("cases").folder / "tmp").iterdir()) == []


def _wait_for(progress: Condition, senders: list[Sender], receipts: int) -> None:
    """Until so many receipts were given."""
    with progress:
        assert progress.wait_for(
            lambda: sum(len(sender.receipts) for sender in senders) >= receipts, PATIENCE
        )
