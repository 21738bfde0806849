"""Walks the chains of the audit log and names the first row that is not as it was written.

The digests are computed here again, in Python: a function of the database that somebody has
replaced does not vouch for itself.
"""

import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import BigInteger, Row, Select, Text, cast, extract, select

from app.core.audit_model import NO_ORGANIZATION, AuditChain, AuditEntry, AuditLink
from app.core.db import Database, ReadSession, Scope

Reason = Literal["changed", "removed", "inserted", "cut"]
_BATCH: Final = 2_000
_CHAINS: Final = 500
_NO_CHAIN: Final = str(NO_ORGANIZATION)


@dataclass(frozen=True, slots=True)
class Fault:
    """The first broken place of a chain; `position` counts from 1.

    `changed`: the entry or its digest is another. `removed`: the place is there and the entry is
    not. `inserted`: an entry has no place. `cut`: places are missing, or the end is not the head's.
    """

    chain_id: UUID
    position: int
    entry_id: UUID | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a walk has found: how much it saw, and one fault a broken chain."""

    chains: int
    entries: int
    faults: tuple[Fault, ...]


async def verify(
    database: Database, *, newest: int | None = None, most_chains: int | None = None
) -> Verdict:
    """Walk every chain in short transactions.

    With `newest`, only so many entries at the end of each, and none is looked for outside of the
    chains; with `most_chains`, no more than so many of them. Writers may go on meanwhile: a chain is walked as far as it was when its walk began.
    """
    chains, entries, faults = 0, 0, []
    async for head in _heads(database):
        if chains == most_chains:
            break
        chains += 1
        start = 0 if newest is None else max(0, head.length - newest)
        entries += head.length - start
        fault = await _walk(database, head, start)
        if fault is not None:
            faults.append(fault)
    if newest is None:
        faults += await _without_place(database)
    return Verdict(chains, entries, tuple(faults))


async def heads(database: Database) -> list[str]:
    """A line for each chain, its id, length and digest: to be kept where the database is not.

    Whoever owns the database could write a whole chain anew; not one that agrees with these.
    """
    return [f"{head.id} {head.length} {head.digest.hex()}" async for head in _heads(database)]


async def verify_against(database: Database, kept: Iterable[str]) -> Verdict:
    """Compare the chains with lines that `heads` gave earlier.

    Raises:
        ValueError: a line is not one of those.
    """
    faults, places = [], 0
    for line in filter(None, map(str.strip, kept)):
        chain, length, digest = line.split()
        chain_id, position = UUID(chain), int(length)
        async with database.read(Scope.system()) as session:
            found = await _digest_at(session, chain_id, position)
        places += 1
        if found.hex() != digest:
            faults.append(Fault(chain_id, position, None, "changed" if found else "cut"))
    return Verdict(places, places, tuple(faults))


async def _heads(database: Database) -> AsyncIterator[AuditChain]:
    last = None
    while True:
        statement = select(AuditChain).order_by(AuditChain.id).limit(_CHAINS)
        if last is not None:
            statement = statement.where(AuditChain.id > last)
        async with database.read(Scope.system()) as session:
            found = (await session.scalars(statement)).all()
        for head in found:
            yield head
        if len(found) < _CHAINS:
            return
        last = found[-1].id


async def _walk(database: Database, head: AuditChain, start: int) -> Fault | None:
    """The first fault after position `start`, whose own digest is taken as it stands."""
    position, digest = start, b""
    if start:
        async with database.read(Scope.system()) as session:
            digest = await _digest_at(session, head.id, start)
    while position < head.length:
        last = min(position + _BATCH, head.length)
        async with database.read(Scope.system()) as session:
            rows = (await session.execute(_links(head.id, position, last))).all()
        fault, digest = _follow(head.id, position, digest, rows)
        if fault is not None:
            return fault
        position += len(rows)
        if position < last:
            return Fault(head.id, position + 1, None, "cut")
    return None if digest == head.digest else Fault(head.id, position, None, "cut")


async def _digest_at(session: ReadSession, chain_id: UUID, position: int) -> bytes:
    """The digest at this place, b"" where the place is missing: the walk then finds a fault."""
    statement = select(AuditLink.digest).where(
        AuditLink.chain_id == chain_id, AuditLink.position == position
    )
    return (await session.execute(statement)).scalar_one_or_none() or b""


def _follow(
    chain_id: UUID, position: int, digest: bytes, rows: Iterable[Row[Any]]
) -> tuple[Fault | None, bytes]:
    """The first fault in `rows`, which should begin after `position`, and the last digest."""
    for row in rows:
        position += 1
        if row.position != position:
            return Fault(chain_id, position, None, "cut"), digest
        if row.id is None:
            return Fault(chain_id, position, row.entry_id, "removed"), digest
        digest = hashlib.sha256(digest + canonical(row[3:])).digest()
        if digest != row.digest or UUID(row.organization_id or _NO_CHAIN) != chain_id:
            return Fault(chain_id, position, row.entry_id, "changed"), digest
    return None, digest


def canonical(parts: Sequence[str | None]) -> bytes:
    """An entry's columns as text, each with its length in bytes before it; `-` for NULL.

    As `link_audit_entry` of the migration writes them.
    """
    encoded = [None if part is None else part.encode() for part in parts]
    return b"".join(b"-" if part is None else b"%d:%s" % (len(part), part) for part in encoded)


def _links(chain_id: UUID, after: int, last: int) -> Select[Any]:
    """Places with their entries' columns as text, in order; the entry's are NULL when it is gone."""
    moment = cast(extract("epoch", AuditEntry.at) * 1_000_000, BigInteger)
    shown: list[Any] = [
        AuditLink.position,
        AuditLink.entry_id,
        AuditLink.digest,
        cast(AuditEntry.id, Text).label("id"),
        cast(moment, Text).label("moment"),
        AuditEntry.action,
        cast(AuditEntry.actor_id, Text).label("actor_id"),
        cast(AuditEntry.organization_id, Text).label("organization_id"),
        AuditEntry.subject_type,
        AuditEntry.subject_id,
        AuditEntry.request_id,
        AuditEntry.network,
        cast(AuditEntry.detail, Text).label("detail"),
    ]
    statement: Select[Any] = select(*shown)
    return (
        statement.outerjoin(AuditEntry, AuditEntry.id == AuditLink.entry_id)
        .where(
            AuditLink.chain_id == chain_id,
            AuditLink.position > after,
            AuditLink.position <= last,
        )
        .order_by(AuditLink.position)
    )


async def _without_place(database: Database) -> list[Fault]:
    """The first entry that stands in no chain, if there is one."""
    last = NO_ORGANIZATION
    while True:
        some = select(AuditEntry).where(AuditEntry.id > last).order_by(AuditEntry.id).limit(_BATCH)
        lot = some.with_only_columns(AuditEntry.id, AuditEntry.organization_id).subquery()
        statement = (
            select(lot.c.id, lot.c.organization_id, AuditLink.position)
            .outerjoin(AuditLink, AuditLink.entry_id == lot.c.id)
            .order_by(lot.c.id)
        )
        async with database.read(Scope.system()) as session:
            rows = (await session.execute(statement)).all()
        for row in rows:
            if row.position is None:
                return [Fault(row.organization_id or NO_ORGANIZATION, 0, row.id, "inserted")]
        if len(rows) < _BATCH:
            return []
        last = rows[-1].id
