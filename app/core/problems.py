"""One family of errors: every failure that the outside can see is a registered problem (RFC 9457)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

PROBLEM_CODES: dict[str, type["Problem"]] = {}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault in one place of the request; pointer is a JSON pointer or a form field's name."""

    pointer: str
    code: str
    message: str


class Problem(Exception):
    """A failure with a stable code, raised by services and rendered at the edge.

    A subclass names `code` ("room.reason"), `status` (HTTP), `title` and `hint` (what the caller
    can do). Codes are unique; a second class with the same code is refused at import.
    `detail` is shown to the caller as it stands: it never holds an exception's text, SQL, a path,
    a secret or personal data.
    """

    code: ClassVar[str]
    status: ClassVar[int]
    title: ClassVar[str]
    hint: ClassVar[str]

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.detail = detail or self.title
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        super().__init__(self.code)

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        code = cls.__dict__.get("code")
        if code is None:
            return
        if code in PROBLEM_CODES:
            raise TypeError(f"problem code {code} is taken by {PROBLEM_CODES[code].__name__}")
        PROBLEM_CODES[code] = cls


class Unavailable(Problem):
    """The server cannot take this request now; the same request works later."""

    code = "http.unavailable"
    status = 503
    title = "The service is busy or a part of it is away"
    hint = "Wait for the time in Retry-After, then send the same request again."


class NotFound(Problem):
    """There is no such thing, or it belongs to somebody else: the answer is the same."""

    code = "http.not_found"
    status = 404
    title = "There is nothing here"
    hint = "Check the address and the id; things of other organizations answer the same."


class Unauthorized(Problem):
    """No token, or one that does not hold."""

    code = "auth.required"
    status = 401
    title = "Sign in first"
    hint = "Send Authorization: Bearer with an access token from POST /api/v1/login/access-token."

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(
            detail, errors=errors, headers={"WWW-Authenticate": "Bearer", **(headers or {})}
        )


class Forbidden(Problem):
    """A good token without the right for this."""

    code = "auth.forbidden"
    status = 403
    title = "Your role does not allow this"
    hint = "Ask an admin of your organization for the role that this needs."
