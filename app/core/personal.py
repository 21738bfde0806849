"""What a room holds of a person, in the words of the two rights that everybody has to it.

A room with personal data has a module `privacy` with both functions of `Holder`; app/privacy lists
them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

from app.core.db import ReadSession, WriteSession

# The name of whoever has erased their account, where others still have to do with what they did.
ERASED: Final = "Deleted account"


@dataclass(frozen=True, slots=True)
class PersonalFile:
    """A file of a person's, under the name that they gave it."""

    file_id: UUID
    filename: str


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Facts that JSON can hold (times and ids as well), and files."""

    facts: Mapping[str, Any]
    files: tuple[PersonalFile, ...] = ()


class Holder(Protocol):
    """A room that holds personal data."""

    async def personal_data(self, session: ReadSession, user_id: UUID) -> PersonalData:
        """What the room holds of the person, as far as they may see it; `session` has their eyes."""
        ...

    async def erase(self, session: WriteSession, user_id: UUID) -> None:
        """Take the person out of the room, in one transaction with all others; `session` has the
        system's eyes. What must stay keeps the id and nothing that names anybody."""
        ...
