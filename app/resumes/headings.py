"""The headings that résumés part themselves with, in English and French.

Both halves of the room need them: reading to tell a column from a table, understanding to know
what a block is about.
"""

import re
from typing import Final, Literal

from app.skills.surface import plain

Section = Literal[
    "summary",
    "experience",
    "education",
    "skills",
    "languages",
    "projects",
    "activities",
    "certifications",
    "awards",
    "publications",
    "interests",
    "contact",
    "references",
    "courses",
]

# The first words that match win, so what is special stands before what is general.
_WORDS: Final[tuple[tuple[Section, str], ...]] = (
    (
        "references",
        r"references|referees|réferences|references professionnelles|references available.*",
    ),
    (
        "courses",
        r"(relevant |selected |graduate |undergraduate )?course ?work|(relevant |selected )?courses|modules|cours( suivis)?",
    ),
    (
        "publications",
        r"(selected |recent )?publications?( and .*| & .*| et .*)?|papers|talks|patents?|conferences|brevets",
    ),
    (
        "certifications",
        r"(professional |relevant |technical )?(certifications?|certificates?|licen[sc]es?|accreditations?|qualifications professionnelles|habilitations)( (and|&|et) .*)?"
        r"|licen[sc]es? (and|&) certifications?|trainings?( (and|&) .*)?|professional development|formations? (complementaires?|continues?)",
    ),
    (
        "awards",
        r"(key |selected |major )?(awards?|honou?rs?|achievements?|accomplishments?|distinctions|prix|recompenses|scholarships?|realisations)( (and|&|et) .*)?",
    ),
    (
        "languages",
        r"(spoken |foreign )?languages?( skills?| proficiency| spoken)?|langues?( etrangeres| parlees| vivantes)?|competences linguistiques",
    ),
    (
        "projects",
        r"((personal|selected|key|academic|side|notable|open[- ]source|recent|technical|relevant|university|professional|main) )*projects?( (experience|work|highlights))?|projets?( (personnels?|academiques?|realises|professionnels?|scolaires?))?|open source( contributions?)?|portfolio",
    ),
    (
        "activities",
        r"(extra[- ]?curricular |campus |student |community )*(activit(y|ies)|involvement|engagement|service|leadership)( (and|&) (activities|involvement|service|leadership|volunteering))?|on campus involvement|volunteer(ing)?( (experience|work|activities))?|community (service|involvement|engagement|work|activities|outreach)"
        r"|benevolat|vie associative|engagements?( .*)?|activites( .*)?|experiences? (benevoles?|associatives?)|memberships?|(professional )?affiliations?|involvement",
    ),
    (
        "interests",
        r"(personal )?(interests?|hobbies)( (and|&) .*)?|hobbies|centres? d'?interets?|loisirs( .*)?|passions|divers|extra[- ]?professionnel|about me facts",
    ),
    (
        "education",
        r"(academic |my )?education(al)?( (and|&) .*| background| history| qualifications?| details)?|academic (background|history|qualifications?|credentials|record|profile)|qualifications|studies|schooling|degrees"
        r"|formations?( (initiale|academiques?|universitaires?|scolaires?|et .*|& .*|professionnelles?))?|etudes( (superieures|universitaires|secondaires|et .*))?|diplomes?( (obtenus?|universitaires?|et .*|& .*))?|parcours (academique|scolaire|universitaire)|scolarite|cursus( (scolaire|universitaire|academique|et .*))?",
    ),
    (
        "skills",
        r"((technical|core|key|professional|top|main|hard|soft|relevant|it|computer|digital|transferable|additional|personal|other|software|management|my|special|programming|language|general|interpersonal|areas? of) )*(and |& )?(skills?|competenc(y|ies|es)|expertise|proficienc(y|ies)|strengths|technologies|tech(nical)? stack|technical (summary|profile)|toolbox|tools|tech|techno(logie)?s?|capabilities|specialties|specialities)"
        r"( (and|&|/) .*| sets?| summary| matrix| overview| profile| highlights)?|(programming|tools|technologies|languages|skills) (and|&) (languages|tools|technologies|frameworks|skills|competencies|abilities|expertise)|stack|what i know|programming( languages)?"
        r"|competences?( (techniques?|professionnelles?|cles|informatiques?|transversales?|personnelles?|metiers?|et .*|& .*|principales|specifiques|fonctionnelles))?|savoir[- ](faire|etre)|outils( .*)?|informatique|logiciels?|environnements? techniques?|connaissances( .*)?|aptitudes|atouts|qualites",
    ),
    (
        "experience",
        r"([\w&/,-]+ ){0,4}(work|professional|employment|industry|internship|career|job|relevant|teaching|research|leadership|management|engineering|consulting|clinical|military|other|additional|previous|service|computer|software|development)? ?(experiences?|employment|work history)( (and|&) .*| history| summary| record| overview| highlights)?"
        r"|(employment|work|career|job|professional) (history|record|background|summary|highlights|chronology)|internships?|positions?( held)?|career|my work|where i'?ve worked|((academic|research|professional|clinical|teaching|current|previous|hospital) )*(appointments|positions)( held)?"
        r"|experiences?( (professionnelles?|de travail|salariees?|en entreprise|significatives?|cles?|et .*))?|parcours( professionnel)?|emplois?|stages?( (et .*|& .*|professionnels?|realises|effectues))?|carriere|historique professionnel|missions?( (et .*|realisees|principales|professionnelles))?",
    ),
    (
        "summary",
        r"(professional |executive |career |personal |brief |qualifications )?(summary|profile|objectives?|statement|overview|highlights|bio(graphy)?|introduction|goals?|snapshot)( (statement|of qualifications|summary))?|summary of qualifications|about( me)?|who i am"
        r"|profil( (professionnel|personnel))?|resume|a propos( de moi)?|objectifs?( (professionnels?|de carriere|et .*))?|presentation|accroche|synthese|en bref|projet professionnel",
    ),
    (
        "contact",
        r"contacts?( (me|info(rmation)?|details|information))?|personal (details|information|info|data)|details|links|coordonnees|informations? personnelles?|etat civil|infos?( .*)?|reseaux( sociaux)?|social( media)?|find me online",
    ),
)
_HEADINGS: Final = tuple((name, re.compile(pattern)) for name, pattern in _WORDS)
_EDGES: Final = re.compile(r"^[^\w]+|[^\w)]+$|\s*[:：]\s*$")
# What follows a colon or a comma is what stands under the heading.
_CONTENT: Final = re.compile(r"[:：,]\s*\S")
_MANY_WORDS: Final = 7
_LONGEST: Final = 60


def heading_of(line: str) -> Section | None:
    """The section that a line opens by its words alone, or None."""
    if not 3 <= len(line) <= _LONGEST:
        return None
    words = _EDGES.sub("", plain(line))
    if not words or words.count(" ") >= _MANY_WORDS or _CONTENT.search(words):
        return None
    for name, pattern in _HEADINGS:
        if pattern.fullmatch(words):
            return name
    return None
