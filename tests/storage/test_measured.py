"""Every call to a store is counted with how it ended."""

import hashlib
from pathlib import Path

import pytest

from app.core import meters
from app.storage.base import AlreadyThere, NoSuchObject, StoreTrouble
from app.storage.local import LocalStore
from app.storage.measured import MeasuredStore

CONTENT = b"some bytes"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def seen() -> set[tuple[str, ...]]:
    """Operation and outcome of everything counted here and not handed in yet."""
    fields = [field.split("|") for field in meters._PENDING]
    return {(field[2], field[3]) for field in fields if field[0] == meters.STORAGE_CALLS.name}


async def test_outcomes(tmp_path: Path) -> None:
    meters._forget()
    store = MeasuredStore(LocalStore(tmp_path))
    put = {"content_type": "text/plain", "sha256": DIGEST}
    version = await store.put("org/a", CONTENT, **put)
    with pytest.raises(AlreadyThere):
        await store.put("org/a", CONTENT, **put)
    async with store.open("org/a", version) as pieces:
        assert b"".join([piece async for piece in pieces]) == CONTENT
    with pytest.raises(NoSuchObject):
        async with store.open("org/b", None) as pieces:
            pass
    assert await store.stat("org/a")
    await store.delete("org/a")
    with pytest.raises(StoreTrouble):
        await store.stat("../etc/passwd")
    assert [one async for one in store.browse("")] == []
    assert seen() == {
        *(("put", "ok"), ("put", "there_already"), ("open", "ok"), ("open", "missing")),
        *(("stat", "ok"), ("delete", "ok"), ("stat", "key_malformed")),
    }
    await store.close()
