"""A job, read: which skills it asks for and how much, what experience, which degree."""

import re
from collections.abc import Iterator
from typing import Final

from app.analysis.engine.degrees import lowest_of
from app.analysis.engine.experience import BY_LEVEL, asked_months
from app.analysis.engine.meaning import embed_where_installed
from app.analysis.engine.rarity import weighed
from app.analysis.engine.values import AskedSkill, Demands, Importance, Post
from app.analysis.engine.words import form_of, words_of
from app.resumes.understanding.spans import skill_spans
from app.skills.keys import keys_of
from app.skills.surface import plain, tokens_of
from app.skills.taxonomy import Concept, taxonomy

# A title says in five words what a description says in five hundred.
_TITLE_WEIGHT: Final = 9
_MOST_SKILLS: Final = 60
_OPENING: Final = 900
_LONGEST_EVIDENCE: Final = 300
_SURE: Final = 0.6
_LIKELY: Final = 0.35
# A line of so few words is an item of a list.
_ITEM_WORDS: Final = 4
_NAMED: Final = frozenset({"technology", "language"})
_SHORT_LINE: Final = 60
_SENTENCE: Final = re.compile(r"[^\n]+?(?:[.;!?](?=\s)|(?=\n)|$)")
_NICE: Final = re.compile(
    r"\b(?:nice[- ]to[- ]haves?|(?:is|are|be|considered|definite|strong|big|huge|real)? ?an? (?:strong |big |huge |real |definite )?(?:plus|bonus|advantage|asset)|pluses|bonus(?: points)?|preferred|preferably|preference|desirable|desired|ideally|optional(?:ly)?|advantageous|would be (?:great|good|nice|helpful)|good to have|not required"
    r"|un (?:vrai |gros |reel )?(?:plus|atout|avantage|bonus)|serait? (?:un plus|apprecie\w*|ideal)|souhaite\w*|apprecie\w*|idealement|de preference|facultati\w+|optionnel\w*|atouts?)\b"
)
_MUST: Final = re.compile(
    r"\b(?:must(?:[- ]haves?)?|required?|requires|requirements?|essential|mandatory|necessary|minimum|you need|you have|at least|proficien\w+|strong|solid|expert\w*|proven|in[- ]depth"
    r"|exige\w*|indispensables?|obligatoires?|imperati\w+|requis\w*|necessaires?|maitris\w+|solides?|confirme\w*|vous avez|au moins)\b"
)
_REPLACES: Final = re.compile(
    r"\b(?:or )?(?:equivalent|comparable|relevant|related)(?: \w+){0,3} experience|\bor equivalent\b|ou (?:une )?experience (?:professionnelle )?equivalente|ou equivalent\b"
)


class _Asked:
    """Skills by key, in the order in which the job comes to them, each at its highest importance."""

    def __init__(self) -> None:
        self._found: dict[str, AskedSkill] = {}

    def add(self, skill: AskedSkill) -> None:
        known = self._found.get(skill.key)
        if known is None or (known.importance == "nice" and skill.importance == "must"):
            self._found[skill.key] = skill

    def soften(self, keys: set[str]) -> None:
        """What is listed without a word, but called nice to have wherever the text speaks of it."""
        for key in keys & self._found.keys():
            skill = self._found[key]
            self._found[key] = AskedSkill(skill.key, skill.name, "nice", skill.evidence)

    def all(self) -> tuple[AskedSkill, ...]:
        """Needed ones first."""
        found = sorted(self._found.values(), key=lambda each: each.importance != "must")
        return tuple(found[:_MOST_SKILLS])


def read_job(post: Post) -> Demands:
    """What the job asks for. Deterministic; the title counts nine times among its words."""
    words = words_of(post.title)
    everything = [
        *words * _TITLE_WEIGHT,
        *words_of(post.description),
        *words_of(post.requirements),
        *(word for skill in post.skills for word in words_of(skill)),
    ]
    months = _months(post)
    degree = _degree(post)
    return Demands(
        skills=_skills(post),
        months=BY_LEVEL[post.level] if months is None else months[0],
        months_evidence=None if months is None else months[1][:_LONGEST_EVIDENCE],
        degree=degree[0],
        degree_evidence=degree[1],
        experience_may_replace=degree[2],
        title_words=frozenset(map(form_of, words)),
        terms=dict(weighed(everything)),
        embedding=embed_where_installed(_opening(post)),
    )


def _opening(post: Post) -> str:
    """What is embedded of a job: its title, its skills, and how its texts begin."""
    parts = (
        post.title,
        post.description[:_OPENING],
        ", ".join(post.skills),
        post.requirements[: _OPENING // 2],
    )
    return "\n".join(part for part in parts if part)


def _months(post: Post) -> tuple[int, str] | None:
    return asked_months(post.requirements, sure=True) or asked_months(post.description, sure=False)


def _degree(post: Post) -> tuple[int, str | None, bool]:
    """The lowest degree that will do, its sentence, and whether experience may stand in for it."""
    for text in (post.requirements, post.description):
        for match in _SENTENCE.finditer(text):
            sentence = match.group().strip()
            folded = plain(sentence)
            level = lowest_of(sentence)
            if level and not _NICE.search(folded):
                replaces = _REPLACES.search(folded) is not None
                return level, sentence[:_LONGEST_EVIDENCE], replaces
    return 0, None, False


def _skills(post: Post) -> tuple[AskedSkill, ...]:
    asked = _Asked()
    said: dict[Importance, set[str]] = {"must": set(), "nice": set()}
    keys = post.skill_keys or keys_of(post.skills)
    for name, key in zip(post.skills, keys, strict=True):
        asked.add(listed(name, key))
    for text, otherwise in _texts(post):
        for skill, word in _in_text(text):
            said[word or otherwise].add(skill.key)
            asked.add(AskedSkill(skill.key, skill.name, word or otherwise, skill.evidence))
            if word == "nice":
                said["nice"].add(skill.key)
    asked.soften(said["nice"] - said["must"])
    return asked.all()


def _texts(post: Post) -> tuple[tuple[str, Importance], ...]:
    """The texts, and how much what they mention without a word of its weight is asked for."""
    return (post.requirements, "must"), (post.description, "nice")


def listed(name: str, key: str) -> AskedSkill:
    """A skill that the job lists, by its name and its key; what the taxonomy lacks keeps its name.

    The fields are the outside's: must, until the text says otherwise.
    """
    concept = taxonomy().of(key)
    return AskedSkill(key, name if concept is None else concept.name, "must", name)


def _in_text(text: str) -> Iterator[tuple[AskedSkill, Importance | None]]:
    """Skills that the sentences mention, and what they say of their weight.

    A line such as "Nice to have:" speaks for those below it.
    """
    below: Importance | None = None
    for line in text.splitlines():
        body = line.strip()
        if _is_heading(body):
            below = _said(plain(body))
            continue
        for match in _SENTENCE.finditer(body):
            sentence = match.group().strip()
            said = _said(plain(sentence)) or below
            for concept in _concepts(sentence, is_asking=said is not None):
                evidence = sentence[:_LONGEST_EVIDENCE]
                yield AskedSkill(concept.id, concept.name, said or "must", evidence), said


def _is_heading(line: str) -> bool:
    return line.endswith(":") and len(line) < _SHORT_LINE


def _said(folded: str) -> Importance | None:
    if _NICE.search(folded):
        return "nice"
    return "must" if _MUST.search(folded) else None


def _concepts(sentence: str, *, is_asking: bool) -> Iterator[Concept]:
    """The taxonomy's skills in one sentence: technology by its name, the rest where a skill is meant."""
    known = taxonomy()
    tokens = tokens_of(sentence)
    matches = list(known.matches(tokens, sentence))
    if not matches:
        return
    spans = list(skill_spans(sentence, 0, len(sentence), known))
    is_degree = lowest_of(sentence) > 0
    is_item = len(tokens) <= _ITEM_WORDS
    for first, last, concept in matches:
        is_studied = is_degree and concept.id.startswith("http")
        if is_studied or (first == last == 0 and concept.category not in _NAMED):
            # What was studied is held against the education; a first word is mostly a verb.
            continue
        begin, end = tokens[first].start, tokens[last].end
        sure = max((each[3] for each in spans if each[0] < end and begin < each[1]), default=0.0)
        written = sentence[begin:end]
        if concept.category not in _NAMED:
            is_meant = sure >= (_SURE if first == last else 0.5)
        elif not written.isascii():
            # "Première" is compared as premiere, but it is no name of a product.
            is_meant = False
        elif is_item:
            is_meant = len(written) > 1
        else:
            is_meant = _is_name(written, sure, is_marked=first > 0 or is_asking)
        if is_meant:
            yield concept


def _is_name(written: str, sure: float, *, is_marked: bool) -> bool:
    """Technology is told by its capitals or signs; the first letter of a sentence says nothing."""
    signs = any(letter.isupper() or letter.isdigit() or letter in "+#." for letter in written[1:])
    if len(written) <= 2:
        return (signs or written.isupper()) and sure >= _LIKELY
    return signs or sure >= _LIKELY or (written[0].isupper() and is_marked)
