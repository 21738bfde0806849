"""The local mail server: every mail is a file of its owner, and none goes out."""

from email import message_from_bytes, policy
from pathlib import Path

from app.core.db import Database
from app.core.settings import Settings
from app.dev.mail import catching
from tests.mail.post_office import with_mail
from tests.mail.test_mail import LINK, deliver, post


async def test_a_mail_becomes_a_file(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "mail"
    async with catching(folder) as port:
        await post(database, settings, to="zoë@example.com", language="fr")
        await deliver(database, with_mail(settings, port))
    (file,) = folder.iterdir()
    assert file.suffix == ".eml"
    assert file.stat().st_mode & 0o777 == 0o600
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert message["subject"] == "Choisir un nouveau mot de passe"
    assert LINK in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
