"""Who did what to whom: `record` writes it in the transaction of the act itself.

An entry holds ids and codes, never a name, an address or a patient's data: whoever is erased leaves
the log as it was, because nothing of them was in it. What does not look like a code is refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from app.core import clock
from app.core.audit_model import AuditEntry
from app.core.caller import caller_network
from app.core.db import WriteSession
from app.core.ids import new_id
from app.core.log import request_id

Fact = str | int | bool

_MOST_FACTS: Final = 16
_LONGEST: Final = 200
_ACTION: Final = re.compile(r"[a-z][a-z0-9_]{0,31}\.[a-z][a-z0-9_]{0,47}")
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
# Lower case and no digit in front: names, words of files, dates, numbers of claims do not fit.
_CODE: Final = re.compile(
    r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*(?:,[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*)*"
)
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,9}")


class EntryRefused(ValueError):
    """A fault of the code: an entry that would carry more than ids and codes. Says where only."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One act: `action` is `room.verb`; the subject is what it was done to.

    `subject_id` is a UUID, a number of ours, or "" where nothing was found. `detail` holds counts,
    yes or no, UUIDs, and codes or comma-separated lists of codes (`completed`, `role,is_active`).
    """

    action: str
    actor_id: UUID | None
    organization_id: UUID | None
    subject_type: str
    subject_id: str
    detail: Mapping[str, Fact] = field(default_factory=dict)


def record(session: WriteSession, entry: Entry) -> None:
    """Write `entry` with the transaction: it is there exactly when the act is.

    The request's id and the caller's network (/24 or /48) are added here. The entry joins its
    organization's chain inside the commit.

    Raises:
        EntryRefused: a part of it does not look like an id or a code.
    """
    check(entry)
    session.add(
        AuditEntry(
            id=new_id(),
            at=clock.now(),
            action=entry.action,
            actor_id=entry.actor_id,
            organization_id=entry.organization_id,
            subject_type=entry.subject_type,
            subject_id=entry.subject_id,
            request_id=request_id.get(),
            network=caller_network(),
            detail=dict(entry.detail),
        )
    )


def check(entry: Entry) -> None:
    """Refuse what no log that is kept for ever may hold.

    Raises:
        EntryRefused: a part of it does not look like an id or a code.
    """
    if not _ACTION.fullmatch(entry.action):
        raise EntryRefused("action is written room.verb")
    if not _WORD.fullmatch(entry.subject_type):
        raise EntryRefused("subject_type is one word")
    if entry.subject_id and not _is_id(entry.subject_id):
        raise EntryRefused("subject_id is a UUID or a number of ours")
    if len(entry.detail) > _MOST_FACTS:
        raise EntryRefused("detail has too many facts")
    for name, fact in entry.detail.items():
        if not _WORD.fullmatch(name):
            raise EntryRefused("a name in detail is one word")
        if not _is_fact(fact):
            raise EntryRefused(f"{name} in detail is no count, id or code")


def _is_id(text: str) -> bool:
    return bool(_UUID.fullmatch(text) or _NUMBER.fullmatch(text))


def _is_fact(fact: object) -> bool:
    if isinstance(fact, bool):
        return True
    if isinstance(fact, int):
        return -(2**31) <= fact < 2**53
    if not isinstance(fact, str) or len(fact) > _LONGEST:
        return False
    return bool(_UUID.fullmatch(fact) or _CODE.fullmatch(fact))
