"""Files in a bucket of a real S3 server."""

from __future__ import annotations

import io
import socket
import tempfile
from typing import Any
from urllib.parse import urlsplit

import pytest

import connectors
from connectors.files import s3
from hub.core.errors import SourceRefused, SourceUnavailable, SpecError

LINES = {"format": "text", "files": "*.txt", "delimiter": ","}


class Bucket:
    """A prefix of a bucket of the test's own."""

    def __init__(self, server: Any, prefix: str) -> None:
        self.server, self.prefix = server, prefix
        self.client = server.client()
        if not self.client.bucket_exists("drop"):
            self.client.make_bucket("drop")

    def put(self, name: str, data: bytes) -> None:
        self.client.put_object("drop", f"{self.prefix}/{name}", io.BytesIO(data), len(data))

    def remove(self, name: str) -> None:
        self.client.remove_object("drop", f"{self.prefix}/{name}")

    def url(self, secret: str | None = None, bucket: str = "drop", endpoint: str = "") -> str:
        login = f"{self.server.access}:{secret or self.server.secret}"
        return f"s3://{login}@{bucket}/{self.prefix}?endpoint={endpoint or self.server.endpoint}"


@pytest.fixture
def bucket(s3_server, tmp_path) -> Bucket:
    return Bucket(s3_server, tmp_path.name)


@pytest.fixture
def opened(make_department, bucket):
    def make(url: str | None = None, **settings: Any) -> connectors.Connector:
        return connectors.open(make_department({"cases": LINES | settings}), url or bucket.url())

    return make


def values(batches) -> list[str]:
    return [value for batch in batches for value in batch.table["A"].to_pylist()]


def test_objects_are_fetched_read_and_not_fetched_again(opened, bucket, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    bucket.put("a.txt", "A\n镕\n".encode("gb18030"))
    bucket.put("2012/b.txt", b"A\n2\n")
    connector = opened()
    connector.clock = lambda: 4e9  # long after
    (batch,) = connector.read("cases", None)
    assert values([batch]) == ["镕"] and list(batch.cursor["stamps"]) == ["a.txt"]
    assert list(scratch.iterdir()) == []
    monkeypatch.setattr(s3.Bucket, "_fetch", None)  # whoever fetches an object now fails
    assert list(connector.read("cases", batch.cursor)) == []


def test_patterns_reach_below_the_prefix(opened, bucket):
    bucket.put("a.txt", b"A\n1\n")
    bucket.put("2012/办 件.txt", b"A\n2\n")
    (batch,) = opened(files="**/*.txt").read("cases", None)
    assert [file.name for file in batch.files] == ["2012/办 件.txt", "a.txt"]


def test_new_content_is_read_again_and_what_is_gone_is_not_missed(opened, bucket):
    bucket.put("a.txt", b"A\n1\n")
    bucket.put("b.txt", b"A\n2\n")
    connector = opened()
    (first,) = connector.read("cases", None)
    bucket.put("a.txt", b"A\n3\n")
    bucket.remove("b.txt")
    (second,) = connector.read("cases", first.cursor)
    assert values([second]) == ["3"]
    assert values(connector.read("cases", None)) == ["3"]


def test_an_object_that_is_replaced_while_it_is_read_waits(opened, bucket):
    bucket.put("a.txt", b"A\n1\n")
    connector = opened()
    place, fetch = connector.place, connector.place._fetch

    def slowly(entry, target):
        fetch(entry, target)
        bucket.put("a.txt", b"A\n2\n")

    place._fetch = slowly
    assert list(connector.read("cases", None)) == []
    place._fetch = fetch
    assert values(connector.read("cases", None)) == ["2"]


def test_wrong_credentials_and_buckets_are_refused(opened, bucket):
    for url in (bucket.url(secret="geheim"), bucket.url(bucket="no-such-bucket")):
        with pytest.raises(SourceRefused, match="endpoint answers") as caught:
            list(opened(url).read("cases", None))
        assert "geheim" not in str(caught.value)


def test_an_endpoint_that_is_gone(opened, bucket):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = listener.getsockname()[1]
    with pytest.raises(SourceUnavailable, match="then try again"):
        list(opened(bucket.url(endpoint=f"http://127.0.0.1:{free}")).read("cases", None))


def test_every_part_of_a_url_may_be_percent_encoded():
    there = s3.place(
        urlsplit("s3://k%2B:s%2F%40@bucket/a%20b/?endpoint=https://s3.x:9000&region=cn-1")
    )
    assert (there.bucket, there.prefix, there.title) == ("bucket", "a b/", "s3://bucket/a b/")
    assert there.options == {
        "endpoint": "s3.x:9000", "secure": True, "region": "cn-1", "access_key": "k+", "secret_key": "s/@",
    }  # fmt: skip


@pytest.mark.parametrize(
    "broken",
    [
        "s3://k:geheim@bucket/x",
        "s3:///x?endpoint=http://h",
        "s3://k:geheim@b?endpoint=h",
        "s3://b?endpoint=http://h&x=1",
    ],
)
def test_urls_that_cannot_be_right(make_department, broken):
    with pytest.raises(SpecError, match="test_source") as caught:
        connectors.open(make_department({"cases": LINES}), broken)
    assert "geheim" not in str(caught.value)
