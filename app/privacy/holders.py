"""The rooms that hold personal data, one line each, the higher ones first."""

from typing import Final

from app.accounts import privacy as accounts
from app.analysis import privacy as analysis
from app.applications import privacy as applications
from app.core.personal import Holder
from app.integrations import privacy as integrations
from app.interviews import privacy as interviews
from app.notifications import privacy as notifications
from app.organizations import privacy as organizations
from app.resumes import privacy as resumes
from app.searches import privacy as searches

# What refers to a person goes before what it refers to; the account goes last.
HOLDERS: Final[dict[str, Holder]] = {
    "integrations": integrations,
    "interviews": interviews,
    "applications": applications,
    "analysis": analysis,
    "resumes": resumes,
    "searches": searches,
    "notifications": notifications,
    "organizations": organizations,
    "accounts": accounts,
}
