"""The local payer over real HTTP, and the adapters that ask it."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from pydantic import SecretStr

from app.claims.payers.optum import OptumPayer
from app.claims.payers.optum_options import OptumOptions
from app.claims.payers.port import Page, Payer, Question
from app.claims.payers.uhc import UhcPayer
from app.claims.payers.uhc_options import UhcOptions
from app.claims.payers.windows import payer_today
from app.dev.payer.asgi import LocalPayer
from app.dev.payer.faults import Faults

TIN = "471000077"


@dataclass
class Stand:
    """A local payer, its address, and adapters to ask it with."""

    payer: LocalPayer
    url: str
    opened: list[Payer] = field(default_factory=list)

    @property
    def options(self) -> UhcOptions:
        """Options of an adapter that waits for nothing longer than a test may."""
        return UhcOptions(
            token_url=self.url + "/v1/oauthtoken", base_url=self.url + "/Claims", **self._usual
        )

    @property
    def optum_options(self) -> OptumOptions:
        """The same for Optum."""
        return OptumOptions(
            token_url=self.url + "/apip/auth/sntl/v1/token", base_url=self.url, **self._usual
        )

    @property
    def _usual(self) -> dict[str, Any]:
        return {
            "client_id": self.payer.options.client_id,
            "client_secret": SecretStr(self.payer.options.client_secret),
            "requests_per_minute": 0,
            "timeout_seconds": 5.0,
            "backoff_seconds": 0.01,
        }

    def adapter(self, **changes: Any) -> UhcPayer:
        """A new adapter; closed with the test."""
        adapter = UhcPayer(replace(self.options, **changes))
        self.opened.append(adapter)
        return adapter

    def optum(self, **changes: Any) -> OptumPayer:
        """A new adapter for Optum; closed with the test."""
        adapter = OptumPayer(replace(self.optum_options, **changes))
        self.opened.append(adapter)
        return adapter

    def play(self, **faults: Any) -> None:
        """Put the faults in place."""
        self.payer.play(Faults(**faults))

    @property
    def calls(self) -> dict[str, Any]:
        """What the payer was asked."""
        return self.payer.tally.report()


def ask(days: int = 3, **changes: Any) -> Question:
    """A question about the last `days` days and today."""
    return replace(Question(TIN, "87726", days_ago(days), payer_today()), **changes)


def days_ago(days: int) -> date:
    """That day at the payer."""
    return payer_today() - timedelta(days=days)


async def walk(adapter: Payer, question: Question) -> list[Page]:
    """All pages of a question."""
    pages = [await adapter.search(question)]
    while pages[-1].next_token:
        pages.append(await adapter.search(question, pages[-1].next_token))
    return pages
