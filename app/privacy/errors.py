"""What can go wrong with one's own data."""

from app.core.problems import Unauthorized


class AccountErased(Unauthorized):
    """The account was erased a moment ago."""

    code = "auth.account_erased"
    status = 401
    title = "There is no such account any more"
    hint = "Everything about it was removed when its owner asked for that."
