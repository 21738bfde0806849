"""Callers who never stop asking: some connect anew each time, some keep their connection."""

import asyncio
import contextlib
import time
from collections import Counter
from dataclasses import dataclass, field

SECONDS = 30.0


@dataclass
class Load:
    """What became of every request: `failed` counts those without a whole answer of status 200."""

    port: int
    path: str
    pause: float
    done: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    """How long each answer took, the connection included where it was a fresh one."""
    _tasks: list["asyncio.Task[None]"] = field(default_factory=list)
    _is_over: bool = False

    def begin(self, *, fresh: int, keeping: int) -> None:
        """Let so many callers of each kind ask."""
        self._tasks = [
            *(asyncio.create_task(self._ask_on(keeps=False)) for _ in range(fresh)),
            *(asyncio.create_task(self._ask_on(keeps=True)) for _ in range(keeping)),
        ]

    async def end(self) -> None:
        """Let every caller finish its last request."""
        self._is_over = True
        await asyncio.gather(*self._tasks)

    async def reach(self, requests: int) -> None:
        """Wait until so many more have been answered."""
        wanted = self.done.total() + requests
        async with asyncio.timeout(SECONDS * 2):
            while self.done.total() < wanted:  # noqa: ASYNC110 - callers tell nobody.
                await asyncio.sleep(0.01)

    async def _ask_on(self, *, keeps: bool) -> None:
        kind = "keeping" if keeps else "fresh"
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while not self._is_over:
            began = time.perf_counter()
            try:
                async with asyncio.timeout(SECONDS):
                    streams = streams or await asyncio.open_connection("127.0.0.1", self.port)
                    ends = await self._ask(streams, keeps=keeps)
            except (OSError, EOFError, ValueError, TimeoutError) as error:
                self.failed.append(f"{kind}: {type(error).__name__} {error}")
                ends = True
            else:
                self.done[kind] += 1
                self.seconds.append(time.perf_counter() - began)
            if ends and streams:
                await _close(streams[1])
                streams = None
            await asyncio.sleep(self.pause)
        if streams:
            await _close(streams[1])

    async def _ask(
        self, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], *, keeps: bool
    ) -> bool:
        """One request; whether the connection is over."""
        reader, writer = streams
        wish = "keep-alive" if keeps else "close"
        writer.write(f"GET {self.path} HTTP/1.1\r\nHost: x\r\nConnection: {wish}\r\n\r\n".encode())
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            raise ValueError(head.split(b"\r\n", 1)[0])
        await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
        return b"connection: close" in head


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
