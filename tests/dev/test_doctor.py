"""`intake doctor`: each setting has its source, and each fault says what to do."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from app.core.audit import Entry, record
from app.core.db import Scope, as_owner
from app.core.settings import Settings
from app.dev.issuers.asgi import Faults
from app.dev.issuers.realm import CLIENT
from app.dev.surroundings import free_port
from app.health import doctor
from tests.conftest import Servers, Stage
from tests.issuers import Rehearsal
from tests.mail.post_office import open_post_office, with_mail

SECRET = "a-secret-that-must-not-be-shown-anywhere"
NOWHERE = Path("nowhere.env")


@pytest.mark.parametrize("name", ["intake_test_absent", "template0"])
async def test_a_database_that_lets_nobody_in_is_said(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    servers: Servers,
    name: str,
) -> None:
    url = servers.postgres.url_of(name)
    set_all(monkeypatch, DATABASE_URL=url, REDIS_URL=servers.valkey.url)
    _, lines, text = await examined(capsys)
    assert "✘ PostgreSQL" in lines
    assert "Check DATABASE_URL" in text


@pytest.fixture(autouse=True)
def _own_environment() -> Iterator[None]:
    """The doctor fills the environment of its process; the other tests must not see that."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


async def examined(
    capsys: pytest.CaptureFixture[str], stage_file: Path = NOWHERE
) -> tuple[int, dict[str, str], str]:
    """Exit code, the lines by their first words, and the whole text."""
    code = await doctor.run(stage_file)
    text = capsys.readouterr().out
    lines = {" ".join(line.split()[:2]): line for line in text.splitlines() if line.strip()}
    return code, lines, text


def set_all(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in {"SECRET_KEY": SECRET, **variables}.items():
        monkeypatch.setenv(name, value)


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


async def test_what_is_missing_is_named_with_what_to_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, _, text = await examined(capsys)
    assert code == 1
    assert "DATABASE_URL, REDIS_URL, SECRET_KEY must be set" in text
    assert "./scripts/dev" in text


async def test_each_setting_tells_its_source_and_no_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, servers: Servers
) -> None:
    write(Path(".env"), "UHC_PAYER_ID=12345\n")
    set_all(monkeypatch, DATABASE_URL=servers.postgres.url, REDIS_URL=servers.valkey.url)
    _, _, text = await examined(capsys)
    sources = {line.split()[0]: line.split()[-1] for line in text.splitlines() if line.strip()}
    assert sources["SECRET_KEY"] == "environment"
    assert sources["UHC_PAYER_ID"] == ".env"
    assert sources["MAX_CSV_MB"] == "default"
    assert SECRET not in text


async def test_each_fault_says_what_to_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, servers: Servers
) -> None:
    """A database without the schema, no worker, and a payer that is not there."""
    set_all(
        monkeypatch,
        DATABASE_URL=servers.postgres.url_of("template1"),
        REDIS_URL=servers.valkey.url,
        UHC_BASE_URL=f"http://127.0.0.1:{free_port()}/Claims",
        UHC_CLIENT_ID="someone",
    )
    code, lines, text = await examined(capsys)
    assert code == 1
    assert "✔ PostgreSQL" in lines
    assert "✔ Clock" in lines
    assert "✔ Redis" in lines
    for what, cure in (
        ("Schema", "intake migrate"),
        ("Workers", "intake worker"),
        ("Payer", "UHC_BASE_URL"),
    ):
        assert f"✘ {what}" in lines
        assert cure in text.split(f"✘ {what}")[1].split("\n")[1]


async def test_servers_that_are_away_break_nothing_else(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    password = "hunter2-of-the-database"
    set_all(
        monkeypatch,
        DATABASE_URL=f"postgresql://me:{password}@127.0.0.1:{free_port()}/intake",
        REDIS_URL=f"redis://127.0.0.1:{free_port()}/0",
    )
    code, lines, text = await examined(capsys)
    assert code == 1
    assert "✘ PostgreSQL" in lines
    assert "✘ Redis" in lines
    assert password not in text


async def test_a_running_stage_is_borrowed_unless_a_database_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, servers: Servers
) -> None:
    stage_file = Path("dev.env")
    addresses = f"DATABASE_URL='{servers.postgres.url}'\nREDIS_URL='{servers.valkey.url}'\n"
    write(stage_file, f"{addresses}SECRET_KEY={SECRET}\n")
    _, _, text = await examined(capsys, stage_file)
    line = next(line for line in text.splitlines() if "DATABASE_URL" in line)
    assert line.endswith("dev.env")
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/intake")
    for name in ("REDIS_URL", "SECRET_KEY"):
        monkeypatch.delenv(name)
    code, _, text = await examined(capsys, stage_file)
    assert code == 1
    assert "REDIS_URL, SECRET_KEY must be set" in text


async def test_mail_is_asked_for_where_people_depend_on_it(settings: Settings) -> None:
    without = await doctor._mail(settings)
    assert [(one.is_well, one.said) for one in without] == [(True, "not configured: mails wait")]
    live = settings.server.model_copy(update={"environment": "production"})
    missing = await doctor._mail(settings.model_copy(update={"server": live}))
    assert (missing[0].is_well, "SMTP_HOST" in missing[0].cure) == (False, True)
    async with open_post_office() as office:
        found = await doctor._mail(with_mail(settings, office.port))
        assert found[0].said == f"127.0.0.1:{office.port} takes connections"


async def test_a_broken_audit_log_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, stage: Stage
) -> None:
    settings = stage.settings
    url, redis = settings.database.url, settings.redis.url
    set_all(monkeypatch, DATABASE_URL=url.get_secret_value(), REDIS_URL=redis.get_secret_value())
    async with stage.database.write(Scope.system()) as session:
        record(session, Entry("tests.acted", None, None, "test", ""))
    _, lines, _ = await examined(capsys)
    assert "0 of 1 chains" in lines["✔ Audit"]
    async with stage.database.write(Scope.system()) as session, as_owner(session):
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(text("DELETE FROM audit_entries"))
    _, lines, said = await examined(capsys)
    assert "1 of 1 chains" in lines["✘ Audit"]
    assert "Run: intake audit verify" in said


async def test_the_issuers_are_examined(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    servers: Servers,
    rehearsal: Rehearsal,
) -> None:
    set_all(
        monkeypatch,
        DATABASE_URL=servers.postgres.url,
        REDIS_URL=servers.valkey.url,
        KEYCLOAK_ISSUER=rehearsal.keycloak_issuer,
        KEYCLOAK_CLIENT_ID=CLIENT,
        CLERK_ISSUER=rehearsal.clerk_issuer,
    )
    _, lines, text = await examined(capsys)
    assert lines["✔ Keycloak"].endswith(f"issuer {rehearsal.keycloak_issuer}")
    assert "✔ Clerk        1 keys for RS256" in text
    assert "✘ Keycloak" not in lines


async def test_an_issuer_by_another_name_is_said_with_its_cure(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    servers: Servers,
    rehearsal: Rehearsal,
) -> None:
    """The commonest failure: tokens carry the browsers' address, keys are read by the internal one."""
    set_all(
        monkeypatch,
        DATABASE_URL=servers.postgres.url,
        REDIS_URL=servers.valkey.url,
        KEYCLOAK_ISSUER="https://login.example/realms/intake",
        KEYCLOAK_JWKS_URL=f"{rehearsal.keycloak_issuer}/protocol/openid-connect/certs",
        KEYCLOAK_CLIENT_ID=CLIENT,
        CLERK_ISSUER=f"http://127.0.0.1:{free_port()}",
    )
    code, lines, text = await examined(capsys)
    assert code == 1
    assert rehearsal.keycloak_issuer in lines["✘ Keycloak"]
    cure = text.split("✘ Keycloak")[1].split("\n")[1]
    assert "KC_HOSTNAME_BACKCHANNEL_DYNAMIC=true" in cure
    assert "✘ Clerk" in lines


@pytest.mark.parametrize("faults", [Faults(status=404), Faults(body="garbage")])
async def test_what_is_no_key_set_is_said(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    servers: Servers,
    rehearsal: Rehearsal,
    faults: Faults,
) -> None:
    rehearsal.issuers.faults = faults
    set_all(
        monkeypatch,
        DATABASE_URL=servers.postgres.url,
        REDIS_URL=servers.valkey.url,
        CLERK_ISSUER=rehearsal.clerk_issuer,
    )
    _, lines, text = await examined(capsys)
    assert "✘ Clerk" in lines
    assert "Check CLERK_JWKS_URL" in text


async def test_a_key_in_pem_is_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, servers: Servers
) -> None:
    set_all(
        monkeypatch,
        DATABASE_URL=servers.postgres.url,
        REDIS_URL=servers.valkey.url,
        CLERK_ISSUER="https://clerk.example",
        CLERK_JWT_KEY="no key",
    )
    _, lines, text = await examined(capsys)
    assert lines["✘ Clerk"].endswith("the text is no public key in PEM")
    assert "Copy the PEM public key into CLERK_JWT_KEY" in text
