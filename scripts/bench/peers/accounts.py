"""The peers' own tables of users, filled with whoever is in ours: hashes as each of them makes them.

Runs in the environment of the peers once, before they start.
"""

import os

from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from sqlmodel import Session, SQLModel, text

from scripts.bench.peers import rest, template

PASSWORD = os.environ["PEER_PASSWORD"]


def main() -> None:
    """Everybody has the one password, so one hash each will do."""
    SQLModel.metadata.create_all(template.engine, [template.User.__table__])
    with Session(template.engine) as session:
        session.exec(
            text(
                "INSERT INTO template_users (id, email, full_name, hashed_password, is_active,"
                " is_superuser) SELECT id, email, full_name, :hash, true, false FROM users"
            ),
            params={"hash": template.password_hash.hash(PASSWORD)},
        )
        session.commit()
        emails = [row.email for row in session.exec(text("SELECT email FROM users"))]
    # simplejwt signs in users of Django's own kind.
    call_command("migrate", "auth", verbosity=0)
    user, hashed = apps.get_model("auth.User"), make_password(PASSWORD)
    user.objects.bulk_create(
        [user(username=email, email=email, password=hashed) for email in emails]
    )


if __name__ == "__main__":
    assert rest.application is not None  # noqa: S101 - importing it has set Django up.
    main()
