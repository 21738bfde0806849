"""ETags: answers that did not change are not sent again, and stale writes are refused."""

import hashlib

from fastapi import Request, Response
from pydantic import BaseModel

from app.core.http_problems import PreconditionFailed

PRIVATE = "private, no-cache"


def etag_of(*parts: object) -> str:
    """A strong ETag from whatever decides about the content: an id and a version, a digest."""
    text = "\x1f".join(str(part) for part in parts)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def matches(header: str, etag: str) -> bool:
    """Whether an If-Match or If-None-Match header names `etag`.

    Compared without the weakness mark: compressing proxies turn strong tags into weak ones.
    """
    if header.strip() == "*":
        return True
    wanted = etag.removeprefix("W/")
    return any(part.strip().removeprefix("W/") == wanted for part in header.split(","))


def etag_in_two(content: bytes, passing: object) -> str:
    """A strong ETag of two halves: what a writer may have seen before changing it, and what moves by
    itself (counters, the reader's own marks), which makes no write stale.
    """
    halves = (hashlib.sha256(content).hexdigest()[:32], etag_of(passing)[1:13])
    return f'"{"-".join(halves)}"'


def require_content(request: Request, etag: str) -> None:
    """As `require_match` for an ETag of two halves, of which the first one decides.

    Raises:
        PreconditionFailed: the caller has seen other content than the current one.
    """
    header = request.headers.get("if-match")
    if header is None or matches(header, etag):
        return
    wanted = etag.partition("-")[0]
    seen = (part.strip().removeprefix("W/") for part in header.split(","))
    if not any("-" in tag and tag.partition("-")[0] == wanted for tag in seen):
        raise PreconditionFailed(headers={"ETag": etag})


def require_match(request: Request, etag: str) -> None:
    """Refuse a write whose If-Match names another version; without If-Match it passes.

    Raises:
        PreconditionFailed: the caller's version is not the current one.
    """
    header = request.headers.get("if-match")
    if header is not None and not matches(header, etag):
        raise PreconditionFailed(headers={"ETag": etag})


def not_modified(request: Request, etag: str, *, cache: str = PRIVATE) -> Response | None:
    """A 304 when the caller already has this version, else None: ask before the costly read."""
    header = request.headers.get("if-none-match")
    if header is None or not matches(header, etag):
        return None
    return Response(status_code=304, headers=_headers(etag, cache))


def tagged(
    request: Request,
    answer: BaseModel,
    *,
    etag: str | None = None,
    status: int = 200,
    cache: str = PRIVATE,
) -> Response:
    """The answer as JSON with its ETag (its own digest unless given), or 304."""
    body = answer.model_dump_json(by_alias=True).encode()
    return tagged_json(request, body, etag=etag, status=status, cache=cache)


def tagged_json(
    request: Request,
    body: bytes,
    *,
    etag: str | None = None,
    status: int = 200,
    cache: str = PRIVATE,
) -> Response:
    """As `tagged`, for an answer that is JSON already."""
    tag = etag or f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    if request.method in ("GET", "HEAD"):
        same = not_modified(request, tag, cache=cache)
        if same is not None:
            return same
    headers = _headers(tag, cache)
    return Response(body, status_code=status, media_type="application/json", headers=headers)


def _headers(etag: str, cache: str) -> dict[str, str]:
    # The answer depends on who asks; Authorization is what shared caches have to tell apart.
    return {"ETag": etag, "Cache-Control": cache, "Vary": "Authorization"}
