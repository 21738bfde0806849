"""Places: what a résumé sets beside employers and schools to say where they are."""

import re
from pathlib import Path
from typing import Final

from app.skills.surface import plain

_TOWNS: Final = frozenset(
    line
    for line in (Path(__file__).parent / "data" / "places.txt")
    .read_text(encoding="utf-8")
    .splitlines()
    if not line.startswith("#")
)
_STATES: Final = r"A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CDT]|T[NX]|UT|V[AT]|W[AIVY]|ON|QC|BC|AB|NS|MB|SK|NB|UK|USA|US|UAE|FR|DE|NSW|VIC|QLD|WA|TAS|ACT"
_REGIONS: Final = (
    "alabama|alaska|arizona|arkansas|california|colorado|connecticut|delaware|florida|georgia|hawaii|idaho|illinois|indiana|iowa|kansas|kentucky|louisiana|maine|maryland"
    "|massachusetts|michigan|minnesota|mississippi|missouri|montana|nebraska|nevada|new hampshire|new jersey|new mexico|new york|north carolina|north dakota|ohio|oklahoma|oregon"
    "|pennsylvania|rhode island|south carolina|south dakota|tennessee|texas|utah|vermont|virginia|washington|west virginia|wisconsin|wyoming|ontario|quebec|british columbia|alberta"
    "|england|scotland|wales|ireland|united kingdom|united states|u\\.?s\\.?a?\\.?|france|germany|allemagne|spain|espagne|italy|italie|portugal|belgium|belgique|switzerland|suisse|luxembourg|netherlands|pays-bas|the netherlands"
    "|india|inde|china|chine|japan|japon|korea|s\\. ?korea|south korea|singapore|singapour|australia|australie|new zealand|canada|mexico|mexique|brazil|bresil|argentina|chile|colombia|poland|pologne|romania|roumanie|ukraine|russia"
    "|russie|turkey|turquie|israel|egypt|egypte|morocco|maroc|tunisia|tunisie|algeria|algerie|senegal|cameroun|cameroon|cote d'ivoire|nigeria|kenya|south africa|ghana|pakistan|bangladesh|vietnam|thailand|indonesia|malaysia|philippines"
    "|sweden|suede|norway|norvege|denmark|danemark|finland|finlande|austria|autriche|greece|grece|hungary|hongrie|czech republic|czechia|slovakia|slovenia|croatia|serbia|bulgaria|lithuania|latvia|estonia|iceland|malta|cyprus|lebanon|liban|jordan|kuwait|oman|bahrain|peru|ecuador|uruguay|venezuela|costa rica|guatemala|puerto rico|jamaica|haiti|taiwan|sri lanka|nepal|uganda|tanzania|rwanda|ethiopia|zambia|zimbabwe|mali|benin|togo|gabon|burkina faso|madagascar|reunion|la reunion|guadeloupe|martinique|monaco|deutschland|schweiz|osterreich|oesterreich|espana|northern ireland|republic of ireland|great britain|catalunya|bavaria|bayern|uae|dubai|qatar|saudi arabia|ile-de-france|bretagne|normandie|occitanie|paca|hauts-de-france|grand est|nouvelle-aquitaine|auvergne-rhone-alpes|pays de la loire|centre-val de loire|alsace|lorraine|picardie|aquitaine"
)
_OTHER_NAMES: Final = frozenset(
    (
        *(
            "new york",
            "new york city",
            "nyc",
            "washington dc",
            "washington d.c.",
            "hong kong",
            "brooklyn",
            "manhattan",
            "queens",
        ),
        *(
            "londres",
            "bruxelles",
            "geneve",
            "geneva",
            "barcelone",
            "munich",
            "muenchen",
            "koln",
            "francfort",
            "hambourg",
            "vienne",
        ),
        *(
            "la defense",
            "paris la defense",
            "sophia antipolis",
            "saint-quentin-en-yvelines",
            "bay area",
            "silicon valley",
        ),
        *(
            "bengaluru",
            "bangalore",
            "gurgaon",
            "gurugram",
            "noida",
            "calcutta",
            "bombay",
            "sao paulo",
            "bogota",
            "lisbonne",
        ),
        *(
            "lisboa",
            "milano",
            "roma",
            "torino",
            "firenze",
            "napoli",
            "sevilla",
            "zurich",
            "praha",
            "wien",
            "la haye",
            "den haag",
        ),
        *(
            "the hague",
            "brussel",
            "antwerp",
            "anvers",
            "gand",
            "louvain",
            "cork",
            "galway",
            "alger",
            "kyiv",
            "kiev",
            "pekin",
        ),
    )
)
_AWAY: Final = r"remote(?:ly)?|fully remote|remote work|hybrid|on-?site|online|(?:100% )?teletravail|a distance|distanciel|worldwide|anywhere|home office|homeoffice|nationwide|hybride"
_REGION_PART: Final = re.compile(rf"(?:{_STATES})(?: \d{{5}})?")
_REGION: Final = re.compile(rf"(?:{_REGIONS})(?: \(.*\)| \d{{1,5}})?")
_PLACE: Final = re.compile(rf"(?:{_REGIONS}|{_AWAY})(?: \(.*\)| \d{{1,5}})?")
# Greater Boston Area · Lyon 3e · Paris Cedex 12 · Annecy (74)
_AROUND: Final = re.compile(r"^(?:greater |grand |region (?:de |d')?)|^\d{4,5} ")
_BEHIND: Final = re.compile(
    r"(?: \(.*\)| cedex(?: \d{1,2})?| \d{1,2}(?:e|er|eme)?(?: arrondissement)?| \d{4,5}| (?:metropolitan |bay )?area| et (?:sa )?region| county)+$"
)
_POSTCODE: Final = re.compile(r"(?:\d{5} )?[^\W\d][\w' -]{2,30}(?: ?\(\d{2,5}\)| \d{5})?")


def is_place(text: str) -> bool:
    """A place and nothing else: Portland, OR · Paris · Remote · 75011 Paris, France."""
    body = text.strip(" ,.;[]|·•-–—")
    if body.startswith("(") and body.endswith(")"):
        body = body[1:-1]
    if not body or len(body) > 50:
        return False
    parts = [part.strip() for part in re.split(r",|/| - | & | et ", body) if part.strip()]
    known = [_is_known_place(part) for part in parts]
    if all(known):
        return True
    # An unknown place is one where its state or country follows; three parts need two of those.
    regions = len(parts) - 1
    shaped = _POSTCODE.fullmatch(parts[0]) is not None and not parts[0][0].islower()
    return shaped and regions in {1, 2} and all(map(is_region, parts[1:]))


def is_region(part: str) -> bool:
    """A state or country: TX · France."""
    return bool(_REGION_PART.fullmatch(part) or _REGION.fullmatch(plain(part)))


def _is_known_place(part: str) -> bool:
    name = plain(part)
    if _REGION_PART.fullmatch(part) or _PLACE.fullmatch(_AROUND.sub("", name)):
        return True
    town = _AROUND.sub("", _BEHIND.sub("", name))
    return town in _TOWNS or town in _OTHER_NAMES
