"""The rooms' routes, resolved once a test process and shared by every application in it.

Tests put together some hundred applications, each over settings of its own. What FastAPI works out
of the routes (parameters, bodies, answers: a quarter of a second) is the same for all of them, as
are its dependencies: of settings, services and limits a route learns from the request alone.
"""

import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute

from app import main
from app.api import include_rooms


class Rooms:
    """Includes the rooms in a first application, and gives their routes to all later ones."""

    def __init__(self) -> None:
        self._first: FastAPI | None = None
        self._routes: list[BaseRoute] = []

    def include(self, app: FastAPI) -> None:
        """What `include_rooms` does."""
        if self._first is None:
            own = len(app.router.routes)
            include_rooms(app)
            self._first, self._routes = app, app.router.routes[own:]
            return
        app.router.routes.extend(self._routes)
        # A route looks for what a test puts in a dependency's place where it was included.
        app.dependency_overrides = self._first.dependency_overrides


def pytest_configure() -> None:
    """For the whole process, and before the first test module asks for routes."""
    pytest.MonkeyPatch().setattr(main, "include_rooms", Rooms().include)
