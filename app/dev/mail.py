"""A mail server for one machine: every mail becomes a file, and none goes out."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import Final

from aiosmtpd.smtp import SMTP, Envelope, Session

from app.core.clock import now

_ODD: Final = re.compile(r"[^\w.@+-]+")


class Folder:
    """Takes mails for a server and writes each as an `.eml` file that only its owner may read."""

    def __init__(self, path: Path, *, quiet: bool = False) -> None:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path, self._is_quiet = path, quiet

    async def handle_DATA(  # noqa: N802 - the library's name.
        self,
        server: SMTP,  # noqa: ARG002 - the library's shape.
        session: Session,  # noqa: ARG002 - the library's shape.
        envelope: Envelope,
    ) -> str:
        """Keep one mail; its name begins with the time, so that a listing is in order."""
        content = envelope.content or b""
        data = content if isinstance(content, bytes) else content.encode()
        recipient = _ODD.sub("_", envelope.rcpt_tos[0])[:80]
        name = f"{now():%Y%m%d-%H%M%S.%f}-{recipient}.eml"
        descriptor = os.open(self._path / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        if not self._is_quiet:
            print(f"{subject_of(data)} → {recipient}: {self._path / name}", flush=True)
        return "250 OK"


def subject_of(mail: bytes) -> str:
    """The subject in one line: what was folded begins its next line with a space (RFC 5322, 2.2.3)."""
    subject = message_from_bytes(mail, policy=policy.default)["subject"]
    return " ".join(str(subject or "").split())


@asynccontextmanager
async def catching(folder: Path, port: int = 0, *, quiet: bool = False) -> AsyncIterator[int]:
    """Catch mails in the running loop, on a free port unless one is given; yields the port."""
    keeper = Folder(folder, quiet=quiet)

    def serve() -> SMTP:
        return SMTP(keeper, enable_SMTPUTF8=True, hostname="localhost", ident="Intake catcher")

    server = await asyncio.get_running_loop().create_server(serve, "127.0.0.1", port)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


async def catch(folder: Path, port: int, *, quiet: bool = False) -> None:
    """Catch mails until told to stop; with `quiet` without a line for each."""
    async with catching(folder, port, quiet=quiet):
        await asyncio.Event().wait()
