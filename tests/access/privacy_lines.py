"""One's own data: everybody's right, whoever they are. None of the crew has a password."""

from tests.access.line import Line

PRIVACY = [
    #                               anon stra cand view staf admi supe
    Line("GET", "/users/me/export", "401 200 200 200 200 200 200"),
    # The stranger and the admin are the last ones of their organizations.
    Line("DELETE", "/users/me", "401 409 204 204 204 409 204"),
]
