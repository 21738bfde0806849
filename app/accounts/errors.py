"""What can go wrong with accounts and signing in."""

from app.core.problems import Forbidden, NotFound, Problem, Unauthorized


class EmailTaken(Problem):
    """The address belongs to an account already, whatever its case."""

    code = "accounts.email_taken"
    status = 409
    title = "There is an account with this e-mail address"
    hint = "Sign in with it, or register with another address."


class PasswordWeak(Problem):
    """The new password is too short, too long, or among those that are guessed first."""

    code = "accounts.password_weak"
    status = 422
    title = "The password is not strong enough"
    hint = "Use 12 characters or more, best several words that do not belong together."


class CredentialsInvalid(Unauthorized):
    """Unknown address, wrong password or a disabled account: the answer does not tell which."""

    code = "auth.credentials_invalid"
    status = 401
    title = "E-mail address or password is wrong"
    hint = "Check both. A disabled account is told the same; an admin can enable it again."


class RefreshReused(Unauthorized):
    """A refresh token came after its successor was given: somebody else may hold a copy."""

    code = "auth.refresh_reused"
    status = 401
    title = "This refresh token was replaced before"
    hint = "Sign in again. Store the new refresh token of each answer; the old one is used up."


class LastAdmin(Problem):
    """The change would leave an organization without an admin."""

    code = "organization.last_admin"
    status = 409
    title = "An organization keeps at least one admin"
    hint = "Make another member an admin first."


class AddressTokenInvalid(Problem):
    """A link from a mail was used before, is too old, or a newer one was sent since."""

    code = "accounts.link_invalid"
    status = 400
    title = "This link does not open anything any more"
    hint = "Ask for a new one: each works once, for a limited time, and only the newest counts."


class PasswordWrong(Problem):
    """The current password, asked for beside the new one, is not right."""

    code = "accounts.password_wrong"
    status = 422
    title = "The current password is wrong"
    hint = (
        "Check it. Who has forgotten it asks for a link: POST /api/v1/login/password-reset-request."
    )


class SignInAgain(Forbidden):
    """What was asked is done only right after a sign-in, and this one is older."""

    code = "accounts.sign_in_again"
    title = "Sign in again first"
    hint = "Sign out, sign in, and send the same request within ten minutes."


class PasswordElsewhere(Problem):
    """The account signs in through an identity provider and has no password here."""

    code = "accounts.password_elsewhere"
    status = 409
    title = "This account has no password here"
    hint = "Change it where you sign in. Nothing is stored here that could be changed."


class AccountDisabled(Unauthorized):
    """An identity provider vouches for the person, and their account here is locked."""

    code = "auth.account_disabled"
    status = 401
    title = "Your account is disabled here"
    hint = "An admin of your organization can enable it again."


class WelcomeClosed(NotFound):
    """One-time sign-in links are for development only."""

    code = "accounts.welcome_closed"
    title = "There is no sign-in link here"
    hint = "Only ./scripts/dev prints one; sign in at /console/sign-in."
