"""The route table: one line a room."""

from fastapi import FastAPI

from app.accounts.deps import caller_key
from app.accounts.routes import links, own, people
from app.analysis import routes as analysis
from app.applications.routes import applications, hiring
from app.audit import routes as audit
from app.claims.routes import jobs as claim_jobs
from app.claims.routes import practices, uploads
from app.console.routes import (
    analytics,
    assets,
    board,
    claim_actions,
    entry,
    overview,
    sign_in_elsewhere,
)
from app.console.routes import applications as console_applications
from app.console.routes import audit as console_audit
from app.console.routes import claims as console_claims
from app.console.routes import health as console_health
from app.console.routes import integrations as console_integrations
from app.console.routes import jobs as console_jobs
from app.console.routes import people as console_people
from app.console.routes import resumes as console_resumes
from app.console.routes import uploads as console_uploads
from app.console.routes import welcome as console_welcome
from app.core.docs import docs_router, problems_router
from app.core.limits import limit
from app.core.middleware.body_limits import BodyLimit
from app.core.routing import say_no_quickly
from app.core.settings import LimitSettings
from app.health import routes as health
from app.integrations.routes import actions as integrations
from app.integrations.routes import connections
from app.interviews import routes as interviews
from app.jobs import routes as jobs
from app.notifications.routes import inbox, templates
from app.optimus import routes as optimus
from app.organizations.routes import invites, logos, members, organizations
from app.privacy import routes as privacy
from app.resumes import routes as resumes
from app.searches import routes as searches
from app.webhooks import routes as webhooks

PREFIX = "/api/v1"
# Where an older dashboard asks.
OLD_PREFIX = "/api"
INTEGRATIONS = (connections, integrations)
ROOMS = (
    privacy,
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
    hiring,
    interviews,
    resumes,
    templates,
    inbox,
    searches,
    optimus,
    analysis,
    audit,
    *INTEGRATIONS,
)
CONSOLE = (
    entry,
    console_welcome,
    sign_in_elsewhere,
    overview,
    console_uploads,
    console_claims,
    claim_actions,
    console_jobs,
    board,
    console_applications,
    console_resumes,
    analytics,
    console_integrations,
    console_people,
    console_audit,
    console_health,
)


def include_rooms(app: FastAPI) -> None:
    """Every room below /api/v1 under the general limit; the pages at the root without one."""
    app.include_router(docs_router)
    app.include_router(problems_router)
    app.include_router(health.router)
    app.include_router(health.alias_router, prefix=PREFIX)
    app.include_router(assets.router)
    general = [limit("api", key=caller_key)]
    for pages in CONSOLE:
        app.include_router(pages.router, dependencies=general)
    for room in ROOMS:
        app.include_router(room.router, prefix=PREFIX, dependencies=general)
    for room in INTEGRATIONS:
        app.include_router(
            room.router, prefix=OLD_PREFIX, dependencies=general, include_in_schema=False
        )
    say_no_quickly(app)


def body_limits(limits: LimitSettings) -> tuple[BodyLimit, ...]:
    """The routes that take files; every other body ends at 1 MB."""
    return (
        BodyLimit(f"{PREFIX}/claims/bulk", limits.max_csv_mb, "claims.too_large"),
        BodyLimit("/console/upload", limits.max_csv_mb, "claims.too_large"),
        BodyLimit("/console/resumes", limits.max_resume_mb, "resumes.too_large"),
        BodyLimit(f"{PREFIX}/resumes", limits.max_resume_mb, "resumes.too_large"),
        BodyLimit(f"{PREFIX}/resume-analysis", limits.max_resume_mb, "resumes.too_large"),
        BodyLimit(
            f"{PREFIX}/organizations/me/logo", limits.max_logo_mb, "organizations.logo_too_large"
        ),
    )
