"""Work for every registered task: a room that adds a task adds its case here.

A case makes real work, committed, and says what shows that the first run did it: a query that gives
one boolean. A task without a case fails tests/worker/test_every_task_twice.py.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from redis.asyncio import Redis
from sqlalchemy import insert

from app.accounts import proofs
from app.analysis import service as analysis
from app.core.clock import now
from app.core.db import Scope
from app.core.ids import new_id
from app.dev.payer.rows import Mix, RowPlan
from app.integrations.models import CalendarEvent, Connection, OAuthState
from app.jobs import views
from app.mail import service as mail
from app.resumes import service as resumes
from app.storage import service as storage
from app.webhooks import outbox, service
from app.webhooks.schemas import WebhookIn
from tests.analysis.samples import make_read_resume
from tests.applications.samples import make_application
from tests.claims.engine.ledger import Ledger
from tests.interviews.samples import make_interview
from tests.jobs.samples import make_job
from tests.notifications.samples import tell
from tests.people import Crew, make_crew
from tests.resumes.samples import TEXT as RESUME
from tests.searches.samples import make_search
from tests.webhooks.receiver import Receiver


@dataclass(frozen=True)
class Ground:
    """What a case makes its work of: a committed database, the local payer and a receiver."""

    ledger: Ledger
    receiver: Receiver
    redis: Redis


@dataclass(frozen=True)
class Case:
    """How work for a task is made, and the query that tells that it was done."""

    prepare: Callable[[Ground], Awaitable[None]]
    done: str


async def a_file(ground: Ground) -> None:
    """A claim file that waits."""
    await ground.ledger.upload_plan(RowPlan("practice", 60, last_days=60, mix=Mix(0.1, 0.1)))


async def something_to_sweep(ground: Ground) -> None:
    """A job past its time, and one that is being cancelled and that nobody works for."""
    ledger = ground.ledger
    old, _ = await ledger.upload_plan(RowPlan("practice", 5, last_days=60))
    await ledger.work()
    await ledger.do("UPDATE claim_jobs SET expires_at = now() - interval '1 s' WHERE id = $1", old)
    left, _ = await ledger.upload_plan(RowPlan("practice", 5, last_days=60, seed=2))
    await ledger.do(
        "UPDATE claim_jobs SET status = 'CANCELLING', processing_started_at = now() WHERE id = $1",
        left,
    )


async def an_old_sign_in(ground: Ground) -> None:
    """A refresh family that has been over for a year."""
    await ground.ledger.upload_plan(RowPlan("practice", 1, last_days=60))
    await ground.ledger.do(
        "INSERT INTO refresh_families (id, user_id, expires_at)"
        " SELECT gen_random_uuid(), id, now() - interval '1 year' FROM users"
    )


async def an_event(ground: Ground) -> None:
    """An event for an endpoint that takes it."""
    ledger = ground.ledger
    organization_id = ledger.organization_id
    async with ledger.database.write(Scope.tenant(organization_id)) as session:
        await service.create(
            session,
            settings=ledger.settings,
            organization_id=organization_id,
            user_id=await ledger._user(session),
            wish=WebhookIn(url=ground.receiver.url),
        )
        await outbox.emit(
            session,
            organization_id=organization_id,
            event_type="claims.job_completed",
            data={"job_id": "1"},
        )


async def an_old_event(ground: Ground) -> None:
    """A delivery of the month before last."""
    await an_event(ground)
    await ground.ledger.do("UPDATE webhook_deliveries SET created_at = now() - interval '40 days'")


async def a_file_to_move(ground: Ground) -> None:
    """A file that waits in the database for its store."""
    ledger = ground.ledger
    async with ledger.database.write(Scope.tenant(ledger.organization_id)) as session:
        await storage.store(
            session,
            content=b"bytes",
            content_type="text/plain",
            purpose="samples",
            organization_id=ledger.organization_id,
        )


async def a_file_that_was_moved(ground: Ground) -> None:
    """A file that its store has had for two hours."""
    await a_file_to_move(ground)
    await ground.ledger.do(
        "UPDATE files SET state = 'stored', kind = 'local', stored_at = now() - interval '2 hours'"
    )


async def a_post(ground: Ground, **changes: Any) -> UUID:
    """An open job of a crew of its own."""
    database = ground.ledger.database
    crew = await make_crew(database, ground.ledger.settings)
    return await make_job(database, crew, **changes)


async def a_new_post(ground: Ground) -> None:
    """A job that nobody has read."""
    await a_post(ground)


async def a_post_that_is_over(ground: Ground) -> None:
    """A job whose last day was yesterday."""
    await a_post(ground, expires_at=now() - timedelta(days=1))


async def a_post_that_was_read(ground: Ground) -> None:
    """A job that somebody has read."""
    await views.note(ground.redis, await a_post(ground))


async def a_forgotten_password(ground: Ground) -> None:
    """Somebody with an account asks for a new password."""
    crew = await make_crew(ground.ledger.database, ground.ledger.settings)
    async with ground.ledger.database.write(Scope.system()) as session:
        await proofs.request_reset(session, email=crew.staff.email, language="fr")


async def a_mail(ground: Ground) -> None:
    """A mail that waits; there is a server that takes it."""
    async with ground.ledger.database.write(Scope.public()) as session:
        await mail.send(
            session,
            template="member_added",
            to="ada@example.com",
            language="en",
            context={"organization": "Northwind", "inviter": "Ada", "role": "staff"},
        )


async def an_old_mail(ground: Ground) -> None:
    """A mail that went out last year."""
    await a_mail(ground)
    await ground.ledger.do("UPDATE mails SET state = 'sent', ended_at = now() - interval '1 year'")


async def an_old_invitation(ground: Ground) -> None:
    """An invitation that nobody has accepted in time."""
    await ground.ledger.do(
        "INSERT INTO invites (id, organization_id, email, role, token_hash, expires_at)"
        " VALUES (gen_random_uuid(), $1, 'ada@example.com', 'staff', '', now() - interval '1 year')",
        ground.ledger.organization_id,
    )


async def a_resume(ground: Ground) -> None:
    """A résumé that nobody has read."""
    crew = await make_crew(ground.ledger.database, ground.ledger.settings)
    async with ground.ledger.database.write(Scope.person(crew.candidate.id)) as session:
        received = resumes.receive(RESUME.encode(), "cv.txt")
        await resumes.upload(session, owner_id=crew.candidate.id, received=received)


async def a_resume_of_older_rules(ground: Ground) -> None:
    """A résumé in which older rules have found nothing."""
    crew = await _an_employer(ground)
    await make_read_resume(ground.ledger.database, crew.candidate.id)
    await ground.ledger.do(
        'UPDATE resumes SET understanding = understanding || \'{"version": "0", "skills": []}\''
    )


async def an_application(ground: Ground) -> None:
    """An application that has just come."""
    await make_application(ground.ledger.database, await _an_employer(ground))


async def an_interview(ground: Ground, **changes: Any) -> None:
    """An interview in three days that nobody has been told of."""
    crew = await make_crew(ground.ledger.database, ground.ledger.settings)
    await make_interview(ground.ledger.database, crew, **changes)


async def an_interview_that_comes_up(ground: Ground) -> None:
    """An interview in half a day whose reminder was due some hours ago."""
    due = now() - timedelta(hours=12)
    await an_interview(
        ground, starts_at=now() + timedelta(hours=12), remind_at=due, announced_sequence=0
    )


async def an_interview_for_nothing(ground: Ground) -> None:
    """An interview of somebody who has withdrawn."""
    await an_interview(ground)
    await ground.ledger.do("UPDATE applications SET status = 'withdrawn'")


async def an_account_that_was_erased(ground: Ground) -> None:
    """Somebody who is gone, and for whom a request that was under way has still stored something."""
    crew = await make_crew(ground.ledger.database, ground.ledger.settings)
    await make_application(ground.ledger.database, crew, cover_letter="I was too slow.")
    await ground.ledger.do(
        "UPDATE users SET erased_at = now() - interval '1 minute', email = '' WHERE id = $1",
        crew.candidate.id,
    )


async def an_old_notification(ground: Ground) -> None:
    """Something that was told last year."""
    await tell(
        ground.ledger.database, await make_crew(ground.ledger.database, ground.ledger.settings)
    )
    await ground.ledger.do("UPDATE notifications SET created_at = now() - interval '1 year'")


async def a_notification(ground: Ground) -> None:
    """A candidate who was told of a move."""
    await tell(
        ground.ledger.database, await make_crew(ground.ledger.database, ground.ledger.settings)
    )


async def a_new_job_for_a_search(ground: Ground) -> None:
    """A daily search that is due, and a job that answers it."""
    database = ground.ledger.database
    crew = await make_crew(database, ground.ledger.settings)
    await make_search(database, crew.candidate.id)
    await make_job(database, crew, posted_at=now() - timedelta(hours=1))


async def _an_employer(ground: Ground) -> Crew:
    return await make_crew(ground.ledger.database, ground.ledger.settings)


async def a_connection(ground: Ground, **changes: Any) -> None:
    """Somebody's account at Google, whose tokens nobody can read."""
    crew = await _an_employer(ground)
    values = {
        "organization_id": crew.organization_id,
        "user_id": crew.employer.id,
        "provider": "google_calendar",
        "access_token": "unreadable",
        **changes,
    }
    async with ground.ledger.database.write(Scope.system()) as session:
        await session.execute(insert(Connection).values(id=new_id(), **values))


async def an_ended_connection(ground: Ground) -> None:
    """A connection that its owner has ended."""
    await a_connection(ground, state="revoking")


async def a_grant_that_is_over(ground: Ground) -> None:
    """A connection whose time was over yesterday."""
    await a_connection(ground, grant_ends_at=now() - timedelta(days=1))


async def a_calendar_that_is_behind(ground: Ground) -> None:
    """An interview that has moved since it was put into a calendar."""
    await an_interview_in_a_calendar(ground, state="kept", synced_sequence=0)
    await ground.ledger.do("UPDATE interviews SET sequence = 1")


async def an_interview_in_a_calendar(ground: Ground, **changes: Any) -> None:
    """An interview that is to stand in a calendar of a provider that is not set up any more."""
    crew = await _an_employer(ground)
    interview_id = await make_interview(ground.ledger.database, crew)
    values = {
        "interview_id": interview_id,
        "organization_id": crew.organization_id,
        "user_id": crew.employer.id,
        "provider": "google_calendar",
        "with_meeting": True,
        **changes,
    }
    async with ground.ledger.database.write(Scope.system()) as session:
        await session.execute(insert(CalendarEvent).values(**values))


async def an_old_consent(ground: Ground) -> None:
    """A consent page that nobody came back from."""
    crew = await _an_employer(ground)
    values = {
        "organization_id": crew.organization_id,
        "user_id": crew.employer.id,
        "provider": "linkedin",
        "expires_at": now() - timedelta(minutes=1),
    }
    async with ground.ledger.database.write(Scope.system()) as session:
        await session.execute(insert(OAuthState).values(id=new_id(), **values))


async def an_analysis(ground: Ground) -> None:
    """A read résumé that is to be held against all open jobs, of which there is one."""
    ledger = ground.ledger
    crew = await make_crew(ledger.database, ledger.settings)
    await make_job(ledger.database, crew)
    resume_id = await make_read_resume(ledger.database, crew.candidate.id)
    async with ledger.database.write(Scope.person(crew.candidate.id)) as session:
        resume = await resumes.get(session, resume_id=resume_id)
        await analysis.ask(session, owner_id=crew.candidate.id, resume=resume, job_id=None)


CASES = {
    "accounts.answer_requests": Case(a_forgotten_password, "SELECT count(*) = 1 FROM mails"),
    "accounts.purge_sessions": Case(an_old_sign_in, "SELECT count(*) = 0 FROM refresh_families"),
    "analysis.index_jobs": Case(a_new_post, "SELECT count(*) = 1 FROM job_features"),
    "analysis.work": Case(
        an_analysis,
        "SELECT count(*) = 2 AND bool_and(status = 'completed') FROM analyses",
    ),
    "claims.work": Case(a_file, "SELECT bool_and(status = 'COMPLETED') FROM claim_jobs"),
    "claims.sweep": Case(
        something_to_sweep, "SELECT array_agg(status) = '{CANCELLED}' FROM claim_jobs"
    ),
    "integrations.find_behind": Case(
        a_calendar_that_is_behind, "SELECT bool_and(state = 'due') FROM calendar_events"
    ),
    "integrations.keep_alive": Case(
        a_grant_that_is_over, "SELECT bool_and(state = 'needs_reconnect') FROM connections"
    ),
    "integrations.purge_states": Case(an_old_consent, "SELECT count(*) = 0 FROM oauth_states"),
    "integrations.revoke": Case(an_ended_connection, "SELECT count(*) = 0 FROM connections"),
    "integrations.sync_interview": Case(
        an_interview_in_a_calendar, "SELECT bool_and(state = 'stuck') FROM calendar_events"
    ),
    "interviews.announce": Case(
        an_interview, "SELECT count(*) = 2 FROM mails WHERE template = 'interview_scheduled'"
    ),
    "interviews.call_off": Case(
        an_interview_for_nothing, "SELECT bool_and(status = 'cancelled') FROM interviews"
    ),
    "interviews.remind": Case(
        an_interview_that_comes_up,
        "SELECT count(*) = 2 FROM mails WHERE template = 'interview_reminder'",
    ),
    "jobs.close_expired": Case(a_post_that_is_over, "SELECT bool_and(status = 'closed') FROM jobs"),
    "jobs.name_skills": Case(
        a_new_post, "SELECT bool_and(cardinality(skill_keys) = cardinality(skills)) FROM jobs"
    ),
    "jobs.count_views": Case(a_post_that_was_read, "SELECT bool_and(views_count = 1) FROM jobs"),
    "mail.deliver": Case(a_mail, "SELECT bool_and(state = 'sent') FROM mails"),
    "mail.tidy": Case(an_old_mail, "SELECT count(*) = 0 FROM mails"),
    "notifications.deliver": Case(a_notification, "SELECT count(*) = 1 FROM mails"),
    "notifications.purge": Case(an_old_notification, "SELECT count(*) = 0 FROM notifications"),
    "organizations.purge_invites": Case(an_old_invitation, "SELECT count(*) = 0 FROM invites"),
    "resumes.process": Case(a_resume, "SELECT bool_and(status = 'skills_extracted') FROM resumes"),
    "optimus.fold": Case(
        an_application,
        "SELECT count(*) = 2 AND bool_and(is_folded) FROM application_tallies",
    ),
    "resumes.understand_anew": Case(
        a_resume_of_older_rules, "SELECT bool_and(understood_by > 0 AND revision = 2) FROM resumes"
    ),
    "privacy.settle": Case(
        an_account_that_was_erased,
        "SELECT bool_and(cover_letter IS NULL AND status = 'withdrawn') FROM applications",
    ),
    "searches.alert": Case(a_new_job_for_a_search, "SELECT count(*) = 1 FROM mails"),
    "storage.empty_spool": Case(a_file_that_was_moved, "SELECT count(*) = 0 FROM file_pieces"),
    "storage.move": Case(a_file_to_move, "SELECT bool_and(state = 'stored') FROM files"),
    "webhooks.deliver": Case(
        an_event, "SELECT bool_and(state = 'delivered') FROM webhook_deliveries"
    ),
    "webhooks.purge": Case(an_old_event, "SELECT count(*) = 0 FROM webhook_deliveries"),
}
