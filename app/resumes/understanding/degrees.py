"""What degrees, diplomas and other ends of studies are called, and what they are in."""

import re
from typing import Final

_LEVEL: Final = r"(?:(?:Executive|Joint|Double|Dual|Integrated|Honou?rs|Postgraduate|Undergraduate|Graduate|Post[- ][Gg]raduate|Advanced|Higher National|Higher|National|Professional|Extended|Foundation|Vocational|Specialist|Ordinary|Level \d|European) )*"
_WORDS: Final = (
    r"Bachelor(?:['’]?s)?|Master(?:['’]?s)?|Doctor(?:ate)?|Associate(?:['’]?s)?|Diploma|Degree|Certificate|Certification|Cert\.?(?= [IVX]+\b)|Apprenticeship"
    r"|Mast[èe]re?s?|Licence|Doctorat|Th[èe]se(?= d[e'’])|Dipl[ôo]me|Baccalaur[ée]at|Bac(?! \d{4})|Brevet|Magist[èe]re|Ma[îi]trise|Agr[ée]gation|Capacit[ée](?= en)|Certificat|Attestation|Habilitation(?= [àa])"
    r"|Licen[cz]iatura|Licenciad[oa]|Grado|M[áa]ster|Doctorado|Bachillerato|T[ée]cnico [Ss]uperior|T[íi]tulo|Postgrado|Ingenier[íi]a|Bacharel(?:ado|ato)?|Mestrado|Doutoramento|Doutorado"
    r"|Laurea(?: [Mm]agistrale| [Tt]riennale)?|Dottorato|Maturit[àa]|Diplom(?:-\w+)?|Magister|Staatsexamen|Ausbildung|Berufsausbildung|Fachabitur|Fachhochschulreife|Realschulabschluss|Promotion(?= (?:in|zum|zur)\b)|Meisterbrief|Matura"
)
_LETTERS: Final = (
    r"(?:B\.?\s?(?:Sc|S|A|Eng|E|Tech|Com|Ed|B\.?A|F\.?A|Arch|Mus|CA|N|Pharm|Des|Bus|Soc\.?Sc|App\.?Sc|S\.?N|S\.?W|S\.?E|S\.?E\.?E|Voc)|M\.?\s?(?:Sc|S|A|Eng|E|Tech|Com|Ed|B\.?A|F\.?A|Phil|Arch|Mus|CA|P\.?H|P\.?A|P\.?P|Des|Res|S\.?W|S\.?N|S\.?E|Acc|L\.?I\.?S|H\.?A)|A\.?\s?(?:A|S|A\.?S|S\.?N)|LL\.?\s?[BMD]"
    r"|Ph\.?\s?D|D\.?\s?Phil|J\.?\s?D|M\.?\s?D|Ed\.?\s?[DSM]|D\.?B\.?A|BBA|EMBA|[BM]Eng|M(?:Chem|Phys|Math|Maths|Biol|Sci|Litt|Comp|Pharm|Psych|Geol)|BChem|M\.?B\.?B\.?S|MB\.?\s?Ch\.?B|BDS|D\.?D\.?S|D\.?V\.?M|BVSc|D\.?P\.?T|D\.?N\.?P|Pharm\.?D|Psy\.?D|Th\.?D|S\.?[BM]|Sc\.?D|B\.?Arts)\b\.?(?:\s?\(?Hons?\.?\)?)?"
)
_NAMES: Final = (
    r"Juris Doctor|High School(?! of)|Secondary School (?:Certificate|Diploma)|Higher Secondary|Leaving Certificate|Scottish Highers|GED|(?:A|O|AS|T)[- ][Ll]evels?|I?GCSEs?|International Baccalaureate|IB Diploma|Post[- ]?[Dd]octora\w+|Abitur|HND|HNC|BTEC|BTS|DUT|BUT|CAPES|CAPET|CAP|BEPC?|DEUG|DEUST|DESS|DEA|DCG|DSCG|DEC|CPGE|PACES|PASS|BPJEPS|DEJEPS|DEUA|BAFA|CQPM?|MBA|MPA|MiM|DAEU|PGCE|PGDip|PGDM|PGCert|NVQ|SVQ"
    r"|City (?:and|&) Guilds|Classes? pr[ée]paratoires?|Pr[ée]pa\b|Programme Grande [ÉEée]cole|Ing[ée]nieure?|[ÉE]l[èe]ve ing[ée]nieure?|Cycle (?:ing[ée]nieur|pr[ée]paratoire)|Formation|Titre (?:professionnel|RNCP)|Bootcamp|Nanodegree|Micro[Mm]asters"
)
# Too short to be sought inside a line: what is studied must follow at its beginning.
_SHORT: Final = re.compile(r"(?:L[123]|M[12]|D\.?U|D\.?I\.?U|TP|Bac ?\+ ?\d)(?= [A-ZÀ-Ýde]|$)")
DEGREE: Final = re.compile(
    rf"(?<![\w.])(?:{_LEVEL}(?:{_WORDS})\b(?! de travail)|{_LETTERS}|{_NAMES})(?![\w])"
)
_FIELD: Final = re.compile(
    r"^(?:\s*of (?:Science|Arts|Engineering|Technology|Business Administration|Business|Commerce|Education|Fine Arts|Laws?|Philosophy|Music|Architecture|Applied Science|Applied Arts|Social Work|Public Health|Public Administration|Public Policy|Nursing|Design|Medicine|Research|Divinity)(?:s)?\b)?"
    r"(?: [Dd]egree| [Dd]iploma| \([^)]*\)| \d| [IVX]+\b| Level \d| Professionnelle?| professionnelle?| Pro\b| pro\b| Recherche| Sp[ée]cialis[ée]| sp[ée]cialis[ée]e?| [Uu]niversitaire| d['’][ée]tat| d['’][ÉE]tat| d['’]ing[ée]nieure?| d['’]aptitude professionnelle| d['’][ée]tudes (?:sup[ée]rieures|sp[ée]cialis[ée]es|approfondies|universitaires)| g[ée]n[ée]ral| technologique| de doctorat|-\w+| Artium| [Mm]agistrale| [Tt]riennale| Universitario| \+ ?\d)*"
    r"[\s,:.]*(?:\b(?:in|en|of|de|du|des|d['’]|im|in der|sp[ée]cialit[ée]|mention|option|major(?:ing)? in)\s*)?[\s,:–—-]*(?P<field>.*)$"
)


def degree_in(text: str) -> re.Match[str] | None:
    """Where the text names a degree, in capitals or small letters too."""
    short = _SHORT.match(text)
    if short is not None:
        return short
    found = DEGREE.search(text)
    if found is None and text.isupper() and len(text.title()) == len(text):
        return DEGREE.search(text.title())
    if found is None and text[:1].islower():
        return DEGREE.match(text[:1].upper() + text[1:])
    return found


def field_of(degree: str) -> str | None:
    """What was studied, where the degree says: the words after "in" or after the letters."""
    match = degree_in(degree)
    if match is None:
        return None
    rest = _FIELD.match(degree[match.end() :].lstrip("."))
    field = rest["field"].partition("(")[0].strip(" ,.:;)–—-") if rest else ""
    known = len(field) > 1 and field[0].isalnum() and DEGREE.fullmatch(field) is None
    return field if known else None
