"""A new key takes over what older ones sealed, in a table that only this test has."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, Uuid, select, text

from app.core import rotation
from app.core.audit_model import AuditEntry
from app.core.crypto import KeyRing, SealedColumn
from app.core.db import APP_ROLE, Database, Scope
from app.core.ids import new_id
from app.core.rotation import Rotated, rotate

SECRET = SealedColumn("test.secret", ("tenant_id", "number", "provider"))
METADATA = MetaData()
THINGS = Table(
    "rotation_things",
    METADATA,
    Column("tenant_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("provider", String),
    Column("secret", String, info=SECRET.info),
    Column("plain", String),
)
OLD = KeyRing({"old": b"o" * 32})
NEW = KeyRing({"new": b"n" * 32, "old": b"o" * 32})
TENANT = new_id()


def place(number: int, tenant: UUID = TENANT) -> dict[str, Any]:
    provider = "google" if number % 2 else ""
    return {"purpose": SECRET.purpose, "bound_to": (str(tenant), str(number), provider)}


def row(number: int, secret: str | None) -> dict[str, Any]:
    provider = "google" if number % 2 else None
    return {
        "tenant_id": TENANT,
        "number": number,
        "provider": provider,
        "secret": secret,
        "plain": "v1.old.AAAA",
    }


@pytest.fixture
async def things(database: Database) -> Database:
    """Seven rows sealed by the old key, one by the new, one that nobody opens, one without."""
    rows = [row(number, OLD.seal(b"%d" % number, **place(number))) for number in range(7)]
    rows.append(row(7, NEW.seal(b"7", **place(7))))
    rows.append(row(8, OLD.seal(b"8", **place(9))))
    rows.append(row(9, None))
    async with database.write(Scope.system()) as session:
        await session.execute(text("SET LOCAL ROLE NONE"))
        connection = await session.connection()
        await connection.run_sync(METADATA.create_all)
        await session.execute(text(f"GRANT SELECT, UPDATE ON rotation_things TO {APP_ROLE}"))
        await session.execute(THINGS.insert(), rows)
        await session.execute(text(f"SET LOCAL ROLE {APP_ROLE}"))
    return database


async def secrets_of(database: Database) -> dict[int, str]:
    async with database.read(Scope.system()) as session:
        found = await session.execute(select(THINGS.c.number, THINGS.c.secret))
        return {number: secret for number, secret in found if secret is not None}


async def test_what_older_keys_sealed_is_sealed_again(
    things: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "_BATCH", 3)
    before = await secrets_of(things)
    assert await rotate(things, NEW, METADATA) == [Rotated("rotation_things.secret", 7, 1)]
    after = await secrets_of(things)
    alone = KeyRing({"new": b"n" * 32})
    for number in range(8):
        assert alone.open(after[number], **place(number)) == b"%d" % number
    assert (after[7], after[8]) == (before[7], before[8])
    assert await rotate(things, NEW, METADATA) == [Rotated("rotation_things.secret", 0, 1)]
    async with things.read(Scope.system()) as session:
        noted = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all()
        assert [entry.detail for entry in noted] == [
            {"resealed": 7, "broken": 1},
            {"resealed": 0, "broken": 1},
        ]
        assert set(await session.scalars(select(THINGS.c.plain))) == {"v1.old.AAAA"}
