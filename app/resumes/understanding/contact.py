"""E-mail, phone and links, as they are written."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

import phonenumbers

_EMAIL: Final = re.compile(
    r"[A-Za-z0-9](?:[\w.+%'-]{0,62}[\w+])?@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}"
)
_BROKEN_EMAIL: Final = re.compile(
    r"[A-Za-z0-9][\w.+-]{0,62}(?:@[ \t]*\n[ \t]*|[ \t]*\n[ \t]*@)(?:[a-z0-9-]+\.)+[a-z]{2,24}\b"
)
# The eye of a program that reads pictures sees a gap beside the sign.
_GAPPED_EMAIL: Final = re.compile(
    r"[A-Za-z0-9][\w.+-]{2,62} ?@ ?(?:[a-z0-9-]+\.)+(?:com|org|net|edu|io|eu|[a-z]{2})\b"
)
_PHONE: Final = re.compile(
    r"(?<![\w/@.-])(?:\+|00)?\(?\+?\d(?:[\d \xa0().·/–-]|\(0\)){5,20}\d(?![\w@]|[-/]\d)(?:\s*(?:x|ext\.?)\s*\d{1,5}\b)?"
)
_LABEL: Final = re.compile(
    r"(?:phone|tel|t[ée]l[ée]phone|t[ée]l|mobile|cell|portable|mob|gsm|call|whatsapp|[tmp])\s*(?:number|no)?\.?\s*[:.]?\s*(?:\(\s*)?$",
    re.IGNORECASE,
)
_YEARS: Final = re.compile(
    r"(?:19|20)\d\d(?:\s*[-–/.]\s*(?:19|20)?\d\d)?|(?:0?[1-9]|1[0-2])[/.](?:19|20)\d\d.*|\d\d?[/.]\d\d?[/.]\d{2,4}"
)
_REGIONS: Final = {
    "fr": ("FR", "BE", "CH", "CA"),
    "es": ("ES", "MX"),
    "de": ("DE", "AT"),
    "it": ("IT",),
    "pt": ("PT", "BR"),
    "nl": ("NL",),
}
_AMERICAN: Final = re.compile(r"1?[2-9]\d{9}")
_OTHER_REGIONS: Final = ("US", "GB", "IN")
_URL: Final = re.compile(
    r"(?:https?://|www\.)[^\s|,;<>()\[\]•·]+"
    r"|(?<![\w@.-])(?:[a-z]{2,3}\.)?(?:linkedin\.com|github\.com|gitlab\.com|bitbucket\.org|stackoverflow\.com|medium\.com|behance\.net|dribbble\.com|twitter\.com|x\.com|kaggle\.com|facebook\.com|"
    r"instagram\.com|youtube\.com|orcid\.org|malt\.fr|xing\.com|viadeo\.com|dev\.to|leetcode\.com|angel\.co|researchgate\.net|scholar\.google\.\w+|about\.me)/[^\s|,;<>()\[\]•·]*"
    r"|(?<![\w@.-])[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.(?:com|org|net|io|dev|me|fr|eu|co|ca|uk|de|be|ch|info|app|ai|tech|page|site|xyz|design)(?:/[^\s|,;<>()\[\]•·]*)?(?![\w@.])",
    re.IGNORECASE,
)
_BARE: Final = re.compile(r"[\w-]+(?:\.[\w-]+)+/?")
_TOP: Final = 1500
_NOT_LINKS: Final = re.compile(
    r"(?:asp|vb|ado|ml|entity)\.net|socket\.io|draw\.io|salesforce\.com|booking\.com|amazon\.com|monday\.com|\d+\.\w+",
    re.IGNORECASE,
)
_END: Final = ".,;:!?'\"”’"


def find_email(text: str) -> tuple[str, int, int] | None:
    """The first address, with its place; one that a narrow column broke over two lines too."""
    whole = _EMAIL.search(text)
    broken = _BROKEN_EMAIL.search(text)
    if broken is not None and (whole is None or broken.start() < whole.start()):
        return "".join(broken.group().split()), broken.start(), broken.end()
    found = whole or _GAPPED_EMAIL.search(text)
    return None if found is None else (found.group().replace(" ", ""), found.start(), found.end())


def find_phone(text: str, language: str | None) -> tuple[str, str | None] | None:
    """The first phone number as written, and in E.164; one that is labelled goes first."""
    regions = (*_REGIONS.get(language or "fr", ()), *_OTHER_REGIONS)
    best: tuple[float, str, str | None] | None = None
    for match in _PHONE.finditer(text):
        written = match.group().strip(" -–·./")
        number = _parse(written, regions)
        if number is None:
            continue
        labelled = _LABEL.search(text[max(0, match.start() - 20) : match.start()]) is not None
        score = 2.0 * labelled + (match.start() < _TOP) + written.startswith(("+", "00"))
        score -= 0.5 * (not number)
        if best is None or score > best[0]:
            best = score, written, number or None
    return None if best is None else best[1:]


def _parse(written: str, regions: Sequence[str]) -> str | None:
    """In E.164; empty for a number of a country that nothing tells; None for no phone number."""
    digits = re.sub(r"\D", "", written)
    if not 8 <= len(digits) <= 15 or _YEARS.fullmatch(written) or "\n" in written:
        return None
    if len(re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", written)) >= 2 or written.count(
        "("
    ) != written.count(")"):
        return None
    for region in dict.fromkeys(regions):
        try:
            number = phonenumbers.parse(written, region)
        except phonenumbers.NumberParseException:
            continue
        national = phonenumbers.is_possible_number(number)
        # Numbers in examples (555) are possible ones of the United States without being valid.
        american = region == "US" and _AMERICAN.fullmatch(digits) is not None
        if national and (american or written[0] == "+" or phonenumbers.is_valid_number(number)):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return "" if len(digits) >= 9 and written[0] in "0(" else None


def find_links(text: str, behind: Sequence[str]) -> tuple[str, ...]:
    """Profiles and pages: those in the text, then those behind it that it does not spell out."""
    found: dict[str, str] = {}
    for link in _written(text):
        found.setdefault(_same(link), link)
    for link in behind:
        if (
            not link.lower().startswith(("mailto:", "tel:", "#", "file:", "javascript:"))
            and "." in link
        ):
            found.setdefault(_same(link), link)
    return tuple(found.values())


def _written(text: str) -> Iterator[str]:
    for match in _URL.finditer(text):
        link = match.group().rstrip(_END)
        bare = _BARE.fullmatch(link) is not None and not link.lower().startswith("www.")
        # A firm's name may look like a domain; an own page stands at the top.
        if bare and (match.start() > _TOP or _NOT_LINKS.fullmatch(link) or link[0].isupper()):
            continue
        if len(link) > 5:
            yield link


def _same(link: str) -> str:
    return re.sub(r"^(?:https?://)?(?:www\.)?", "", link.lower()).rstrip("/")
