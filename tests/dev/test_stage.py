"""The whole life of `intake dev`: ready, two side by side, ended by signals, nothing left."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from app.dev.issuers.instance import SECRET_KEY
from app.dev.issuers.people import PASSWORD
from app.dev.issuers.realm import CLIENT, REALM_PATH
from app.dev.secrets import read_variables
from app.dev.surroundings import ask

PROJECT = Path(__file__).resolve().parents[2]
READY = "Press Ctrl-C to stop."
FREE_OF_SETTINGS = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(
        ("DATABASE_", "REDIS_", "SECRET_", "SUPERUSER_", "UHC_", "PORT", "KEYCLOAK_", "CLERK_")
    )
}


class Dev:
    """An `intake dev` in a folder of the test's."""

    def __init__(self, data: Path, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.data = data
        self.process = process
        self._log = log

    @property
    def output(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 120
        while READY not in self.output:
            assert self.process.poll() is None, self.output[-3000:]
            assert time.monotonic() < deadline, self.output[-3000:]
            time.sleep(0.05)

    @property
    def tour(self) -> dict[str, str]:
        return read_variables(self.data / "tour.env")

    def get(self, path: str) -> tuple[int, dict[str, object]]:
        status, body = ask(self.tour["INTAKE_URL"] + path)
        return status, json.loads(body)

    def left(self) -> list[str]:
        """What still runs: our own session's programs and servers, by variable or by argument."""
        mark, place = f"STAGE_TEST={self.data}".encode(), os.fsencode(self.data)
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes()
                ours = place in command or mark in (folder / "environ").read_bytes()
            except OSError:
                continue
            if ours and command and int(folder.name) != self.process.pid:
                found.append(command.replace(b"\0", b" ").decode(errors="replace"))
        return found


@contextmanager
def dev(folder: Path, *arguments: str) -> Iterator[Dev]:
    """Start it from the project's folder, and let nothing of it outlive the test."""
    folder.mkdir(parents=True, exist_ok=True)
    data, log = folder / "data", folder / "log"
    command = [sys.executable, "-m", "app.cli", "dev", "--data", str(data), *arguments]
    if "--demo" not in arguments:
        # The second processor is not there for what nobody looks at.
        command.append("--no-demo")
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env={**FREE_OF_SETTINGS, "STAGE_TEST": str(data)},
            stdout=output,
            stderr=output,
        )
    try:
        yield Dev(data, process, log)
    finally:
        process.kill()
        process.wait()


def nothing_left(stage: Dev, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while stage.left():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Dev, Dev]]:
    """Two that were told the same port, the first over what an older one has left: each start of
    ten programs is dear, and the tests of this file share these."""
    folder = tmp_path_factory.mktemp("pair")
    leave_something(folder / "one" / "data")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    with (
        dev(folder / "one", "--port", port, "--no-reload", "--demo", "--fresh") as one,
        dev(folder / "two", "--port", port, "--no-reload") as two,
    ):
        for stage in (one, two):
            stage.wait_until_ready()
        yield one, two


def leave_something(data: Path) -> None:
    """What an older one has left, and a file of the user's beside it."""
    (data / "valkey").mkdir(parents=True)
    (data / "valkey" / "old").touch()
    (data / "letter.txt").write_text("mine")
    (data / "secrets.env").write_text("SECRET_KEY=old\n")


def test_fresh_throws_away_only_what_is_its_own(pair: tuple[Dev, Dev]) -> None:
    data = pair[0].data
    assert (data / "letter.txt").read_text() == "mine"
    assert not (data / "valkey" / "old").exists()
    assert read_variables(data / "secrets.env")["SECRET_KEY"] != "old"


def test_two_live_side_by_side(pair: tuple[Dev, Dev]) -> None:
    one, two = pair
    for stage in pair:
        assert stage.get("/readyz")[0] == 200
        assert len(stage.left()) >= 6
    assert_the_local_issuers_let_in(one)
    assert_the_link_opens_the_console_once(one, "Claire Fontaine")
    assert httpx.get(f"{one.tour['PROVIDERS_URL']}/google/token").status_code == 401
    assert one.tour["INTAKE_URL"] != two.tour["INTAKE_URL"]
    assert one.tour["SUPERUSER_PASSWORD"] != two.tour["SUPERUSER_PASSWORD"]


def test_a_folder_in_use_is_refused_plainly(pair: tuple[Dev, Dev]) -> None:
    stage = pair[1]
    command = [sys.executable, "-m", "app.cli", "dev", "--fresh", "--data", str(stage.data)]
    second = subprocess.run(
        command, cwd=PROJECT, env=FREE_OF_SETTINGS, capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert "in use by another process" in second.stderr
    assert "Traceback" not in second.stderr
    assert stage.process.poll() is None
    assert stage.get("/readyz")[0] == 200


def assert_the_link_opens_the_console_once(stage: Dev, name: str) -> str:
    """As a browser does it: the token stands behind the #, and is posted."""
    found = re.search(r"Console +(\S+)#(\S+)", stage.output)
    assert found is not None, stage.output[-3000:]
    with httpx.Client(headers={"Sec-Fetch-Site": "same-origin"}, follow_redirects=True) as browser:
        opened = browser.post(found[1], data={"token": found[2]})
        assert (opened.status_code, name in opened.text) == (200, True), opened.text[:2000]
        assert browser.post(found[1], data={"token": found[2]}).status_code == 400
    return found[2]


def assert_the_local_issuers_let_in(stage: Dev) -> None:
    """One call for a token of each, and the API takes it as it stands."""
    issuers, api = stage.tour["ISSUERS_URL"], f"{stage.tour['INTAKE_URL']}/api/v1"
    form = {
        "grant_type": "password",
        "client_id": CLIENT,
        "username": "ada",
        "password": PASSWORD,
        "scope": "openid organization",
    }
    granted = httpx.post(f"{issuers}{REALM_PATH}/protocol/openid-connect/token", data=form)
    secret = {"Authorization": f"Bearer {SECRET_KEY}"}
    made = httpx.post(f"{issuers}/v1/sessions/sess_2rehearsalada/tokens", headers=secret)
    for token in (granted.json()["access_token"], made.json()["jwt"]):
        me = httpx.get(f"{api}/users/me", headers={"Authorization": f"Bearer {token}"})
        assert (me.status_code, me.json()["role"]) == (200, "admin"), me.text


def test_a_killed_one_leaves_nothing_and_its_data_is_found_again(pair: tuple[Dev, Dev]) -> None:
    """The other one goes on, until it is told to end."""
    one, killed = pair
    before = killed.tour
    former = assert_the_link_opens_the_console_once(killed, "Superuser")
    for name in ("tour.env", "dev.env", "secrets.env"):
        assert stat.S_IMODE((killed.data / name).stat().st_mode) == 0o600
    killed.process.kill()
    killed.process.wait()
    assert nothing_left(killed, 10), killed.left()
    assert one.get("/readyz")[0] == 200
    assert_ends_and_leaves_nothing(one, signal.SIGTERM)
    with dev(killed.data.parent, "--no-reload") as again:
        again.wait_until_ready()
        assert again.tour["SUPERUSER_PASSWORD"] == before["SUPERUSER_PASSWORD"]
        assert assert_the_link_opens_the_console_once(again, "Superuser") != former
        assert_doctor_finds_it_well(again)
        assert_ends_and_leaves_nothing(again, signal.SIGINT)


def assert_ends_and_leaves_nothing(stage: Dev, number: signal.Signals) -> None:
    """Told by a signal, it ends well and takes everything with it."""
    stage.process.send_signal(number)
    assert stage.process.wait(timeout=60) == 0
    assert nothing_left(stage, 10), stage.left()


def assert_doctor_finds_it_well(stage: Dev) -> None:
    """`intake doctor` beside a running stage examines that one, and shows no secret."""
    command = [sys.executable, "-m", "app.cli", "doctor", "--data", str(stage.data)]
    deadline = time.monotonic() + 60
    # The workers report some moments after the API is ready, and asking that costs less than doctor.
    while stage.get("/health")[1]["status"] != "healthy" and time.monotonic() < deadline:
        time.sleep(0.1)
    while True:
        done = subprocess.run(
            command, cwd=PROJECT, env=FREE_OF_SETTINGS, capture_output=True, text=True, check=False
        )
        if done.returncode == 0 or time.monotonic() > deadline:
            break
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✔ PostgreSQL" in done.stdout
    assert str(stage.data / "dev.env") in done.stdout
    secrets = read_variables(stage.data / "secrets.env")
    assert secrets["SECRET_KEY"] not in done.stdout
    assert secrets["SUPERUSER_PASSWORD"] not in done.stdout


def test_a_wish_to_end_before_it_is_ready_is_heard(tmp_path: Path) -> None:
    with dev(tmp_path, "--no-reload") as stage:
        deadline = time.monotonic() + 60
        while not any("postgres" in command for command in stage.left()):
            assert stage.process.poll() is None, stage.output[-3000:]
            assert time.monotonic() < deadline, stage.output[-3000:]
            time.sleep(0.05)
        assert_ends_and_leaves_nothing(stage, signal.SIGINT)
