"""/docs without the internet, and /problems: what every error code means and what to do."""

from collections.abc import Callable, Coroutine
from html import escape
from inspect import cleandoc
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse

from app.core.openapi import problems
from app.core.problems import PROBLEM_CODES, NotFound, Problem
from app.core.routing import RoomRouter
from app.core.schema import Out

STATIC = Path(__file__).parent / "static"
ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "start.js": "text/javascript",
    "problems.css": "text/css",
}
# Swagger UI writes style attributes and holds its icons as data addresses.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Intake API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""

docs_router = APIRouter(include_in_schema=False)
problems_router = RoomRouter(prefix="/problems", tags=["problems"])


@docs_router.get("/docs")
async def docs() -> HTMLResponse:
    """The interactive description of the API; everything it loads comes from this server."""
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})


def _asset(name: str, media_type: str) -> Callable[[], Coroutine[Any, Any, FileResponse]]:
    async def asset() -> FileResponse:
        headers = {"Cache-Control": "public, max-age=3600"}
        return FileResponse(STATIC / "docs" / name, media_type=media_type, headers=headers)

    return asset


for _name, _media_type in ASSETS.items():
    docs_router.get(f"/docs/{_name}")(_asset(_name, _media_type))


class ProblemPage(Out):
    """One entry of the registry of error codes."""

    code: str
    status: int
    title: str
    cause: str
    what_to_do: str


class ProblemPages(Out):
    """The whole registry."""

    results: list[ProblemPage]


def _page_of(kind: type[Problem]) -> ProblemPage:
    return ProblemPage(
        code=kind.code,
        status=kind.status,
        title=kind.title,
        cause=cleandoc(kind.__doc__ or "").split("\n\n")[0].replace("\n", " "),
        what_to_do=kind.hint,
    )


def _wants_html(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _html(title: str, pages: list[ProblemPage]) -> HTMLResponse:
    entries = "".join(
        f'<article id="{escape(page.code)}"><h2><code>{escape(page.code)}</code>'
        f' <span class="status">{page.status}</span></h2>'
        f"<p><strong>{escape(page.title)}.</strong> {escape(page.cause)}</p>"
        f"<p><strong>What to do:</strong> {escape(page.what_to_do)}</p></article>"
        for page in pages
    )
    others = '<p><a href="/problems">All problem codes</a></p>' if len(pages) == 1 else ""
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="/docs/problems.css">'
        f"<title>{escape(title)}</title></head><body><main><h1>{escape(title)}</h1>{entries}"
        f"{others}</main></body></html>",
        headers={"Content-Security-Policy": _POLICY},
    )


def _public(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "public, max-age=3600"
    answer.headers["Vary"] = "Accept"
    return answer


@problems_router.get("", response_model=ProblemPages)
async def browse(request: Request) -> Response:
    """Every error code of this server, as JSON or as a page."""
    pages = [_page_of(PROBLEM_CODES[code]) for code in sorted(PROBLEM_CODES)]
    if _wants_html(request):
        return _public(_html("What the answers mean", pages))
    return _public(JSONResponse(ProblemPages(results=pages).model_dump()))


@problems_router.get("/{code}", response_model=ProblemPage, responses=problems(NotFound))
async def get(code: str, request: Request) -> Response:
    """One error code: its cause and what to do about it. `type` of an error points here."""
    kind = PROBLEM_CODES.get(code)
    if kind is None:
        raise NotFound("There is no such problem code.")
    page = _page_of(kind)
    if _wants_html(request):
        return _public(_html("What this answer means", [page]))
    return _public(JSONResponse(page.model_dump()))
