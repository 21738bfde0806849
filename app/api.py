"""The route table: one line a room."""

from fastapi import FastAPI

from app.accounts.deps import caller_key
from app.accounts.routes import links, own, people
from app.applications import routes as applications
from app.audit import routes as audit
from app.claims.routes import jobs as claim_jobs
from app.claims.routes import practices, uploads
from app.core.docs import docs_router, problems_router
from app.core.limits import limit
from app.core.middleware.body_limits import BodyLimit
from app.core.settings import LimitSettings
from app.health import routes as health
from app.jobs import routes as jobs
from app.optimus import routes as optimus
from app.organizations.routes import invites, logos, members, organizations
from app.resumes import routes as resumes
from app.webhooks import routes as webhooks

PREFIX = "/api/v1"
ROOMS = (
    people,
    own,
    links,
    logos,
    organizations,
    members,
    invites,
    practices,
    uploads,
    webhooks,
    claim_jobs,
    jobs,
    applications,
    resumes,
    optimus,
    audit,
)


def include_rooms(app: FastAPI) -> None:
    """Every room below /api/v1 under the general limit; the pages at the root without one."""
    app.include_router(docs_router)
    app.include_router(problems_router)
    app.include_router(health.router)
    app.include_router(health.alias_router, prefix=PREFIX)
    general = [limit("api", key=caller_key)]
    for room in ROOMS:
        app.include_router(room.router, prefix=PREFIX, dependencies=general)


def body_limits(limits: LimitSettings) -> tuple[BodyLimit, ...]:
    """The routes that take files; every other body ends at 1 MB."""
    return (
        BodyLimit(f"{PREFIX}/claims/bulk", limits.max_csv_mb, "claims.too_large"),
        BodyLimit(f"{PREFIX}/resumes", limits.max_resume_mb, "resumes.too_large"),
        BodyLimit(f"{PREFIX}/resume-analysis", limits.max_resume_mb, "resumes.too_large"),
        BodyLimit(
            f"{PREFIX}/organizations/me/logo", limits.max_logo_mb, "organizations.logo_too_large"
        ),
    )
