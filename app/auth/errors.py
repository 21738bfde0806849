"""What can be wrong with a token. The caller learns no more than this; the reason is in the log."""

from app.core.problems import Problem, Unauthorized


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


class IssuerAway(Problem):
    """An identity provider cannot be asked for its keys, or about a newcomer, right now."""

    code = "auth.provider_unavailable"
    status = 503
    title = "The identity provider cannot be reached right now"
    hint = "Your token was not judged. Send the same request again after the time in Retry-After."


class ClerkNotConfigured(Problem):
    """This installation does not know Clerk."""

    code = "auth.clerk_not_configured"
    status = 503
    title = "Signing in with Clerk is not set up here"
    hint = "The operator sets CLERK_ISSUER; until then sign in with a password."


class SignInRefused(Unauthorized):
    """A sign-in at an identity provider did not end well: refused, repeated, too late, or forged."""

    code = "auth.sign_in_refused"
    status = 401
    title = "Signing in with this provider did not work"
    hint = "Begin again at /console/sign-in."
