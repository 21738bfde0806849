"""What providers' failures mean for us, whichever words they have for them."""

import json
import re
from enum import Enum
from typing import Any, Final

from app.core.http import Answer

_CODE: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class Meaning(Enum):
    """What follows from a failure."""

    RECONNECT = "reconnect"
    """The grant is over: only its owner can give another."""
    PERMISSION = "permission"
    """The account may not do this."""
    OURS = "ours"
    """Our own credentials or registration: operators look into it, no user is to blame."""
    BUSY = "busy"
    """Too many calls."""
    AWAY = "away"
    """No answer, or a fault on their side: later it may work."""
    REFUSED = "refused"
    """They do not like the request; repeating it changes nothing."""
    GONE = "gone"
    """What it is about is not there any more."""
    CONFLICT = "conflict"
    """What it is about is there already."""


class ProviderFault(Exception):
    """A call that did not do what it was for. Holds codes, never what was sent or answered."""

    def __init__(
        self,
        meaning: Meaning,
        *,
        code: str = "",
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{meaning.value} {code} {status or ''}".strip())
        self.meaning = meaning
        self.code = code
        self.status = status
        self.retry_after = retry_after

    @property
    def passes(self) -> bool:
        """Whether the same call may well succeed later."""
        return self.meaning in (Meaning.AWAY, Meaning.BUSY)


class TokenRefused(ProviderFault):
    """401: the access token does not hold, although it should."""

    def __init__(self, code: str) -> None:
        super().__init__(Meaning.RECONNECT, code=code, status=401)


def body_of(answer: Answer) -> dict[str, Any]:
    """The JSON object of an answer; empty when it is something else."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def word(value: object) -> str:
    """A provider's code as far as it looks like one; sentences may quote personal data."""
    text = str(value) if isinstance(value, str | int) else ""
    return text if _CODE.fullmatch(text) else ""


def api_code(answer: Answer) -> str:
    """The code in an error of Google's, Graph's or LinkedIn's API."""
    body = body_of(answer)
    error = body.get("error")
    if not isinstance(error, dict):
        return word(body.get("serviceErrorCode")) or word(body.get("code")) or word(error)
    listed = error.get("errors")
    first = listed[0] if isinstance(listed, list) and listed else {}
    reason = first.get("reason") if isinstance(first, dict) else ""
    return word(reason) or word(error.get("code")) or word(error.get("status"))


_BY_STATUS: Final = {
    403: Meaning.PERMISSION,
    404: Meaning.GONE,
    410: Meaning.GONE,
    409: Meaning.CONFLICT,
}


def require_success(answer: Answer, *, ours: frozenset[str] = frozenset()) -> Answer:
    """The answer, if it is a success; `ours` are codes that speak of our own registration.

    Raises:
        TokenRefused: 401.
        ProviderFault: every other failure, by its meaning.
    """
    if 200 <= answer.status < 300:
        return answer
    code = api_code(answer)
    if answer.status == 401:
        raise TokenRefused(code)
    meaning = Meaning.OURS if code in ours else _BY_STATUS.get(answer.status, Meaning.REFUSED)
    raise ProviderFault(meaning, code=code, status=answer.status)
