"""Everything about a person, given to them, or taken away for good."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from app.accounts import privacy as account
from app.accounts import service as accounts
from app.accounts.identity import Identity, SignedIn
from app.core import clock
from app.core.audit import Entry, record
from app.core.db import Database, Scope
from app.core.log import logger
from app.core.personal import PersonalData
from app.core.settings import Settings
from app.privacy.archive import Archive, safe_name
from app.privacy.errors import AccountErased
from app.privacy.holders import HOLDERS
from app.storage import service as storage

# Longer than any request may take.
_UNDER_WAY: Final = timedelta(seconds=30)


async def export(
    database: Database, settings: Settings, *, user: SignedIn
) -> AsyncGenerator[bytes, None]:
    """All that the rooms hold of the person as a ZIP archive, piece by piece: JSON for each room,
    and their files. That they took it is in the audit log, committed before.

    Nothing of it is stored: what was read is in memory, files come in pieces, and a slow network
    holds no connection.
    """
    async with database.write(Scope.person(user.id)) as session:
        act = ("privacy.exported", user.id, user.organization_id)
        record(session, Entry(*act, "user", str(user.id)))
        held = {name: await one.personal_data(session, user.id) for name, one in HOLDERS.items()}
    logger.info("privacy.exported", user_id=user.id)
    return _written(database, settings, held)


async def _written(
    database: Database, settings: Settings, held: dict[str, PersonalData]
) -> AsyncGenerator[bytes, None]:
    made_at = clock.now()
    archive = Archive(made_at)
    for room, data in held.items():
        yield archive.facts(f"{room}.json", data.facts)
    missing: list[str] = []
    for room, data in held.items():
        for file in data.files:
            # The id in front, for two files may have one name.
            name = f"files/{room}/{file.file_id}-{safe_name(file.filename)}"
            try:
                pieces = storage.pieces(database, settings, file.file_id)
                async for piece in archive.file(name, pieces):
                    yield piece
            except storage.FileAway:
                missing.append(name)
    # The answer has begun: a store that does not give a file can only be told of.
    about: dict[str, Any] = {"made_at": made_at, "files_missing_or_cut": missing}
    yield archive.facts("about.json", about)
    yield archive.end()


async def erase(database: Database, identity: Identity, *, user_id: UUID) -> None:
    """Take the person out of every room in one transaction, and end all that they could do.

    What others did with them stays countable: their row keeps its id and nothing that names them.
    Whoever asks has been found to be the person.

    Raises:
        AccountErased: somebody was faster, the second click most likely.
        LastAdmin: one of their organizations would be left without an admin.
    """
    async with database.write(Scope.system()) as session:
        await accounts.lock(session, user_id)
        user = await accounts.profile(session, user_id=user_id)
        if user.erased_at is not None:
            raise AccountErased
        for holder in HOLDERS.values():
            await holder.erase(session, user_id)
        record(session, Entry("privacy.erased", user_id, None, "user", str(user_id)))
        identity.forget_after(session, user_id)
    logger.info("privacy.erased", user_id=user_id)


async def settle(database: Database) -> int:
    """Erase once more what was erased half a minute ago or earlier; how many accounts.

    Other processes know a sign-in for five seconds, and a request that was under way may have
    stored something meanwhile; after this nobody is left who could.
    """
    async with database.read(Scope.system()) as session:
        ids = await account.unsettled(session, clock.now() - _UNDER_WAY)
    for user_id in ids:
        async with database.write(Scope.system()) as session:
            await accounts.lock(session, user_id)
            for holder in HOLDERS.values():
                await holder.erase(session, user_id)
            await account.settle(session, user_id)
    return len(ids)
