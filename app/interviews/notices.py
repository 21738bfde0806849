"""What people with an account are told of an interview, beside the mails about it."""

from collections.abc import Mapping
from typing import Any

from app.core import clock
from app.core.db import WriteSession
from app.notifications import service as notifications


async def told(session: WriteSession, row: Mapping[str, Any], kind: str) -> frozenset[str]:
    """Tell applicant and interviewer; the addresses of those who want no mail of this kind.

    `row` is an interview with the names that go with it; the session has the system's eyes.
    """
    name = f"interview.{kind}"
    silent = set()
    for user_id, email in (
        (row["candidate_id"], row["candidate_email"]),
        (row["interviewer_id"], row["interviewer_email"]),
    ):
        if user_id is None:
            continue
        await notifications.notify(
            session,
            user_id=user_id,
            organization_id=row["organization_id"],
            kind=name,
            subject_type="interview",
            subject_id=row["id"],
            params=_params(row, kind),
        )
        if not await notifications.wants_mail(session, user_id=user_id, kind=name):
            silent.add(email)
    return frozenset(silent)


def _params(row: Mapping[str, Any], kind: str) -> dict[str, str]:
    params = {
        "interview_id": str(row["id"]),
        "application_id": str(row["application_id"]),
        "job_title": row["job_title"],
        "starts_at": row["starts_at"].isoformat(),
        "timezone": row["timezone"],
        "sequence": str(row["sequence"]),
    }
    if kind == "reminder":
        # There are two of them, a day and an hour before.
        params["at"] = clock.now().isoformat(timespec="minutes")
    return params
