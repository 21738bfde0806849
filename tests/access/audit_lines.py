"""The audit log: for the admins of an organization, and for those who run the platform."""

from tests.access.line import Line

AUDIT = [
    #                         anon stra cand view staf admi supe
    Line("GET", "/audit", "401 200 403 403 403 200 200"),
]
