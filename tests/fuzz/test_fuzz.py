"""Requests drawn from the OpenAPI document, as everybody, with two tenants as peers.

`./scripts/fuzz` runs all of it, `./scripts/fuzz --short` the cut that always runs before landing.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from tests.fuzz.configuration import CARD, LONG, SHORT, Visit, write
from tests.fuzz.conftest import House

PROJECT = Path(__file__).resolve().parents[2]
RUN = os.environ.get("INTAKE_FUZZ", "")
VISITS = {"long": LONG, "card": CARD, "short": SHORT}.get(RUN, ())
wanted = pytest.mark.skipif(not VISITS, reason="takes minutes: ./scripts/fuzz")


@wanted
@pytest.mark.parametrize("visit", VISITS, ids=lambda visit: visit.name)
async def test_everything_that_the_document_promises_holds(
    house: House, tmp_path: Path, visit: Visit
) -> None:
    """No check fails over any operation, and nothing of the other tenant is ever told."""
    given = tmp_path / "given.json"
    foreign = sorted(house.peers.foreign) if visit.name != "superuser" else []
    given.write_text(json.dumps({"foreign": foreign, "spare": house.peers.spare}))
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(PROJECT),
        "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
        "INTAKE_FUZZ_GIVEN": str(given),
    }
    command = [
        *("-m", "schemathesis.cli"),
        *("--config-file", str(write(tmp_path, house.url, house.peers, visit))),
        *("run", f"{house.url}/openapi.json", "--phases", visit.phases),
        *("--checks", "all", "--workers", "1", "--no-color", "--wait-for-schema", "60"),
        *os.environ.get("INTAKE_FUZZ_FLAGS", "").split(),
    ]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *command),
        cwd=tmp_path,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    report = os.environ.get("INTAKE_FUZZ_REPORT")
    if report:
        (Path(report) / f"{visit.name}.txt").write_bytes(said)
    assert process.returncode == 0, said.decode()[-12_000:]
