"""An S3 bucket. Connection URL: s3://key:secret@bucket/prefix?endpoint=https://host&region=…, key and secret
percent-encoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from connectors.files.places import Entry
from connectors.files.remote import copies
from hub.core.errors import SourceRefused, SourceUnavailable

REFUSED = {
    "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "NoSuchBucket", "PermanentRedirect",
    "AuthorizationHeaderMalformed", "InvalidBucketName",
}  # fmt: skip


def place(url: SplitResult) -> Bucket:
    """The bucket of a URL. Raises ValueError if it lacks the bucket or its endpoint."""
    given = {key: values[-1] for key, values in parse_qs(url.query).items()}
    endpoint = urlsplit(given.get("endpoint", ""))
    if not url.hostname or endpoint.scheme not in ("http", "https") or not endpoint.netloc:
        raise ValueError("is no URL of an S3 bucket with its endpoint")
    if unknown := given.keys() - {"endpoint", "region"}:
        raise ValueError(f"has unknown parameters: {', '.join(sorted(unknown))}")
    bucket = url.netloc.rpartition("@")[2]
    options = {
        "endpoint": endpoint.netloc, "secure": endpoint.scheme == "https", "region": given.get("region"),
        "access_key": unquote(url.username or "") or None,
        "secret_key": unquote(url.password or "") or None,
    }  # fmt: skip
    return Bucket(bucket, unquote(url.path).strip("/"), options)


class Bucket:
    """The objects below a prefix, fetched one by one."""

    settle = 0.0
    """An object appears whole or not at all."""

    def __init__(self, bucket: str, prefix: str, options: dict[str, Any]) -> None:
        self.bucket, self.options = bucket, options
        self.prefix = f"{prefix}/" if prefix else ""
        self.title = f"s3://{bucket}/{self.prefix}"
        self._session: Any = None

    def _client(self) -> Any:
        if self._session is None:
            try:
                from minio import Minio
            except ImportError:
                raise SourceRefused(
                    "the minio SDK is not installed", where=self.title,
                    remedy="install the extra 's3'",
                ) from None  # fmt: skip
            from urllib3 import PoolManager, Retry, Timeout

            # The SDK's own pool waits for five minutes and tries five times: a run would hang.
            http = PoolManager(
                timeout=Timeout(connect=10, read=60), retries=Retry(2, backoff_factor=0.2)
            )
            self._session = Minio(**self.options, http_client=http)
        return self._session

    def entries(self, pattern: str) -> list[Entry]:
        recursive = "/" in pattern or "**" in pattern
        with self._answering(""):
            found = self._client().list_objects(self.bucket, self.prefix, recursive=recursive)
            return [
                self._entry(item)
                for item in found
                if not item.is_dir and item.object_name != self.prefix
            ]

    def entry(self, name: str) -> Entry:
        with self._answering(name):
            return self._entry(self._client().stat_object(self.bucket, self.prefix + name))

    def local(self, entries: Sequence[Entry]) -> AbstractContextManager[Path]:
        return copies(entries, self._fetch)

    def _fetch(self, entry: Entry, target: Path) -> None:
        with self._answering(entry.name):
            self._client().fget_object(self.bucket, self.prefix + entry.name, str(target))

    def _entry(self, item: Any) -> Entry:
        name = str(item.object_name).removeprefix(self.prefix)
        changed = item.last_modified.timestamp() if item.last_modified else 0.0
        etag = str(item.etag or "").strip('"')
        return Entry(name, item.size, changed, f"{item.size}@{etag}")

    def close(self) -> None:
        """Requests are each on their own."""
        self._session = None

    @contextmanager
    def _answering(self, name: str) -> Iterator[None]:
        from minio.error import MinioException, S3Error
        from urllib3.exceptions import HTTPError

        where = self.title + name
        try:
            yield
        except S3Error as failure:
            code = failure.code or "no code"
            if code in REFUSED:
                raise SourceRefused(
                    f"the endpoint answers {code}", where=where,
                    remedy="correct bucket, key and secret of the connection, or have reading and listing allowed",
                ) from None  # fmt: skip
            raise _unavailable(code, where) from None
        except (MinioException, HTTPError, OSError) as failure:
            raise _unavailable(type(failure).__name__, where) from None
        except ValueError as failure:  # names that the SDK does not accept
            raise SourceRefused(
                f"the S3 client does not accept it ({type(failure).__name__})", where=where,
                remedy="correct bucket and prefix of the connection",
            ) from None  # fmt: skip


def _unavailable(answer: str, where: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"the endpoint does not answer as it should ({answer})", where=where,
        remedy="check the endpoint of the connection and the network, then try again",
    )  # fmt: skip
