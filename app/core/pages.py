"""Lists by keyset: a page starts after a row, not after a number of rows.

A cursor holds the sort values of that row. It is sealed (AES-GCM, SIV-like nonce) because a sort
value may be a person's name and cursors travel in URLs, and it is bound to the path, the filters
and the tenant: a changed one, or one of another list, is refused. `next` and `previous` are
references relative to the server (path and query), because the Host header is the caller's word.
"""

import base64
import contextlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Generic, Literal, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import Depends, Query, Request
from pydantic import Field
from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from app.core.db import ReadSession
from app.core.http_problems import CursorInvalid
from app.core.schema import Out
from app.core.signing import derive_keys
from app.core.state import services

T = TypeVar("T")
R = TypeVar("R")
Column = ColumnElement[Any] | InstrumentedAttribute[Any]
Key = tuple[Column, Literal["asc", "desc"]]
_OWN_PARAMETERS = frozenset({"cursor", "limit", "count"})
_DECODERS: dict[str, Callable[[Any], Any]] = {
    "u": UUID,
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "n": Decimal,
    "v": lambda value: value,
}


class Page(Out, Generic[T]):
    """One page of a list."""

    results: list[T]
    next: str | None = Field(description="Path and query of the following page, or null")
    previous: str | None = Field(description="Path and query of the page before, or null")
    count: int | None = Field(description="Rows in the whole list, when asked with count=true")


@dataclass(frozen=True, slots=True)
class Slice(Generic[R]):
    """The rows of one page, before they are turned into their outside shape."""

    rows: list[R]
    next: str | None
    previous: str | None
    count: int | None

    def page(self, build: Callable[[R], T]) -> Page[T]:
        """The page with each row built into its outside shape."""
        return Page(
            results=[build(row) for row in self.rows],
            next=self.next,
            previous=self.previous,
            count=self.count,
        )


@dataclass(frozen=True, slots=True)
class PageQuery:
    """What a caller asks of a list, and what its cursors are bound to."""

    limit: int
    cursor: str | None
    with_count: bool
    path: str
    filters: tuple[tuple[str, str], ...]
    key: bytes
    former_keys: tuple[bytes, ...] = ()

    def reference(self, cursor: str) -> str:
        """The address of another page of this list with the same filters; a cursor needs no escape."""
        filters = f"{urlencode(self.filters)}&" if self.filters else ""
        return f"{self.path}?{filters}limit={self.limit}&cursor={cursor}"

    def start(self, tenant: str) -> tuple[bool, list[Any]] | None:
        """The direction and the sort values to go on from; None on the first page.

        Raises:
            CursorInvalid: no key of ours sealed the cursor for this list.
        """
        if self.cursor is None:
            return None
        for key in self.former_keys:
            with contextlib.suppress(CursorInvalid):
                return open_cursor(key, self.binding(tenant), self.cursor)
        return open_cursor(self.key, self.binding(tenant), self.cursor)

    def binding(self, tenant: str) -> bytes:
        """What a cursor of this list is sealed to."""
        return json.dumps([self.path, sorted(self.filters), tenant]).encode()


async def page_query(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=100, description="Results on a page")] = 20,
    cursor: Annotated[
        str | None, Query(max_length=2000, description="From next or previous of another page")
    ] = None,
    count: Annotated[bool, Query(description="Also count the whole list")] = False,
) -> PageQuery:
    """The dependency behind `Pages`."""
    key, *former = derive_keys(services(request).settings.auth.secrets, "pages")
    return PageQuery(
        limit=limit,
        cursor=cursor,
        with_count=count,
        path=request.scope["path"],
        filters=tuple(
            (name, value)
            for name, value in request.query_params.multi_items()
            if name not in _OWN_PARAMETERS
        ),
        key=key,
        former_keys=tuple(former),
    )


Pages = Annotated[PageQuery, Depends(page_query)]


def _encode(value: Any) -> list[Any]:
    match value:
        case UUID():
            return ["u", str(value)]
        case datetime():
            return ["t", value.isoformat()]
        case date():
            return ["d", value.isoformat()]
        case Decimal():
            return ["n", str(value)]
        case bool() | int() | float() | str():
            return ["v", value]
    raise TypeError(f"a list cannot be sorted by {type(value).__name__}; coalesce NULL away")


@lru_cache(maxsize=8)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def seal_cursor(key: bytes, binding: bytes, *, backward: bool, values: Sequence[Any]) -> str:
    """An opaque cursor; the same row, direction and list give the same one, so ETags hold."""
    clear = json.dumps([backward, [_encode(value) for value in values]]).encode()
    nonce = hmac.digest(key, binding + b"\x00" + clear, "sha256")[:12]
    sealed = nonce + _cipher(key).encrypt(nonce, clear, binding)
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def open_cursor(key: bytes, binding: bytes, cursor: str) -> tuple[bool, list[Any]]:
    """The direction and the sort values of a cursor.

    Raises:
        CursorInvalid: it was changed, or made for another list, tenant or filter.
    """
    try:
        sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        backward, values = json.loads(_cipher(key).decrypt(sealed[:12], sealed[12:], binding))
    except (ValueError, InvalidTag):
        raise CursorInvalid from None
    return backward, [_DECODERS[tag](value) for tag, value in values]


def _beyond(keys: Sequence[Key], values: Sequence[Any], *, backward: bool) -> ColumnElement[bool]:
    """The rows after `values` in the order of `keys`, or before them when going backward."""
    branches = []
    for index, (column, direction) in enumerate(keys):
        bound = literal(values[index], column.type)
        further = column > bound if (direction == "asc") != backward else column < bound
        equal = [
            other == literal(values[at], other.type) for at, (other, _) in enumerate(keys[:index])
        ]
        branches.append(and_(*equal, further))
    # The first column alone bounds the rest, so that PostgreSQL can start within the index.
    first, direction = keys[0]
    bound = literal(values[0], first.type)
    outer = first >= bound if (direction == "asc") != backward else first <= bound
    return and_(outer, or_(*branches))


def _keyset(
    statement: Select[Any], keys: Sequence[Key], query: PageQuery, tenant: str
) -> tuple[Select[Any], bool]:
    """The statement for one page and one row more, and whether it runs backward."""
    backward = False
    start = query.start(tenant)
    if start is not None:
        backward, values = start
        if len(values) != len(keys):
            raise CursorInvalid
        statement = statement.where(_beyond(keys, values, backward=backward))
    order = [
        column.asc() if (direction == "asc") != backward else column.desc()
        for column, direction in keys
    ]
    labelled = [column.label(f"page_key_{at}") for at, (column, _) in enumerate(keys)]
    return (
        statement.add_columns(*labelled).order_by(None).order_by(*order).limit(query.limit + 1),
        backward,
    )


async def paginate(
    session: ReadSession,
    statement: Select[Any],
    *,
    keys: Sequence[Key],
    query: PageQuery,
    tenant: UUID | str | None = None,
) -> Slice[Any]:
    """One page of `statement` in the order of `keys`.

    `keys` are (column, "asc" or "desc"); none may be NULL and the last must be unique (the id), so
    that ties have an order. A statement over one entity or column gives that; one over several
    columns gives a dict a row. `tenant` is bound into the cursors.

    Raises:
        CursorInvalid: the cursor was tampered with or belongs to another list.
    """
    owner = str(tenant or "")
    paged, backward = _keyset(statement, keys, query, owner)
    found = list(await session.execute(paged))
    names = [description["name"] for description in statement.column_descriptions]
    width = len(names)
    page = cut(found, query=query, backward=backward, tenant=owner, values=lambda row: row[width:])
    return Slice(
        rows=[
            row[0] if width == 1 else dict(zip(names, row[:width], strict=True))
            for row in page.rows
        ],
        next=page.next,
        previous=page.previous,
        count=await _count(session, statement) if query.with_count else None,
    )


def cut(
    found: list[R],
    *,
    query: PageQuery,
    backward: bool,
    tenant: str = "",
    values: Callable[[R], Sequence[Any]],
) -> Slice[R]:
    """The page among rows of which one more was asked for than it shows; nothing is counted.

    `values` gives a row's sort values, `backward` tells that the rows come from the page's end.
    """
    more = len(found) > query.limit
    rows = found[: query.limit]
    if backward:
        rows.reverse()
    ends = _Ends(query, query.binding(tenant), [values(row) for row in rows[:1] + rows[-1:]])
    has_previous = more if backward else query.cursor is not None
    return Slice(
        rows=rows,
        next=ends.reference(-1, to_previous=False) if more or backward else None,
        previous=ends.reference(0, to_previous=True) if has_previous else None,
        count=None,
    )


@dataclass(frozen=True, slots=True)
class _Ends:
    """The sort values of a page's rows, from which the neighbours are found."""

    query: PageQuery
    binding: bytes
    values: list[Sequence[Any]]

    def reference(self, at: int, *, to_previous: bool) -> str | None:
        if not self.values:
            return None
        cursor = seal_cursor(
            self.query.key, self.binding, backward=to_previous, values=self.values[at]
        )
        return self.query.reference(cursor)


async def _count(session: ReadSession, statement: Select[Any]) -> int:
    counted = select(func.count()).select_from(statement.order_by(None).subquery())
    return int((await session.execute(counted)).scalar_one())
