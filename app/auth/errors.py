"""What can be wrong with a token. The caller learns no more than this; the reason is in the log."""

from app.core.problems import Unauthorized


class TokenInvalid(Unauthorized):
    """The token is malformed, forged, meant for something else, or its session has ended."""

    code = "auth.token_invalid"
    status = 401
    title = "The token does not hold"
    hint = "Sign in again; send the whole token, as it was given, after the word Bearer."


class TokenExpired(Unauthorized):
    """The token was good and its time is over."""

    code = "auth.token_expired"
    status = 401
    title = "The token has expired"
    hint = "Get a new access token from POST /api/v1/login/refresh-token, or sign in again."
