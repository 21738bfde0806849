"""Health and version: what is deployed, what each process really runs, whether it can work."""

from fastapi import Request, Response

from app.console.findings import in_words
from app.console.frame import TheFrame
from app.console.rendering import page
from app.console.routing import console_router

router = console_router()


@router.get("/health")
async def health(request: Request, frame: TheFrame) -> Response:
    """Processes with their commits, and the checks."""
    return page(
        request,
        "health.html.jinja",
        frame=frame,
        here="health",
        health=frame.health,
        in_words=in_words,
    )
