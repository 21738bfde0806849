"""What holds `intake dev` together: programs, ports, signals, variables."""

import io
import os
import signal
import stat
import subprocess
import sys
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.dev.payer.asgi import PayerOptions
from app.dev.programs import Program, SourceWatch, stop_all
from app.dev.secrets import development_secrets, read_variables, write_private
from app.dev.surroundings import ask, free_port, free_ports, listen, surround

PROJECT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT)}


def test_a_program_that_dies_is_started_again_later_each_time(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """`intake migrate` without settings ends at once, and says why."""
    program = Program("failing", ["migrate"], ENVIRONMENT)
    said = ""
    deadline = time.monotonic() + 30
    while "again in 2 s" not in said and time.monotonic() < deadline:
        program.mind()
        time.sleep(0.02)
        said += capfd.readouterr().err
    stop_all([program])
    said += capfd.readouterr().err
    assert "failing| ended with 1; starting again in 1 s" in said
    assert "failing| ended with 1; starting again in 2 s" in said
    assert "failing| settings: Value error, DATABASE_URL, REDIS_URL, SECRET_KEY must be set" in said
    assert all(line.startswith("failing| ") for line in said.splitlines())


def test_stopping_is_polite_then_forced() -> None:
    port = free_port()
    program = Program("payer", ["payer-sandbox", "--port", str(port)], ENVIRONMENT)
    program.start()
    deadline = time.monotonic() + 60
    while not ask(f"http://127.0.0.1:{port}/")[0]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    stop_all([program])
    assert ask(f"http://127.0.0.1:{port}/") == (0, b"")


def test_a_change_of_the_sources_is_seen_once(tmp_path: Path) -> None:
    source = tmp_path / "room" / "service.py"
    source.parent.mkdir()
    source.write_text("one = 1\n")
    watch = SourceWatch(tmp_path)
    assert not watch.changed()
    os.utime(source, ns=(1, 1))
    assert watch.changed()
    assert not watch.changed()
    (tmp_path / "notes.tmp").touch()
    assert not watch.changed()
    source.unlink()
    assert watch.changed()


def test_free_ports_are_given_once_and_lent_to_no_caller() -> None:
    ports = free_ports()
    found = [next(ports) for _ in range(50)]
    assert len(set(found)) == len(found)
    assert max(found) < 32_768


def test_the_next_free_port_is_taken() -> None:
    with listen(free_port()) as first:
        port = first.getsockname()[1]
        with listen(port) as second:
            assert second.getsockname()[1] > port


def test_two_signals_end_it_at_once() -> None:
    """The first asks, the second does not ask."""
    program = (
        "from app.dev.surroundings import Ending\n"
        "ending = Ending()\n"
        "print('ready', flush=True)\n"
        "while not ending.wait(60): pass\n"
        "print('asked', flush=True)\n"
        "import time\n"
        "while True: time.sleep(0.1)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "asked\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 128 + signal.SIGINT


def test_secrets_are_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    made = development_secrets(tmp_path)
    assert development_secrets(tmp_path) == made
    assert stat.S_IMODE((tmp_path / "secrets.env").stat().st_mode) == 0o600
    assert min(len(made["SECRET_KEY"]), len(made["SUPERUSER_PASSWORD"])) >= 24
    kept = {name: value for name, value in made.items() if name != "SUPERUSER_PASSWORD"}
    write_private(tmp_path / "secrets.env", kept)
    completed = development_secrets(tmp_path)
    assert completed["SECRET_KEY"] == made["SECRET_KEY"]
    assert completed["SUPERUSER_PASSWORD"] != made["SUPERUSER_PASSWORD"]


@pytest.mark.parametrize("value", ["postgresql://me@/x?host=/a%20b&b=c", "a b", "a#b $HOME", "ü"])
def test_variables_survive_their_file_and_a_shell(tmp_path: Path, value: str) -> None:
    path = tmp_path / "some.env"
    write_private(path, {"VALUE": value})
    assert read_variables(path) == {"VALUE": value}
    shell = ["bash", "-c", f'source {path} && printf %s "$VALUE"']
    assert subprocess.run(shell, capture_output=True, check=True).stdout.decode() == value


def test_what_is_set_wins_and_is_not_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/intake")
    monkeypatch.setenv("UHC_CLIENT_SECRET", "of-the-real-payer")
    Path(".env").write_text("REDIS_URL=redis://elsewhere/0\nSUPERUSER_EMAIL=me@intake.example\n")
    data = tmp_path / "data"
    data.mkdir()
    with ExitStack() as servers:
        around = surround(servers, data)
    assert around.variables["DATABASE_URL"] == "postgresql://elsewhere/intake"
    assert around.variables["REDIS_URL"] == "redis://elsewhere/0"
    assert around.variables["SUPERUSER_EMAIL"] == "me@intake.example"
    assert not {"DATABASE_URL", "REDIS_URL", "SUPERUSER_EMAIL"} & set(around.made)
    assert [path.name for path in data.iterdir()] == ["secrets.env"]
    # The local payer never sees the real one's secret.
    assert around.payer is not None
    assert around.variables["UHC_BASE_URL"] == f"{around.payer}/Claims"
    assert around.variables["UHC_CLIENT_SECRET"] == PayerOptions().client_secret


def test_the_real_payer_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "UHC_BASE_URL"):
        monkeypatch.setenv(name, "https://elsewhere.example")
    monkeypatch.setenv("UHC_CLIENT_SECRET", "of-the-real-payer")
    with ExitStack() as servers:
        around = surround(servers, tmp_path)
    assert around.payer is None
    assert around.variables["UHC_CLIENT_SECRET"] == "of-the-real-payer"
    assert "UHC_TOKEN_URL" not in around.variables


def test_the_local_issuers_never_see_a_real_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "UHC_BASE_URL"):
        monkeypatch.setenv(name, "https://elsewhere.example")
    monkeypatch.setenv("CLERK_SECRET_KEY", "of-the-real-clerk")
    with ExitStack() as servers:
        around = surround(servers, tmp_path)
    assert around.issuers is not None
    assert around.variables["CLERK_API_URL"] == around.issuers
    assert around.variables["CLERK_SECRET_KEY"] != "of-the-real-clerk"


@pytest.mark.parametrize(
    ("given", "is_local"),
    [
        ({}, False),
        ({"STORAGE_TYPE": "cloudinary"}, True),
        ({"STORAGE_TYPE": "cloudinary", "CLOUDINARY_CLOUD_NAME": "ours"}, False),
        ({"STORAGE_TYPE": "s3"}, False),
    ],
)
def test_a_local_cloudinary_for_whoever_asks_and_has_no_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], is_local: bool
) -> None:
    for variable in ("DATABASE_URL", "REDIS_URL", "UHC_BASE_URL"):
        monkeypatch.setenv(variable, "https://elsewhere.example")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with ExitStack() as servers:
        around = surround(servers, tmp_path)
    assert (around.cloudinary is not None) == is_local
    assert around.variables.get("CLOUDINARY_API_URL") == around.cloudinary
    assert ("CLOUDINARY_API_SECRET" in around.made) == is_local


@pytest.mark.parametrize("name", ["KEYCLOAK_ISSUER", "CLERK_ISSUER"])
def test_real_issuers_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for variable in ("DATABASE_URL", "REDIS_URL", "UHC_BASE_URL", name):
        monkeypatch.setenv(variable, "https://elsewhere.example")
    monkeypatch.setenv("CLERK_SECRET_KEY", "of-the-real-clerk")
    with ExitStack() as servers:
        around = surround(servers, tmp_path)
    assert around.issuers is None
    assert around.variables["CLERK_SECRET_KEY"] == "of-the-real-clerk"
    assert not {"KEYCLOAK_ISSUER", "CLERK_ISSUER"} & set(around.made)


def test_a_real_provider_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("DATABASE_URL", "REDIS_URL", "UHC_BASE_URL"):
        monkeypatch.setenv(variable, "https://elsewhere.example")
    monkeypatch.setenv("GOOGLE_CLIENT_ID", "of-the-real-google")
    monkeypatch.setenv("LINKEDIN_CLIENT_SECRET", "of-the-real-linkedin")
    with ExitStack() as servers:
        around = surround(servers, tmp_path).at("http://127.0.0.1:8000")
    assert not [name for name in around.made if name.startswith("GOOGLE_")]
    assert around.variables["LINKEDIN_CLIENT_SECRET"] != "of-the-real-linkedin"
    back = "http://127.0.0.1:8000/api/v1/integrations/outlook/callback"
    assert around.variables["MICROSOFT_REDIRECT_URI"] == back
    # Where a browser is sent in the end is a page that is there, and may call the API.
    assert around.variables["FRONTEND_URL"] == f"{around.providers}/front"
    origins = around.variables["CORS_ORIGINS"].split(",")
    assert origins == ["http://localhost:3000", around.providers]
    monkeypatch.setenv("FRONTEND_URL", "https://mine.example")
    with ExitStack() as servers:
        mine = surround(servers, tmp_path)
    assert mine.variables["FRONTEND_URL"] == "https://mine.example"
    assert "CORS_ORIGINS" not in mine.made


def test_while_it_is_hushed_only_what_is_wrong_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    said = b"17:22:33.843 INFO    all is well\n17:22:33.844 ERROR   it is not\n"
    for hushed in (True, False):
        program = Program("worker", ["worker"], ENVIRONMENT, is_hushed=partial(bool, hushed))
        program._relay(SimpleNamespace(stdout=io.BytesIO(said)))  # type: ignore[arg-type]
        lines = capsys.readouterr().err
        assert "it is not" in lines
        assert ("all is well" in lines) is not hushed
