"""One key, one piece of work: over committed transactions on several connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import func, select, text

from app.core.application import Intake
from app.core.db import Scope
from app.core.idempotency import body_digest, digest_of, purge_expired, run_once
from app.core.idempotency_model import IdempotencyKey
from app.core.problems import Forbidden
from app.core.state import open_services, services


class Counter:
    """How often the work was really done."""

    def __init__(self) -> None:
        self.done = 0


def orders(counter: Counter) -> APIRouter:
    """A route that creates something, slowly where the body asks for it."""
    router = APIRouter()

    @router.post("/orders")
    async def create(request: Request) -> Response:
        async with services(request).database.write(Scope.system()) as session:

            async def work() -> Response:
                counter.done += 1
                if b"slowly" in await request.body():
                    await session.execute(text("SELECT pg_sleep(0.1)"))
                if b"refused" in await request.body():
                    raise Forbidden
                return JSONResponse(
                    {"number": counter.done}, status_code=201, headers={"Location": "/orders/1"}
                )

            return await run_once(
                session,
                request,
                scope=request.headers.get("X-Person", "ada"),
                digest=await body_digest(request),
                work=work,
            )

    router.post("/returns")(create)
    return router


@asynccontextmanager
async def shop(stage: Any, counter: Counter) -> AsyncIterator[httpx.AsyncClient]:
    """The route over the committed database."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services(stage.settings, database=stage.database) as opened:
            app.state.services = opened
            yield

    app = Intake(server=stage.settings.server, release="x", lifespan=lifespan)
    app.include_router(orders(counter))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://a") as client,
    ):
        yield client


@pytest.fixture
async def counter() -> Counter:
    """A fresh count."""
    return Counter()


@pytest.fixture
async def client(stage: Any, counter: Counter) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the shop."""
    async with shop(stage, counter) as client:
        yield client


async def kept(stage: Any) -> int:
    """How many answers are stored."""
    async with stage.database.read(Scope.system()) as session:
        return int((await session.execute(select(func.count(IdempotencyKey.key)))).scalar_one())


async def test_the_first_answer_is_given_again(client: Any, counter: Counter, stage: Any) -> None:
    """Status, headers and body, marked as a repetition; a quoted key is the same key."""
    first = await client.post("/orders", json={"a": 1}, headers={"Idempotency-Key": "k1"})
    again = await client.post("/orders/", json={"a": 1}, headers={"Idempotency-Key": '"k1"'})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["location"] == "/orders/1"
    assert again.headers["content-type"] == "application/json"
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert (counter.done, await kept(stage)) == (1, 1)


async def test_without_a_key_the_work_is_done_each_time(
    client: Any, counter: Counter, stage: Any
) -> None:
    """Nothing is stored either."""
    for _ in range(2):
        await client.post("/orders", json={"a": 1})
    assert (counter.done, await kept(stage)) == (2, 0)


async def test_another_body_or_route_is_refused(client: Any, problem: Any) -> None:
    """The key names one request."""
    key = {"Idempotency-Key": "k2"}
    await client.post("/orders", json={"a": 1}, headers=key)
    problem(await client.post("/orders", json={"a": 2}, headers=key), 422, "idempotency.key_reused")
    problem(
        await client.post("/returns", json={"a": 1}, headers=key), 422, "idempotency.key_reused"
    )


async def test_people_do_not_share_keys(client: Any, counter: Counter) -> None:
    """The same key of somebody else is another key."""
    for person in ("ada", "bob"):
        headers = {"Idempotency-Key": "k3", "X-Person": person}
        assert (await client.post("/orders", json={}, headers=headers)).status_code == 201
    assert counter.done == 2


async def test_of_fifty_at_once_one_does_the_work(
    client: Any, counter: Counter, stage: Any, problem: Any
) -> None:
    """The others hear that it is running, and get the same answer afterwards."""
    key = {"Idempotency-Key": "k4"}
    calls = [client.post("/orders", json="slowly", headers=key) for _ in range(50)]
    answers = await asyncio.gather(*calls)
    created = [answer for answer in answers if answer.status_code == 201]
    assert counter.done == 1
    for answer in answers:
        if answer.status_code != 201:
            problem(answer, 409, "idempotency.in_progress")
            assert int(answer.headers["retry-after"]) >= 1
    last = await client.post("/orders", json="slowly", headers=key)
    assert {answer.content for answer in created} == {last.content}
    assert await kept(stage) == 1


async def test_work_that_fails_may_be_tried_again(
    client: Any, counter: Counter, stage: Any, problem: Any
) -> None:
    """Its transaction was rolled back, so nothing speaks against a second try."""
    for _ in range(2):
        answer = await client.post(
            "/orders", json={"refused": 1}, headers={"Idempotency-Key": "k5"}
        )
        problem(answer, 403, "auth.forbidden")
    assert (counter.done, await kept(stage)) == (2, 0)


async def test_a_key_ends_after_its_day(client: Any, counter: Counter, stage: Any) -> None:
    """An expired answer is not given again, and the sweep deletes it."""
    key = {"Idempotency-Key": "k6"}
    await client.post("/orders", json={}, headers=key)
    age = text("UPDATE idempotency_keys SET expires_at = now() - interval '1 second'")
    async with stage.database.write(Scope.system()) as session:
        await session.execute(age)
    await client.post("/orders", json={}, headers=key)
    assert (counter.done, await kept(stage)) == (2, 1)
    async with stage.database.write(Scope.system()) as session:
        assert await purge_expired(session) == 0
        await session.execute(age)
        assert await purge_expired(session) == 1


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "é", '""'])
async def test_odd_keys_are_refused(client: Any, problem: Any, key: str) -> None:
    """They would end in a text column and in comparisons."""
    answer = await client.post("/orders", json={}, headers={"Idempotency-Key": key.encode()})
    problem(answer, 422, "idempotency.key_malformed")


def test_parts_of_a_digest_do_not_run_together() -> None:
    """("ab", "c") and ("a", "bc") are different requests."""
    assert digest_of("ab", "c") != digest_of("a", "bc")
    assert digest_of("ab", b"c") == digest_of("ab", "c")
