"""Stores of each kind that are really there: a folder, SeaweedFS, a local Cloudinary."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from moto.server import ThreadedMotoServer
from pydantic import SecretStr

from app.core.settings_files import FileSettings
from app.dev.cloudinary.asgi import LocalCloudinary
from app.dev.cloudinary.faults import Faults
from app.dev.local_server import serving
from tests.storage.weed import Weed, weed_server


@dataclass
class Cloud:
    """A local Cloudinary that is being served."""

    standin: LocalCloudinary
    url: str

    def settings(self, **changes: object) -> FileSettings:
        """Settings that lead there."""
        account = self.standin.options
        given: dict[str, object] = {
            "storage_type": "cloudinary",
            "cloudinary_cloud_name": account.cloud,
            "cloudinary_api_key": account.key,
            "cloudinary_api_secret": SecretStr(account.secret),
            "cloudinary_api_url": self.url,
            "cloudinary_delivery_url": self.url,
        }
        return FileSettings.model_validate({**given, **changes})

    def spoil(self, **switches: object) -> None:
        """Other faults than until now; without any, an account as new ones are."""
        self.standin.faults = Faults.model_validate(switches)


@pytest.fixture(scope="session")
async def served_cloud() -> AsyncIterator[Cloud]:
    """One for the whole process; a test takes `cloud`."""
    standin = LocalCloudinary()
    async with serving(standin) as url:
        yield Cloud(standin, url)


@pytest.fixture
def cloud(served_cloud: Cloud) -> Cloud:
    """An empty cloud, as a new account is."""
    served_cloud.standin.forget()
    return served_cloud


@pytest.fixture(scope="session")
def moto_settings() -> Iterator[FileSettings]:
    """Another S3 server, in a thread; it believes every signature, so none is tested by it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = FileSettings(
        storage_type="s3",
        aws_access_key_id="nobody",
        aws_secret_access_key=SecretStr("nothing"),
        aws_bucket_name="intake",
        aws_endpoint_url=f"http://{host}:{port}",
    )
    made = httpx.put(f"{settings.aws_endpoint_url}/{settings.aws_bucket_name}", timeout=60)
    assert made.status_code == 200, made.text
    yield settings
    server.stop()


@pytest.fixture(scope="session")
def weed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weed]:
    """One S3 server for all tests that need one; they share a group, and so a process."""
    home: Path = tmp_path_factory.mktemp("weed")
    with weed_server(home) as weed:
        yield weed
