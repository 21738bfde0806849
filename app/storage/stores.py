"""The stores that this process can reach, made from the settings when they are first needed."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from pathlib import Path

from app.core.http import HttpClient
from app.core.settings_files import FileSettings
from app.storage.base import Kind, Store, StoreTrouble
from app.storage.local import LocalStore
from app.storage.measured import MeasuredStore


class Stores:
    """One store of each kind; `primary` is where new files go."""

    def __init__(self, settings: FileSettings) -> None:
        self._settings = settings
        self._open: dict[str, Store] = {}
        self._closed_by: AsyncExitStack | None = None

    @property
    def primary(self) -> Store:
        """The store that STORAGE_TYPE names."""
        return self.of(self._settings.storage_type)

    @property
    def configured(self) -> list[Kind]:
        """The kinds that there are settings for; a folder of this machine always is one."""
        known: dict[Kind, bool] = {
            "local": True,
            "s3": bool(self._settings.aws_bucket_name),
            "cloudinary": self._settings.has_cloudinary,
        }
        return [kind for kind, is_known in known.items() if is_known]

    def of(self, kind: str) -> Store:
        """The store of a kind: files of a former kind are still read from there.

        Raises:
            StoreTrouble: there are no settings for it.
        """
        known = self._open.get(kind)
        if known is None:
            known = self._open[kind] = MeasuredStore(self._make(kind))
        return known

    def _make(self, kind: str) -> Store:
        # The vendors' clients take a tenth of a second and more to load: only who needs one pays.
        if kind == "local":
            return LocalStore(Path(self._settings.local_storage_dir))
        if kind == "s3" and self._settings.aws_bucket_name:
            from app.storage.s3 import S3Store  # noqa: PLC0415

            return S3Store(self._settings)
        if kind == "cloudinary" and self._settings.has_cloudinary:
            return cloudinary_over(self._settings, None)
        raise StoreTrouble("not_configured")

    def close_with(self, stack: AsyncExitStack) -> None:
        """Be closed when `stack` is; saying so again changes nothing."""
        if self._closed_by is not stack:
            self._closed_by = stack
            stack.push_async_callback(self.close)

    async def close(self) -> None:
        """Close what was opened; what is needed afterwards is opened anew."""
        self._closed_by = None
        while self._open:
            _, store = self._open.popitem()
            await store.close()


def cloudinary_over(settings: FileSettings, client: HttpClient | None) -> Store:
    """Cloudinary, over a client of its own unless one is given."""
    from app.storage.cloudinary import CloudinaryStore  # noqa: PLC0415 - see `Stores`.

    return CloudinaryStore(settings, client=client)


@cache
def stores_of(settings: FileSettings) -> Stores:
    """The process's stores for these settings."""
    return Stores(settings)


@asynccontextmanager
async def open_stores(settings: FileSettings) -> AsyncIterator[None]:
    """Whatever the block opens of the process's stores is closed at its end."""
    try:
        yield
    finally:
        await stores_of(settings).close()
