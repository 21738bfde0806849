"""What pages load: styles, scripts and the font, from this server, kept for ever by browsers."""

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse

from app.accounts.cookies import PLACE
from app.console.rendering import ASSETS, EDITION, STATIC
from app.core.problems import NotFound

router = APIRouter(prefix=f"{PLACE}/static", include_in_schema=False)
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}


@router.get("/{edition}/{name:path}")
async def get(edition: str, name: str) -> Response:
    """One file of this edition; an older page's files are gone with the older code."""
    media_type = ASSETS.get(name)
    if media_type is None or edition != EDITION:
        raise NotFound
    return FileResponse(STATIC / name, media_type=media_type, headers=_FOREVER)
