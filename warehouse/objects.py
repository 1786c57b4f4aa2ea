"""The object store: raw objects for good, the stage for a while. A folder, or any S3 endpoint; one interface.

Raw objects are named by their content, `raw/<department>/<dataset>/<sha256>.parquet`, with a manifest beside them, and
are verified against that name on every read, after decryption where they are encrypted (HUB_RAW_ENCRYPTION); a store may
hold both. Without encryption they hold identity data in clear: the folder is closed to other accounts, and an S3 bucket
must be too.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from hub.core.crash import crash_point
from hub.core.errors import LandingError, SourceUnavailable, SpecError
from hub.core.privacy import Keys
from hub.core.settings import Settings
from warehouse.sealing import NO_SEAL, Seal, is_raw

_UNFINISHED = ".writing-"


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as it lies there: its size in bytes, and when it was written (aware)."""

    name: str
    size: int
    at: datetime


class ObjectStore(Protocol):
    """Bytes by name. Names are relative, with slashes."""

    def put(self, name: str, data: bytes) -> None:
        """Store an object whole or not at all; an object of that name is replaced."""

    def get(self, name: str) -> bytes:
        """The object's bytes. Raises LandingError if it is missing or is not what its name says."""

    def exists(self, name: str) -> bool:
        """Whether there is such an object."""

    def list(self, prefix: str) -> Iterator[str]:
        """Names below a prefix, sorted."""

    def stored(self, prefix: str) -> Iterator[Stored]:
        """What `list` names, with size and time of the last change."""

    def unfinished(self, prefix: str) -> Iterator[Stored]:
        """What writers that were killed left below a prefix, and what is being written now: no objects, but space."""

    def delete(self, name: str) -> None:
        """Remove an object, or what is unfinished; none of that name is no error."""

    def delete_prefix(self, prefix: str) -> None:
        """Remove all objects below a prefix."""


def put_raw(
    store: ObjectStore, department: str, dataset: str, data: bytes, manifest: Mapping[str, Any]
) -> str:
    """Store a raw object under its content's name, its manifest after it; returns the name. Repeating it is harmless."""
    name = f"raw/{department}/{dataset}/{hashlib.sha256(data).hexdigest()}.parquet"
    if not store.exists(name):
        store.put(name, data)
    described = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
    store.put(_manifest(name), described)
    return name


def manifest_of(store: ObjectStore, name: str) -> dict[str, Any]:
    """The manifest beside a raw object. Raises LandingError if it is missing."""
    described: dict[str, Any] = json.loads(store.get(_manifest(name)))
    return described


def _manifest(name: str) -> str:
    return f"{name.removesuffix('.parquet')}.manifest.json"


def verified(name: str, data: bytes) -> bytes:
    """The bytes of a raw object, if they are what its name says. Raises LandingError."""
    if is_raw(name):
        found = hashlib.sha256(data).hexdigest()
        if found != Path(name).stem:
            raise LandingError(
                f"the object's content hashes to {found[:12]}…", where=name,
                remedy="it was changed or damaged: restore it from a backup; nothing was read from it",
            )  # fmt: skip
    return data


def _missing(name: str) -> LandingError:
    return LandingError(
        "no such object", where=name, remedy="restore the object store, or extract again"
    )


class FolderStore:
    """Objects as files below a folder that only its owner may enter.

    `put` raises SourceUnavailable when the disk does not take the object.
    """

    def __init__(self, root: Path, seal: Seal = NO_SEAL) -> None:
        self.root, self.seal = root, seal

    def put(self, name: str, data: bytes) -> None:
        try:
            self._write(self._path(name), self.seal.closed(name, data))
        except OSError as failure:
            raise SourceUnavailable(
                f"the object store does not take data ({failure.strerror or failure})", where=str(self.root),
                remedy="make room (hub raw gc) or mend the disk, then run again; nothing was lost",
            ) from None  # fmt: skip

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o700)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=_UNFINISHED)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            crash_point("mid_raw_put")
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        self._sync(path.parent)

    def get(self, name: str) -> bytes:
        try:
            data = self._path(name).read_bytes()
        except FileNotFoundError:
            raise _missing(name) from None
        return verified(name, self.seal.opened(name, data))

    def exists(self, name: str) -> bool:
        return self._path(name).is_file()

    def list(self, prefix: str) -> Iterator[str]:
        for path in sorted((self.root / prefix).rglob("*")):
            if path.is_file() and not path.name.startswith(_UNFINISHED):
                yield path.relative_to(self.root).as_posix()

    def stored(self, prefix: str) -> Iterator[Stored]:
        for name in self.list(prefix):
            yield from self._found(self.root / name)

    def unfinished(self, prefix: str) -> Iterator[Stored]:
        for path in sorted((self.root / prefix).rglob(f"{_UNFINISHED}*")):
            yield from self._found(path)

    def delete(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def delete_prefix(self, prefix: str) -> None:
        folder = self._path(prefix)
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        if folder.is_dir():
            folder.rmdir()

    def _found(self, path: Path) -> Iterator[Stored]:
        with contextlib.suppress(FileNotFoundError):  # somebody removed it meanwhile
            status = path.stat()
            at = datetime.fromtimestamp(status.st_mtime, UTC)
            yield Stored(path.relative_to(self.root).as_posix(), status.st_size, at)

    def _path(self, name: str) -> Path:
        path = (self.root / name).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise ValueError(f"'{name}' leaves the store")
        return path

    @staticmethod
    def _sync(folder: Path) -> None:
        """Make the new name itself durable."""
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


class S3Store:
    """Objects in a bucket of any S3 endpoint, through the minio SDK (extra `s3`).

    Every method raises SourceUnavailable when the endpoint does not answer, or answers with anything unforeseen.
    """

    def __init__(self, client: Any, bucket: str, prefix: str, seal: Seal = NO_SEAL) -> None:
        self.client, self.bucket, self.seal = client, bucket, seal
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    def put(self, name: str, data: bytes) -> None:
        data = self.seal.closed(name, data)
        with _answering(name):
            self.client.put_object(self.bucket, self.prefix + name, io.BytesIO(data), len(data))

    def get(self, name: str) -> bytes:
        with _answering(name):
            answer = self.client.get_object(self.bucket, self.prefix + name)
            try:
                data: bytes = answer.read()
            finally:
                answer.close()
                answer.release_conn()
        return verified(name, self.seal.opened(name, data))

    def exists(self, name: str) -> bool:
        try:
            with _answering(name):
                self.client.stat_object(self.bucket, self.prefix + name)
        except LandingError:
            return False
        return True

    def list(self, prefix: str) -> Iterator[str]:
        return (found.name for found in self.stored(prefix))

    def stored(self, prefix: str) -> Iterator[Stored]:
        with _answering(prefix):
            for item in self.client.list_objects(self.bucket, self.prefix + prefix, recursive=True):
                name = str(item.object_name).removeprefix(self.prefix)
                yield Stored(name, item.size, item.last_modified)

    def unfinished(self, prefix: str) -> Iterator[Stored]:
        """Nothing: an upload that broke off is the server's to remove, by the bucket's life cycle."""
        yield from ()

    def delete(self, name: str) -> None:
        with _answering(name):
            self.client.remove_object(self.bucket, self.prefix + name)

    def delete_prefix(self, prefix: str) -> None:
        for name in [*self.list(prefix)]:
            self.delete(name)


@contextmanager
def _answering(name: str) -> Iterator[None]:
    """Translate what the SDK raises: LandingError for a missing object, SourceUnavailable for all else."""
    from minio.error import MinioException, S3Error
    from urllib3.exceptions import HTTPError

    try:
        yield
    except S3Error as failure:
        if failure.code in ("NoSuchKey", "NoSuchObject", "NoSuchBucket"):
            raise _missing(name) from None
        raise _unavailable(failure.code or "an error", name) from None
    except (MinioException, HTTPError, OSError) as failure:
        raise _unavailable(type(failure).__name__, name) from None


def _unavailable(answer: str, where: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"the object store does not answer as it should ({answer})", where=where,
        remedy="check HUB_S3_ENDPOINT and the keys, then try again",
    )  # fmt: skip


def open_store(settings: Settings, keys: Keys | None = None) -> ObjectStore:
    """The store that HUB_OBJECTS names: a folder, or `s3://bucket/prefix`. Raises SpecError, SourceUnavailable.

    Without `keys`, raw objects are written in clear, and encrypted ones cannot be read.
    """
    seal = Seal.of(keys)
    if not settings.objects.startswith("s3://"):
        return FolderStore(Path(settings.objects), seal)
    return _open_s3(settings, seal)


def _open_s3(settings: Settings, seal: Seal) -> S3Store:
    names = ("HUB_S3_ENDPOINT", "HUB_S3_ACCESS_KEY", "HUB_S3_SECRET_KEY")
    if absent := [name for name in names if not os.environ.get(name)]:
        raise SpecError(
            f"HUB_OBJECTS is {settings.objects}, but {', '.join(absent)} is not set",
            file="environment", remedy="set them, or name a folder",
        )  # fmt: skip
    try:
        from minio import Minio
    except ImportError:
        raise SpecError(
            "the minio SDK is not installed", file="environment", remedy="install the extra 's3'"
        ) from None
    endpoint, access, secret = (os.environ[name] for name in names)
    at, where = urlsplit(endpoint), urlsplit(settings.objects)
    if at.scheme not in ("http", "https") or not at.netloc:
        raise SpecError(
            f"HUB_S3_ENDPOINT is '{endpoint}'", file="environment", remedy="write http://host:port"
        )
    client = Minio(
        endpoint=at.netloc, access_key=access, secret_key=secret, secure=at.scheme == "https"
    )
    with _answering(where.netloc):
        if not client.bucket_exists(where.netloc):
            client.make_bucket(where.netloc)
    return S3Store(client, where.netloc, where.path, seal)
