"""The way of a mail: in line with its transaction, sealed, sent once, and then forgotten."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from app.core import meters
from app.core.crypto import KeyRing
from app.core.db import Database, DatabaseAway, Scope
from app.core.settings import Settings
from app.core.settings_mail import MailSettings
from app.mail import delivery, queries, service, tasks
from app.mail.models import Mail
from app.mail.rendering import FOLDER, TemplateBroken, known_templates, render
from app.worker.registry import TASKS, TaskContext, load
from tests.conftest import Stage
from tests.mail.post_office import PostOffice, open_post_office, own_certificate, with_mail
from tests.people import Crew

LINK = "https://front.example/reset-password#token=very-secret"
CONTEXT = {"minutes": "60"}


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with open_post_office() as opened:
        yield opened


async def post(
    database: Database,
    settings: Settings,
    *,
    to: str = "ada@example.com",
    language: str = "en",
    good_for: timedelta = timedelta(hours=1),
) -> UUID:
    secrets = service.Secrets(KeyRing.from_settings(settings.auth), {"link": LINK}, good_for)
    async with database.write(Scope.public()) as session:
        return await service.send(
            session,
            template="password_reset",
            to=to,
            language=language,
            context=CONTEXT,
            secrets=secrets,
        )


async def read(database: Database, mail_id: UUID) -> Mail:
    async with database.read(Scope.system()) as session:
        mail = await session.get(Mail, mail_id, populate_existing=True)
        assert mail is not None
        return mail


async def deliver(database: Database, settings: Settings) -> None:
    context = SimpleNamespace(
        database=database, settings=settings, stopping=SimpleNamespace(is_set=lambda: False)
    )
    await tasks.deliver(cast("TaskContext", context))


async def test_a_mail_goes_out_once_and_leaves_no_secret_behind(
    database: Database, settings: Settings, office: PostOffice
) -> None:
    meters._forget()
    mail_id = await post(database, settings)
    waiting = await read(database, mail_id)
    assert "secret" not in str(waiting.secrets)
    assert "link" not in waiting.context
    for _ in range(2):
        await deliver(database, with_mail(settings, office.port))
    sent = await read(database, mail_id)
    assert (sent.state, sent.context, sent.secrets, sent.fence) == ("sent", {}, None, None)
    assert meters._PENDING["mails|sent|n"] == 1
    (mail,) = office.mails
    assert mail["message-id"] == f"<{mail_id}@intake.test>"
    assert (mail["to"], mail["from"]) == ("ada@example.com", "Intake <no-reply@intake.test>")
    assert mail["subject"] == "Choose a new password"
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]
    for part in mail.iter_parts():
        assert LINK in str(part.get_content())


async def test_a_mail_is_dropped_with_its_transaction(database: Database) -> None:
    async def fail() -> None:
        async with database.write(Scope.system()) as session:
            await service.send(
                session, template="password_reset", to="a@b.com", language="en", context={}
            )
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with database.read(Scope.system()) as session:
        assert await service.waiting(session) == (0, 0.0)


async def test_nobody_but_the_system_sees_mails(
    database: Database, settings: Settings, crew: Crew
) -> None:
    await post(database, settings)
    for scope in (
        Scope.public(),
        Scope.person(crew.admin.id),
        Scope.tenant(crew.organization_id, crew.admin.id),
    ):
        async with database.write(scope) as session:
            assert (await session.scalars(select(Mail.id))).all() == []
            changed = await session.execute(update(Mail).values(state="sent").returning(Mail.id))
            assert changed.all() == []


@pytest.mark.parametrize(
    ("answers", "state", "error"),
    [
        (("550 No such person", "250 OK"), "failed", "smtp.550"),
        (("450 Greylisted", "250 OK"), "waiting", "smtp.450"),
        (("250 OK", "554 Spam"), "failed", "smtp.554"),
        (("250 OK", "451 Busy"), "waiting", "smtp.451"),
    ],
)
async def test_what_the_server_says_decides(
    database: Database,
    settings: Settings,
    office: PostOffice,
    answers: tuple[str, str],
    state: str,
    error: str,
) -> None:
    office.recipient_answer, office.data_answer = answers
    mail_id = await post(database, settings)
    await deliver(database, with_mail(settings, office.port))
    mail = await read(database, mail_id)
    assert (mail.state, mail.error, mail.attempts) == (state, error, 1)
    assert (mail.secrets is None) == (state == "failed")
    assert office.mails == []


async def test_a_server_that_is_away_costs_nothing_but_time(
    database: Database, settings: Settings, office: PostOffice
) -> None:
    mail_id = await post(database, settings)
    await deliver(database, with_mail(settings, 1))
    mail = await read(database, mail_id)
    assert (mail.state, mail.error) == ("waiting", "smtp.unreachable")
    assert timedelta(seconds=20) < mail.next_try_at - mail.created_at < timedelta(seconds=40)
    await deliver(database, with_mail(settings, office.port))
    assert office.mails == [], "not before its time"
    await _due(database)
    await deliver(database, with_mail(settings, office.port))
    assert len(office.mails) == 1


async def _due(database: Database) -> None:
    async with database.write(Scope.system()) as session:
        await session.execute(text("UPDATE mails SET next_try_at = now()"))


async def test_without_a_server_mails_wait(database: Database, settings: Settings) -> None:
    mail_id = await post(database, settings)
    await deliver(database, settings)
    assert (await read(database, mail_id)).attempts == 0
    async with database.read(Scope.system()) as session:
        assert (await tasks.waiting(session)).waiting == 1


async def test_a_link_that_is_over_is_not_sent(
    database: Database, settings: Settings, office: PostOffice
) -> None:
    late = await post(database, settings, good_for=timedelta(seconds=-1))
    await deliver(database, with_mail(settings, office.port))
    assert (await read(database, late)).error == "mail.too_late"
    forgotten = await post(database, settings, good_for=timedelta(seconds=-1))
    await delivery.tidy(database)
    mail = await read(database, forgotten)
    assert (mail.state, mail.error, mail.secrets) == ("failed", "mail.too_late", None)
    assert office.mails == []


async def test_the_last_attempt_ends_a_mail(database: Database, settings: Settings) -> None:
    mail_id = await post(database, settings, good_for=timedelta(seconds=10))
    await deliver(database, with_mail(settings, 1))
    mail = await read(database, mail_id)
    assert (mail.state, mail.error) == ("failed", "smtp.unreachable")


async def test_old_mails_are_forgotten(
    database: Database, settings: Settings, office: PostOffice
) -> None:
    await post(database, settings)
    await deliver(database, with_mail(settings, office.port))
    async with database.write(Scope.system()) as session:
        await session.execute(text("UPDATE mails SET ended_at = now() - interval '31 days'"))
    await delivery.tidy(database)
    async with database.read(Scope.system()) as session:
        assert (await session.scalars(select(Mail.id))).all() == []


async def test_a_crash_between_sending_and_writing_repeats_the_same_message(
    stage: Stage, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = with_mail(stage.settings, office.port)
    await post(stage.database, settings)

    async def crash(*_args: object, **_named: object) -> None:
        raise DatabaseAway

    with monkeypatch.context() as broken:
        broken.setattr(delivery, "_end", crash)
        with pytest.raises(DatabaseAway):
            await delivery.deliver_next(stage.database, settings)
    assert not await delivery.deliver_next(stage.database, settings), "its lease still runs"
    await _due(stage.database)
    assert await delivery.deliver_next(stage.database, settings)
    first, second = office.mails
    assert (first["message-id"], first["date"]) == (second["message-id"], second["date"])


async def test_who_lost_the_lease_writes_nothing(
    database: Database, settings: Settings, office: PostOffice
) -> None:
    mail_id = await post(database, settings)
    async with database.write(Scope.system()) as session:
        slow = await queries.claim(session, timedelta(0))
        assert slow is not None
        session.expunge(slow)
        quick = await queries.claim(session, timedelta(0))
        assert quick is not None
        assert not await queries.end(session, slow, error="smtp.550")
        assert await queries.end(session, quick, error=None)
    assert (await read(database, mail_id)).state == "sent"


async def test_names_and_addresses_of_every_alphabet(
    database: Database, settings: Settings, office: PostOffice
) -> None:
    settings = with_mail(settings, office.port, mail_from_name="Hôpital « Élan » ☂")
    for to in ("zoë@éxample.com", "zoe@éxample.com"):
        await post(database, settings, to=to, language="fr-CA")
    await deliver(database, settings)
    assert {one.rcpt_tos[0] for one in office.envelopes} == {
        "zoë@éxample.com",
        "zoe@xn--xample-9ua.com",
    }
    for mail in office.mails:
        # Beside an address in UTF-8 the headers are raw UTF-8, too (RFC 6532).
        name = mail["from"].addresses[0].display_name.encode(errors="surrogateescape").decode()
        assert name == "Hôpital « Élan » ☂"
        assert mail["content-language"] == "fr"
        assert mail["subject"] == "Choisir un nouveau mot de passe"


async def test_an_address_that_a_server_cannot_write_is_refused_for_good(
    database: Database, settings: Settings
) -> None:
    async with open_post_office(enable_SMTPUTF8=False) as office:
        mail_id = await post(database, settings, to="zoë@example.com")
        await deliver(database, with_mail(settings, office.port))
    assert (await read(database, mail_id)).error == "smtp.address_not_supported"


async def test_security_that_is_asked_for_is_not_given_up(
    database: Database, settings: Settings, office: PostOffice
) -> None:
    mail_id = await post(database, settings)
    await deliver(database, with_mail(settings, office.port, security="starttls"))
    mail = await read(database, mail_id)
    assert (mail.state, mail.error) == ("waiting", "smtp.not_offered")
    await _due(database)
    await deliver(database, with_mail(settings, office.port, security="tls"))
    assert (await read(database, mail_id)).state == "waiting"
    assert office.mails == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
async def test_a_refused_login_is_the_installations_fault(
    database: Database, settings: Settings
) -> None:
    options = {"auth_callback": lambda *_: False, "auth_require_tls": False}
    async with open_post_office(auth_required=True, **options) as office:
        mail_id = await post(database, settings)
        ours = with_mail(settings, office.port, smtp_username="intake", password="wrong")
        await deliver(database, ours)
    mail = await read(database, mail_id)
    assert (mail.state, mail.error) == ("waiting", "smtp.login_refused_535")


async def test_a_mail_and_its_login_go_over_tls_to_a_server_that_proves_itself(
    database: Database,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    certificate = tmp_path / "post.pem"
    context = own_certificate(certificate)
    logins: list[bytes] = []

    def check(_mechanism: str, login: bytes, password: bytes) -> bool:
        logins.append(login)
        return password == b"right"

    async with open_post_office(
        tls_context=context, require_starttls=True, auth_required=True, auth_callback=check
    ) as office:
        ours = {"security": "starttls", "smtp_username": "intake", "password": "right"}
        mail_id = await post(database, settings)
        await deliver(database, with_mail(settings, office.port, **ours))
        assert (await read(database, mail_id)).error == "smtp.certificate"
        assert logins == [], "nothing is told to whoever is not proven"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        await _due(database)
        await deliver(database, with_mail(settings, office.port, **ours))
    assert (await read(database, mail_id)).state == "sent"
    assert logins == [b"intake"]


async def test_secrets_sealed_with_other_keys_end_the_mail(
    database: Database, settings: Settings, office: PostOffice
) -> None:
    mail_id = await post(database, settings)
    async with database.write(Scope.system()) as session:
        await session.execute(text("UPDATE mails SET secrets = reverse(secrets)"))
    await deliver(database, with_mail(settings, office.port))
    mail = await read(database, mail_id)
    assert mail.state == "failed"
    assert office.mails == []


@pytest.mark.parametrize(
    "to", ["nobody", "a@b.com, c@d.com", "a@b.com\r\nBcc: c@d.com", "Ada <a@b.com>", ""]
)
async def test_no_other_recipient_can_be_slipped_in(database: Database, to: str) -> None:
    async with database.write(Scope.system()) as session:
        with pytest.raises(ValueError, match="address"):
            await service.send(session, template="password_reset", to=to, language="en", context={})


async def test_a_template_that_is_not_there_fails_its_caller(database: Database) -> None:
    async with database.write(Scope.system()) as session:
        with pytest.raises(ValueError, match="template"):
            await service.send(session, template="../x", to="a@b.com", language="en", context={})


VALUES = {
    "link": LINK,
    "minutes": "60",
    "hours": "24",
    "days": "7",
    "provider": "Keycloak",
    "when": "2026-11-21 09:30",
    "full_name": "Zoë <b>Müller</b>",
    "organization": "Win at https://evil.example/x\r\nBcc: all@evil.example <script>",
    "inviter": "Élodie d’Arc",
    "role": "staff",
    "host": "evil.example",
    "cause": "failing",
    "webhook_id": "01a1f8f0-0000-7000-8000-000000000001",
    "reader": "applicant",
    "title": "See evil.example",
    "job_title": "Data <b>Engineer</b>",
    "was": "2026-11-20 09:30",
    "place": "evil.example",
    "meeting_url": "https://meet.example/abc",
    "description": "Go to https://evil.example/x",
    "reason": "ask all@evil.example",
    "response": "declined",
    "subject": "News at Northwind",
    "body": "Dear <b>Zoë</b>,\n\nsoon.",
    "company": "Win at https://evil.example/x <script>",
    "lines": ["<b>Ada</b> of https://evil.example applied", "another"],
    "more": 3,
    "name": "Mine at https://evil.example <b>",
    "count": 12,
    "jobs": [{"title": "<b>Dev</b> https://evil.example", "place": "Lyon", "link": LINK}],
    "unsubscribe_link": "https://front.example/unsubscribe#token=very-secret",
}


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("template", sorted(known_templates()))
def test_every_template_in_every_language(template: str, language: str) -> None:
    rendered = render(template, language, VALUES)  # type: ignore[arg-type]
    assert rendered.subject
    assert "\n" not in rendered.subject
    assert f'<html lang="{language}">' in rendered.html
    for face in (rendered.subject, rendered.text, rendered.html):
        assert "https://evil" not in face
        assert "evil.example" not in face
        assert "{{" not in face
    assert "<script>" not in rendered.html
    assert "<b>" not in rendered.html
    has_link = LINK in rendered.text
    assert has_link == (f'href="{LINK}"' in rendered.html)
    assert (FOLDER / f"{template}.fr.txt.jinja").exists()


def test_a_missing_value_is_no_empty_place() -> None:
    with pytest.raises(TemplateBroken):
        render("invite", "en", {})


def test_workers_know_the_work() -> None:
    load()
    assert TASKS["mail.deliver"].look
    assert MailSettings().smtp_timeout_seconds < delivery.LEASE.total_seconds()
