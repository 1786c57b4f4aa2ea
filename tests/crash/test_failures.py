"""What else goes wrong: a full disk, stores and warehouses that go away, two runs at once.

Each time: the run ends with an error that says what to do and that it may heal (exit code 3); nothing is lost, nothing
doubled; the next run completes.
"""

from __future__ import annotations

import logging
import random
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from hub import pipeline
from hub.core.errors import DepartmentBusy, SourceUnavailable
from hub.core.progress import LOGGER
from hub.core.settings import CONTENT_ROOT, Settings
from hub.pipeline.busy import working_alone
from hub.pipeline.rebuild import rebuild
from tests.crash.forking import Forker
from tests.hub.conftest import Ask, Registry
from tests.services import s3
from tests.services.processes import free_ports, scratch
from warehouse import server
from warehouse.migrate import migrate

FILES, ROWS = 12, 8
MAY_HEAL = 3
WHOLE = 'select count(*), count(distinct source_case_no) from core."case" where deleted_at is null'


def fill(registry: Registry, width: int = 10) -> None:
    """Several files, which become several batches."""
    chance = random.Random(1)
    for number in range(FILES):
        first = number * ROWS
        registry.put(
            f"{number:03}.csv",
            *(
                f"{n},2012-03-01,{chance.randbytes(width).hex()}"
                for n in range(first, first + ROWS)
            ),
        )


def check_whole(hub: pipeline.Hub, ask: Ask) -> None:
    """Every row once, every batch certified, and the raw objects give the same."""
    assert ask(WHOLE) == [(FILES * ROWS, FILES * ROWS)]
    assert ask('select count(*) from history."case"') == [(0,)]
    rebuilt = rebuild(hub, "registry")
    assert (rebuilt.same, rebuilt.uncertified) == (True, ())


@contextmanager
def when_first_landed(act: Callable[[], None]) -> Iterator[None]:
    """Do something at the moment at which the first batch of a run has landed."""

    class Once(logging.Handler):
        done = False

        def emit(self, record: logging.LogRecord) -> None:
            step = getattr(record, "step", None)
            if step and step["stage"] == "land" and not self.done:
                self.done = True
                act()

    logger, handler = LOGGER, Once()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    assert handler.done


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Callable[[str], None]]:
    """A file system in memory of that size; gives a function that changes it. Skips where nobody may mount one."""

    def mount(options: str) -> subprocess.CompletedProcess[bytes]:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        return subprocess.run(command, check=False, capture_output=True)

    folder.mkdir(parents=True)
    try:
        done = mount(f"size={size}")
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.decode().strip()}")
    try:
        yield lambda more: mount(f"remount,size={more}").check_returncode()
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.usefixtures("small_batches")
def test_a_full_disk_of_the_object_store(
    registry: Registry, registry_hub: pipeline.Hub, ask: Ask
) -> None:
    objects = Path(registry_hub.settings.objects)
    fill(registry, width=8_000)
    with small_disk(objects, "400k") as resize:
        with pytest.raises(SourceUnavailable, match="No space left") as failure:
            pipeline.run(registry_hub, "registry")
        assert failure.value.exit_code == MAY_HEAL
        assert "hub raw gc" in str(failure.value)
        ((landed, _),) = ask(WHOLE)
        assert 0 < landed < FILES * ROWS  # type: ignore[operator]
        assert not [*objects.rglob(".writing-*")]
        with pytest.raises(SourceUnavailable, match="No space left"):
            pipeline.run(registry_hub, "registry")
        resize("64m")
        pipeline.run(registry_hub, "registry")
        check_whole(registry_hub, ask)


@pytest.mark.usefixtures("small_batches")
def test_an_s3_store_that_goes_away_and_comes_back(
    registry: Registry, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    if why := s3.missing():
        pytest.skip(why)
    fill(registry)
    with scratch() as folder:
        ports = free_ports(8)
        with s3.serving(folder, ports) as (store, process):
            monkeypatch.setenv("HUB_OBJECTS", "s3://county/hub")
            monkeypatch.setenv("HUB_S3_ENDPOINT", store.endpoint)
            monkeypatch.setenv("HUB_S3_ACCESS_KEY", store.access)
            monkeypatch.setenv("HUB_S3_SECRET_KEY", store.secret)
            hub = pipeline.open_hub(Settings.load())
            with when_first_landed(process.kill), pytest.raises(SourceUnavailable) as failure:
                pipeline.run(hub, "registry")
        assert failure.value.exit_code == MAY_HEAL
        assert "the object store does not answer" in str(failure.value)
        ((landed, _),) = ask(WHOLE)
        assert 0 < landed < FILES * ROWS  # type: ignore[operator]
        with s3.serving(folder, ports):
            pipeline.run(hub, "registry")
            check_whole(hub, ask)


@pytest.fixture
def own_server() -> Iterator[Settings]:
    """An embedded server that a test may stop."""
    with scratch() as home:
        settings = Settings(home, None, str(home / "objects"), CONTENT_ROOT / "departments")
        try:
            server.ensure(settings, durable=False)
            yield settings
        finally:
            server.discard(settings)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("comes_back", ["later", "at once"])
def test_a_warehouse_that_restarts_in_mid_run(
    registry: Registry, own_server: Settings, monkeypatch: pytest.MonkeyPatch, comes_back: str
) -> None:
    """`at once`: the run's own connections are gone all the same, and with them its hold on the department."""
    fill(registry)
    url = server.ensure(own_server, durable=False)
    monkeypatch.setenv("HUB_WAREHOUSE_URL", url)
    hub = pipeline.open_hub(Settings.load())
    migrate(hub.engine)

    def restart() -> None:
        server.stop(own_server)
        if comes_back == "at once":
            server.ensure(own_server, durable=False)

    with when_first_landed(restart), pytest.raises(SourceUnavailable) as failure:
        pipeline.run(hub, "registry")
    assert failure.value.exit_code == MAY_HEAL
    assert "the warehouse does not answer" in str(failure.value)
    assert "run again" in str(failure.value)
    server.ensure(own_server, durable=False)
    pipeline.run(hub, "registry")
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        check_whole(hub, lambda query: connection.execute(query).fetchall())
    hub.engine.dispose()


def test_a_warehouse_that_is_not_there_is_a_message_and_not_a_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from hub.cli import main

    (port,) = free_ports(1)
    monkeypatch.setenv("HUB_WAREHOUSE_URL", f"postgresql+psycopg://hub:geheim@127.0.0.1:{port}/hub")
    monkeypatch.setattr("sys.argv", ["hub", "status"])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert ended.value.code == MAY_HEAL
    assert "the warehouse does not answer" in said and "run again" in said
    assert "geheim" not in said


def test_two_runs_of_a_department_at_once(
    registry: Registry, registry_hub: pipeline.Hub, ask: Ask, tmp_path: Path
) -> None:
    """The second one, in a process of its own, refuses and says so; it works once the first is over."""
    fill(registry)
    forker = Forker(tmp_path)
    try:
        job = {"call": "run", "department": "registry", "env": {}}
        with working_alone(registry_hub, "registry"):
            with pytest.raises(DepartmentBusy):
                pipeline.run(registry_hub, "registry")
            forker.start(job)
            ended = forker.wait(60)
            assert ended is not None and ended.code == MAY_HEAL
            assert "another run of this department is at work" in ended.said
            assert ask(WHOLE) == [(0, 0)]
        forker.start(job)
        ended = forker.wait(60)
        assert ended is not None and ended.code == 0, ended
    finally:
        forker.close()
    check_whole(registry_hub, ask)


def test_a_run_that_was_killed_lets_the_department_go(
    registry: Registry, registry_hub: pipeline.Hub, ask: Ask, tmp_path: Path
) -> None:
    fill(registry)
    forker = Forker(tmp_path)
    try:
        forker.start(
            {"call": "run", "department": "registry", "env": {"HUB_CRASH_AT": "before_commit"}}
        )
        ended = forker.wait(60)
        assert ended is not None and ended.killed
    finally:
        forker.close()
    pipeline.run(registry_hub, "registry")
    check_whole(registry_hub, ask)
