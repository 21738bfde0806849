"""Words that tell titles, employers, schools and places apart, in English and French."""

import re
from pathlib import Path
from typing import Final

from app.skills.surface import plain

DATA: Final = Path(__file__).parent / "data"
_TITLE_NOUNS: Final = frozenset(
    word
    for line in (DATA / "title_nouns.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
    for word in line.split()
)
_LEVELS: Final = frozenset(
    (
        "senior",
        "junior",
        "sr",
        "jr",
        "staff",
        "principal",
        "lead",
        "chief",
        "vice",
        "deputy",
        "interim",
        "stage",
        "alternance",
        "stagiaire",
        "freelance",
        "intern",
        "internship",
        "trainee",
        "employed",
        "self-employed",
        "independant",
        "independante",
    )
)
_COMPANY: Final = re.compile(
    r"\b(?:inc|llc|llp|ltd|limited|gmbh|corp|corporation|company|co|plc|sa|sas|sarl|sasu|eurl|ag|bv|nv|spa|srl|pty|group|groupe|holdings?"
    r"|partners|associates|solutions|technologies|technology|systems|labs?|laborator(?:y|ies)|laboratoires?|studios?|consulting|services|industries|enterprises"
    r"|bank|banque|hospital|hopital|clinic|clinique|foundation|fondation|agency|agence|ministry|ministere|department|council|association|society|societe"
    r"|university|universite|college|school|ecole|institute|institut|museum|musee|restaurant|hotel|cafe|store|shop|market|church|media|press|publishing|entertainment|pharma|health|healthcare|capital|ventures|insurance"
    r"|airlines?|motors|energy|logistics|software|networks|international|global|nonprofit|mairie|conseil|centre|center|bureau|cabinet|etablissements?|chu|cnrs|inria|sncf|edf)\b\.?",
    re.IGNORECASE,
)
_SCHOOL: Final = re.compile(
    r"\b(?:universit\w*|college|school|institut\w*|academy|academie|polytechni\w*|ecole|lycee|iut|insa|faculte|faculty|conservatoire|seminary|hochschule|universidad"
    r"|politecnico|bootcamp|assembly|hec|essec|escp|edhec|emlyon|enac|ens|mines|centrale\w*|supelec|centralesupelec|telecom|sciences po|sorbonne|epita|epitech|esiea|ece|isep|utc|utt|utbm|cnam|cfa|greta|iae|esc|afpa|openclassrooms|mit|caltech|ucla|"
    r"harvard|stanford|berkeley|oxford|cambridge|georgia tech|virginia tech|eth|epfl|coursera|udacity|campus|insead|ifsi|ufr|suny|cuny|nyu|usc|uc \w+|(?:penn|ohio|michigan|arizona|iowa|kansas|florida|boise|fresno|san jose|san diego|colorado|oregon|washington|mississippi|louisiana|oklahoma|kent|wayne|north carolina) state)\b",
    re.IGNORECASE,
)
_STATES: Final = r"A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CDT]|T[NX]|UT|V[AT]|W[AIVY]|ON|QC|BC|AB|NS|MB|SK|NB|UK|USA|US|UAE|FR|DE|NSW|VIC"
_REGIONS: Final = (
    "alabama|alaska|arizona|arkansas|california|colorado|connecticut|delaware|florida|georgia|hawaii|idaho|illinois|indiana|iowa|kansas|kentucky|louisiana|maine|maryland"
    "|massachusetts|michigan|minnesota|mississippi|missouri|montana|nebraska|nevada|new hampshire|new jersey|new mexico|new york|north carolina|north dakota|ohio|oklahoma|oregon"
    "|pennsylvania|rhode island|south carolina|south dakota|tennessee|texas|utah|vermont|virginia|washington|west virginia|wisconsin|wyoming|ontario|quebec|british columbia|alberta"
    "|england|scotland|wales|ireland|united kingdom|united states|u\\.?s\\.?a?\\.?|france|germany|allemagne|spain|espagne|italy|italie|portugal|belgium|belgique|switzerland|suisse|luxembourg|netherlands|pays-bas|the netherlands"
    "|india|inde|china|chine|japan|japon|korea|s\\. ?korea|south korea|singapore|singapour|australia|australie|new zealand|canada|mexico|mexique|brazil|bresil|argentina|chile|colombia|poland|pologne|romania|roumanie|ukraine|russia"
    "|russie|turkey|turquie|israel|egypt|egypte|morocco|maroc|tunisia|tunisie|algeria|algerie|senegal|cameroun|cameroon|cote d'ivoire|nigeria|kenya|south africa|ghana|pakistan|bangladesh|vietnam|thailand|indonesia|malaysia|philippines"
    "|sweden|suede|norway|norvege|denmark|danemark|finland|finlande|austria|autriche|greece|grece|hungary|hongrie|czech republic|uae|dubai|qatar|saudi arabia|ile-de-france|bretagne|normandie|occitanie|paca"
)
_CITIES: Final = (
    "new york|nyc|los angeles|san francisco|chicago|boston|seattle|austin|dallas|houston|denver|atlanta|miami|philadelphia|phoenix|san diego|san jose|portland|washington dc|detroit|toronto|montreal|vancouver|ottawa"
    "|london|londres|manchester|birmingham|edinburgh|glasgow|bristol|leeds|dublin|paris|lyon|marseille|toulouse|bordeaux|lille|nantes|strasbourg|rennes|nice|grenoble|montpellier|rouen|dijon|angers|nancy|metz|tours|orleans|brest|reims|le mans|caen"
    "|clermont-ferrand|saint-etienne|aix-en-provence|sophia antipolis|la defense|boulogne-billancourt|saint-denis|versailles|nanterre|bruxelles|brussels|geneve|geneva|lausanne|zurich|berlin|munich|hamburg|frankfurt|cologne|madrid|barcelona|lisbon|rome"
    "|milan|amsterdam|rotterdam|vienna|prague|warsaw|budapest|stockholm|oslo|copenhagen|helsinki|athens|istanbul|moscow|kyiv|tel aviv|cairo|casablanca|rabat|tunis|alger|dakar|abidjan|lagos|nairobi|johannesburg|bangalore|bengaluru|mumbai"
    "|delhi|new delhi|hyderabad|chennai|pune|kolkata|beijing|shanghai|shenzhen|hong kong|tokyo|osaka|seoul|taipei|sydney|melbourne|brisbane|auckland|mexico city|sao paulo|buenos aires|bogota|santiago|lima"
)
_AWAY: Final = r"remote|hybrid|on-?site|online|teletravail|a distance|distanciel|worldwide|anywhere"
_REGION_PART: Final = re.compile(rf"(?:{_STATES})(?: \d{{5}})?")
_REGION: Final = re.compile(rf"(?:{_REGIONS})(?: \(.*\)| \d{{1,5}})?")
_PLACE: Final = re.compile(
    rf"(?:{_REGIONS}|{_CITIES}|{_AWAY})(?: \(.*\)| \d{{1,5}}| area| metropolitan area)?"
)
_POSTCODE: Final = re.compile(r"(?:\d{5} )?[^\W\d][\w' -]{2,30}(?: ?\(\d{2,5}\)| \d{5})?")
_WORD: Final = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")


def title_score(text: str) -> int:
    """How surely a piece of text is a job's title: 0 not at all, 3 it ends in such a noun."""
    words = [plain(word) for word in _WORD.findall(re.sub(r"\([^)]*\)", " ", text))]
    # A shop carries its owner's name: Trader Joe's.
    if not words or len(words) > 14 or words[-1].endswith("'s"):
        return 0
    nouns = [at for at, word in enumerate(words) if _is_title_noun(word)]
    if not nouns:
        return 1 if any(word in _LEVELS for word in words) else 0
    return 3 if nouns[-1] == len(words) - 1 or nouns[0] == 0 else 2


def _is_title_noun(word: str) -> bool:
    return (
        word in _TITLE_NOUNS
        or (word.endswith("s") and word[:-1] in _TITLE_NOUNS and len(word) > 5)
        or any(part in _TITLE_NOUNS for part in word.split("-") if len(part) > 4)
    )


def names_company(text: str) -> bool:
    """It has a word that firms and other employers carry in their names."""
    return _COMPANY.search(plain(text)) is not None


def names_school(text: str) -> bool:
    """It has a word that schools carry in their names."""
    return _SCHOOL.search(plain(text)) is not None


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
    return bool(
        _REGION_PART.fullmatch(part) or _PLACE.fullmatch(re.sub(r"^\d{5} ", "", plain(part)))
    )
