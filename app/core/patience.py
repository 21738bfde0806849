"""Connections that only wait: a head that does not end, a body that trickles, an answer nobody reads.

uvicorn bounds none of them, and a caller who sends a byte now and then would hold a socket for ever.
"""

import asyncio
import time
from typing import Any, Final

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS: Final = 10.0
BODY_SECONDS: Final = 10.0
# In each such stretch of a body that we are ready to read; half a kilobyte a second.
BODY_BYTES: Final = 5 * 1024
UNREAD_SECONDS: Final = 60.0
_TOO_LATE: Final = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol that remembers since when it waits, and ends when told that it is too long.

    Nothing but notes is taken while requests come and go: `look` is called once a second for all.
    """

    _head_since: float | None = None
    _body_since: float | None = None
    _body_bytes = 0
    _unread_since: float | None = None
    _has_begun = False
    _is_answering = False

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head_since = time.monotonic()

    @override
    def data_received(self, data: bytes) -> None:
        if self._head_since is None and self._body_since is None and not self._is_answering:
            self._head_since = time.monotonic()
        self._has_begun = True
        super().data_received(data)

    @override
    def on_headers_complete(self) -> None:
        self._head_since = None
        self._body_since, self._body_bytes = time.monotonic(), 0
        self._is_answering = True
        super().on_headers_complete()

    @override
    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        self._body_since = None
        super().on_message_complete()

    @override
    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._has_begun = self._is_answering = False

    @override
    def pause_writing(self) -> None:
        self._unread_since = time.monotonic()
        super().pause_writing()

    @override
    def resume_writing(self) -> None:
        self._unread_since = None
        super().resume_writing()

    def look(self, now: float) -> None:
        """End the connection if it has waited too long for its caller."""
        if self._unread_since is not None and now - self._unread_since > UNREAD_SECONDS:
            self.transport.abort()
        elif self.transport.is_closing():
            return
        elif self._head_since is not None and now - self._head_since > HEAD_SECONDS:
            if self._has_begun:
                self.transport.write(_TOO_LATE)
            self.transport.close()
        elif self._body_since is not None and now - self._body_since > BODY_SECONDS:
            if self._body_bytes < BODY_BYTES and not self.flow.read_paused:
                self.transport.abort()
            self._body_since, self._body_bytes = now, 0


def look_at(connections: set[Any]) -> None:
    """End every connection that has waited too long."""
    now = time.monotonic()
    for connection in list(connections):
        if isinstance(connection, PatientProtocol):
            connection.look(now)
