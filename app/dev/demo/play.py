"""The demonstration: put into an empty database by the rooms' own services, as people would do it.

Only development may have it, and only where there is nobody yet: real data is never touched.
"""

import secrets
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from app.accounts import service as accounts
from app.accounts.identity import Identity, SignedIn
from app.accounts.letters import Letters
from app.accounts.service import Newcomer
from app.accounts.sessions import open_session
from app.accounts.welcome import require_development
from app.applications import service as applications
from app.applications.schemas import ApplicationIn
from app.claims.schemas import PracticeIn
from app.claims.service import control, intake, practices
from app.claims.service.intake import UploadWishes
from app.claims.tables.options import ReadOptions
from app.core import clock
from app.core.db import Database, Scope, WriteSession
from app.core.ids import new_id
from app.core.settings import Settings
from app.dev.demo.cast import (
    APPLICANTS,
    APPLIES,
    FIRMS,
    PATHS,
    SOURCES,
    Applicant,
    Colleague,
    Firm,
)
from app.dev.demo.empty import is_empty
from app.dev.demo.papers import CLAIM_FILES, claim_files, resume, resume_name
from app.dev.demo.past import Past
from app.dev.payer.example import DEMO_TIN
from app.interviews import service as interviews
from app.jobs import service as jobs
from app.jobs.schemas import JobIn
from app.organizations import invites, service
from app.organizations.deps import Viewer
from app.organizations.invites import Place
from app.resumes import service as resumes
from app.worker import doorbell


@dataclass(frozen=True, slots=True)
class Posted:
    """An open job, by whom and how many days ago it was posted."""

    id: UUID
    by: SignedIn
    age: int


@dataclass(frozen=True, slots=True)
class Stage:
    """What all scenes need."""

    database: Database
    settings: Settings
    identity: Identity
    letters: Letters
    password_hash: str
    past: Past = field(default_factory=Past)


async def play(settings: Settings, *, with_claims: bool) -> bool:
    """Fill an empty database; False when somebody is there already.

    `with_claims` also uploads claim files: only for the local payer, who knows their patients.

    Raises:
        WelcomeClosed: this is no development.
    """
    require_development(settings.server.environment)
    database = Database(settings.database)
    try:
        async with database.read(Scope.system()) as session:
            if not await is_empty(session):
                return False
        identity = Identity.from_settings(settings.auth)
        # Nobody knows it: these people are signed in by the link alone.
        hashed = await identity.passwords.hash(secrets.token_urlsafe(24))
        letters = Letters.from_settings(settings)
        with doorbell.connected(settings.redis):
            stage = Stage(database, settings, identity, letters, hashed)
            await _play(stage, with_claims)
            await stage.past.settle(settings.database.url.get_secret_value())
        return True
    finally:
        await database.close()


async def _play(stage: Stage, with_claims: bool) -> None:
    posted: list[Posted] = []
    # People first, and committed: the link to the console need not wait for what they do.
    async with stage.database.write(Scope.system()) as session:
        teams = []
        for firm in FIRMS:
            team = await _found(session, stage, firm)
            teams.append(team)
            posted += await _post(session, stage, firm, team)
    async with stage.database.write(Scope.system()) as session:
        for number, applicant in enumerate(APPLICANTS):
            await _apply(session, stage, applicant, [posted[at] for at in APPLIES[number]])
        stage.past.colleagues += [one.id for team in teams for one in team]
        if with_claims:
            await _upload(session, stage, teams[0])


async def _found(session: WriteSession, stage: Stage, firm: Firm) -> list[SignedIn]:
    organization_id = new_id()
    ids = [await _admit(session, stage, one) for one in firm.colleagues]
    await service.create(
        session, organization_id=organization_id, founder=ids[0], values=firm.values
    )
    for colleague in firm.colleagues[1:]:
        await service.add_member(
            session,
            organization_id=organization_id,
            email=colleague.email,
            role=colleague.role,
            by=ids[0],
        )
    team = [(await open_session(session, stage.identity, user_id)).card for user_id in ids]
    for email, role in firm.invited:
        place = Place(organization_id, team[0], email, role, "en")
        await invites.invite(session, stage.letters, place=place)
    return team


async def _admit(session: WriteSession, stage: Stage, person: Colleague | Applicant) -> UUID:
    newcomer = Newcomer(email=person.email, password="", full_name=person.full_name)
    proof = {"email_verified_at": clock.now()}
    return await accounts.admit(session, newcomer, stage.password_hash, **proof)


async def _post(
    session: WriteSession, stage: Stage, firm: Firm, team: list[SignedIn]
) -> list[Posted]:
    by = next((one for one in team if one.role == "employer"), team[0])
    found = []
    for post in firm.posts:
        made = await jobs.create(
            session,
            organization_id=_home(by),
            posted_by=by.id,
            company=str(firm.values["name"]),
            values=JobIn.model_validate(post.values).model_dump(),
        )
        stage.past.jobs[made.id] = post.age
        if made.status == "active":
            found.append(Posted(made.id, by, post.age))
    return found


def _home(person: SignedIn) -> UUID:
    return person.affiliations[0].organization_id


async def _apply(
    session: WriteSession, stage: Stage, applicant: Applicant, wanted: list[Posted]
) -> None:
    user_id = await _admit(session, stage, applicant)
    received = resumes.receive(resume(applicant), resume_name(applicant))
    paper = await resumes.upload(session, owner_id=user_id, received=received)
    for number, job in enumerate(wanted):
        turn = APPLICANTS.index(applicant) + number * len(APPLICANTS)
        wish = ApplicationIn(job_id=job.id, resume_id=paper.id, source=SOURCES[turn % len(SOURCES)])
        made = await applications.apply(session, candidate_id=user_id, values=wish.model_dump())
        await _lead(session, job, made, user_id, turn)
        # Somewhere in the job's life, the later turns nearer to today.
        stage.past.applications[made] = max(1.0, job.age * (0.9 - (turn % 7) * 0.1))


async def _lead(
    session: WriteSession, job: Posted, application_id: UUID, candidate_id: UUID, turn: int
) -> None:
    """Lead an application along its path, and put each step where it would have been."""
    path = PATHS[turn % len(PATHS)]
    for status in path:
        is_own = status == "withdrawn"
        await applications.update(
            session,
            application_id=application_id,
            party="applicant" if is_own else "employer",
            by=candidate_id if is_own else job.by.id,
            values={"status": status},
        )
    if path and path[-1] == "interview":
        await _meet(session, job, application_id, turn)
    if len(path) > 1 and path[-1] != "withdrawn":
        rating = {"rating": 3 + turn % 3, "tags": ["phone"] if turn % 2 else ["referred"]}
        await applications.update(
            session, application_id=application_id, party="employer", by=job.by.id, values=rating
        )


async def _meet(session: WriteSession, job: Posted, application_id: UUID, turn: int) -> None:
    begin = (clock.now() + timedelta(days=1 + turn % 5)).replace(
        hour=14, minute=0, second=0, microsecond=0
    )
    await interviews.schedule(
        session,
        viewer=Viewer(job.by, _home(job.by), job.by.role),
        application_id=application_id,
        title="First interview",
        description="",
        starts_at=begin,
        ends_at=begin + timedelta(minutes=45),
        timezone="UTC",
        attendees=[],
        location="By telephone",
        meeting_url=None,
    )


async def _upload(session: WriteSession, stage: Stage, team: list[SignedIn]) -> None:
    admin, staff = team[0], team[2]
    organization_id = _home(admin)
    values: dict[str, Any] = PracticeIn(name="Rivermont Family Practice", tin=DEMO_TIN).model_dump()
    practice = await practices.create(
        session, organization_id=organization_id, values=values, by=admin.id
    )
    with tempfile.TemporaryDirectory() as folder:
        for file, path, (first, last) in claim_files(Path(folder), practice.id):
            wishes = UploadWishes("uhc", file.in_windows, first, last, ReadOptions())
            with path.open("rb") as content:
                seen = await intake.look_at(content, file.name, wishes)
                job_id = await intake.store(
                    session,
                    settings=stage.settings,
                    organization_id=organization_id,
                    user_id=staff.id,
                    seen=seen,
                    wishes=wishes,
                )
            if file is CLAIM_FILES[-1]:
                await control.cancel(
                    session, organization_id=organization_id, job_id=job_id, by=staff.id
                )
