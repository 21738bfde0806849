"""Keys: UUIDv7, so that rows written together lie together and a key tells its time."""

from uuid import UUID

import uuid_utils


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562): ordered by time within a millisecond's resolution."""
    return UUID(int=uuid_utils.uuid7().int)
