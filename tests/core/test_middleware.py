"""The layers around FastAPI: id, CORS, framing, paths, body limits."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.core.application import Intake
from app.core.log import request_id

ORIGIN = "https://front.example"
MEGABYTE = 1024 * 1024


@pytest.mark.parametrize("asked", ["a", "0199d3c8.Trace_1-2", "x" * 128])
async def test_a_sane_request_id_is_taken(web: httpx.AsyncClient, asked: str) -> None:
    """The caller's id comes back on every answer, refusals included."""
    for path in ("/things/search", "/nowhere", "/things/boom"):
        answer = await web.get(path, headers={"X-Request-ID": asked})
        assert answer.headers["x-request-id"] == asked


@pytest.mark.parametrize("asked", ["", "x" * 129, "a b", "a\tb", "<script>", "é", "a\x1bb"])
async def test_an_odd_request_id_is_replaced(web: httpx.AsyncClient, asked: str) -> None:
    """Nothing of the caller's choosing gets into the log that way."""
    answer = await web.get("/things/search", headers=[(b"X-Request-ID", asked.encode())])
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])


async def test_the_id_is_known_to_the_work_and_forgotten_after(
    web: httpx.AsyncClient, bare_app: Intake
) -> None:
    """Log lines and background tasks read it from the context."""

    @bare_app.get("/id")
    async def seen() -> str:
        return request_id.get()

    answer = await web.get("/id", headers={"X-Request-ID": "mine"})
    assert answer.json() == "mine"
    assert request_id.get() == ""


async def test_a_preflight_is_answered_cached_and_carries_the_id(web: httpx.AsyncClient) -> None:
    """Browsers ask before every call with Authorization; the answer holds for two hours."""
    headers = (
        "authorization, content-type, if-match, if-none-match, idempotency-key,"
        " last-event-id, x-organization, x-request-id"
    )
    answer = await web.options(
        "/things",
        headers={
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": headers,
            "X-Request-ID": "preflight",
        },
    )
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert int(answer.headers["access-control-max-age"]) >= 600
    assert answer.headers["x-request-id"] == "preflight"
    assert answer.headers["x-release"] == "4f2c9e1"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"},
        {"Origin": ORIGIN, "Access-Control-Request-Method": "TRACE"},
        {
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "x-evil",
        },
    ],
)
async def test_a_refused_preflight_is_a_problem(
    web: httpx.AsyncClient, problem: Any, headers: dict[str, str]
) -> None:
    """And names no origin that was not allowed."""
    answer = await web.options("/things", headers=headers)
    problem(answer, 400, "http.origin_refused")
    assert answer.headers.get("access-control-allow-origin") in (None, ORIGIN)


async def test_a_foreign_origin_gets_no_permission(web: httpx.AsyncClient) -> None:
    """The answer is given; the browser keeps it from the page."""
    answer = await web.get("/things/search", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    "headers",
    [
        [(b"content-length", b"2"), (b"transfer-encoding", b"chunked")],
        [(b"content-length", b"2"), (b"content-length", b"3")],
        [(b"transfer-encoding", b"chunked"), (b"transfer-encoding", b"identity")],
        [(b"content-length", b"-1")],
        [(b"content-length", b"+2")],
    ],
)
async def test_contradicting_lengths_are_refused(
    drive: Any, headers: list[tuple[bytes, bytes]]
) -> None:
    """A proxy in front could see the request end elsewhere."""
    origin = (b"origin", ORIGIN.encode())
    scope = {"method": "POST", "path": "/things", "headers": [*headers, origin]}
    start, body = (await drive(scope, [b"{}"]))[:2]
    assert start["status"] == 400
    assert b"http.bad_framing" in body["body"]
    assert (b"connection", b"close") in start["headers"]
    assert b"access-control-allow-origin" in dict(start["headers"])


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/things/search"), ("POST", "/things"), ("GET", "/problems")]
)
async def test_both_slash_forms_answer_alike(
    web: httpx.AsyncClient, method: str, path: str
) -> None:
    """Never by a redirect: it would lose Authorization."""
    body = {"name": "a"} if method == "POST" else None
    plain = await web.request(method, path, json=body)
    slashed = await web.request(method, f"{path}/", json=body)
    assert plain.status_code in (200, 201)
    assert (slashed.status_code, slashed.content) == (plain.status_code, plain.content)
    assert (await web.request(method, f"{path}//", json=body)).status_code in (404, 422)


async def test_head_is_get_without_the_body(web: httpx.AsyncClient, drive: Any) -> None:
    """Also for a stream, which is stopped instead of being run for nobody."""
    answer = await web.head("/things/search")
    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["content-type"] == "application/json"
    for path in ("/things/events", "/things/broken"):
        sent = await drive({"method": "HEAD", "path": path}, [b""])
        assert [message["type"] for message in sent] == [
            "http.response.start",
            "http.response.body",
        ]
        assert sent[1] == {"type": "http.response.body", "body": b"", "more_body": False}


async def test_sizes_up_to_the_limit_pass(web: httpx.AsyncClient) -> None:
    """Two megabytes of file and the form around it."""
    answer = await web.post("/things/upload", files={"file": ("a.bin", bytes(2 * MEGABYTE))})
    assert answer.json() == 2 * MEGABYTE


@pytest.mark.parametrize("is_chunked", [True, False])
async def test_bodies_over_the_limit_are_413(
    web: httpx.AsyncClient, problem: Any, is_chunked: bool
) -> None:
    """Announced or not, with CORS headers, and the connection ends."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    big = head + b"x" * (3 * MEGABYTE)

    async def stream() -> AsyncIterator[bytes]:
        for at in range(0, len(big), 64 * 1024):
            yield big[at : at + 64 * 1024]

    for path, kind in (
        ("/things", "application/json"),
        ("/things", "application/x-www-form-urlencoded"),
        ("/things/raw", "application/octet-stream"),
        ("/things/upload", "multipart/form-data; boundary=x"),
        ("/nowhere", "application/json"),
    ):
        content: Any = stream() if is_chunked else big
        answer = await web.post(path, content=content, headers={"Content-Type": kind})
        problem(answer, 413, "http.body_too_large")
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    ("path", "kind", "limit"),
    [
        ("/things", b"application/json", MEGABYTE),
        ("/things/raw", b"text/plain", MEGABYTE),
        ("/things/upload", b"multipart/form-data; boundary=x", 2 * MEGABYTE + 64 * 1024),
    ],
)
async def test_reading_stops_soon_after_the_limit(
    bare_app: Intake, path: str, kind: bytes, limit: int
) -> None:
    """Counted on the raw bytes, the form around a file included."""
    read = 0
    sent: list[Any] = []
    start = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'

    async def receive() -> dict[str, Any]:
        nonlocal read
        body = bytes(65536) if read else start
        read += len(body)
        return {"type": "http.request", "body": body, "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(b"content-type", kind)],
        "root_path": "",
    }
    await bare_app(scope, receive, send)
    assert sent[0]["status"] == 413
    assert limit < read <= 1.1 * limit + 65536


async def test_an_announced_giant_is_refused_before_the_route_reads(drive: Any) -> None:
    """Not a byte is asked for first, so that a client that waits for 100 Continue sends none."""
    headers = [(b"content-length", b"999999999999"), (b"content-type", b"application/json")]
    sent = await drive({"method": "POST", "path": "/things", "headers": headers}, [])
    assert sent[0]["status"] == 413


async def test_pages_bring_their_own_policy(web: httpx.AsyncClient) -> None:
    """The policy for data would leave /docs blank."""
    policy = (await web.get("/docs")).headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
