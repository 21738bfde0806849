"""The API of the load, whose process can be replaced, and what is done to the house meanwhile."""

import asyncio
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.dev.children import spawn, stop
from scripts.bench.house import House
from scripts.bench.processor import family

FAULT_SECONDS = 6.0
"""How long Redis stands still, and the payer and the store are away."""


GRACE_SECONDS = 60.0


@dataclass
class Api:
    """The API over a socket that stays open while its process changes."""

    house: House
    folder: Path
    listening: socket.socket = field(default_factory=socket.socket)

    def __enter__(self) -> "Api":
        """Listen, and start the first process."""
        self._alive = os.pipe()
        self.listening.bind(("127.0.0.1", 0))
        self.listening.listen(1024)
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self._started = 0
        self.process = self._start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        stop(self.process, by=signal.SIGTERM, seconds=15)
        self.listening.close()
        for end in self._alive:
            os.close(end)

    def _start(self) -> "subprocess.Popen[bytes]":
        self._started += 1
        log = self.folder / f"served-{self._started}.log"
        said, ready = os.pipe()
        # As the product's own supervisor begins its processes, so that they end as its do.
        kept = [self.listening.fileno(), ready, self._alive[0]]
        with log.open("wb") as output:
            process = spawn(
                [sys.executable, "-m", "app.cli", "serve", "--socket", ",".join(map(str, kept))],
                environment=self.house.environment,
                output=output,
                keep=kept,
            )
        os.close(ready)
        with open(said, "rb") as pipe:  # noqa: PTH123 - a descriptor.
            # Whoever asks the socket may be answered by the former process; a byte is said by this one.
            is_ready = select.select([pipe], [], [], 120)[0] and pipe.read(1)
        if not is_ready:
            raise SystemExit(log.read_text()[-3000:])
        return process

    async def restart(self) -> None:
        """A new process takes callers from the same socket before the old one is told to end."""
        former = self.process
        self.process = await asyncio.to_thread(self._start)
        # It answers what it has begun, for as long as the product's own supervisors would let it.
        await asyncio.to_thread(stop, former, by=signal.SIGTERM, seconds=GRACE_SECONDS)


async def kill_a_worker(house: House, _: Api) -> None:
    """kill -9 of a worker's child with what it has in hand."""
    children = family(house.processes["worker"].pid)[1:]
    if children:
        os.kill(children[-1], signal.SIGKILL)


async def restart_redis(house: House, _: Api) -> None:
    """Redis is killed and started again."""
    # Here and not in a thread: it ends with the thread that starts it.
    house.valkey.restart()


async def freeze_redis(house: House, _: Api) -> None:
    """Redis answers nobody for some seconds."""
    process = house.valkey.process
    if process is None:
        return
    os.kill(process.pid, signal.SIGSTOP)
    await asyncio.sleep(FAULT_SECONDS)
    os.kill(process.pid, signal.SIGCONT)


async def payer_down(house: House, _: Api) -> None:
    """The payer fails every call for some seconds."""
    await asyncio.to_thread(house.payer, "faults", {"share_500": 1.0})
    await asyncio.sleep(FAULT_SECONDS)
    await asyncio.to_thread(house.payer, "faults", {})


async def storage_down(house: House, _: Api) -> None:
    """The folder of the files is gone for some seconds, and a file stands where it was."""
    away = house.files.with_name("away")
    if house.files.is_dir():
        house.files.rename(away)
    house.files.touch()
    await asyncio.sleep(FAULT_SECONDS)
    house.files.unlink()
    if away.is_dir():
        away.rename(house.files)


async def restart_api(_: House, api: Api) -> None:
    """The API's process is replaced."""
    await api.restart()


Fault = Callable[[House, Api], Awaitable[None]]
# The API first: what its new process grows by is seen over all the rest.
FAULTS: dict[str, Fault] = {
    "the API's process replaced": restart_api,
    "a worker's child killed": kill_a_worker,
    "Redis killed and started again": restart_redis,
    f"the payer down for {FAULT_SECONDS:.0f} s": payer_down,
    f"the store away for {FAULT_SECONDS:.0f} s": storage_down,
    f"Redis frozen for {FAULT_SECONDS:.0f} s": freeze_redis,
}
