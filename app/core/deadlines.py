"""The HTTP protocol of the server, with deadlines for those who send slowly or not at all.

uvicorn waits for ever for the rest of a request's head or body: some hundred idle sockets would
take every connection that the process may have.
"""

import asyncio
from typing import Any

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10.0
"""From a request's first byte to the end of its head."""
LEAST_BODY_BYTES = 1_000
"""What a body has to bring in each span of `BODY_SECONDS`: a tenth of the slowest modem's."""
BODY_SECONDS = 10.0


class PunctualProtocol(HttpToolsProtocol):
    """Closes a connection whose head does not come to its end, or whose body hardly comes at all."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._deadline: asyncio.TimerHandle | None = None
        self._received = 0

    def _expect(self, seconds: float, what: Any) -> None:
        self._expect_nothing()
        self._deadline = self.loop.call_later(seconds, what)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _late(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

    def _look_at_body(self) -> None:
        # While the application reads slowly it is we who hold the body back.
        if self._received < LEAST_BODY_BYTES and not self.flow.read_paused:
            self._late()
            return
        self._received = 0
        self._expect(BODY_SECONDS, self._look_at_body)

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a request, for as long as one may stay away between two."""
        super().connection_made(transport)
        self._expect(self.timeout_keep_alive, self._late)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._expect_nothing()
        super().connection_lost(exc)

    @override
    def on_message_begin(self) -> None:
        """Expect the rest of the head."""
        super().on_message_begin()
        self._expect(HEAD_SECONDS, self._late)

    @override
    def on_headers_complete(self) -> None:
        """Expect the body."""
        super().on_headers_complete()
        self._received = 0
        self._expect(BODY_SECONDS, self._look_at_body)

    @override
    def on_body(self, body: bytes) -> None:
        """Count what comes."""
        self._received += len(body)
        super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        """The answer may take its time."""
        self._expect_nothing()
        super().on_message_complete()
