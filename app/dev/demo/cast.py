"""Who and what the demonstration shows: three organizations, their people, jobs and applicants.

All of it is invented; addresses end in .example, which belongs to nobody.
"""

from dataclasses import dataclass
from typing import Any, Final

ADMIN: Final = "claire.fontaine@rivermont.example"
"""Whom the link to the console signs in."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who works in an organization."""

    full_name: str
    email: str
    role: str


@dataclass(frozen=True, slots=True)
class Post:
    """A job: its values are those of the API. `age` is how many days ago it was posted."""

    age: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Firm:
    """An organization; its first colleague founds it. `invited` are address and role."""

    values: dict[str, Any]
    colleagues: tuple[Colleague, ...]
    posts: tuple[Post, ...]
    invited: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Applicant:
    """Somebody who looks for work, with what their résumé says.

    `trade` picks the wording; `years` is since when they do it.
    """

    full_name: str
    place: str
    title: str
    skills: tuple[str, ...]
    years: int
    language: str = "en"

    @property
    def email(self) -> str:
        """Their address, out of their name."""
        plain = self.full_name.lower().translate(str.maketrans("éèêëïîôøçàñ' ", "eeeeiioocan.."))
        return f"{plain}@mail.example"


def _job(
    title: str, place: str, skills: str, description: str, pay: tuple[int, int], **more: Any
) -> dict[str, Any]:
    lower, upper = pay
    return {
        "title": title,
        "location": place,
        "description": description,
        "skills": skills.split(", "),
        "salary_min": lower,
        "salary_max": upper,
        **more,
    }


_RIVERMONT: Final = Firm(
    {
        "name": "Rivermont Health",
        "website": "https://rivermont.example",
        "location": "Burlington, Vermont",
        "industry": "Health care",
        "description": "Four family practices along the lake, with one billing office.",
    },
    (
        Colleague("Claire Fontaine", ADMIN, "admin"),
        Colleague("Marcus Webb", "marcus.webb@rivermont.example", "admin"),
        Colleague("Priya Raman", "priya.raman@rivermont.example", "staff"),
        Colleague("Élodie Marchand", "elodie.marchand@rivermont.example", "employer"),
        Colleague("Tom Okafor", "tom.okafor@rivermont.example", "viewer"),
    ),
    (
        Post(
            61,
            _job(
                *("Data Engineer", "Burlington, Vermont", "Python, PostgreSQL, SQL, Docker"),
                "You build the pipelines that bring claims from four practices into one ledger.",
                (92_000, 118_000),
                requirements="Three years with PostgreSQL and Python in production.",
                experience_level="senior",
                location_type="hybrid",
            ),
        ),
        Post(
            47,
            _job(
                *("Medical Billing Specialist", "Burlington, Vermont"),
                "Medical Billing, Medical Coding, Microsoft Excel, Customer Service",
                "You follow each claim from the visit to the payment and call payers when one rests.",
                (48_000, 58_000),
                requirements="Two years of billing in an outpatient practice.",
            ),
        ),
        Post(
            33,
            _job(
                *("Python Developer", "Remote", "Python, FastAPI, PostgreSQL, Docker, Git"),
                "You write the services that our billing office lives on, and keep them simple.",
                (88_000, 112_000),
                location_type="remote",
            ),
        ),
        Post(
            4,
            _job(
                *("Practice Manager", "Plattsburgh, New York", "Leadership, Scheduling, Budgeting"),
                "You run a practice of nine people.",
                (71_000, 84_000),
                status="draft",
            ),
        ),
    ),
    (
        ("nadia.haddad@rivermont.example", "staff"),
        ("jerome.delacroix@rivermont.example", "viewer"),
    ),
)

_ATELIER: Final = Firm(
    {
        "name": "Atelier Numérique",
        "website": "https://atelier-numerique.example",
        "location": "Lyon",
        "industry": "Logiciels",
        "description": "Des logiciels sur mesure pour cliniques et laboratoires.",
    },
    (
        Colleague("Hugo Bernard", "hugo.bernard@atelier.example", "admin"),
        Colleague("Inès Carlier", "ines.carlier@atelier.example", "employer"),
    ),
    (
        Post(
            40,
            _job(
                *("Développeuse ou développeur Python", "Lyon", "Python, PostgreSQL, Docker, Git"),
                "Vous concevez des services web pour des laboratoires, en équipe de cinq.",
                (42_000, 54_000),
                currency="EUR",
                language="fr",
                location_type="hybrid",
            ),
        ),
        Post(
            19,
            _job(
                *("Ingénieure ou ingénieur DevOps", "Lyon", "Kubernetes, Terraform, Docker, Linux"),
                "Vous tenez nos déploiements et leurs mesures.",
                (48_000, 60_000),
                currency="EUR",
                language="fr",
            ),
        ),
    ),
)

_BEACON: Final = Firm(
    {
        "name": "Beacon Analytics",
        "website": "https://beacon.example",
        "location": "Leeds",
        "industry": "Consulting",
    },
    (Colleague("Grace Lindqvist", "grace.lindqvist@beacon.example", "admin"),),
    (
        Post(
            12,
            _job(
                *("Data Analyst", "Leeds", "SQL, Python, Microsoft Excel, Statistics"),
                "You answer the questions that hospitals ask of their own numbers.",
                (38_000, 46_000),
                currency="GBP",
            ),
        ),
    ),
)

FIRMS: Final = (_RIVERMONT, _ATELIER, _BEACON)

_DATA: Final = ("Python", "SQL", "PostgreSQL", "Apache Kafka", "Docker")
_WEB: Final = ("Python", "FastAPI", "PostgreSQL", "Docker", "Git")
_BILLING: Final = ("Medical Billing", "Medical Coding", "Microsoft Excel", "Customer Service")
_OPS: Final = ("Kubernetes", "Terraform", "Docker", "Linux", "AWS")

APPLICANTS: Final = (
    Applicant("Ada Thornton", "Montpelier, Vermont", "Data Engineer", _DATA, 8),
    Applicant("Zoé Lefèvre", "Lyon", "Ingénieure de données", (*_DATA, "Kubernetes"), 7, "fr"),
    Applicant("Samuel Adeyemi", "Albany, New York", "Python Developer", _WEB, 5),
    Applicant("Lucie Moreau", "Villeurbanne", "Développeuse Python", _WEB[:4], 4, "fr"),
    Applicant("Rosa Delgado", "Burlington, Vermont", "Medical Biller", _BILLING, 11),
    Applicant("Ben Whitaker", "Rutland, Vermont", "Billing Assistant", _BILLING[:3], 3),
    Applicant("Karim Benali", "Lyon", "Ingénieur DevOps", _OPS, 6, "fr"),
    Applicant("Hannah Sørensen", "Boston, Massachusetts", "Data Analyst", ("SQL", *_DATA[:1]), 2),
    Applicant("Julien Girard", "Grenoble", "Développeur back-end", ("Java", *_WEB[2:]), 9, "fr"),
    Applicant("Mei Tanaka", "Remote", "Software Engineer", (*_WEB, "React"), 6),
    Applicant("Patrick O'Neill", "Burlington, Vermont", "Medical Coder", _BILLING[1:], 14),
    Applicant("Amélie Rousseau", "Lyon", "Administratrice systèmes", _OPS[2:], 5, "fr"),
    Applicant("David Kowalski", "Leeds", "Business Analyst", ("SQL", "Microsoft Excel"), 4),
    Applicant("Nora Lindgren", "Portland, Maine", "Data Engineer", (*_DATA, "Terraform"), 3),
)

# What became of applications, one path after the other; each step is some days after the last.
PATHS: Final[tuple[tuple[str, ...], ...]] = (
    ("viewed", "shortlisted", "interview", "offer", "accepted"),
    ("viewed", "shortlisted", "interview"),
    ("viewed", "rejected"),
    ("viewed", "shortlisted"),
    (),
    ("viewed", "shortlisted", "interview", "offer"),
    ("viewed",),
    ("viewed", "shortlisted", "rejected"),
    ("viewed", "withdrawn"),
    ("viewed", "shortlisted", "interview"),
    (),
)
SOURCES: Final = ("linkedin", "website", "referral", "indeed", "linkedin", "website")
# Which of the organizations' open jobs, counted through, an applicant applies to.
APPLIES: Final = (
    (0, 2),
    (0, 3),
    (2, 0),
    (3, 2),
    (1,),
    (1,),
    (4, 0),
    (5, 0),
    (3, 4),
    (2, 0),
    (1,),
    (4,),
    (5, 1),
    (0, 2, 5),
)
