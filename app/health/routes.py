"""The probes at the root: for load balancers, hosting platforms and operators, without a token."""

from fastapi import APIRouter, Request, Response
from starlette.responses import PlainTextResponse

from app.core.state import own_gauges, services
from app.core.version import release
from app.health import metrics, service
from app.health.deps import KeyStates, ThePulse
from app.health.schemas import Alive, Health, Readiness, Version

router = APIRouter(tags=["health"])
# Older clients ask below /api/v1.
alias_router = APIRouter(tags=["health"], include_in_schema=False)


@alias_router.get("/health")
@router.get("/health", responses={503: {"model": Health}})
async def health(pulse: ThePulse, keys: KeyStates, response: Response) -> Health:
    """Which code runs, and how everything is that it depends on. 503 only when unhealthy."""
    found = await service.examine(pulse, keys)
    response.status_code = 503 if found.status == "unhealthy" else 200
    response.headers["Cache-Control"] = "no-store"
    return found


@router.get("/livez")
async def livez() -> Alive:
    """The process answers. Looks at nothing, so that no dependency gets a process killed."""
    return Alive(status="alive")


@router.get("/readyz", responses={503: {"model": Readiness}})
async def readyz(pulse: ThePulse, request: Request, response: Response) -> Readiness:
    """Whether to send requests here: database and schema are there and the process is not closing."""
    found = await service.ready(pulse, services(request))
    response.status_code = 200 if found.status == "ready" else 503
    response.headers["Cache-Control"] = "no-store"
    return found


@router.get("/metrics", response_class=PlainTextResponse)
async def scrape(pulse: ThePulse, request: Request) -> Response:
    """Figures for Prometheus, of all processes together; no names and no ids.

    It answers within about two seconds, whatever is away.
    """
    own = own_gauges(services(request))()
    page = metrics.render(await pulse.take(), await pulse.take_figures(), release(), own)
    headers = {"Cache-Control": "no-store"}
    return Response(page, media_type=metrics.MEDIA_TYPE, headers=headers)


@router.get("/version")
async def version() -> Version:
    """Which code answers, in one line."""
    identity = release()
    return Version(version=identity.version, commit=identity.commit, started_at=identity.started_at)
