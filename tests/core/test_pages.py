"""Keyset pages over a real PostgreSQL: order, ties, both directions, sealed cursors."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, Request
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, DateTime, Integer, MetaData, String, Table, Uuid, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Database, Scope
from app.core.http_problems import CursorInvalid
from app.core.pages import Page, PageQuery, Pages, open_cursor, paginate, seal_cursor
from app.core.signing import derive_key

STARS = Table(
    "page_stars",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("name", String),
    Column("brightness", Integer),
    Column("seen_at", DateTime(timezone=True)),
)
KEY = derive_key("secret", "pages")
START = datetime(2026, 11, 21, tzinfo=UTC)
ROWS = [
    {
        "id": UUID(int=index),
        "name": f"star {index % 5}",
        "brightness": index % 3,
        "seen_at": START + timedelta(minutes=index // 4),
    }
    for index in range(23)
]
ORDERS: dict[str, Any] = {
    "newest": [(STARS.c.seen_at, "desc"), (STARS.c.id, "desc")],
    "mixed": [(STARS.c.brightness, "asc"), (STARS.c.name, "desc"), (STARS.c.id, "asc")],
    "id": [(STARS.c.id, "asc")],
}
SORTS: dict[str, Any] = {
    "newest": lambda row: (-row["seen_at"].timestamp(), -row["id"].int),
    "mixed": lambda row: (row["brightness"], -int(row["name"][5:]), row["id"].int),
    "id": lambda row: row["id"].int,
}


def ask(
    limit: int, cursor: str | None = None, *, count: bool = False, path: str = "/s"
) -> PageQuery:
    """A list request as the dependency would give it."""
    return PageQuery(limit, cursor, count, path, (("kind", "a"),), KEY)


def cursor_of(reference: str | None) -> str | None:
    """The cursor in a next or previous address."""
    return httpx.URL(reference).params["cursor"] if reference else None


@pytest.fixture
async def stars(database: Database) -> AsyncIterator[AsyncSession]:
    """A session in which the test table exists and is filled."""
    async with database.write(Scope.system()) as session:
        await session.execute(text("SET LOCAL ROLE NONE"))
        connection = await session.connection()
        await connection.run_sync(STARS.create)
        await session.execute(STARS.insert(), ROWS)
        yield session


@pytest.mark.parametrize("order", list(ORDERS))
@pytest.mark.parametrize("limit", [1, 4, 22, 23, 100])
async def test_walking_there_and_back_meets_each_row_once(
    stars: Any, order: str, limit: int
) -> None:
    """Forward to the end, then backward to the start, ties included."""
    expected = [row["id"] for row in sorted(ROWS, key=SORTS[order])]
    statement = select(STARS.c.id, STARS.c.name)
    seen: list[UUID] = []
    cursor = None
    while True:
        page = await paginate(stars, statement, keys=ORDERS[order], query=ask(limit, cursor))
        seen += [row["id"] for row in page.rows]
        if page.next is None:
            break
        cursor = cursor_of(page.next)
    assert seen == expected
    back: list[UUID] = [row["id"] for row in page.rows]
    while page.previous is not None:
        query = ask(limit, cursor_of(page.previous))
        page = await paginate(stars, statement, keys=ORDERS[order], query=query)
        back = [row["id"] for row in page.rows] + back
    assert back == expected


async def test_a_page_is_stable_while_rows_come_and_go(stars: Any) -> None:
    """New rows at the front do not push an old one onto the next page again."""
    statement = select(STARS.c.id)
    first = await paginate(stars, statement, keys=ORDERS["newest"], query=ask(5))
    newer = {**ROWS[0], "id": UUID(int=99), "seen_at": START + timedelta(days=1)}
    await stars.execute(STARS.insert(), [newer])
    await stars.execute(STARS.delete().where(STARS.c.id == first.rows[-1]))
    query = ask(5, cursor_of(first.next))
    second = await paginate(stars, statement, keys=ORDERS["newest"], query=query)
    expected = [row["id"] for row in sorted(ROWS, key=SORTS["newest"])]
    assert second.rows == expected[5:10]


async def test_count_is_given_when_asked(stars: Any) -> None:
    """It costs a scan, so it is not there by default."""
    statement = select(STARS.c.id).where(STARS.c.brightness == 1)
    page = await paginate(stars, statement, keys=ORDERS["id"], query=ask(3, count=True))
    assert page.count == len([row for row in ROWS if row["brightness"] == 1])
    assert (await paginate(stars, statement, keys=ORDERS["id"], query=ask(3))).count is None


async def test_an_empty_list_has_no_neighbours(stars: Any) -> None:
    """No cursor can be made of no row."""
    statement = select(STARS.c.id).where(STARS.c.brightness > 100)
    page = await paginate(stars, statement, keys=ORDERS["id"], query=ask(3, count=True))
    assert (page.rows, page.next, page.previous, page.count) == ([], None, None, 0)


async def test_a_cursor_serves_its_own_list_only(stars: Any) -> None:
    """Another path, filter, tenant or order refuses it."""
    statement = select(STARS.c.id)
    keys = ORDERS["id"]
    page = await paginate(stars, statement, keys=keys, query=ask(3), tenant="mine")
    cursor = cursor_of(page.next)
    await paginate(stars, statement, keys=keys, query=ask(9, cursor), tenant="mine")
    other_filter = PageQuery(3, cursor, False, "/s", (("kind", "b"),), KEY)
    for query, tenant in (
        (ask(3, cursor), "yours"),
        (ask(3, cursor, path="/t"), "mine"),
        (other_filter, "mine"),
    ):
        with pytest.raises(CursorInvalid):
            await paginate(stars, statement, keys=keys, query=query, tenant=tenant)
    with pytest.raises(CursorInvalid):
        query = ask(3, cursor)
        await paginate(stars, statement, keys=ORDERS["mixed"], query=query, tenant="mine")


async def test_a_cursor_outlives_a_change_of_the_secret(stars: Any) -> None:
    """While the former secret is named, and its list goes on with cursors of the new one."""
    statement, keys = select(STARS.c.id), ORDERS["id"]
    page = await paginate(stars, statement, keys=keys, query=ask(3))
    fresh = replace(ask(3, cursor_of(page.next)), key=derive_key("fresh", "pages"))
    with pytest.raises(CursorInvalid):
        await paginate(stars, statement, keys=keys, query=fresh)
    both = replace(fresh, former_keys=(derive_key("older", "pages"), KEY))
    second = await paginate(stars, statement, keys=keys, query=both)
    assert second.rows == [row["id"] for row in ROWS[3:6]]
    third = replace(fresh, cursor=cursor_of(second.next))
    assert (await paginate(stars, statement, keys=keys, query=third)).rows[0] == ROWS[6]["id"]


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.hex()))
def test_no_invented_cursor_opens(cursor: str) -> None:
    """Whatever is sent, it is a refusal and never a failure."""
    with pytest.raises(CursorInvalid):
        open_cursor(KEY, b"list", cursor)


@given(st.data())
def test_a_cursor_with_any_character_changed_is_refused(data: Any) -> None:
    """And the values in it, which may be a name, cannot be read out of it."""
    values = [START, UUID(int=7), "Ada Lovelace", 3]
    cursor = seal_cursor(KEY, b"list", backward=True, values=values)
    assert open_cursor(KEY, b"list", cursor) == (True, values)
    assert seal_cursor(KEY, b"list", backward=True, values=values) == cursor
    at = data.draw(st.integers(0, len(cursor) - 2))
    other = data.draw(st.sampled_from("ABCxyz019-_").filter(lambda letter: letter != cursor[at]))
    with pytest.raises(CursorInvalid):
        open_cursor(KEY, b"list", cursor[:at] + other + cursor[at + 1 :])


async def test_over_http(serve: Any, problem: Any) -> None:
    """Limits are checked, and references are relative: a false Host gets into none."""
    router = APIRouter()

    @router.get("/stars")
    async def stars(request: Request, pages: Pages, kind: str = "") -> Page[int]:
        seal = seal_cursor(pages.key, pages.binding(""), backward=False, values=[1])
        if pages.cursor:
            open_cursor(pages.key, pages.binding(""), pages.cursor)
        return Page(results=[1], next=pages.reference(seal), previous=None, count=None)

    async with serve(router) as client:
        for bad in ("0", "101", "-1", "x", str(10**30)):
            problem(await client.get("/stars", params={"limit": bad}), 422, "http.invalid")
        answer = await client.get("/stars/?kind=a&limit=2", headers={"Host": "evil.example"})
        body = answer.json()
        assert body["next"].startswith("/stars?kind=a&limit=2&cursor=")
        assert (await client.get(body["next"])).status_code == 200
        for bad in ("x", "%00", body["next"][-20:], "A" * 2001):
            refused = await client.get(f"/stars?kind=a&cursor={bad}")
            assert refused.status_code == 422
        problem(await client.get("/stars?cursor=x"), 422, "page.cursor_invalid")


def test_null_keys_are_a_fault_of_the_code() -> None:
    """A NULL compares with nothing and would end the list early."""
    with pytest.raises(TypeError):
        seal_cursor(KEY, b"list", backward=False, values=[None])
