"""The local mail server: every mail is a file of its owner, and none goes out."""

from email import message_from_bytes, policy
from email.policy import EmailPolicy
from pathlib import Path

import pytest

from app.core.clock import now
from app.core.db import Database
from app.core.ids import new_id
from app.core.settings import Settings
from app.core.settings_mail import MailSettings
from app.dev.mail import catching, subject_of
from app.mail.message import compose
from app.mail.models import Mail
from app.mail.rendering import Rendered
from tests.mail.post_office import with_mail
from tests.mail.test_mail import LINK, deliver, post

LONG = "Entretien prévu — Développeuse à Saint-Étienne-du-Rouvray chez l’équipe du groupe médical"


@pytest.mark.parametrize("places", [(), (20, 33), (33, 60)])
def test_a_folded_subject_keeps_its_spaces(places: tuple[int, ...]) -> None:
    text = LONG.encode()
    for near in reversed(places):
        at = text.index(b" ", near)
        text = text[:at] + b"\r\n" + text[at:]
    assert subject_of(b"Subject: " + text + b"\r\n\r\nHello") == LONG


@pytest.mark.parametrize("wire", [policy.SMTP, policy.SMTPUTF8])
def test_a_subject_that_we_send_keeps_its_spaces(wire: EmailPolicy) -> None:
    mail = Mail(id=new_id(), recipient="zoe@example.com", language="fr", created_at=now())
    for end in range(1, len(LONG) + 1):
        rendered = Rendered(LONG[:end].strip() + " — fin", "Text", "<p>Text")
        sent = compose(mail, rendered, MailSettings()).as_bytes(policy=wire)
        assert subject_of(sent) == rendered.subject


@pytest.mark.parametrize("quiet", [True, False])
async def test_a_mail_becomes_a_file(
    database: Database,
    settings: Settings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    quiet: bool,
) -> None:
    folder = tmp_path / "mail"
    async with catching(folder, quiet=quiet) as port:
        await post(database, settings, to="zoë@example.com", language="fr")
        await deliver(database, with_mail(settings, port))
    said = capsys.readouterr().out
    assert ("Choisir un nouveau mot de passe → " in said) is not quiet
    (file,) = folder.iterdir()
    assert file.suffix == ".eml"
    assert file.stat().st_mode & 0o777 == 0o600
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert message["subject"] == "Choisir un nouveau mot de passe"
    assert LINK in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
