"""What fails is said in the right words: who is to act, and nothing that is nobody's business."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

import connectors
from hub.core.errors import HubError, SourceRefused, SourceUnavailable
from tests.conformance.base import Checks, SetChunks, needs
from tests.conformance.kit import BEGIN, DATASET, Source, Table, Taken, people, take

PASSWORD = "geheim-Kennwort-77"
NAME, IDENTITY = "探针甲乙丙", "36012119540715686X"


def planted(rows: int = 40) -> Table:
    """Rows that hold a name and an identity number which must not be told."""
    columns = {"id": "id", "changed": "changed", "name": "text", "identity": "text"}
    return Table(columns, [(n, BEGIN, NAME, IDENTITY) for n in range(1, rows + 1)])


def read_all(connector: connectors.Connector) -> None:
    for _ in connector.read(DATASET, None):
        pass


class Failures(Checks):
    @needs("credentials")
    def test_wrong_credentials_are_refused_and_the_password_is_not_told(
        self, source: Source, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        source.put(people([1, 2]))
        with pytest.raises(SourceRefused) as caught:
            read_all(source.open(source.wrong_credentials(PASSWORD)))
        assert caught.value.remedy
        assert PASSWORD not in f"{caught.value!r} {caught.value} {caplog.text}"

    def test_a_source_that_does_not_answer_is_unavailable(self, source: Source) -> None:
        source.put(people([1, 2]))
        with pytest.raises(SourceUnavailable) as caught:
            read_all(source.open(source.unreachable()))
        assert caught.value.remedy

    @needs("connection")
    def test_a_connection_lost_in_mid_read_is_unavailable_and_the_next_run_completes(
        self, source: Source, chunks: SetChunks
    ) -> None:
        chunks(8)
        table, taken = planted(), Taken()
        source.put(table)
        with source.breakable() as (url, link):
            read_all(source.open(url))
            link.arm()
            opened = source.open(url)
            with pytest.raises(SourceUnavailable):
                for batch in opened.read(DATASET, None):
                    taken.land(opened, batch)
                    link.after_batch()
            link.mend()
            rest = take(source.open(url), taken.cursor)
        assert len(taken.ids) < len(table.rows)
        assert taken.ids | rest.ids == set(range(1, len(table.rows) + 1))

    def test_reading_leaves_the_source_as_it_was(self, source: Source) -> None:
        source.put(people(range(1, 8)))
        before = source.contents()
        batches = list(source.open().read(DATASET, None))
        for _ in source.open().diagnose():
            pass
        assert source.contents() == before
        taken = Taken()
        for batch in batches:
            taken.land(source.open(), batch)
        after = source.contents()
        if source.flag is None:
            assert after == before
        else:
            flag = source.flag
            assert [row | {flag: None} for row in after] == [row | {flag: None} for row in before]
            assert all(new[flag] != old[flag] for new, old in zip(after, before, strict=True))

    def test_the_doctor_finds_a_good_source_well(self, source: Source) -> None:
        source.put(people(range(1, 4)))
        found = list(source.open().diagnose())
        assert [finding for finding in found if finding.state == "failed"] == []
        assert any(finding.state == "ok" for finding in found)

    def test_the_doctor_says_what_to_do(self, source: Source) -> None:
        source.put(planted(3))
        broken = [source.open(source.unreachable())]
        if source.broken:
            broken.append(source.open(**source.broken))
        if "credentials" not in source.lacks:
            broken.append(source.open(source.wrong_credentials(PASSWORD)))
        for connector in broken:
            found = list(connector.diagnose())
            failed = [finding for finding in found if finding.state == "failed"]
            assert failed and all(finding.found and finding.remedy for finding in failed)
            assert PASSWORD not in repr(found)

    def test_no_value_of_a_field_is_told(
        self, source: Source, caplog: pytest.LogCaptureFixture, chunks: SetChunks
    ) -> None:
        chunks(8)
        for ours in ("hub", "connectors"):
            caplog.set_level(logging.DEBUG, logger=ours)
        caplog.set_level(logging.INFO)
        source.put(planted())
        told: list[str] = []
        for attempt in self._attempts(source):
            try:
                attempt()
            except HubError as failure:
                told.append(f"{failure!r} {failure} {failure.__cause__!r}")
        text = "\n".join([*told, caplog.text])
        assert NAME not in text and IDENTITY not in text and IDENTITY[:-1] not in text
        assert told

    def _attempts(self, source: Source) -> list[Callable[[], object]]:
        """Readings that go well and readings that fail in every way that this source knows."""
        tries: list[Callable[[], object]] = [
            lambda: read_all(source.open()),
            lambda: told_by_doctor(source.open()),
            lambda: read_all(source.open(source.unreachable())),
        ]
        if source.broken:
            tries.append(lambda: read_all(source.open(**source.broken)))
        if "credentials" not in source.lacks:
            tries.append(lambda: read_all(source.open(source.wrong_credentials(PASSWORD))))
        if "connection" not in source.lacks:
            tries.append(lambda: read_over_broken_link(source))
        return tries


def told_by_doctor(connector: connectors.Connector) -> None:
    """Raises what the doctor says, so that it is looked at like a message."""
    raise SourceRefused(" ".join(f"{one.found} {one.remedy}" for one in connector.diagnose()))


def read_over_broken_link(source: Source) -> None:
    with source.breakable() as (url, link):
        read_all(source.open(url))
        link.arm()
        for _ in source.open(url).read(DATASET, None):
            link.after_batch()
