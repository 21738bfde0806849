"""What can go wrong between the socket and a room's service: one problem each."""

from app.core.problems import Problem


class InvalidRequest(Problem):
    """The request is well formed, but a value in it is not allowed."""

    code = "http.invalid"
    status = 422
    title = "A value in the request is not valid"
    hint = "Each entry of errors names the place and the rule; correct those and send it again."


class MalformedBody(Problem):
    """The body is not what its content type says: no JSON, no form, or cut short."""

    code = "http.malformed_body"
    status = 400
    title = "The body cannot be read"
    hint = "Send JSON in UTF-8 (RFC 8259, no NaN) or a complete form with its boundary."


class BadFraming(Problem):
    """Headers that contradict each other about where the request ends."""

    code = "http.bad_framing"
    status = 400
    title = "The request's length is not clear"
    hint = "Send either Content-Length or Transfer-Encoding, once."


class BadRequest(Problem):
    """A request that no more precise problem describes."""

    code = "http.bad_request"
    status = 400
    title = "The request cannot be understood"
    hint = "Compare the request with the description at /docs."


class OriginRefused(Problem):
    """A preflight for an origin, a method or a header that is not allowed."""

    code = "http.origin_refused"
    status = 400
    title = "This origin, method or header is not allowed to call from a browser"
    hint = "Add the origin to CORS_ORIGINS on the server, or send only the documented headers."


class MethodNotAllowed(Problem):
    """The path exists, the method does not; Allow names those that do."""

    code = "http.method_not_allowed"
    status = 405
    title = "This address does not know that method"
    hint = "Use one of the methods in the Allow header."


class PreconditionFailed(Problem):
    """If-Match names a version that is no longer the current one."""

    code = "http.precondition_failed"
    status = 412
    title = "The thing was changed by somebody else in the meantime"
    hint = "Read it again, apply your change to the new version and send its ETag in If-Match."


class BodyTooLarge(Problem):
    """The body is over the limit of its route; reading stopped there."""

    code = "http.body_too_large"
    status = 413
    title = "The body is too large"
    hint = "Send a smaller body; detail names the limit of this address."


class UnsupportedMediaType(Problem):
    """The body's content type is not one that the route reads."""

    code = "http.media_type"
    status = 415
    title = "The body has the wrong content type"
    hint = "Send Content-Type: application/json, or the form type that /docs names for the route."


class TooManyRequests(Problem):
    """A rate limit is used up."""

    code = "http.too_many_requests"
    status = 429
    title = "Too many requests"
    hint = "Wait for the seconds in Retry-After; RateLimit-Policy names the limit."


class Internal(Problem):
    """A fault of the server; its cause is in the log under the request id."""

    code = "http.internal"
    status = 500
    title = "The server failed"
    hint = "Try again later; if it stays, report the request_id of this answer."


class CursorInvalid(Problem):
    """A cursor that this server did not make for this list, tenant and filter."""

    code = "page.cursor_invalid"
    status = 422
    title = "The cursor does not belong to this list"
    hint = "Follow next and previous as they were given, or start again without a cursor."


class KeyMalformed(Problem):
    """An Idempotency-Key that is empty, too long or holds odd characters."""

    code = "idempotency.key_malformed"
    status = 422
    title = "The Idempotency-Key is not valid"
    hint = "Use 1 to 255 visible ASCII characters, best a fresh UUID."


class KeyReused(Problem):
    """The same key came with another request before."""

    code = "idempotency.key_reused"
    status = 422
    title = "This Idempotency-Key was used for another request"
    hint = "Use a new key for a new request; repeat a request with its own key and the same body."


class KeyInProgress(Problem):
    """The first request with this key has not ended yet."""

    code = "idempotency.in_progress"
    status = 409
    title = "The first request with this Idempotency-Key is still running"
    hint = "Wait for the seconds in Retry-After and send the same request again."
