"""Optum Real Claim Inquiry: one GraphQL query, with the practice and the page in the headers."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial

from app.claims.payers.details import ClaimRef, Extra, Particulars
from app.claims.payers.line import Line
from app.claims.payers.optum_details import read_particulars
from app.claims.payers.optum_options import OptumOptions, capabilities_of
from app.claims.payers.optum_query import body_of, written
from app.claims.payers.optum_wire import is_refused_token, read_page
from app.claims.payers.port import Capabilities, Page, Question, QuestionRejected
from app.claims.payers.sharing import PlaceBook
from app.claims.payers.store import SharedStore
from app.claims.payers.token import Token
from app.claims.payers.windows import (
    PLAIN,
    check_sendable,
    last_day,
    payer_today,
    sendable_person,
)
from app.core.http import Answer
from app.core.ids import new_id


class OptumPayer:
    """One per process and credential."""

    def __init__(
        self,
        options: OptumOptions,
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
        """One page; transient faults are tried again in place.

        Raises:
            PayerFault: what is left after the tries, or a question that must not be sent.
        """
        options = self._options
        payer_id = question.payer_id or options.payer_id
        check_sendable(question.tin, payer_id, page_token)
        body = body_of(options, self._asked(question, payer_id))
        send = partial(self._send, question.tin, body, page_token)
        read = partial(read_page, options=options)
        return await self._line.ask(send, read, asker=question.asker)

    async def look_closer(self, ref: ClaimRef, wanted: frozenset[Extra]) -> Particulars:
        """The claim once more by its number, with all that is wanted in one call.

        Raises:
            PayerFault: what is left after the tries.
        """
        options = self._options
        payer_id = ref.payer_id or options.payer_id
        check_sendable(ref.tin, payer_id)
        asked = {"payerId": payer_id, "claimNumber": _number(ref.claim_number)}
        send = partial(self._send, ref.tin, body_of(options, asked, wanted), None)
        read = partial(
            read_particulars, options=options, claim_number=ref.claim_number, wanted=wanted
        )
        return await self._line.ask(send, read, asker=ref.asker)

    async def close(self) -> None:
        """Close the connections; calls in flight fail."""
        await self._line.close()

    def _asked(self, question: Question, payer_id: str) -> dict[str, str]:
        """The fields of SearchClaimInput: by number, by person and days, or by days alone."""
        options = self._options
        asked = {"payerId": payer_id}
        if question.claim_number is not None and options.by_claim_number:
            asked["claimNumber"] = _number(question.claim_number)
            if not options.dates_with_claim_number:
                return asked
        last = last_day(question, options, self._today)
        asked["serviceStartDate"] = written(options, question.from_date)
        asked["serviceEndDate"] = written(options, last)
        person = sendable_person(question)
        if person is not None:
            first, family, born = person
            asked |= {
                "memberFirstName": first,
                "memberLastName": family,
                "memberDateOfBirth": written(options, born),
            }
        return asked

    async def _send(self, tin: str, body: bytes, page_token: str | None, token: Token) -> Answer:
        options = self._options
        correlation = str(new_id())
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Authorization": f"Bearer {token.value}",
            "providerTaxId": tin,
            "x-optum-consumer-correlation-id": correlation,
        }
        if options.environment:
            headers["environment"] = options.environment
        if page_token is not None:
            headers["nextPageToken"] = page_token
        answer = await self._line.send(
            "POST", options.base_url + options.claim_path, headers=headers, content=body
        )
        # Optum's support finds a call by our own id where the answer has none.
        known = {"x-optum-consumer-correlation-id": correlation, **answer.headers}
        status = 401 if is_refused_token(answer) else answer.status
        return replace(answer, status=status, headers=known)


def _number(text: str) -> str:
    if not PLAIN.fullmatch(text):
        raise QuestionRejected
    return text
