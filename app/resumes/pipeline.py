"""From uploaded to skills_extracted, one fenced step at a time.

The bytes come from storage, which serves them from its spool until they are kept for good, so no
reading depends on a download. A file is read in a child process with limits; what kills that child
is an answer about the file and never the end of a worker.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from app.core.db import Database, Scope
from app.core.log import logger
from app.core.meters import EXTRACTIONS, timed
from app.core.settings import Settings
from app.resumes import queries
from app.resumes.anew import columns_of, understood_from
from app.resumes.models import ENDED
from app.resumes.queries import Leased
from app.resumes.reading.readers import Readers, tesseract
from app.resumes.reading.results import Unreadable, unreadable
from app.storage import service as storage
from app.storage.service import FileAway
from app.worker.doorbell import ring

# Leases that ended without a step: their workers died, and the file is the only thing in common.
MOST_ATTEMPTS: Final = 3
# Whoever waits for a résumé lies above this room and is known by the name of its task alone.
_WAITING: Final = "analysis.work"


@dataclass(frozen=True, slots=True)
class Bench:
    """What one look works with."""

    database: Database
    settings: Settings
    readers: Readers
    stopping: asyncio.Event


async def drain(bench: Bench) -> int:
    """Read résumés until none is due or the process is about to end; how many."""
    done = 0
    while not bench.stopping.is_set():
        async with bench.database.write(Scope.system()) as session:
            leased = await queries.claim(session)
        if leased is None:
            break
        await _work(bench, leased)
        done += 1
    return done


async def _work(bench: Bench, leased: Leased) -> None:
    if leased.attempts > MOST_ATTEMPTS:
        await _fail(bench.database, leased, unreadable("resume.too_demanding"))
        return
    try:
        if leased.status == "uploaded" and not await _extract_text(bench, leased):
            return
    except FileAway:
        # The store is in trouble, which the file cannot help: the lease runs out, and it is tried
        # again then without counting.
        logger.warning("resumes.file_away", resume_id=leased.id)
        async with bench.database.write(Scope.system()) as session:
            await queries.put_off(session, leased)
        return
    await _extract_skills(bench.database, leased)


async def _extract_text(bench: Bench, leased: Leased) -> bool:
    content = await storage.read(bench.database, bench.settings, leased.file_id)
    with timed(EXTRACTIONS) as outcome:
        found = await bench.readers.read(content)
        outcome.word = found.code if isinstance(found, Unreadable) else "ok"
    if isinstance(found, Unreadable) and found.code == "resume.no_text_layer" and tesseract():
        if not leased.is_scanned:
            async with bench.database.write(Scope.system()) as session:
                await queries.set_aside(session, leased)
            return False
        found = await bench.readers.recognise(content)
    if isinstance(found, Unreadable):
        await _fail(bench.database, leased, found)
        return False
    values = {
        "text": found.text,
        "pages": found.pages,
        "links": list(found.links),
        "cautions": list(found.cautions),
        "document_date": found.document_date,
        "content_type": found.content_type,
    }
    return await _advance(bench.database, leased, "text_extracted", values)


async def _extract_skills(database: Database, leased: Leased) -> None:
    async with database.read(Scope.system()) as session:
        resume = await queries.get(session, leased.id, with_text=True)
    if resume is None or resume.text is None:
        return
    understood = await asyncio.to_thread(understood_from, resume)
    await _advance(database, leased, "skills_extracted", columns_of(understood))


async def _fail(database: Database, leased: Leased, reason: Unreadable) -> None:
    logger.info("resumes.unreadable", resume_id=leased.id, code=reason.code)
    await _advance(database, leased, "extraction_failed", {"error": msgspec.to_builtins(reason)})


async def _advance(database: Database, leased: Leased, status: str, values: dict[str, Any]) -> bool:
    async with database.write(Scope.system()) as session:
        written = await queries.advance(session, leased, status, values)
        if written and status in ENDED:
            ring(session, _WAITING, resume_id=leased.id)
    if not written:
        logger.warning("resumes.fenced_off", resume_id=leased.id)
    return written
