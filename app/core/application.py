"""The FastAPI application class: our layers around its own, the document, the answers to errors."""

from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from app.core import openapi
from app.core.middleware.body_limits import BodyLimit, BodyLimits, Gate
from app.core.middleware.cors import Cors
from app.core.middleware.framing import Framing
from app.core.middleware.json_bodies import JsonBodies
from app.core.middleware.paths import Paths
from app.core.middleware.request_context import RequestContext
from app.core.middleware.unhandled import Unhandled
from app.core.problem_answers import handlers
from app.core.settings import ServerSettings
from app.core.traffic import RouteNames


class Intake(FastAPI):
    """FastAPI whose middleware stack has CORS and the request id outside of everything.

    `add_middleware` would put them inside the layer that answers unforeseen errors, and those
    answers would lack the headers.
    """

    def __init__(
        self,
        *,
        server: ServerSettings,
        release: str,
        body_limits: tuple[BodyLimit, ...] = (),
        upload_gate: Gate | None = None,
        **options: Any,
    ) -> None:
        self._server = server
        self._release = release
        self._body_limits = body_limits
        self._upload_gate = upload_gate
        super().__init__(
            title="Intake",
            version=openapi.API_VERSION,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
            generate_unique_id_function=openapi.operation_id,
            exception_handlers=handlers(),
            # Native telemetry would log the inputs of failed validations: personal data.
            telemetry={"logs": False, "operation_spans": False},
            **options,
        )

    def build_middleware_stack(self) -> ASGIApp:
        """From the outside: id, CORS, net, framing, paths, body limits, JSON, FastAPI."""
        stack: ASGIApp = JsonBodies(RouteNames(super().build_middleware_stack()))
        stack = BodyLimits(stack, limits=self._body_limits, gate=self._upload_gate)
        stack = Unhandled(Framing(Paths(stack)))
        stack = Cors(stack, origins=self._server.cors_origins)
        return RequestContext(
            stack,
            release=self._release,
            is_https_only=self._server.environment == "production",
            trusted_proxies=self._server.trusted_proxies,
        )

    def openapi(self) -> dict[str, Any]:
        """The completed document, built once."""
        if self.openapi_schema is None:
            self.openapi_schema = openapi.build(self.routes)
        return self.openapi_schema
