"""Degrees on one scale: the levels of the European Qualifications Framework (EQF), 4 to 8."""

import re
from typing import Final

from app.skills.surface import plain

SCHOOL: Final = 4
SHORT_CYCLE: Final = 5
BACHELOR: Final = 6
MASTER: Final = 7
DOCTORATE: Final = 8
NAMES: Final = {
    0: "no degree",
    SCHOOL: "school leaving certificate",
    SHORT_CYCLE: "two-year degree",
    BACHELOR: "bachelor's degree",
    MASTER: "master's degree",
    DOCTORATE: "doctorate",
}
# Over folded text; the first that matches in the order of the list wins within one degree.
_DEGREES: Final = (
    (
        DOCTORATE,
        re.compile(
            r"\b(?:ph\.? ?d|d\.?phil|doctor(?:ate|at|al)?|bac ?\+ ?8|m\.?d\.?(?= |$)|ed\.?d)\b"
        ),
    ),
    (
        MASTER,
        re.compile(
            r"\b(?:(?<!scrum )master(?:'?s)?(?= (?:degree|of|in|en|de|d'|\d|pro|recherche|specialise)|,|\)|$)|mastere"
            r"|m\.?sc|m\.?s\.?(?= )|m\.?b\.?a|mba|m\.?eng|m\.?a\.?(?= (?:in|degree)|$)|magistere|bac ?\+ ?5"
            r"|(?:diplome d'|ecole d'|cycle )ingenieurs?e?|dess|dea|postgraduate)\b"
        ),
    ),
    (
        BACHELOR,
        re.compile(
            r"\b(?:bachelor(?:'?s)?|b\.?sc|b\.?s\.?(?= )|b\.?a\.?(?= (?:in|degree)|$)|b\.?eng|b\.?tech|bba|(?<!driving )licence(?= (?:en|de|pro|professionnelle|universitaire|\d)|,|\)|$)"
            r"|bac ?\+ ?[34]|undergraduate degree|university degree|college degree|diplome universitaire|\bbut\b(?= (?:informatique|gea|tc|mmi)))"
        ),
    ),
    (
        SHORT_CYCLE,
        re.compile(
            r"\b(?:associate(?:'?s)? degree|hnd|foundation degree|bts|dut|deug|bac ?\+ ?2)\b"
        ),
    ),
    (
        SCHOOL,
        re.compile(
            r"\b(?:high school|ged|a[- ]levels?|baccalaureat|bac pro|bac(?= (?:pro|techno|general|[slE]\b)))\b"
        ),
    ),
)


def level_of(text: str) -> int:
    """The highest degree that a text names; 0 where it names none."""
    folded = plain(text)
    return next((level for level, pattern in _DEGREES if pattern.search(folded)), 0)


def lowest_of(text: str) -> int:
    """The lowest degree that a text names: what "a bachelor's or master's degree" asks for."""
    folded = plain(text)
    found = [level for level, pattern in _DEGREES if pattern.search(folded)]
    return found[-1] if found else 0
