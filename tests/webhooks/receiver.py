"""A receiver on loopback that writes down what it gets and answers what it is told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Receiver:
    """What came in, and what is answered next; the last answer repeats."""

    port: int = 0
    answers: list[bytes] = field(default_factory=lambda: [status(204)])
    heads: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    hold: asyncio.Event | None = None
    waiting: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook?key=1"

    def answer(self, *answers: bytes) -> None:
        """Answer these from now on."""
        self.answers = list(answers)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer."""
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        head = {name.lower(): value for name, _, value in (x.partition(": ") for x in lines[1:-2])}
        self.bodies.append(await reader.readexactly(int(head["content-length"])))
        self.heads.append({**head, ":request": lines[0]})
        if self.hold is not None:
            self.waiting += 1
            await self.hold.wait()
        writer.write(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
        writer.close()


def status(code: int, *lines: str) -> bytes:
    """An answer with a status and no body."""
    return "\r\n".join([f"HTTP/1.1 {code} X", "Content-Length: 0", *lines, "", ""]).encode()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver as long as the block lasts."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.handle, "127.0.0.1", 0)
    async with server:
        receiver.port = server.sockets[0].getsockname()[1]
        yield receiver
        if receiver.hold is not None:
            receiver.hold.set()
