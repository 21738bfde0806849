"""Uploads whose callers are gone before the end: nothing of them stays."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from starlette.types import Message

from app.core.db import Database, Scope
from app.main import Intake
from tests.people import API, Crew

CUTS = 20
ROUTES = {
    "/claims/bulk/upload": ("file", "claims.csv"),
    "/claims/bulk/preview": ("file", "claims.csv"),
    "/resumes": ("file", "cv.txt"),
    "/resume-analysis/analyze": ("resume", "cv.txt"),
    "/organizations/me/logo": ("logo", "logo.png"),
}
TABLES = ("claim_jobs", "claim_rows", "resumes", "files", "file_pieces", "analyses")


def beginning(field: str, name: str) -> bytes:
    """The head of a form with one file, and a part of the file."""
    head = f'--cut\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
    return head.encode() + b"claim_number,first_name,last_name,date_of_birth\n" * 500


class CutUpload:
    """A request that ends in the middle of its body, after so many pieces."""

    def __init__(self, path: str, crew: Crew, body: bytes, pieces: int) -> None:
        token = crew.admin.headers["Authorization"].encode()
        self.pieces = [body] * pieces
        self.answer: list[Message] = []
        self.scope: dict[str, Any] = {
            "type": "http",
            "method": "POST",
            "path": f"{API}{path}",
            "raw_path": f"{API}{path}".encode(),
            "query_string": b"",
            "headers": [
                (b"authorization", token),
                (b"content-type", b"multipart/form-data; boundary=cut"),
                (b"content-length", b"200000"),
            ],
            "client": ("127.0.0.1", 1),
            "server": ("intake.example", 80),
            "scheme": "http",
            "http_version": "1.1",
            "root_path": "",
        }

    async def receive(self) -> Message:
        """A piece, or the word that the caller has gone."""
        if self.pieces:
            return {"type": "http.request", "body": self.pieces.pop(), "more_body": True}
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Nobody reads it."""
        self.answer.append(message)


def open_descriptors() -> int:
    """How many this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))


def left_in(folder: Path) -> list[Path]:
    """What somebody wrote into the folder that the test runs in."""
    return list(folder.rglob("*"))


async def counted(database: Database) -> dict[str, int]:
    """The rows of every table that an upload writes to."""
    async with database.read(Scope.system()) as session:
        return {
            table: int((await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())  # noqa: S608
            for table in TABLES
        }


@pytest.mark.parametrize("path", ROUTES)
async def test_what_was_cut_leaves_nothing(
    client: Any, app: Intake, database: Database, crew: Crew, tmp_path: Path, path: str
) -> None:
    """No row, no file, no descriptor; where anything is answered, no success."""
    before = await counted(database)
    descriptors = open_descriptors()
    for number in range(CUTS):
        cut = CutUpload(path, crew, beginning(*ROUTES[path]), 1 + number % 4)
        await app(cut.scope, cut.receive, cut.send)
        statuses = [one["status"] for one in cut.answer if "status" in one]
        assert all(status >= 400 for status in statuses), statuses
    assert await counted(database) == before
    assert open_descriptors() <= descriptors + 1
    assert left_in(tmp_path) == []
