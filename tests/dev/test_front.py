"""Where consents and mails end in development: a page is there, whatever they lead to."""

import httpx
import pytest

from app.dev.bridges.asgi import LocalProviders
from app.dev.bridges.front import Front

CASES = {
    "/front/": (200, "Upload and watch"),
    "/front/upload.js": (200, "login/access-token"),
    "/front/dashboard/integrations?provider=outlook&success=true": (200, "outlook is connected."),
    "/front/dashboard/integrations?provider=%3Cb%3E&success=false&error=access_denied": (
        200,
        "&lt;b&gt; is not connected: access_denied.",
    ),
    "/front/reset-password": (200, "POST /login/password-reset"),
    "/front/jobs/7": (200, "Your page /jobs/7 shows"),
    "/linkedin/v2/userinfo": (401, ""),
    "/fronts": (404, ""),
}


@pytest.mark.parametrize("place", CASES)
async def test_every_place_has_a_page(place: str) -> None:
    status, text = CASES[place]
    transport = httpx.ASGITransport(Front(LocalProviders(), "http://127.0.0.1:8000"))
    async with httpx.AsyncClient(transport=transport, base_url="http://front") as client:
        answer = await client.get(place)
        assert answer.status_code == status
        assert text in answer.text
        if "integrations" in place:
            assert "http://127.0.0.1:8000/console/integrations?provider=" in answer.text
        bare = await client.get("/front")
        assert bare.headers["location"] == "/front/"
