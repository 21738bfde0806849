"""The stores that this process can reach, made from the settings when they are first needed."""

from functools import cache
from pathlib import Path

from app.core.settings import FileSettings
from app.storage.base import Store, StoreTrouble
from app.storage.local import LocalStore


class Stores:
    """One store of each kind; `primary` is where new files go."""

    def __init__(self, settings: FileSettings) -> None:
        self._settings = settings
        self._open: dict[str, Store] = {}

    @property
    def primary(self) -> Store:
        """The store that STORAGE_TYPE names."""
        return self.of(self._settings.storage_type)

    def of(self, kind: str) -> Store:
        """The store of a kind: files of a former kind are still read from there.

        Raises:
            StoreTrouble: there are no settings for it.
        """
        known = self._open.get(kind)
        if known is None:
            known = self._open[kind] = self._make(kind)
        return known

    def _make(self, kind: str) -> Store:
        if kind == "local":
            return LocalStore(Path(self._settings.local_storage_dir))
        raise StoreTrouble("not_configured")

    async def close(self) -> None:
        """Close what was opened."""
        for store in self._open.values():
            await store.close()
        self._open.clear()


@cache
def stores_of(settings: FileSettings) -> Stores:
    """The process's stores for these settings."""
    return Stores(settings)
