"""What can go wrong in the console beside what goes wrong in the rooms."""

from app.core.problems import Problem


class CrossSite(Problem):
    """An action that another site's page asked for, or a browser too old to say where it came from."""

    code = "console.cross_site"
    status = 403
    title = "This action did not come from the console"
    hint = "Open the console itself and do it there, in a browser of the last five years."
