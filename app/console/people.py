"""What the page about people shows, beyond what the API says."""

from typing import Final, Literal

from app.organizations.invite_queries import INVITED

ROLES: Final = ("admin", "staff", "viewer", "employer", "candidate")
GROUPS: Final = ("all", *ROLES, INVITED)
Said = Literal["added", "invited", "changed", "removed", "resent", "withdrawn"]
"""What was just done, as the address of the page that follows it tells."""
