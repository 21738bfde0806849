"""The quick router answers as FastAPI's own does."""

from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import Match

from app.core.routing import RoomRouter, say_no_quickly


def rooms(kind: type[APIRouter]) -> FastAPI:
    """Two rooms with the same routes, and a third one below the second, of one kind of router."""
    app = FastAPI(redirect_slashes=False)
    for prefix in ("/claims", "/jobs"):
        room = kind(prefix=prefix)

        @room.get("")
        @room.post("/{number}")
        async def answer(number: int = 0, place: str = prefix) -> str:
            return f"{place} {number}"

        app.include_router(room, prefix="/api/v1")
    below = kind(prefix="/jobs")
    below.get("/{number}/letters")(lambda number: f"letters {number}")
    app.include_router(below, prefix="/api/v1")
    return app


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    "path", ["/api/v1/claims", "/api/v1/jobs", "/api/v1/jobs/7", "/jobs", "/api/v1", "/", "/x/jobs"]
)
async def test_both_kinds_answer_alike(method: str, path: str) -> None:
    """Status, body and Allow."""
    answers = []
    for kind in (APIRouter, RoomRouter):
        transport = httpx.ASGITransport(app=rooms(kind))
        async with httpx.AsyncClient(transport=transport, base_url="http://a") as client:
            answer = await client.request(method, path)
            answers.append((answer.status_code, answer.content, answer.headers.get("allow")))
    assert answers[0] == answers[1]
    assert rooms(APIRouter).openapi() == rooms(RoomRouter).openapi()


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    "path",
    [
        *("/api/v1/claims", "/api/v1/claims/7", "/api/v1/claims/7/8", "/api/v1/claimsx"),
        *("/api/v1/jobs/7", "/api/v1/jobs/7/letters", "/jobs", "/api/v1", "/", "/q"),
    ],
)
async def test_quick_applications_answer_alike(method: str, path: str) -> None:
    """Included routers with a prefix, with none, and the application's own routes."""
    answers = []
    for is_quick in (False, True):
        app, bare = rooms(RoomRouter), APIRouter()
        bare.get("/q")(lambda: "q")
        app.include_router(bare)
        if is_quick:
            say_no_quickly(app)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://a") as client:
            answer = await client.request(method, path)
            answers.append((answer.status_code, answer.content, answer.headers.get("allow")))
    assert answers[0] == answers[1]


def test_foreign_routers_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """An included router is one route of the application; only that of the path is looked into."""
    app = rooms(RoomRouter)
    asked: list[str] = []

    def matches(self: APIRouter, scope: Any) -> tuple[Match, Any]:
        asked.append(self.prefix)
        return Match.NONE, {}

    monkeypatch.setattr(APIRouter, "matches", matches)
    say_no_quickly(app)
    for path in ("/api/v1/jobs/7", "/api/v1/claims/7"):
        for route in app.router.routes:
            route.matches({"type": "http", "path": path, "method": "GET"})
    # Two share /jobs; what is below /claims can be nobody else's, and is not looked for before.
    assert asked == ["/jobs", "/jobs"]


def test_foreign_paths_are_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is the whole point."""
    asked: list[str] = []

    def matches(self: APIRouter, scope: Any) -> tuple[Match, Any]:
        asked.append(scope["path"])
        return Match.NONE, {}

    monkeypatch.setattr(APIRouter, "matches", matches)
    room = RoomRouter(prefix="/claims")
    for path in ("/api/v1/jobs", "/api/v1/claims/7"):
        room.matches({"type": "http", "path": path, "method": "GET"})
    assert asked == ["/api/v1/claims/7"]
