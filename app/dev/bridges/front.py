"""What stands where a browser frontend would be, in development: the page of `examples/upload`, and
for each address that a mail or a provider's consent leads to, what a frontend does there."""

import html
from typing import Final
from urllib.parse import parse_qsl, urlencode

from app.core.settings import PROJECT
from app.dev.bridges.asgi import LocalProviders
from app.dev.payer.http import HTML, Message, Receive, Send, reply

PLACE: Final = "/front"
_EXAMPLE: Final = PROJECT / "examples" / "upload"
_FILES: Final = {"": "index.html", "index.html": "index.html", "upload.js": "upload.js"}
_SCRIPT: Final = (b"content-type", b"text/javascript; charset=utf-8")
_INTEGRATIONS: Final = "dashboard/integrations"
# What a frontend's page does with the token behind the #, which no server ever sees.
_TASKS: Final = {
    "reset-password": "asks for a new password and posts it with the token to POST /login/password-reset",
    "verify-email": "posts the token to POST /users/email-verification",
    "accept-invite": "posts the token to POST /invites/accept, signed in or with a new account",
    "interview-response": "posts the token to POST /interviews/preview, then to /interviews/respond",
    "unsubscribe": "posts the token to POST /saved-searches/unsubscribe",
}


class Front:
    """The pages below `/front`, and the local providers below everything else."""

    def __init__(self, providers: LocalProviders, api: str) -> None:
        self._providers, self._api = providers, api

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        if scope["type"] != "http" or path.partition("/")[2].partition("/")[0] != PLACE[1:]:
            await self._providers(scope, receive, send)
            return
        name = path.removeprefix(PLACE).strip("/")
        if name in _FILES:
            # Its script is named without a folder: a browser finds it only below the slash.
            is_bare = path == PLACE
            headers = [(b"location", f"{PLACE}/".encode())] if is_bare else []
            kind = _SCRIPT if name.endswith(".js") else HTML
            body = (_EXAMPLE / _FILES[name]).read_bytes()
            await reply(send, 307 if is_bare else 200, body, (kind, *headers))
            return
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        await reply(send, 200, self._page(name, query).encode(), (HTML,))

    def _page(self, name: str, query: dict[str, str]) -> str:
        if name == _INTEGRATIONS:
            done = query.get("success") == "true"
            said = "is connected." if done else f"is not connected: {query.get('error', '')}."
            console = f"{self._api}/console/integrations?{urlencode(query)}"
            text = f"{html.escape(query.get('provider', 'The provider'))} {html.escape(said)}"
            more = f'<p><a href="{html.escape(console)}">The same in the console</a>'
        else:
            task = _TASKS.get(name, "shows what was linked to")
            text, more = f"Your page /{html.escape(name)} {task}.", ""
        return (
            '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">'
            "<title>A frontend would be here</title>"
            "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;"
            "padding:0 1rem;color-scheme:light dark}</style>"
            f"<h1>A frontend would be here</h1><p><b>{text}</b>{more}"
            "<p>Set FRONTEND_URL to where yours runs, and such links lead there."
            f'<p><a href="{PLACE}/">An example that uploads and watches</a>'
        )
