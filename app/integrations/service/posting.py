"""Sharing jobs on LinkedIn: each post is written before it is sent, so that it is sent once."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func

from app.applications.deps import require_employer
from app.core.audit import Entry, record
from app.core.db import Scope
from app.core.log import logger
from app.core.problems import Problem
from app.integrations.engine import linkedin, oauth
from app.integrations.engine.calendars import Desk
from app.integrations.engine.faults import ProviderFault, TokenRefused
from app.integrations.engine.linkedin import Page, Press, Share
from app.integrations.engine.oauth import Account, Grant
from app.integrations.engine.providers import PROVIDERS
from app.integrations.errors import JobNotOpen, PostInProgress
from app.integrations.queries import connections, posts
from app.integrations.queries.connections import Owner
from app.integrations.queries.posts import PostKey
from app.integrations.service import vault
from app.integrations.service.bench import Bench, as_problems, problem_of
from app.integrations.service.calendars import touch
from app.integrations.service.tokens import Access, open_access, use
from app.jobs import service as jobs
from app.jobs.errors import JobNotFound
from app.jobs.models import Job
from app.organizations import logos
from app.organizations.deps import Viewer
from app.organizations.errors import LogoNotFound
from app.storage import service as storage

PERSONAL: Final = "personal"
_LINKEDIN: Final = PROVIDERS["linkedin"]
_SUMMARY: Final = 250


@dataclass(frozen=True, slots=True)
class Published:
    """A post that LinkedIn has."""

    target: str
    post_id: str

    @property
    def post_url(self) -> str:
        """Where it is seen."""
        return linkedin.post_url(self.post_id)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of each target."""

    published: list[Published]
    failures: list[tuple[str, Problem]]


async def publish_job(
    bench: Bench, viewer: Viewer, owner: Owner, job_id: UUID, wish: dict[str, Any]
) -> Outcome:
    """Share a job for each target of the wish: `{message, targets}`. A second click within a day
    gives the first one's posts.

    Raises:
        JobNotFound: there is none that the viewer may see.
        Forbidden: the viewer is not who posted the job, nor an admin of its organization.
        JobNotOpen: not everybody may see the job.
        NotConnected: the owner has no connection that holds.
        Problem: as the first target failed, when all have.
    """
    job = await _job(bench, viewer, job_id)
    with as_problems():
        await open_access(bench, owner)
    share = _share(bench, job, wish["message"])
    published: list[Published] = []
    failures: list[tuple[str, Problem]] = []
    for target in wish["targets"]:
        try:
            post_id = await _publish_once(bench, owner, job, target, share)
            published.append(Published(target, post_id))
        except Problem as problem:
            failures.append((target, problem))
    if not published:
        raise failures[0][1]
    await _note(bench, viewer, owner, job, published)
    return Outcome(published, failures)


async def _job(bench: Bench, viewer: Viewer, job_id: UUID) -> Job:
    async with bench.database.read(viewer.scope) as session:
        job = await jobs.get(session, job_id=job_id)
    if not viewer.person.is_superuser:
        if job.organization_id != viewer.organization_id:
            raise JobNotFound
        require_employer(viewer, {"posted_by": job.posted_by})
    if job.status != "active":
        raise JobNotOpen
    return job


def _share(bench: Bench, job: Job, message: str | None) -> Share:
    site = bench.settings.server.frontend_url.rstrip("/")
    title = f"{job.title} – {job.company}"
    place = f" ({job.location})" if job.location else ""
    words = {"en": "We are hiring", "fr": "Nous recrutons"}
    said = message or f"{words.get(job.language, words['en'])}: {title}{place}"
    summary = " ".join(job.description.split())
    cut = summary if len(summary) <= _SUMMARY else f"{summary[: _SUMMARY - 1].rstrip()}…"
    return Share(said[: linkedin.LONGEST], f"{site}/jobs/{job.id}", title[:200], cut)


async def _publish_once(bench: Bench, owner: Owner, job: Job, target: str, share: Share) -> str:
    digest = hashlib.sha256(f"{share.commentary}\n{share.link}".encode()).hexdigest()
    key = PostKey(owner.user_id, job.id, target, digest)
    scope = Scope.tenant(owner.organization_id, owner.user_id)
    async with bench.database.write(scope) as session:
        token = await posts.claim(session, key, owner.organization_id)
        if token is None:
            there = await posts.find(session, key)
            if there is not None and there.post_id is not None and there.state == "published":
                return there.post_id
            raise PostInProgress(headers={"Retry-After": "10"})
    try:
        post_id = await use(bench, owner, lambda access: _send(bench, owner, access, target, share))
    except ProviderFault as fault:
        async with bench.database.write(scope) as session:
            await posts.write(session, token, {"state": "failed", "last_error": fault.code})
        raise problem_of(fault) from None
    async with bench.database.write(scope) as session:
        done = {"state": "published", "post_id": post_id, "published_at": func.now()}
        await posts.write(session, token, {**done, "last_error": None})
    return post_id


async def _send(bench: Bench, owner: Owner, access: Access, target: str, share: Share) -> str:
    author = target
    if target == PERSONAL:
        account = access.account or await _learn_account(bench, owner, access)
        author = f"urn:li:person:{account.id}"
    press = _press(bench, access)
    thumbnail = await _picture(bench, press, author, owner.organization_id)
    return await linkedin.publish(press, author, share, thumbnail)


async def _picture(bench: Bench, press: Press, author: str, organization_id: UUID) -> str | None:
    """The organization's logo beside the link, where it has one; a post goes out without it, too."""
    try:
        async with bench.database.read(Scope.public()) as session:
            file_id = await logos.find(session, organization_id=organization_id)
        content = await storage.read(bench.database, bench.settings, file_id)
        return await linkedin.upload_image(press, author, content)
    except LogoNotFound:
        return None
    except TokenRefused:
        raise
    except (storage.FileAway, ProviderFault) as trouble:
        logger.warning("integrations.post_without_picture", why=type(trouble).__name__)
        return None


def _press(bench: Bench, access: Access) -> Press:
    desk = Desk(
        bench.line(_LINKEDIN), lambda path: _LINKEDIN.api(bench.settings, path), access.token
    )
    return Press(desk, bench.settings.linkedin.version)


async def _learn_account(bench: Bench, owner: Owner, access: Access) -> Account:
    """Who the author is, where LinkedIn did not say so when the account was connected."""
    bare = Grant(access.token, None, None, None, None)
    account = await oauth.identify(bench.line(_LINKEDIN), bench.settings, bare)
    sealed = vault.sealed_account(bench.ring, account, access.connection_id, owner)
    async with bench.database.write(Scope.tenant(owner.organization_id, owner.user_id)) as session:
        await connections.change(session, access.connection_id, {"account": sealed})
    return account


async def _note(
    bench: Bench, viewer: Viewer, owner: Owner, job: Job, published: Sequence[Published]
) -> None:
    async with bench.database.write(Scope.tenant(owner.organization_id, owner.user_id)) as session:
        await touch(session, owner)
        record(
            session,
            Entry(
                "integrations.published",
                viewer.person.id,
                owner.organization_id,
                "job",
                str(job.id),
                {"provider": owner.provider, "posts": len(published)},
            ),
        )
    logger.info("integrations.published", job_id=job.id, count=len(published))


async def browse_pages(bench: Bench, owner: Owner) -> list[Page]:
    """The companies' pages that the owner may post for.

    Raises:
        PermissionMissing: LinkedIn was not asked for the scope, or has not granted it.
        NotConnected: the owner has no connection that holds.
        Problem: for what the provider says.
    """
    with as_problems():
        return await use(bench, owner, lambda access: linkedin.pages(_press(bench, access)))
