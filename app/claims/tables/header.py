"""Which column is which field? Names in any case, order and spacing; the caller's word first."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

from app.claims.errors import DuplicateColumns, HeaderUnknown, Malformed, NoHeader, OptionInvalid
from app.core.problems import FieldError

Shape = Literal["claim_number", "patient", "practice"]

FIELDS: Final = (
    "claim_number",
    "first_name",
    "last_name",
    "date_of_birth",
    "first_service_date",
    "last_service_date",
    "practice_id",
    "tin",
    "payer_id",
    "subscriber_id",
)
DATE_FIELDS: Final = ("date_of_birth", "first_service_date", "last_service_date")
SHAPES: Final[Mapping[Shape, tuple[str, ...]]] = {
    "claim_number": ("claim_number", "first_name", "last_name", "date_of_birth"),
    "patient": (
        "first_name",
        "last_name",
        "date_of_birth",
        "first_service_date",
        "last_service_date",
    ),
    "practice": (
        "first_name",
        "last_name",
        "date_of_birth",
        "first_service_date",
        "last_service_date",
        "practice_id",
    ),
}
_ALSO_KNOWN_AS: Final = {
    "patient_first_name": "first_name",
    "patient_last_name": "last_name",
    "patient_dob": "date_of_birth",
    "patient_date_of_birth": "date_of_birth",
    "dob": "date_of_birth",
    "date_of_service": "first_service_date",
    "service_date": "first_service_date",
    "practice_tin": "tin",
}
# Names seen in the field that are too vague to be believed unasked; they only make a proposal.
_PROPOSALS: Final = {
    "claim": "claim_number",
    "claimid": "claim_number",
    "claimno": "claim_number",
    "icn": "claim_number",
    "fname": "first_name",
    "givenname": "first_name",
    "lname": "last_name",
    "surname": "last_name",
    "familyname": "last_name",
    "birthdate": "date_of_birth",
    "birthday": "date_of_birth",
    "dos": "first_service_date",
    "fromdate": "first_service_date",
    "servicefrom": "first_service_date",
    "todate": "last_service_date",
    "serviceto": "last_service_date",
    "taxid": "tin",
    "memberid": "subscriber_id",
}
_NAME_SHOWN: Final = 60
_NAMES_SHOWN: Final = 20


def normalize(name: str) -> str:
    """A column name without case, spacing, punctuation and byte order marks."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name).casefold())


KNOWN_NAMES: Final[Mapping[str, str]] = {
    **{normalize(field): field for field in FIELDS},
    **{normalize(name): field for name, field in _ALSO_KNOWN_AS.items()},
}


def known_names(mapping: Mapping[str, str]) -> frozenset[str]:
    """All normalized names that count as known for this upload."""
    return frozenset(KNOWN_NAMES) | {normalize(name) for name in mapping.values()}


def place_fields(header: Sequence[str], mapping: Mapping[str, str], *, most: int) -> dict[str, int]:
    """Our field to the position of its column; `most` is the number of columns allowed.

    Raises Malformed, NoHeader, DuplicateColumns, OptionInvalid (a mapping to no field of ours) or
    HeaderUnknown (a mapping to a column that is not there).
    """
    if len(header) > most:
        raise Malformed(f"The header has {len(header)} columns; at most {most} are read.")
    _refuse_data(header, mapping)
    places = _mapped(header, mapping)
    asked = set(places.values())
    found: dict[str, list[int]] = {}
    for position, name in enumerate(header):
        field = KNOWN_NAMES.get(normalize(name))
        if field is not None and field not in places and position not in asked:
            found.setdefault(field, []).append(position)
    for field, positions in found.items():
        if len(positions) > 1:
            raise _duplicate(field, [header[position] for position in positions])
        places[field] = positions[0]
    return places


def shape_of(places: Mapping[str, int], header: Sequence[str]) -> Shape:
    """The shape that the fields add up to; raises HeaderUnknown with what is missing."""
    missing = [field for field in SHAPES["claim_number"][1:] if field not in places]
    if "claim_number" in places and not missing:
        return "claim_number"
    if "first_service_date" in places and not missing:
        return "practice" if "practice_id" in places or "tin" in places else "patient"
    if "claim_number" not in places and "first_service_date" not in places:
        late = "last_service_date" in places
        missing.insert(0, "first_service_date" if late else "claim_number or first_service_date")
    raise _unknown(missing, places, header)


def _refuse_data(header: Sequence[str], mapping: Mapping[str, str]) -> None:
    """No known name and digits in a cell: values. Their text must not be repeated anywhere."""
    known = known_names(mapping)
    if any(normalize(name) in known for name in header):
        return
    if any(character.isdigit() for name in header for character in name):
        raise NoHeader("The first line holds values, not column names.")


def _mapped(header: Sequence[str], mapping: Mapping[str, str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for ours, theirs in mapping.items():
        field = KNOWN_NAMES.get(normalize(ours))
        if field is None:
            raise OptionInvalid(f"`mapping` names fields of ours: {', '.join(FIELDS)}.")
        exact = [i for i, name in enumerate(header) if name == theirs]
        alike = [i for i, name in enumerate(header) if normalize(name) == normalize(theirs)]
        positions = exact or alike
        if not positions:
            raise HeaderUnknown(
                f"`mapping` sends {field} to a column that the file does not have. "
                f"Found: {_shown(header)}."
            )
        if len(positions) > 1:
            raise _duplicate(field, [header[position] for position in positions])
        places[field] = positions[0]
    return places


def _duplicate(field: str, names: Sequence[str]) -> DuplicateColumns:
    return DuplicateColumns(
        f"These columns all mean {field}: {_shown(names)}.",
        errors=[FieldError(field, DuplicateColumns.code, f"Named by {_shown(names)}.")],
    )


def _unknown(
    missing: Sequence[str], places: Mapping[str, int], header: Sequence[str]
) -> HeaderUnknown:
    unused = [name for i, name in enumerate(header) if i not in places.values()]
    near = _nearest(unused, places)
    shapes = " · ".join(",".join(fields) for fields in SHAPES.values())
    parts = [f"Missing: {', '.join(missing)}.", f"Found: {_shown(header)}."]
    parts += [f"{_shown([name])} is near to {field}." for name, field in near.items()]
    parts.append(f"Accepted: {shapes}.")
    errors = [
        FieldError(
            field, HeaderUnknown.code, _advice(field, [n for n, f in near.items() if f in field])
        )
        for field in missing
    ]
    return HeaderUnknown(" ".join(parts), errors=errors)


def _advice(field: str, near: Sequence[str]) -> str:
    if near:
        return f"No column is named {field}; {_shown(near)} looks like it."
    return f"No column is named {field}."


def _nearest(names: Iterable[str], places: Mapping[str, int]) -> dict[str, str]:
    """Unused column names to the free field that each comes nearest to."""
    near: dict[str, str] = {}
    for name in list(names)[:_NAMES_SHOWN]:
        plain = normalize(name[:_NAME_SHOWN])
        alike = difflib.get_close_matches(plain, KNOWN_NAMES, n=1, cutoff=0.7)
        field = _PROPOSALS.get(plain) or (KNOWN_NAMES[alike[0]] if alike else None)
        if field is not None and field not in places:
            near[name] = field
    return near


def _shown(names: Sequence[str]) -> str:
    shown = [f'"{_printable(name)}"' for name in names[:_NAMES_SHOWN]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _printable(name: str) -> str:
    return "".join(c if c.isprintable() else " " for c in name[:_NAME_SHOWN]).strip()
