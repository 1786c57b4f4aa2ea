"""The embedded PostgreSQL: a real server below HUB_HOME, reached through a unix socket only.

It belongs to the installation, not to a process: the first hub command starts it, every other process (Airflow's
tasks, a second shell) finds it running, and it stays until `stop`, as a database server should. If its data folder
is removed under it, it ends by itself within a minute.

The data lie in HUB_HOME/pg. As root they belong to an unprivileged account; if that account cannot enter HUB_HOME
(below /root, mode 700), they lie in a folder below /var/lib or /var/tmp that HUB_HOME/pg.location names. The socket
is in the data folder (mode 700: who may not read the data may not connect), or in such a folder when the path is too
long or too unusual for a socket address.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import URL

from hub.core.errors import HubError
from hub.core.settings import Settings
from warehouse.binaries import Account, private_folder, programs

SUPERUSER = "postgres"
START_SECONDS = 120  # recovery after a crash may replay max_wal_size
_SOCKET_LIMIT = 107  # sun_path of Linux, without its final zero byte
_PLAIN_PATH = re.compile(r"[\w./+-]+", re.ASCII)

# A hub that was killed must not leave its statement running, with all its locks: the server looks every two seconds
# whether the client is still there.
# Privacy: a failing statement or a rejected COPY line may hold what only `restricted` may hold. So the log never
# repeats statements, parameters, details or context.
_CONFIGURATION = """\
# Written by the hub before each start; changes made here are lost.
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
shared_buffers = {buffers}MB
work_mem = 32MB
maintenance_work_mem = 128MB
effective_cache_size = {cache}MB
max_connections = 100
client_connection_check_interval = 2s
max_wal_size = 4GB
min_wal_size = 256MB
checkpoint_timeout = 15min
jit = off
random_page_cost = 1.1
log_min_error_statement = panic
log_error_verbosity = terse
log_min_messages = warning
fsync = {durable}
synchronous_commit = {durable}
full_page_writes = {durable}
"""


def ensure(settings: Settings, *, durable: bool = True) -> str:
    """The URL of the running server's `postgres` database, starting (and first making) the server if need be.

    `durable` False gives up safety against power failure, for tests. Safe to call from several processes at once.
    Raises HubError when the server cannot start.
    """
    try:
        data = _known_data(settings)
        if data is None or not _answers(_address(settings, data)):
            with _locked(settings):
                data = _start(settings, durable)
        return database_of(_base(_address(settings, data)), SUPERUSER)
    except PermissionError as closed:
        raise HubError(
            "the embedded PostgreSQL belongs to another account", where=str(closed.filename),
            remedy="run the hub as the account that began it, or set another HUB_HOME",
        ) from None  # fmt: skip


def stop(settings: Settings) -> None:
    """Stop the server, after its clients' running statements are rolled back. Does nothing if it is not running."""
    data = _known_data(settings)
    if data is None or not (data / "postmaster.pid").exists():
        return
    with _locked(settings):
        account = Account.find()
        _run(account, data, "pg_ctl", "stop", "-m", "fast", "-w", "-t", "60", check=False)


def discard(settings: Settings) -> None:
    """Stop the server and delete its data, wherever they lie. For `make clean`."""
    stop(settings)
    record = _record(settings)
    if record.exists():
        shutil.rmtree(_recorded(record).parent, ignore_errors=True)
        record.unlink()
    shutil.rmtree(settings.home / "pg", ignore_errors=True)


def log_tail(settings: Settings, lines: int = 20) -> str:
    """The end of the server's log."""
    data = _known_data(settings)
    log = data / "server.log" if data else None
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:]) if log else ""


def database_of(url: str | URL, name: str) -> str:
    """The same server's URL for another database."""
    from sqlalchemy import make_url

    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _base(address: Address) -> URL:
    return URL.create(
        "postgresql+psycopg", username=SUPERUSER, host="localhost", port=address.port,
        database=SUPERUSER, query={"host": str(address.folder)},
    )  # fmt: skip


@contextmanager
def _locked(settings: Settings) -> Iterator[None]:
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / "pg.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _record(settings: Settings) -> Path:
    return settings.home / "pg.location"


def _known_data(settings: Settings) -> Path | None:
    """The data folder of a server that was made before, or None."""
    record = _record(settings)
    data = _recorded(record) if record.exists() else settings.home / "pg"
    try:
        return data if data.is_dir() else None
    except PermissionError:
        return None


def _recorded(record: Path) -> Path:
    return Path(record.read_text("utf-8").strip())


def _choose_data(settings: Settings, account: Account) -> Path:
    if _record(settings).exists():  # an earlier start got no further than this
        return _recorded(_record(settings))
    # `pg_ctl` hands the path to a shell, between double quotes.
    if account.reaches(settings.home) and not set(str(settings.home)) & set('"$`\\\n'):
        return settings.home / "pg"
    # The random part: a HUB_HOME that was removed and made again must not meet the old one's data.
    data = private_folder(f"county-data-hub-{_short(settings.home)}-{os.urandom(4).hex()}") / "pg"
    _record(settings).write_text(f"{data}\n", "utf-8")
    return data


@dataclass(frozen=True, slots=True)
class Address:
    """A unix socket: its folder, and the port that is part of its name."""

    folder: Path
    port: int

    @property
    def file(self) -> Path:
        return self.folder / f".s.PGSQL.{self.port}"


def _address(settings: Settings, data: Path) -> Address:
    # Each data folder has a port of its own: a server whose folder was removed ends within a minute, and takes the
    # socket of its name with it. It must not be the socket of the server that was started in its place.
    record = data / "hub.port"
    port = int(record.read_text("ascii")) if record.exists() else 5432
    here = Address(data, port)
    if len(os.fsencode(here.file)) <= _SOCKET_LIMIT and _PLAIN_PATH.fullmatch(str(data)):
        return here
    return Address(private_folder(f"county-data-hub-{_short(settings.home)}") / "socket", port)


def _short(home: Path) -> str:
    return hashlib.sha256(os.fsencode(home)).hexdigest()[:12]


def _answers(address: Address) -> bool:
    if not address.file.exists():
        return False
    try:
        psycopg.connect(
            host=str(address.folder), port=address.port, user=SUPERUSER, dbname=SUPERUSER, connect_timeout=5
        ).close()  # fmt: skip
    except psycopg.OperationalError:
        return False
    return True


def _start(settings: Settings, durable: bool) -> Path:
    account = Account.find()
    data = _known_data(settings) or _choose_data(settings, account)
    if not (data / "PG_VERSION").exists():
        _initialise(account, data)
    address = _address(settings, data)
    if _came_up(data, address):
        return data
    if address.folder != data:
        address.folder.mkdir(mode=0o700, exist_ok=True)
        account.give(address.folder)
    _configure(account, data, address, durable)
    log = str(data / "server.log")
    done = _run(
        account, data, "pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-l", log, check=False
    )
    if done.returncode != 0 or not _answers(address):
        raise HubError(
            "the embedded PostgreSQL did not start", where=log,
            remedy=f"its log ends with: {log_tail(settings)}",
        )  # fmt: skip
    return data


def _came_up(data: Path, address: Address) -> bool:
    """Whether another process's server is there; waits while it is starting or recovering."""
    deadline = time.monotonic() + START_SECONDS
    while not _answers(address):
        if not _postmaster_lives(data) or time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _postmaster_lives(data: Path) -> bool:
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return False
    return os.fsencode(data) in command


def _initialise(account: Account, data: Path) -> None:
    """`initdb` beside the final place, then one rename: a crash half way leaves nothing that looks complete."""
    fresh = data.with_name("pg.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700, parents=True)
    account.give(fresh)
    _run(
        account, fresh, "initdb", "--username", SUPERUSER, "--auth=trust", "--encoding=UTF8",
        "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions",
    )  # fmt: skip
    (fresh / "hub.port").write_text(str(20_000 + secrets.randbelow(40_000)), "ascii")
    with (fresh / "postgresql.conf").open("a") as configuration:
        configuration.write("\ninclude = 'hub.conf'\n")
    fresh.rename(data)


def _configure(account: Account, data: Path, address: Address, durable: bool) -> None:
    configuration = data / "hub.conf"
    memory = _memory()
    configuration.write_text(
        _CONFIGURATION.format(
            port=address.port, socket=address.folder,
            buffers=min(max(memory // 4, 128), 4096) if durable else 64, cache=memory // 2,
            durable="on" if durable else "off",
        )
    )  # fmt: skip
    account.give(configuration)


def _memory() -> int:
    """Megabytes of memory that this machine, or the container that we are in, has."""
    known = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = Path("/sys/fs/cgroup/memory.max")
    if limit.exists() and (allowed := limit.read_text().strip()).isdigit():
        known = min(known, int(allowed))
    return known // 2**20


def _run(
    account: Account, data: Path, program: str, *arguments: str, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs as the account. Output goes to a file: a pipe would outlive `pg_ctl`."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    output = data.parent / f"pg.{program}.out"
    with output.open("w") as handle:
        done = subprocess.run(
            [str(programs(account) / program), "-D", str(data), *arguments],
            stdin=subprocess.DEVNULL, stdout=handle, stderr=handle, text=True, check=False,
            cwd=data, env=clean | {"LC_ALL": "C"}, start_new_session=True, **account.switch,  # type: ignore[call-overload]
        )  # fmt: skip
    if check and done.returncode != 0:
        raise HubError(f"{program} failed", where=str(output), remedy=output.read_text()[-1000:])
    return subprocess.CompletedProcess(done.args, done.returncode)
