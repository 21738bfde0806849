"""Every refusal is a problem, carries the headers of all answers, and repeats nothing."""

from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from starlette.exceptions import HTTPException

from app.core.application import Intake
from app.core.middleware.unhandled import BrokenAnswer

CANARY = "Zebulon-Canary"
EXPOSED = (
    "X-Request-ID, X-Release, ETag, Link, Location, Retry-After, RateLimit, RateLimit-Policy,"
    " Content-Disposition"
)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "http.not_found"),
        ("DELETE", "/things/search", 405, "http.method_not_allowed"),
        ("GET", "/things/boom", 500, "http.internal"),
        ("GET", "/things/dependency", 500, "http.internal"),
        ("GET", "/things/not-a-uuid", 422, "http.invalid"),
        ("GET", "/things/search?limit=0", 422, "http.invalid"),
        ("GET", "/things/search?limit=1000000000000000000000000000000", 422, "http.invalid"),
        ("GET", "/things/search?q=%00", 422, "http.invalid"),
        ("GET", "/things/search?q=%ff", 422, "http.invalid"),
        ("GET", "/things/%00", 404, "http.not_found"),
    ],
)
async def test_refusals_without_a_body(
    web: httpx.AsyncClient, problem: Any, method: str, path: str, status: int, code: str
) -> None:
    """Whoever refuses, the answer has the same shape and headers, and no exception's text."""
    response = await web.request(method, path)
    problem(response, status, code)
    assert response.headers["access-control-allow-origin"] == "https://front.example"
    assert EXPOSED in response.headers["access-control-expose-headers"]
    assert response.headers["x-release"] == "4f2c9e1"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert response.headers["cache-control"] == "no-store"
    assert "secret" not in response.text
    assert "SELECT" not in response.text


async def test_a_throwing_middleware_is_answered_too(bare_app: Intake, problem: Any) -> None:
    """Also one that somebody adds inside FastAPI's own stack."""

    class Throwing:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            raise RuntimeError("secret of the middleware")

    bare_app.add_middleware(Throwing)
    transport = httpx.ASGITransport(app=bare_app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://a") as client:
        response = await client.get("/things/search", headers={"Origin": "https://front.example"})
    problem(response, 500, "http.internal")
    assert response.headers["access-control-allow-origin"] == "https://front.example"
    assert "secret" not in response.text


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/name", "missing"),
        ({"name": "a", "surprise": CANARY}, "/surprise", "extra_forbidden"),
        ({"name": "a" * 201}, "/name", "string_too_long"),
        ({"name": f"{CANARY}\x00"}, "/name", "text.control_character"),
        ({"name": "a\nb"}, "/name", "text.not_one_line"),
        ({"name": "a\u202eb"}, "/name", "text.not_one_line"),
        ({"name": " "}, "/name", "text.blank"),
        ({"name": "a", "text": "\x1b[31m"}, "/text", "text.control_character"),
        ({"name": "a", "count": True}, "/count", "int_type"),
        ({"name": "a", "count": 2**31}, "/count", "less_than_equal"),
        ({"name": "a", "big": 2**63}, "/big", "number.range"),
        ({"name": "a", "email": f"{CANARY} at nowhere"}, "/email", "text.email"),
        ({"name": "a", "tags": ["b", "c\x07"]}, "/tags/1", "text.control_character"),
        ({"name": "a", "extra": {"x/y": ["\x00"]}}, "/extra/x~1y/0", "text.control_character"),
    ],
)
async def test_invalid_values_are_named_and_not_repeated(
    web: httpx.AsyncClient, problem: Any, body: dict[str, Any], pointer: str, code: str
) -> None:
    """The place and the rule come back, what was sent does not."""
    response = await web.post("/things", json=body)
    answer = problem(response, 422, "http.invalid")
    assert (pointer, code) in [(error["pointer"], error["code"]) for error in answer["errors"]]
    assert CANARY not in response.text


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "http.malformed_body"),
        (b'{"name": NaN}', 400, "http.malformed_body"),
        (b'{"name": "\xff"}', 400, "http.malformed_body"),
        (b'{"name": "\\ud800"}', 400, "http.malformed_body"),
        ('{"name": "a"}'.encode("utf-16"), 400, "http.malformed_body"),
        (b"[" * 100_000, 400, "http.malformed_body"),
        (b'{"name": ' + b"1" * 5000 + b"}", 400, "http.malformed_body"),
        (b'{"name": "a", "weight": 1e400}', 422, "http.invalid"),
        (b'{"name": "a", "name": "b"}', 422, "http.invalid"),
        (b'{"name": "a", "extra": {"x": 1, "x": 2}}', 422, "http.invalid"),
        (b"", 422, "http.invalid"),
        (b"null", 422, "http.invalid"),
        (b'{"name": "a", "extra": {"x": 1, "y": {"x": 2}}}', 201, ""),
    ],
)
async def test_json_is_read_strictly(
    web: httpx.AsyncClient, problem: Any, body: bytes, status: int, code: str
) -> None:
    """What two parsers could read in two ways is refused before FastAPI's lenient one sees it."""
    response = await web.post(
        "/things", content=body, headers={"Content-Type": "application/json; charset=utf-8"}
    )
    if code:
        problem(response, status, code)
    assert response.status_code == status


async def test_a_body_of_another_kind_is_415(web: httpx.AsyncClient, problem: Any) -> None:
    """Neither JSON for a form nor text for JSON."""
    text = await web.post("/things", content=b"name=a", headers={"Content-Type": "text/plain"})
    problem(text, 415, "http.media_type")
    undeclared = await web.post("/things", content=b'{"name": "a"}')
    problem(undeclared, 415, "http.media_type")
    form = await web.post("/things/upload", json={"file": "x"})
    problem(form, 415, "http.media_type")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--x\r\n\r\n--x--"),
        ("multipart/form-data; boundary=x", b"nothing of the kind"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n"),
    ],
)
async def test_a_bad_form_is_a_problem(
    web: httpx.AsyncClient, problem: Any, content_type: str, body: bytes
) -> None:
    """The form parser's own sentences stay inside."""
    response = await web.post(
        "/things/upload", content=body, headers={"Content-Type": content_type}
    )
    assert response.status_code in (400, 422)
    problem(response, response.status_code, response.json()["code"])


async def test_a_rooms_problem_is_shown_as_it_was_raised(
    web: httpx.AsyncClient, problem: Any
) -> None:
    """Detail and field errors come through."""
    answer = problem(await web.post("/things", json={"name": "odd"}), 409, "things.too_odd")
    assert answer["detail"] == "The thing is odd."
    assert answer["errors"] == [{"pointer": "/name", "code": "odd", "message": "Must be even"}]
    assert answer["instance"] == "/things"


async def test_allow_names_all_methods_of_the_path(web: httpx.AsyncClient) -> None:
    """FastAPI alone would name those of the first route only."""
    answer = await web.delete("/things/0199d3c8-5a10-7c3e-9f00-2b8f6f6a1c11")
    assert answer.headers["allow"] == "GET, HEAD, PUT"


async def test_an_answer_that_breaks_off_is_not_completed(bare_app: Intake) -> None:
    """The server has to cut the connection; the cause stays in the log."""
    transport = httpx.ASGITransport(app=bare_app)
    async with httpx.AsyncClient(transport=transport, base_url="http://a") as client:
        with pytest.raises(BrokenAnswer):
            await client.get("/things/broken")


async def test_every_code_has_its_page(web: httpx.AsyncClient, problem: Any) -> None:
    """`type` leads to cause and remedy, for machines and for people; nothing is made up."""
    listed = (await web.get("/problems")).json()["results"]
    assert [entry["code"] for entry in listed] == sorted(entry["code"] for entry in listed)
    for entry in listed:
        page = (await web.get(f"/problems/{entry['code']}")).json()
        assert page == entry
        assert page["cause"]
        assert page["what_to_do"]
    html = await web.get("/problems/http.not_found/", headers={"Accept": "text/html"})
    assert html.headers["content-type"].startswith("text/html")
    assert "http.not_found" in (await web.get("/problems", headers={"Accept": "text/html"})).text
    problem(await web.get("/problems/no.such"), 404, "http.not_found")


async def test_401_names_the_scheme(serve: Any, problem: Any) -> None:
    """Browsers and clients read WWW-Authenticate."""
    router = APIRouter()

    @router.get("/closed")
    async def closed() -> None:
        raise HTTPException(status_code=401)

    async with serve(router) as client:
        response = await client.get("/closed")
    problem(response, 401, "auth.required")
    assert response.headers["www-authenticate"] == "Bearer"
