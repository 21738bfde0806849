"""Words that occur nowhere else, and the many ways in which one may be written down."""

import base64
import binascii
import re
from collections.abc import Iterable
from urllib.parse import unquote_plus

# Patients, as the file gives them and as the local payer holds them.
PATIENTS = (
    *("Zebulonqa", "Quixworthia", "ZQC7731905", "1931-07-19", "07/19/1931"),
    *("Maximiliane", "Okafor", "FH88120001", "fh-8812-0002", "Delgado", "1959-11-02"),
)
# People who have an account, and what they write.
PEOPLE = ("zqcanary", "Quixotine", "Zqfeather", "zqletter", "zqtalk", "zqnote", "555 014 7731")
PASSWORD = "zqsecret horse battery staple"
FILE = "Quixworthia Okafor claims.csv"
SEARCHED = "zqsought"
"""A word that is searched for: addresses are logged, and what stands behind `?` is not."""

PERSONAL = (*PATIENTS, *PEOPLE, "zqsecret", SEARCHED)
_ENCODED = re.compile(rb"[A-Za-z0-9+/_=-]{16,}")


def found_in(text: str | bytes, words: Iterable[str]) -> list[str]:
    """The words that occur in `text`: as they are, quoted as in addresses, or in base64."""
    raw = text.encode() if isinstance(text, str) else text
    ways = [raw, unquote_plus(raw.decode("utf-8", "replace")).encode(), *_decoded(raw)]
    folded = b"\n".join(ways).lower()
    return sorted({word for word in words if word.lower().encode() in folded})


def _decoded(raw: bytes) -> Iterable[bytes]:
    for run in set(_ENCODED.findall(raw)):
        try:
            yield base64.b64decode(
                run + b"=" * (-len(run) % 4), altchars=b"-_" if b"_" in run else None
            )
        except binascii.Error:
            continue
