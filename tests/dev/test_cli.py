"""`intake …` where it is more than a call into a room."""

import asyncio
import socket
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.core.audit import Entry, record
from app.core.db import Database, Scope
from app.core.ids import new_id
from app.dev.surroundings import ask
from scripts import migrate_to_s3
from tests.conftest import Servers, Stage

PROJECT = Path(__file__).resolve().parents[2]
COMMANDS = ["dev", "serve", "worker", "beat", "migrate", "create-superuser", "payer-sandbox"]
COMMANDS += ["issuer-sandbox", "sample-claims", "doctor", "audit", "keys"]
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


@pytest.fixture
def lent(stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder in which ./scripts/dev has left its settings, and no other settings anywhere."""
    settings = {
        "DATABASE_URL": stage.settings.database.url.get_secret_value(),
        "REDIS_URL": stage.settings.redis.url.get_secret_value(),
        "SECRET_KEY": stage.settings.auth.secret_key.get_secret_value(),
        "LOCAL_STORAGE_DIR": str(tmp_path / "files"),
    }
    for name in settings:
        # Set and taken away, so that it is as it was after the test.
        monkeypatch.setenv(name, "")
    monkeypatch.chdir(tmp_path)
    data = tmp_path / ".intake"
    data.mkdir()
    (data / "dev.env").write_text(
        "".join(f"{name}='{value}'\n" for name, value in settings.items())
    )
    return data


@pytest.mark.parametrize(
    ("command", "said"),
    [("audit verify", "0 broken"), ("storage sweep", "local: 0 objects compared")],
)
def test_a_running_stage_is_found(lent: Path, command: str, said: str) -> None:
    """As doctor does: what ./scripts/dev has left is taken where nothing else is named."""
    result = CliRunner().invoke(cli, [*command.split(), "--data", str(lent)])
    assert (result.exit_code, said in result.output) == (0, True), result.output
    assert "DATABASE_URL" in CliRunner().invoke(cli, [*command.split(), "--help"]).output


@pytest.mark.usefixtures("lent")
def test_the_files_of_a_running_stage_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert migrate_to_s3.main(["--to", "local", "--dry-run"]) == 0
    assert "total: 0" in capsys.readouterr().out


def test_the_audit_log_is_walked(settings_of_stage: Stage, tmp_path: Path) -> None:
    """Whole, then with a row taken out of its middle by the owner; kept heads see a rewritten end."""

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(cli, ["audit", *arguments])
        return result.exit_code, result.output

    organization, entries = new_id(), [new_id() for _ in range(3)]
    asyncio.run(_write_entries(settings_of_stage, organization, entries))
    assert run("verify") == (0, "1 chains, 3 entries, 0 broken.\n")
    kept = tmp_path / "heads.txt"
    kept.write_text(run("heads")[1])
    assert kept.read_text().startswith(f"{organization} 3 ")
    assert run("verify", "--against", str(kept)) == (0, "1 chains, 1 entries, 0 broken.\n")
    asyncio.run(_tamper(settings_of_stage, "DELETE FROM audit_entries WHERE id = $1", entries[1]))
    code, said = run("verify")
    assert code == 1
    assert f"removed: chain {organization}, place 2, entry {entries[1]}" in said
    asyncio.run(
        _tamper(settings_of_stage, "DELETE FROM audit_links WHERE entry_id = $1", entries[2])
    )
    code, said = run("verify", "--against", str(kept))
    assert code == 1
    assert f"cut: chain {organization}, place 3" in said


async def _write_entries(stage: Stage, organization_id: UUID, ids: list[UUID]) -> None:
    database = Database(stage.settings.database)
    for entry_id in ids:
        async with database.write(Scope.system()) as session:
            record(session, Entry("tests.acted", None, organization_id, "test", ""))
            next(iter(session.new)).id = entry_id
    await database.close()


async def _tamper(stage: Stage, statement: str, entry_id: UUID) -> None:
    url = stage.settings.database.url.get_secret_value().replace("+asyncpg", "")
    owner = await asyncpg.connect(url)
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute(statement, entry_id)
    await owner.close()


def test_keys_are_rotated(settings_of_stage: Stage) -> None:
    result = CliRunner().invoke(cli, ["keys", "rotate"])
    assert result.exit_code == 0, result.output


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
            api.wait(timeout=60)
        with socket.create_connection(("127.0.0.1", port), timeout=2):
            pass
