"""Work that the tests' own worker does.

What was done is written to the file that DRILL_LOG names, so that it can be read without Redis.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from sqlalchemy import text

from app.core.db import Scope
from app.core.log import request_id
from app.core.sandbox import Sandbox
from app.worker.registry import TaskContext, periodic, task


def note(name: str, **facts: str) -> None:
    line = {"name": name, "pid": os.getpid(), "request_id": request_id.get(), **facts}
    with Path(os.environ["DRILL_LOG"]).open("a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")


@task("drill.write")
async def write(context: TaskContext, *, job_id: str) -> None:
    async with context.database.read(Scope.public()) as session:
        answer = await session.scalar(text("SELECT current_user::text"))
    note("write", job_id=job_id, database_role=str(answer))


@task("drill.poison")
async def poison(context: TaskContext, *, job_id: str) -> None:
    note("poison", job_id=job_id)
    if job_id == "exit":
        sys.exit(3)
    raise RuntimeError("Jane Doe, born 1980-02-03")


@task("drill.slow")
async def slow(context: TaskContext, *, job_id: str) -> None:
    note("slow_begun", job_id=job_id)
    async with asyncio.timeout(30):
        await context.stopping.wait()
    note("slow_stopped", job_id=job_id)


def upper(content: bytes) -> bytes:
    return content.upper()


@task("drill.sandbox")
async def sandboxed(context: TaskContext, *, job_id: str) -> None:
    made = await Sandbox(f"{__name__}:upper").run(b"done")
    note("sandbox", job_id=job_id, made=made.decode())


@task("drill.look", look=True)
async def look(context: TaskContext) -> None:
    note("look")


@periodic("drill.sweep", every=1)
async def sweep(context: TaskContext) -> None:
    note("sweep")
