"""One HTTP exchange with a payer, its faults named."""

import asyncio
from collections.abc import Mapping

from app.claims.payers.port import (
    FaultFacts,
    PayerBadResponse,
    PayerRateLimited,
    PayerTimeout,
    PayerUnavailable,
)
from app.core.clock import now
from app.core.http import (
    Answer,
    BodyTooLarge,
    HttpClient,
    HttpFailure,
    HttpRequest,
    HttpTimeout,
    HttpUnconnected,
    fetch,
    get,
)
from app.core.retries import retry_after


async def exchange(
    client: HttpClient,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: Mapping[str, str] | bytes | None = None,
    seconds: float,
) -> Answer:
    """Send once and read the answer whole within `seconds`; a mapping is sent as a form.

    Raises:
        PayerTimeout: no whole answer in time.
        PayerUnavailable: no connection, or it broke.
        PayerRateLimited: 429.
        PayerBadResponse: an answer of absurd size.
    """
    # A fault is raised without its cause: the text of the cause may quote a header.
    try:
        async with asyncio.timeout(seconds):
            if method == "GET" and body is None:
                answer = await get(client, url, headers)
            else:
                answer = await fetch(client, _request(client, method, url, headers, body))
    except HttpUnconnected:
        raise PayerUnavailable from None
    except (HttpTimeout, TimeoutError):
        raise PayerTimeout from None
    except BodyTooLarge:
        raise PayerBadResponse from None
    except HttpFailure:
        raise PayerUnavailable from None
    if answer.status == 429:
        raise PayerRateLimited(
            FaultFacts(http_status=429),
            retry_after=retry_after(answer.headers.get("retry-after"), now()),
        )
    return answer


def _request(
    client: HttpClient,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: Mapping[str, str] | bytes | None,
) -> HttpRequest:
    content, form = (body, None) if isinstance(body, bytes) else (None, body)
    return client.build_request(method, url, headers=dict(headers), data=form, content=content)
