"""Mails to people about their account: their links lead to the frontend."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Self
from uuid import UUID

from app.core.crypto import KeyRing
from app.core.db import WriteSession
from app.core.settings import Settings
from app.mail import service as mail
from app.mail.languages import Language


@dataclass(frozen=True, slots=True)
class Reader:
    """To whom a mail goes, and in which language. Some accounts have no address: it is empty."""

    email: str
    language: Language


@dataclass(frozen=True, slots=True)
class Token:
    """A secret, the frontend's page that takes it, and how long it opens something."""

    value: str
    page: str
    good_for: timedelta


@dataclass(frozen=True, slots=True)
class Letters:
    """Writes mails whose links hold a token, for one installation.

    The token stands in the link's fragment, which browsers do not send: it appears in no log of the
    frontend's server, of a proxy, or in a Referer.
    """

    keys: KeyRing
    frontend_url: str

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """As FRONTEND_URL and the keys of the settings have it."""
        return cls(KeyRing.from_settings(settings.auth), settings.server.frontend_url.rstrip("/"))

    async def tell(
        self, session: WriteSession, reader: Reader, template: str, context: Mapping[str, str]
    ) -> UUID | None:
        """A mail without a link; None for an account without an address."""
        if not reader.email:
            return None
        return await mail.send(
            session,
            template=template,
            to=reader.email,
            language=reader.language,
            context=context,
        )

    async def hand_token(
        self,
        session: WriteSession,
        reader: Reader,
        template: str,
        context: Mapping[str, str],
        *,
        token: Token,
    ) -> UUID | None:
        """A mail with the link that hands over `token`; None for an account without an address."""
        if not reader.email:
            return None
        link = f"{self.frontend_url}/{token.page}#token={token.value}"
        return await mail.send(
            session,
            template=template,
            to=reader.email,
            language=reader.language,
            context=context,
            secrets=mail.Secrets(self.keys, {"link": link}, token.good_for),
        )
