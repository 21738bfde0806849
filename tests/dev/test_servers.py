"""The embedded servers: data kept, one holder a folder, nothing left behind, modes untouched."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
import redis

from app.dev.children import spawn
from app.dev.homes import Home, HomeTaken, ServerFailed, binary
from app.dev.postgres import PostgresServer
from app.dev.valkey import ValkeyServer

QUICK = {"fsync": "off"}
PROJECT = Path(__file__).resolve().parents[2]
KEEPER = """
    import sys
    from pathlib import Path
    from app.dev.postgres import PostgresServer
    from app.dev.valkey import ValkeyServer
    home = Path(sys.argv[1])
    with PostgresServer(home / "pg") as postgres, ValkeyServer(home / "vk") as valkey:
        print(postgres.process.pid, valkey.process.pid, flush=True)
        sys.stdin.read()
"""


async def run_sql(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def is_running(pid: int) -> bool:
    """Whether a process runs; one that waits for its parent to read its exit code does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return condition()


async def test_data_outlives_a_restart(tmp_path: Path) -> None:
    for expected in (None, 7):
        with PostgresServer(tmp_path / "pg", settings=QUICK) as postgres:
            if expected is None:
                await run_sql(postgres.url, "CREATE TABLE kept AS SELECT 7 AS value")
            assert await run_sql(postgres.url, "SELECT value FROM kept") == 7
        with ValkeyServer(tmp_path / "vk") as valkey, redis.Redis.from_url(valkey.url) as client:
            if expected is None:
                client.set("kept", "7")
            assert client.get("kept") == b"7"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_when_the_parent_dies(tmp_path: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KEEPER), str(tmp_path)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as keeper:
        assert keeper.stdout is not None
        servers = [int(word) for word in keeper.stdout.readline().split()]
        assert len(servers) == 2
        assert all(is_running(pid) for pid in servers)
        keeper.send_signal(number)
        gone = wait_until(lambda: not any(is_running(pid) for pid in servers), 1.0)
    assert gone, "a server outlived its parent by more than a second"
    with PostgresServer(tmp_path / "pg"), ValkeyServer(tmp_path / "vk"):
        pass


def test_two_holders_of_one_folder_are_refused(tmp_path: Path) -> None:
    with (
        PostgresServer(tmp_path, settings=QUICK),
        pytest.raises(HomeTaken),
        PostgresServer(tmp_path),
    ):
        pass


def test_a_long_path_gets_a_short_private_socket_folder(tmp_path: Path) -> None:
    deep = tmp_path / ("long" * 20) / ("longer" * 10)
    with ValkeyServer(deep) as valkey, redis.Redis.from_url(valkey.url) as client:
        assert client.ping()
    sockets = Home(deep).sockets()
    assert len(str(sockets / ".s.PGSQL.5432")) <= 107
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    sockets.rmdir()


def test_folders_above_keep_their_modes(tmp_path: Path) -> None:
    above = tmp_path / "above"
    above.mkdir(mode=0o700)
    with PostgresServer(above / "pg", settings=QUICK):
        assert stat.S_IMODE(above.stat().st_mode) == 0o700
        assert stat.S_IMODE((above / "pg").stat().st_mode) == 0o700


def test_an_ordinary_user_can_run_both(tmp_path: Path) -> None:
    """As root we become an ordinary user for this; otherwise every test here is one's already."""
    command: list[str | Path] = [sys.executable, "-c", textwrap.dedent(KEEPER), tmp_path]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    keeper = spawn(command, as_nobody=True, environment=environment, output=subprocess.PIPE)
    with keeper:
        output, _ = keeper.communicate(timeout=30)
    assert keeper.returncode == 0, output.decode()[-2000:]
    assert len(output.split()) == 2


def test_a_missing_package_is_said_plainly() -> None:
    with pytest.raises(ServerFailed, match=r"scripts/bootstrap"):
        binary("no-such-package", "bin/nothing")


def test_ready_means_that_it_answers(tmp_path: Path) -> None:
    with PostgresServer(tmp_path, settings=QUICK) as postgres:
        assert asyncio.run(run_sql(postgres.url, "SELECT current_database()")) == "intake"
