"""A router that says no quickly: FastAPI asks every included router, and each asks its routes."""

from fastapi import APIRouter
from starlette.routing import Match
from starlette.types import Scope


class RoomRouter(APIRouter):
    """An APIRouter with a prefix that no path without that prefix has to search.

    A route before the match costs 2 to 3 µs; with a hundred routes the last one pays for all.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As APIRouter does, unless the prefix does not occur in the path at all."""
        if self.prefix and self.prefix not in scope.get("path", ""):
            return Match.NONE, {}
        return super().matches(scope)
