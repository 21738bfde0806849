"""Idempotency-Key: the same request sent twice does its work once.

After draft-ietf-httpapi-idempotency-key-header-07. The answer is stored in the transaction of the
work itself, so there is no moment in which one exists without the other. A work that raises stores
nothing: the same key may try again.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

from fastapi import Request, Response
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from app.core.clock import now
from app.core.db import ReadSession, WriteSession
from app.core.http_problems import KeyInProgress, KeyMalformed, KeyReused
from app.core.idempotency_model import IdempotencyKey

LIFE = timedelta(hours=24)
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_NOT_KEPT = frozenset({"content-length", "date", "server", "connection", "set-cookie"})


def digest_of(*parts: object) -> bytes:
    """SHA-256 over the parts of a request that decide what it does: fields and file digests."""
    digest = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.digest()


async def body_digest(request: Request) -> bytes:
    """The digest of a JSON body; for forms the room builds its own with `digest_of`."""
    return digest_of(await request.body())


def key_of(request: Request) -> str | None:
    """The request's Idempotency-Key, or None without one.

    Raises:
        KeyMalformed: it is empty, too long, or holds odd characters.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    # The draft writes the key as a quoted string; most clients send it bare. Both are one key.
    bare = key[1:-1] if len(key) > 1 and key[0] == key[-1] == '"' else key
    if not _KEY.fullmatch(bare):
        raise KeyMalformed
    return bare


async def run_once(
    session: WriteSession,
    request: Request,
    *,
    scope: str,
    digest: bytes,
    work: Callable[[], Awaitable[Response]],
) -> Response:
    """Run `work` unless this key of `scope` has its answer already; without a key just run it.

    `scope` names the principal: keys of different people never meet. `work` writes through the
    same `session` and returns the whole answer; its body is at hand, not streamed.

    Raises:
        KeyMalformed: the header is not a usable key.
        KeyReused: the key was used for another request.
        KeyInProgress: the first request with the key is still running.
    """
    key = key_of(request)
    if key is None:
        return await work()
    await _lock(session, scope, key)
    line = f"{request.method} {request.url.path}"
    kept = await _find(session, scope, key)
    if kept is not None:
        return _again(kept, line, digest)
    answer = await work()
    await _keep(session, (scope, key, line), digest, answer)
    return answer


async def answered(
    session: ReadSession, request: Request, *, scope: str, digest: bytes
) -> Response | None:
    """The answer that this key of `scope` has already, for work that calls others on its way.

    Such work runs outside any transaction, does nothing twice by itself, and ends in `run_once`.

    Raises:
        KeyMalformed: the header is not a usable key.
        KeyReused: the key was used for another request.
    """
    key = key_of(request)
    kept = None if key is None else await _find(session, scope, key)
    line = f"{request.method} {request.url.path}"
    return None if kept is None else _again(kept, line, digest)


async def _lock(session: WriteSession, scope: str, key: str) -> None:
    """Hold the key until the transaction ends; PostgreSQL frees it after the commit is visible."""
    number = int.from_bytes(digest_of("idempotency", scope, key)[:8], "big", signed=True)
    if not (await session.execute(select(func.pg_try_advisory_xact_lock(number)))).scalar_one():
        raise KeyInProgress(headers={"Retry-After": "1"})


async def _find(session: ReadSession, scope: str, key: str) -> IdempotencyKey | None:
    found = await session.execute(
        select(IdempotencyKey).where(
            IdempotencyKey.scope == scope,
            IdempotencyKey.key == key,
            IdempotencyKey.expires_at > func.now(),
        )
    )
    return found.scalar_one_or_none()


def _again(kept: IdempotencyKey, line: str, digest: bytes) -> Response:
    if kept.request != line or kept.request_digest != digest:
        raise KeyReused
    headers = {**kept.headers, "Idempotency-Replayed": "true"}
    return Response(kept.body, status_code=kept.status, headers=headers)


async def _keep(
    session: WriteSession, name: tuple[str, str, str], digest: bytes, answer: Response
) -> None:
    scope, key, line = name
    values = {
        "request": line,
        "request_digest": digest,
        "status": answer.status_code,
        "headers": {k: v for k, v in answer.headers.items() if k not in _NOT_KEPT},
        "body": bytes(answer.body),
        "expires_at": now() + LIFE,
    }
    statement = insert(IdempotencyKey).values(scope=scope, key=key, **values)
    # Only an expired row can still stand there: the lock is ours and a live one was answered.
    await session.execute(
        statement.on_conflict_do_update(index_elements=["scope", "key"], set_=values)
    )


async def purge_expired(session: WriteSession) -> int:
    """Delete what has outlived its day; the sweeper calls it. Returns how many."""
    gone = await session.execute(
        delete(IdempotencyKey)
        .where(IdempotencyKey.expires_at <= func.now())
        .returning(IdempotencyKey.key)
    )
    return len(gone.all())


async def forget(session: WriteSession, scope: str) -> None:
    """Remove every answer that is kept for a principal."""
    await session.execute(delete(IdempotencyKey).where(IdempotencyKey.scope == scope))
