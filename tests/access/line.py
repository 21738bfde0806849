"""What a line of the rights table says."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.db import Database
from tests.people import Crew

CALLERS = ("anonymous", "stranger", "candidate", "viewer", "staff", "admin", "superuser")
Prepare = Callable[[Database, Crew], Awaitable[Mapping[str, str]]]


@dataclass(frozen=True)
class Line:
    """One route and the status that each caller gets."""

    method: str
    path: str
    statuses: str
    json: Any = None
    data: Mapping[str, str] | None = None
    files: Any = None
    prepare: Prepare | None = None

    @property
    def expected(self) -> dict[str, int]:
        """The statuses by caller."""
        return dict(zip(CALLERS, map(int, self.statuses.split()), strict=True))

    @property
    def name(self) -> str:
        """Method and path, as a test's name."""
        return f"{self.method} {self.path}"
