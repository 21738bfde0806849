"""Uploads of those who are not let in: refused before one byte is read."""

from typing import Any

import pytest
from starlette.types import Message

from app.core.db import Database
from app.core.settings import Settings
from app.main import Intake
from tests.people import API, Crew

UPLOADS = ("/claims/bulk/upload", "/claims/bulk/upload/", "/claims/bulk/preview")
MULTIPART = (b"content-type", b"multipart/form-data; boundary=x")


class EndlessUpload:
    """A request whose body never ends; counts how often it was asked for more."""

    def __init__(self, path: str, *headers: tuple[bytes, bytes]) -> None:
        self.asked = 0
        self.answer: list[Message] = []
        self.asked_before_the_answer = 0
        self.scope: dict[str, Any] = {
            "type": "http",
            "method": "POST",
            "path": f"{API}{path}",
            "raw_path": f"{API}{path}".encode(),
            "query_string": b"",
            "headers": [MULTIPART, *headers],
            "client": ("127.0.0.1", 1),
            "server": ("intake.example", 80),
            "scheme": "http",
            "http_version": "1.1",
            "root_path": "",
        }

    async def receive(self) -> Message:
        self.asked += 1
        if self.asked > 2_000:
            raise AssertionError("it is read on and on")
        return {"type": "http.request", "body": b"x" * 65_536, "more_body": True}

    async def send(self, message: Message) -> None:
        if not self.answer:
            self.asked_before_the_answer = self.asked
        self.answer.append(message)

    @property
    def status(self) -> int:
        return int(self.answer[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.answer[0]["headers"])


@pytest.mark.parametrize("path", UPLOADS)
@pytest.mark.parametrize(
    "authorization", [None, b"Bearer", b"Bearer nonsense", b"Basic YTpi", b"Bearer a.b.c"]
)
async def test_not_a_byte_is_read_from_whoever_is_not_let_in(
    app: Intake, path: str, authorization: bytes | None
) -> None:
    headers = [] if authorization is None else [(b"authorization", authorization)]
    upload = EndlessUpload(path, *headers)
    async with app.router.lifespan_context(app):
        await app(upload.scope, upload.receive, upload.send)
    assert upload.status == 401
    assert upload.asked_before_the_answer == 0
    assert upload.headers[b"www-authenticate"] == b"Bearer"
    assert upload.headers[b"content-type"] == b"application/problem+json"
    assert upload.headers[b"connection"] == b"close"


async def test_a_token_that_holds_is_let_in_and_its_body_read(
    app: Intake, crew: Crew, database: Database, settings: Settings
) -> None:
    token = crew.staff.headers["Authorization"].encode()
    upload = EndlessUpload("/claims/bulk/upload", (b"authorization", token))
    async with app.router.lifespan_context(app):
        await app(upload.scope, upload.receive, upload.send)
    # What is not in its form is refused by the route itself, or by the limit of its size.
    assert upload.asked_before_the_answer > 0
    assert upload.status in (400, 413, 422)
