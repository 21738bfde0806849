"""UnitedHealthcare's "Claims" REST interface: every parameter is a header."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import TypeVar

from app.claims.payers.amounts import us_day
from app.claims.payers.details import ClaimRef, Extra, Particulars
from app.claims.payers.line import Line
from app.claims.payers.port import Capabilities, Page, Question, QuestionRejected
from app.claims.payers.sharing import PlaceBook
from app.claims.payers.store import SharedStore
from app.claims.payers.token import Token
from app.claims.payers.uhc_details import DetailAnswer, read_details, read_payments
from app.claims.payers.uhc_options import UhcOptions, capabilities_of
from app.claims.payers.uhc_wire import read_page
from app.claims.payers.windows import (
    PLAIN,
    check_sendable,
    last_day,
    payer_today,
    sendable_person,
)
from app.core.http import Answer

Read = TypeVar("Read")


class UhcPayer:
    """One per process and credential."""

    def __init__(
        self,
        options: UhcOptions,
        *,
        store: SharedStore | None = None,
        book: PlaceBook | None = None,
        today: Callable[[], date] = payer_today,
    ) -> None:
        self._options = options
        self._today = today
        self._capabilities = capabilities_of(options)
        self._line = Line(options, store=store, book=book)

    @property
    def capabilities(self) -> Capabilities:
        """What this payer can be asked."""
        return self._capabilities

    @property
    def circuit_open(self) -> bool:
        """True while the payer fails so often that it is only tried now and then."""
        return self._line.circuit_open

    async def search(self, question: Question, page_token: str | None = None) -> Page:
        """One page of a summary; transient faults are tried again in place.

        Raises:
            PayerFault: what is left after the tries, or a question that must not be sent.
        """
        options = self._options
        by_number = question.claim_number is not None and options.claim_number_path
        path = options.claim_number_path if by_number else options.summary_path
        send = partial(self._send, path, self._headers(question, page_token))
        full = options.page_size if options.last_page == "short_page" else None
        read = partial(read_page, full_page=full)
        return await self._line.ask(send, read, asker=question.asker)

    async def look_closer(self, ref: ClaimRef, wanted: frozenset[Extra]) -> Particulars:
        """The lines and the payments of a claim, a call each.

        Raises:
            PayerFault: what is left after the tries.
        """
        options = self._options
        details: DetailAnswer | None = None
        if Extra.DETAILS in wanted or options.payment_transaction == "detail":
            token = ref.handle if options.detail_transaction == "summary" else None
            details = await self._about(
                ref,
                options.detail_path,
                token,
                partial(read_details, claim_number=ref.claim_number),
            )
        payments: list[dict[str, str | None]] | None = None
        if Extra.PAYMENTS in wanted:
            token = ref.handle if options.payment_transaction == "summary" else None
            if options.payment_transaction == "detail" and details is not None:
                token = details.transaction_id
            payments = await self._about(ref, options.payment_path, token, read_payments)
        shown = details.shown if details is not None and Extra.DETAILS in wanted else None
        return Particulars(shown, payments)

    async def close(self) -> None:
        """Close the connections; calls in flight fail."""
        await self._line.close()

    async def _about(
        self, ref: ClaimRef, path: str, token: str | None, read: Callable[[Answer], Read]
    ) -> Read:
        payer_id = ref.payer_id or self._options.payer_id
        check_sendable(ref.tin, payer_id, token or None)
        if not PLAIN.fullmatch(ref.claim_number):
            raise QuestionRejected
        headers = self._usual(ref.tin, payer_id)
        headers[self._options.claim_number_header] = ref.claim_number
        if token:
            headers["transactionId"] = token
        return await self._line.ask(partial(self._send, path, headers), read, asker=ref.asker)

    async def _send(self, path: str, headers: dict[str, str], token: Token) -> Answer:
        return await self._line.send(
            "GET",
            self._options.base_url + path,
            headers={**headers, "Authorization": f"Bearer {token.value}"},
        )

    def _usual(self, tin: str, payer_id: str) -> dict[str, str]:
        headers = {"Accept": "application/json", "tin": tin, "payerId": payer_id}
        if self._options.standard_error is not None:
            headers["getStandardError"] = self._options.standard_error
        return headers

    def _headers(self, question: Question, page_token: str | None) -> dict[str, str]:
        options = self._options
        payer_id = question.payer_id or options.payer_id
        check_sendable(question.tin, payer_id, page_token)
        headers = self._usual(question.tin, payer_id)
        if page_token is not None:
            headers["transactionId"] = page_token
        if question.claim_number is not None and options.claim_number_path:
            if not PLAIN.fullmatch(question.claim_number):
                raise QuestionRejected
            return headers | {options.claim_number_header: question.claim_number}
        last = last_day(question, options, self._today)
        if page_token is None or options.dates_with_page_token:
            headers["firstServiceDt"] = us_day(question.from_date)
            headers["lastServiceDt"] = us_day(last)
        person = sendable_person(question)
        if person is not None:
            first, family, born = person
            headers |= {"ptntFn": first, "ptntLn": family, "ptntDob": us_day(born)}
        return headers
