"""What lies in the line of mails, read as the worker would."""

import json
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import select

from app.accounts import tasks
from app.core.audit_model import AuditEntry
from app.core.crypto import KeyRing
from app.core.db import Database, Scope
from app.core.settings import Settings
from app.mail.models import Mail
from app.mail.rendering import render
from app.mail.service import SEALED_FOR
from app.worker.registry import TaskContext


@dataclass(frozen=True)
class Letter:
    """One mail in line, opened; it can be rendered with what it brings."""

    template: str
    to: str
    language: str
    context: dict[str, Any]
    link: str

    @property
    def token(self) -> str:
        return self.link.partition("#token=")[2]


async def letters(database: Database, settings: Settings) -> list[Letter]:
    """Every mail in line, the oldest first."""
    async with database.read(Scope.system()) as session:
        rows = (await session.scalars(select(Mail).order_by(Mail.id))).all()
    keys = KeyRing.from_settings(settings.auth)
    found = []
    for row in rows:
        hidden = {}
        if row.secrets is not None:
            plain = keys.open(row.secrets, purpose=SEALED_FOR, bound_to=(str(row.id),))
            hidden = json.loads(plain)
        language = cast("Any", row.language)
        assert render(row.template, language, {**row.context, **hidden}).text
        link = str(hidden.get("link", ""))
        found.append(Letter(row.template, row.recipient, row.language, row.context, link))
    return found


async def newest(database: Database, settings: Settings, template: str) -> Letter:
    """The newest mail of this kind."""
    return [one for one in await letters(database, settings) if one.template == template][-1]


def context_of(database: Database, settings: Settings) -> TaskContext:
    """As much of a worker process as these tasks use."""
    stopping = SimpleNamespace(is_set=lambda: False)
    lent = SimpleNamespace(database=database, settings=settings, stopping=stopping)
    return cast("TaskContext", lent)


async def acts(database: Database) -> list[str]:
    """What the audit log says was done, the oldest first."""
    async with database.read(Scope.system()) as session:
        entries = select(AuditEntry.action).order_by(AuditEntry.at, AuditEntry.id)
        return list((await session.scalars(entries)).all())


async def answer_requests(database: Database, settings: Settings) -> None:
    """Let a worker find the accounts of those who have asked for a new password."""
    await tasks.answer_requests(context_of(database, settings))
