"""`intake …` where it is more than a call into a room."""

import asyncio
import socket
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.dev.surroundings import ask
from tests.conftest import Servers, Stage

PROJECT = Path(__file__).resolve().parents[2]
COMMANDS = ["dev", "serve", "worker", "beat", "migrate", "create-superuser", "payer-sandbox"]
COMMANDS += ["sample-claims", "doctor"]
HEAVY = {"celery", "fastapi", "sqlalchemy", "uvicorn", "jose", "argon2"}


@pytest.fixture
def settings_of_stage(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    settings = stage.settings
    for name, secret in (
        ("DATABASE_URL", settings.database.url),
        ("REDIS_URL", settings.redis.url),
        ("SECRET_KEY", settings.auth.secret_key),
    ):
        monkeypatch.setenv(name, secret.get_secret_value())
    return stage


def test_every_command_is_there() -> None:
    shown = CliRunner().invoke(cli, ["--help"]).output
    assert [name for name in COMMANDS if f" {name} " not in shown] == []


def test_help_loads_no_room() -> None:
    program = (
        "import sys, app.cli\n"
        f"print(*sorted({HEAVY} & {{name.partition('.')[0] for name in sys.modules}}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("command", ["serve", "worker", "beat", "migrate"])
def test_missing_settings_are_named_without_a_stack(command: str) -> None:
    result = CliRunner().invoke(cli, [command])
    assert result.exit_code == 1
    assert "DATABASE_URL, REDIS_URL, SECRET_KEY must be set" in result.output
    assert "Traceback" not in result.output


def test_a_wrong_value_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "s3cret-in-the-wrong-place")
    result = CliRunner().invoke(cli, ["serve"])
    assert result.exit_code == 1
    assert "PORT" in result.output
    assert "s3cret" not in result.output


def test_a_superuser_is_made_once(settings_of_stage: Stage) -> None:
    def make(email: str, password: str) -> tuple[int, str]:
        arguments = ["create-superuser", "--email", email]
        result = CliRunner().invoke(cli, arguments, env={"SUPERUSER_PASSWORD": password})
        return result.exit_code, result.output

    good = "correct horse battery staple"
    code, said = make("boss@intake.example", good)
    assert code == 0
    assert said.endswith("The superuser is there.\n")
    code, said = make("Boss@intake.example", good)
    assert code == 1
    assert "left as it is" in said
    for email, password, fault in (
        ("no address", good, "no e-mail address"),
        ("other@intake.example", "password1234", "too weak"),
    ):
        code, said = make(email, password)
        assert code == 1
        assert fault in said
        assert password not in said


def test_migrate_brings_an_empty_database_to_the_head(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = servers.postgres.url_of("intake_test_migrate")
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("REDIS_URL", servers.valkey.url)
    monkeypatch.setenv("SECRET_KEY", "x" * 40)
    _run(servers.postgres.url_of("postgres"), "DROP DATABASE IF EXISTS intake_test_migrate")
    _run(servers.postgres.url_of("postgres"), "CREATE DATABASE intake_test_migrate")
    for _ in range(2):
        result = CliRunner().invoke(cli, ["migrate"])
        assert (result.exit_code, result.output) == (0, "The schema is up to date.\n")
    assert _run(url, "SELECT count(*) FROM alembic_version") == 1


def _run(url: str, statement: str) -> object:
    async def run() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


def test_the_api_takes_a_socket_and_ends_politely(settings_of_stage: Stage) -> None:
    """A supervisor's socket: callers of the moments before and after are kept waiting, not refused."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.fileno()
        port = listener.getsockname()[1]
        with subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve", "--socket", str(number)],
            cwd=PROJECT,
            pass_fds=(number,),
            stderr=subprocess.DEVNULL,
        ) as api:
            deadline = time.monotonic() + 30
            while ask(f"http://127.0.0.1:{port}/livez")[0] != 200:
                assert api.poll() is None
                assert time.monotonic() < deadline
            api.terminate()
            api.wait(timeout=15)
        with socket.create_connection(("127.0.0.1", port), timeout=2):
            pass
