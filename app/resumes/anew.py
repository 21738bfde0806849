"""What stored résumés say, by today's rules: those that older rules understood are understood anew.

The text that was read stays; nothing is fetched, nobody is told, and the status does not move. Where
something else comes out, the résumé's revision grows, and with it everything that rested on the
former one is asked for again. It writes what was understood and nothing besides.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import undefer

from app.core.clock import now
from app.core.db import Database, ReadSession, Scope, WriteSession
from app.core.ids import new_id
from app.core.log import logger
from app.resumes.models import Resume
from app.resumes.understanding.understand import understand
from app.resumes.understanding.values import Understanding
from app.resumes.understanding.version import VERSION
from app.worker.doorbell import ring

# A lot takes about half a second; its leases outlive a worker that died by this.
_LOT: Final = 10
_LEASE_SECONDS: Final = 60
# Whoever rests on résumés lies above this room and is known by the name of its task alone.
_RESTING: Final = "analysis.work"


def current() -> int:
    """The version of the rules as a number, as rows keep it; it only ever grows."""
    return int(VERSION)


def understood_from(resume: Resume) -> Understanding:
    """What a résumé with its text says by today's rules: the same at every time."""
    day = resume.document_date or resume.created_at.date()
    return understand(
        resume.text or "", links=tuple(resume.links), document_date=min(day, now().date())
    )


def understanding_of(resume: Resume) -> Understanding:
    """What a résumé with its text says: as it is stored, unless older rules have stored it."""
    if resume.understanding is not None and resume.understood_by >= current():
        return msgspec.convert(resume.understanding, Understanding)
    return understood_from(resume)


def columns_of(understood: Understanding) -> dict[str, Any]:
    """As columns; skills are compared by their keys (app/skills/keys.py), each once."""
    return {
        "understanding": msgspec.to_builtins(understood),
        "skill_keys": sorted({each.id or each.name.casefold() for each in understood.skills}),
    }


async def understand_anew(database: Database, *, stopping: asyncio.Event, seconds: float) -> int:
    """Understand anew what older rules have understood, for about so many seconds; how many."""
    done, until = 0, time.monotonic() + seconds
    while time.monotonic() < until and not stopping.is_set():
        token = new_id()
        async with database.write(Scope.system()) as session:
            lot = await _lease(session, token)
        if not lot:
            break
        found = await asyncio.to_thread(lambda few: [_anew(each) for each in few], lot)
        async with database.write(Scope.system()) as session:
            await _keep(session, token, lot, found)
        done += len(lot)
    return done


def _is_outdated() -> Any:
    return (Resume.status == "skills_extracted") & (Resume.understood_by < current())


async def behind(session: ReadSession) -> int:
    """How many résumés older rules have understood."""
    found = await session.execute(select(func.count()).where(_is_outdated()))
    return int(found.scalar_one())


async def _lease(session: WriteSession, token: UUID) -> Sequence[Resume]:
    due = (
        select(Resume.id)
        .where(
            _is_outdated(),
            (Resume.lease_until.is_(None)) | (Resume.lease_until < func.clock_timestamp()),
        )
        .limit(_LOT)
        .with_for_update(skip_locked=True)
    )
    leased = await session.execute(
        update(Resume)
        .where(Resume.id.in_(due))
        .values(
            lease_token=token,
            lease_until=func.clock_timestamp() + text(f"interval '{_LEASE_SECONDS} seconds'"),
        )
        .returning(Resume.id)
    )
    ids = leased.scalars().all()
    found = await session.execute(
        select(Resume).where(Resume.id.in_(ids)).options(undefer(Resume.text))
    )
    return found.scalars().all()


def _anew(resume: Resume) -> dict[str, Any]:
    """What changes in the row by today's rules; the revision only where it says something else."""
    before = dict(resume.understanding or {})
    if before.pop("version", None) == VERSION:
        return {}
    try:
        columns = columns_of(understood_from(resume))
    # Whatever a text does to the rules, it must not keep all others from them: it keeps what the
    # former rules have found.
    except Exception as error:  # noqa: BLE001
        fault = type(error).__name__
        logger.warning("resumes.not_understood_anew", resume_id=resume.id, fault=fault)
        return {}
    # As it comes back from the database, lists and not tuples.
    after = msgspec.json.decode(msgspec.json.encode(columns["understanding"]))
    del after["version"]
    if before != after:
        columns |= {"revision": Resume.revision + 1, "updated_at": func.now()}
    return columns


async def _keep(
    session: WriteSession,
    token: UUID,
    lot: Sequence[Resume],
    found: Sequence[Mapping[str, Any]],
) -> None:
    """Write through the fence: whoever has asked for a new reading meanwhile gets that one."""
    done = {"understood_by": current(), "lease_token": None, "lease_until": None}
    changed = 0
    for resume, columns in zip(lot, found, strict=True):
        written = await session.execute(
            update(Resume)
            .where(Resume.id == resume.id, Resume.lease_token == token)
            .values({**columns, **done})
            .returning(Resume.id)
        )
        changed += "revision" in columns and written.first() is not None
    if changed:
        ring(session, _RESTING)
    logger.info("resumes.understood_anew", looked_at=len(lot), changed=changed)
