"""What the rows say and what the stores hold, compared both ways."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.core.clock import now
from app.core.db import Database, Scope
from app.core.log import logger
from app.core.settings import Settings
from app.storage import kept_queries as queries
from app.storage.base import OUR_PREFIXES, Kind, Stat, Store
from app.storage.stores import stores_of

# Younger ones may belong to a transaction that is about to commit, or to a probe.
YOUNG: Final = timedelta(days=1)
_BATCH: Final = 500


@dataclass(slots=True)
class Findings:
    """Differences between one store and the rows.

    Orphans are objects older than a day that no row names; missing are rows without their object;
    damaged are objects of another size than their row says. The keys hold ids and nothing else.
    """

    kind: Kind
    compared: int = 0
    orphans: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    requeued: int = 0
    unfinished: int = 0


def told(findings: Findings) -> list[str]:
    """The findings in words, one line each."""
    lists = {
        "no row knows": findings.orphans,
        "is gone": findings.missing,
        "has another size": findings.damaged,
    }
    lines = [f"{findings.kind}: {findings.compared} objects compared"]
    lines += [f"  {what}: {key}" for what, keys in lists.items() for key in keys]
    done = f"  {findings.requeued} files in line again, {findings.unfinished} unfinished deleted"
    return [*lines, done] if findings.requeued or findings.unfinished else lines


async def sweep(database: Database, settings: Settings, *, delete: bool) -> list[Findings]:
    """Compare every store that there are settings for with the rows; those left long ago as well.

    With `delete` orphans and what was begun and never finished are deleted, and files that are
    missing but still lie in the spool go back in line. Without it nothing changes.

    Raises:
        StoreTrouble: a store does not answer.
    """
    async with database.read(Scope.system()) as session:
        kinds = await queries.kinds_in_use(session)
    stores = stores_of(settings.files)
    return [
        await _compare(database, stores.of(kind), delete=delete)
        for kind in sorted({*kinds, *stores.configured})
    ]


async def _compare(database: Database, store: Store, *, delete: bool) -> Findings:
    began = now()
    findings = Findings(store.kind)
    seen: set[UUID] = set()
    async for batch in _batches(store):
        seen |= await _judge(database, batch, findings, began)
    await _find_missing(database, store, findings, seen, began)
    if delete:
        for key in findings.orphans:
            await store.delete(key)
        findings.unfinished = await store.tidy(began - YOUNG)
        async with database.write(Scope.system()) as session:
            findings.requeued = await queries.requeue(session, store.kind, findings.missing)
    logger.info(
        "storage.swept",
        kind=store.kind,
        compared=findings.compared,
        orphans=len(findings.orphans),
        missing=len(findings.missing),
        damaged=len(findings.damaged),
        deletes=delete,
    )
    return findings


async def _batches(store: Store) -> AsyncIterator[list[Stat]]:
    for prefix in OUR_PREFIXES:
        batch: list[Stat] = []
        async for found in store.browse(prefix.rstrip("/")):
            batch.append(found)
            if len(batch) == _BATCH:
                yield batch
                batch = []
        yield batch


async def _judge(
    database: Database, batch: list[Stat], findings: Findings, began: datetime
) -> set[UUID]:
    """Look at some objects; the ids of the files whose they are."""
    async with database.read(Scope.system()) as session:
        rows = await queries.by_key(session, [one.key for one in batch])
    seen = set()
    for one in batch:
        row = rows.get(one.key)
        findings.compared += 1
        # Before it is stored, and while it is being deleted, the row's kind is the one tried last.
        if row is not None and row.kind == findings.kind:
            seen.add(row.id)
            if row.state == "stored" and row.size != one.size:
                findings.damaged.append(one.key)
        elif one.modified_at is not None and one.modified_at < began - YOUNG:
            findings.orphans.append(one.key)
    return seen


async def _find_missing(
    database: Database, store: Store, findings: Findings, seen: set[UUID], began: datetime
) -> None:
    last: UUID | None = None
    while True:
        async with database.read(Scope.system()) as session:
            rows = await queries.stored_before(session, store.kind, began, after=last, limit=_BATCH)
        if not rows:
            return
        last = rows[-1].id
        for row in rows:
            # A list may be older than what it lists: the store is asked about the one itself.
            if row.id not in seen and await store.stat(row.key) is None:
                findings.missing.append(row.key)
