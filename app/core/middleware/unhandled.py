"""The net right inside CORS: whatever escapes below still becomes a problem with all headers."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.log import logger
from app.core.problem_answers import answer_to


class Unhandled:
    """Answers exceptions of the layers inside it.

    FastAPI's own outermost layer answers those of routes and dependencies and raises them again;
    those end here quietly. An answer that broke off in the middle is raised on, so that the server
    cuts the connection and nobody takes a half answer for a whole one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = ended = False

        async def watch(message: Message) -> None:
            nonlocal started, ended
            started = True
            ended = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as error:  # noqa: BLE001 - the last net: everything has to be answered.
            if not started:
                await answer_to(error, scope)(scope, receive, send)
            elif not ended:
                logger.exception("http.broken_answer", path=scope["path"])
                raise BrokenAnswer from None


class BrokenAnswer(Exception):
    """An answer ended in the middle; the cause is in the log and not in this exception."""
