"""The embedded servers: data kept, one holder a folder, nothing left behind, modes untouched."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
import redis

from app.core.db import database_url
from app.dev.children import spawn
from app.dev.homes import Home, HomeTaken, ServerFailed, binary
from app.dev.postgres import PostgresServer
from app.dev.valkey import ValkeyServer

QUICK = {"fsync": "off"}
PROJECT = Path(__file__).resolve().parents[2]
KEEPER = """
    import sys
    from pathlib import Path
    from app.dev import children, postgres
    from app.dev.postgres import PostgresServer
    from app.dev.valkey import ValkeyServer
    if "without-namespaces" in sys.argv:
        children.nobody = postgres.nobody = lambda: "nobody"
    home = Path(sys.argv[1])
    with PostgresServer(home / "pg") as postgres, ValkeyServer(home / "vk") as valkey:
        print(postgres.process.pid, valkey.process.pid, postgres.url, valkey.url, sep="\\t", flush=True)
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


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an odd path in which both servers have kept something, and have stopped.

    Made once: a new data folder takes ten times as long as a start on one that is there.
    """
    above = tmp_path_factory.mktemp("above")
    above.chmod(0o700)
    odd = above / 'o\'brien, 100% & "co" + ü'
    with PostgresServer(odd / "pg", settings=QUICK) as postgres:
        asyncio.run(run_sql(postgres.url, "CREATE TABLE kept AS SELECT 7 AS value"))
    with ValkeyServer(odd / "vk") as valkey, redis.Redis.from_url(valkey.url) as client:
        client.set("kept", "7")
    return odd


def test_data_outlives_a_restart(made: Path) -> None:
    """At an odd path too, and the folders above keep their modes."""
    with PostgresServer(made / "pg", settings=QUICK) as postgres:
        # Ready means that it answers.
        assert asyncio.run(run_sql(postgres.url, "SELECT value FROM kept")) == 7
        quoted = str(database_url(postgres.url)).replace("+asyncpg", "")
        assert asyncio.run(run_sql(quoted, "SELECT current_database()")) == "intake"
        for folder in (made.parent, made / "pg"):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    with ValkeyServer(made / "vk") as valkey, redis.Redis.from_url(valkey.url) as client:
        assert client.get("kept") == b"7"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_nothing_is_left_when_the_parent_dies(made: Path, number: signal.Signals) -> None:
    """And nothing that was committed or answered is lost, although no server could say goodbye."""
    with start_keeper(made) as keeper:
        assert keeper.stdout is not None
        said = keeper.stdout.readline().decode().split("\t")
        servers = [int(word) for word in said[:2]]
        assert all(is_running(pid) for pid in servers)
        postgres, valkey = PostgresServer(made / "pg", settings=QUICK), ValkeyServer(made / "vk")
        await run_sql(said[2], f"CREATE TABLE kept_{number} AS SELECT 8 AS value")
        with redis.Redis.from_url(said[3].strip()) as client:
            client.set(f"kept_{number}", "8")
        keeper.send_signal(number)
        gone = wait_until(lambda: not any(is_running(pid) for pid in servers), 30)
    assert gone, "a server outlived its parent by more than a second"
    with postgres, valkey, redis.Redis.from_url(valkey.url) as client:
        assert await run_sql(postgres.url, f"TABLE kept_{number}") == 8
        assert client.get(f"kept_{number}") == b"8"


def test_two_holders_of_one_folder_are_refused(made: Path) -> None:
    with (
        PostgresServer(made / "pg", settings=QUICK),
        pytest.raises(HomeTaken),
        PostgresServer(made / "pg"),
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


def test_an_ordinary_user_can_run_both(tmp_path: Path) -> None:
    """As root we become an ordinary user for this; otherwise every test here is one's already."""
    keep_for_a_moment(tmp_path, as_nobody=True)


def keep_for_a_moment(home: Path, *arguments: str, as_nobody: bool = False) -> None:
    """Start and stop both servers in a process of their own, whose standard input is empty."""
    command: list[str | Path] = [
        *(sys.executable, "-c", textwrap.dedent(KEEPER), home),
        *arguments,
    ]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    keeper = spawn(command, as_nobody=as_nobody, environment=environment, output=subprocess.PIPE)
    with keeper:
        output, _ = keeper.communicate(timeout=30)
    assert keeper.returncode == 0, output.decode()[-2000:]
    assert len(output.split(b"\t")) == 4


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become someone else")
def test_root_can_run_both_where_namespaces_are_forbidden(tmp_path: Path) -> None:
    """Data changes hands with the way in which the server stops being root, and back."""
    data = tmp_path / "private" / "pg" / "data"
    data.parent.parent.mkdir(mode=0o700)
    for arguments, owner in (
        (["without-namespaces"], 65534),
        ([], 0),
        (["without-namespaces"], 65534),
    ):
        keep_for_a_moment(data.parent.parent, *arguments)
        assert data.stat().st_uid == owner
        assert (data / "PG_VERSION").stat().st_uid == owner
    assert data.parent.stat().st_uid == 0


def start_keeper(home: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KEEPER), str(home)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def test_a_start_right_after_a_kill_waits_for_the_old_servers(made: Path) -> None:
    """The killed holder's server is frozen here, as one that still writes would seem to be."""
    with start_keeper(made) as keeper:
        assert keeper.stdout is not None
        postgres = int(keeper.stdout.readline().split()[0])
        os.kill(postgres, signal.SIGSTOP)
        keeper.kill()
        keeper.wait()
        thaw = threading.Timer(0.5, os.kill, (postgres, signal.SIGCONT))
        thaw.start()
        started = time.monotonic()
        with PostgresServer(made / "pg", settings=QUICK), ValkeyServer(made / "vk"):
            assert time.monotonic() - started > 0.4
            assert not is_running(postgres)
        thaw.join()


def test_a_half_made_folder_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "data.1").mkdir()
    (tmp_path / "data.1" / "PG_VERSION").write_text("18")
    with PostgresServer(tmp_path, settings=QUICK) as postgres:
        assert asyncio.run(run_sql(postgres.url, "SELECT 1")) == 1
    assert [path.name for path in tmp_path.glob("data*")] == ["data"]
    # Killed between making the database and taking the mark away.
    (tmp_path / "fresh").touch()
    with PostgresServer(tmp_path, settings=QUICK):
        assert not (tmp_path / "fresh").exists()


def test_a_server_that_cannot_start_shows_its_log(made: Path) -> None:
    with (
        pytest.raises(ServerFailed, match="unrecognized configuration parameter"),
        PostgresServer(made / "pg", settings={"no_such_setting": "1"}),
    ):
        pass
    with PostgresServer(made / "pg", settings=QUICK):
        pass


def test_a_missing_package_is_said_plainly() -> None:
    with pytest.raises(ServerFailed, match=r"scripts/bootstrap"):
        binary("no-such-package", "bin/nothing")
