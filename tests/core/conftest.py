"""A bare application over the whole middleware stack, with routes that only tests have."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, File, Form, Query, Request, Response, UploadFile
from pydantic import SecretStr
from starlette.responses import StreamingResponse

from app.core.application import Intake
from app.core.docs import docs_router, problems_router
from app.core.etags import etag_of, require_match, tagged
from app.core.middleware.body_limits import BodyLimit
from app.core.openapi import IdempotencyKey, IfMatch, problems, stream_of
from app.core.problems import FieldError, Problem
from app.core.schema import Email, In, Int64, Line, Out, PositiveInt32, Prose
from app.core.settings import (
    AuthSettings,
    DatabaseSettings,
    LimitSettings,
    RedisSettings,
    ServerSettings,
    Settings,
)
from app.core.sse import Event, EventStream
from app.core.state import open_services

ORIGIN = "https://front.example"
RELEASE = "4f2c9e1"
SECRET = "a-secret-of-the-tests-with-more-than-32-bytes"


class TooOdd(Problem):
    """A refusal of the test routes."""

    code = "things.too_odd"
    status = 409
    title = "The thing is too odd"
    hint = "Send an even one."


class ThingIn(In):
    """A thing as it comes."""

    name: Line
    text: Prose = ""
    count: PositiveInt32 = 1
    big: Int64 = 0
    email: Email | None = None
    tags: tuple[Line, ...] = ()
    weight: float = 0.0
    extra: dict[str, Any] | None = None


class ThingOut(Out):
    """A thing as it goes."""

    id: UUID
    name: str


async def _failing() -> None:
    raise RuntimeError("secret of the dependency")


things = APIRouter(prefix="/things", tags=["things"])


@things.post("", status_code=201, responses=problems(TooOdd))
async def create(thing: ThingIn, key: IdempotencyKey = None) -> dict[str, Any]:
    """Make a thing."""
    if thing.name == "odd":
        raise TooOdd("The thing is odd.", errors=[FieldError("/name", "odd", "Must be even")])
    return thing.model_dump()


@things.get("/boom")
async def boom() -> None:
    """Fail unforeseen."""
    raise RuntimeError("secret of the route: SELECT * FROM patients")


@things.get("/dependency", dependencies=[Depends(_failing)])
async def dependency() -> None:
    """Fail in a dependency."""


@things.get("/search")
async def search(q: str = "", limit: Annotated[int, Query(ge=1, le=100)] = 20) -> dict[str, Any]:
    """Look for things."""
    return {"q": q, "limit": limit}


@things.get("/events", response_class=EventStream, responses=stream_of(ThingOut))
async def events() -> EventStream:
    """Two snapshots."""

    async def snapshots() -> AsyncGenerator[Event, None]:
        yield Event("1", "progress", {"done": 1})
        yield Event("2", "done", {"done": 2})

    return EventStream(snapshots())


@things.get("/broken")
async def broken() -> Response:
    """Break off in the middle of the answer."""

    async def parts() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("secret of the stream")

    return StreamingResponse(parts())


@things.post("/upload")
async def upload(file: Annotated[UploadFile, File()], note: Annotated[Line, Form()] = "-") -> int:
    """Take a file."""
    return len(await file.read())


@things.post("/raw")
async def raw(request: Request) -> int:
    """Read the stream by hand."""
    return sum([len(chunk) async for chunk in request.stream()])


@things.get("/{thing_id}", response_model=ThingOut)
async def get(thing_id: UUID, request: Request) -> Response:
    """One thing."""
    return tagged(request, ThingOut(id=thing_id, name="thing"))


@things.put("/{thing_id}")
async def update(
    thing_id: UUID, thing: ThingIn, request: Request, version: IfMatch = None
) -> ThingOut:
    """Change one."""
    require_match(request, etag_of(thing_id, 1))
    return ThingOut(id=thing_id, name=thing.name)


def bare_settings(**limits: Any) -> Settings:
    """Settings that reach no server unless a test says otherwise."""
    return Settings(
        server=ServerSettings(environment="test", cors_origins=(ORIGIN,)),
        database=DatabaseSettings(url=SecretStr("postgresql://127.0.0.1:1/none")),
        redis=RedisSettings(url=SecretStr("redis://127.0.0.1:1/0")),
        auth=AuthSettings(secret_key=SecretStr(SECRET)),
        limits=LimitSettings(rate_limits="off", **limits),
    )


def make_app(settings: Settings, *routers: APIRouter) -> Intake:
    """The stack as in production around the routes of a test."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services(settings) as services:
            app.state.services = services
            yield

    app = Intake(
        server=settings.server,
        release=RELEASE,
        body_limits=(BodyLimit("/things/upload", 2),),
        lifespan=lifespan,
    )
    for router in (docs_router, problems_router, *routers):
        app.include_router(router)
    return app


@asynccontextmanager
async def serving(app: Intake, peer: str = "203.0.113.7") -> AsyncIterator[httpx.AsyncClient]:
    """A client of `app` from `peer`; what is unhandled must be an answer."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(peer, 4711))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://intake.example") as client,
    ):
        yield client


Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def serve() -> Serve:
    """`async with serve(router, settings=…) as client`."""

    @asynccontextmanager
    async def opened(
        *routers: APIRouter, settings: Settings | None = None, peer: str = "203.0.113.7"
    ) -> AsyncIterator[httpx.AsyncClient]:
        app = make_app(settings or bare_settings(), *routers)
        async with serving(app, peer) as client:
            yield client

    return opened


@pytest.fixture
def bare_app() -> Intake:
    """The application with the test routes."""
    return make_app(bare_settings(), things)


@pytest.fixture
async def web(bare_app: Intake) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the test routes, calling from an allowed origin."""
    async with serving(bare_app) as client:
        client.headers["Origin"] = ORIGIN
        yield client


def assert_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Every non-2xx looks like this, whoever made it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = json.loads(response.content)
    assert set(body) - {"errors"} == {
        "type",
        "title",
        "status",
        "detail",
        "code",
        "instance",
        "request_id",
    }
    assert body["code"] == code
    assert body["type"] == f"/problems/{code}"
    assert body["status"] == status
    assert isinstance(body["detail"], str)
    assert body["request_id"] == response.headers["x-request-id"]
    for error in body.get("errors", []):
        assert set(error) == {"pointer", "code", "message"}
    return body


Problems = Callable[[httpx.Response, int, str], dict[str, Any]]


@pytest.fixture
def problem() -> Problems:
    """The check that every refusal has to pass."""
    return assert_problem


async def asgi(
    app: Intake, scope: dict[str, Any], body: list[bytes], *, hold: bool = False
) -> list[dict[str, Any]]:
    """Drive the application below httpx, which refuses to send what an attacker would."""
    sent: list[dict[str, Any]] = []
    chunks = list(body)

    async def receive() -> dict[str, Any]:
        if chunks:
            return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}
        if hold:
            await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    full = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/",
        "query_string": b"",
        "headers": [],
        "client": ("203.0.113.7", 4711),
        "server": ("intake.example", 80),
        "root_path": "",
        **scope,
    }
    await app(full, receive, send)
    return sent


@pytest.fixture
async def drive(bare_app: Intake) -> AsyncIterator[Callable[..., Any]]:
    """The test application below httpx: `await drive(scope, chunks)` gives the sent messages."""

    async def run(scope: dict[str, Any], body: list[bytes]) -> list[dict[str, Any]]:
        return await asgi(bare_app, scope, body)

    async with bare_app.router.lifespan_context(bare_app):
        yield run
