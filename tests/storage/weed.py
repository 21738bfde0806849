"""A real S3 server of this machine, for the tests that need one."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config
from pydantic import SecretStr

from app.core.settings_files import FileSettings

KEY, SECRET, BUCKET = "intake-tests", "a-secret-of-the-tests", "intake"
# Each port is also used, ten thousand higher, for the server's own talk.
_HIGHEST_PORT = 50_000
# A port that was free may be another program's a moment later, and then the server ends.
_TRIES = 3


@dataclass(frozen=True)
class Weed:
    """A running SeaweedFS."""

    process: subprocess.Popen[bytes]
    url: str

    def settings(self, **changes: object) -> FileSettings:
        """Settings that lead there."""
        given: dict[str, object] = {
            "storage_type": "s3",
            "aws_access_key_id": KEY,
            "aws_secret_access_key": SecretStr(SECRET),
            "aws_bucket_name": BUCKET,
            "aws_endpoint_url": self.url,
        }
        return FileSettings.model_validate({**given, **changes})

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections and says nothing while the block lasts."""
        os.kill(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.process.pid, signal.SIGCONT)


@contextmanager
def weed_server(home: Path) -> Iterator[Weed]:
    """Start a server with one bucket; everything ends with the block."""
    access = {
        "name": "tests",
        "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
        "actions": [f"{verb}:{BUCKET}" for verb in ("Admin", "Read", "Write", "List")],
    }
    (home / "s3.json").write_text(json.dumps({"identities": [access]}))
    for number in range(_TRIES):
        with _started(home, home / f"data-{number}") as weed:
            if _make_bucket(weed):
                yield weed
                return
    raise AssertionError((home / "log").read_text(errors="replace")[-3000:])


@contextmanager
def _started(home: Path, data: Path) -> Iterator[Weed]:
    data.mkdir()
    ports = _free_ports(4)
    command = [str(Path(sys.executable).with_name("weed")), "-logtostderr=true", "server"]
    command += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={data}", "-filer", "-s3"]
    command += [
        f"-s3.config={home / 's3.json'}",
        f"-s3.port={ports[0]}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
    ]
    command += [f"-master.port={ports[1]}", f"-volume.port={ports[2]}", f"-filer.port={ports[3]}"]
    command += ["-master.telemetry=false", "-master.volumeSizeLimitMB=64", "-volume.max=20"]
    command += ["-master.volumePreallocate=false", f"-filer.localSocket={data / 'filer.sock'}"]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=data)
    try:
        yield Weed(process, f"http://127.0.0.1:{ports[0]}")
    finally:
        process.kill()
        process.wait()


def _free_ports(count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        with socket.socket() as probe, socket.socket() as other:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
            if port > _HIGHEST_PORT:
                port -= 20_000
            try:
                other.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
            found.append(port)
    return found


def _make_bucket(weed: Weed) -> bool:
    """Make the bucket, which waits for the server to be there; False when it has ended."""
    client = boto3.client(
        "s3",
        endpoint_url=weed.url,
        region_name="us-east-1",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        config=Config(connect_timeout=1, read_timeout=5, retries={"total_max_attempts": 1}),
    )
    for _ in range(400):
        try:
            client.create_bucket(Bucket=BUCKET)
        except Exception:  # noqa: BLE001 - the server is still starting, in any way.
            if weed.process.poll() is not None:
                break
            # Not a wait for something of ours: a process of others has no way to tell.
            subprocess.run(["sleep", "0.05"], check=True)
        else:
            client.close()
            return True
    return False
