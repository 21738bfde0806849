"""What can go wrong with saved searches."""

from app.core.problems import NotFound, Problem


class SearchNotFound(NotFound):
    """No such search, or another person's."""

    code = "searches.not_found"
    title = "There is no such saved search"
    hint = "Take the id from GET /saved-searches."


class TooManySearches(Problem):
    """A person has as many searches as they may have."""

    code = "searches.too_many"
    status = 409
    title = "You have as many saved searches as one person may have"
    hint = "Delete one that you need no more, or change one of them."


class UnsubscribeInvalid(Problem):
    """A link that was not made here, or for a search that is gone."""

    code = "searches.unsubscribe_invalid"
    status = 422
    title = "This link switches nothing off"
    hint = "Open the link of a newer mail, or switch the alert off in the list of saved searches."
