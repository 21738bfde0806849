"""The rights of the room for saved searches: everybody keeps their own."""

from collections.abc import Mapping

from app.core.db import Database
from tests.access.line import Line
from tests.people import Crew
from tests.searches.samples import make_search


async def search(database: Database, crew: Crew) -> Mapping[str, str]:
    """A search of the candidate."""
    return {"search_id": str(await make_search(database, crew.candidate.id))}


ONE = "/saved-searches/{search_id}"
OWN = "401 200 200 200 200 200 200"
CANDIDATES = "401 404 200 404 404 404 404"

SEARCHES = [
    #                                   anon stra cand view staf admi supe
    Line("GET", "/saved-searches", OWN),
    Line("POST", "/saved-searches", "401 201 201 201 201 201 201", json={"name": "x"}),
    # The link of a mail needs no sign-in, and a wrong one does nothing for anybody.
    Line("GET", "/saved-searches/unsubscribe?token=x", "303 303 303 303 303 303 303"),
    Line("POST", "/saved-searches/unsubscribe?token=x", "422 422 422 422 422 422 422"),
    Line("GET", ONE, CANDIDATES, prepare=search),
    Line("PATCH", ONE, CANDIDATES, json={"frequency": "off"}, prepare=search),
    Line("DELETE", ONE, "401 404 204 404 404 404 404", prepare=search),
]
