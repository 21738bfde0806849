"""Why files wait and what checks find: every code has words in both languages."""

from datetime import UTC, datetime
from typing import Any, get_args

import httpx
import pytest
from sqlalchemy import update

from app.claims.models import ClaimJob, ClaimJobEvent
from app.claims.reasons import Code
from app.console.findings import in_words
from app.console.language import WORDS, Speech
from app.console.phrases import translated
from app.core.db import Database, Scope
from app.health.findings import REASONS, SENTENCES, found, in_english
from app.health.schemas import Check
from tests.claims.api.samples import make_running_job
from tests.people import Crew

UNTIL = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
WAITS: dict[str, Any] = {
    "status_reason": "UnitedHealthcare does not answer; retrying until 14:30 UTC.",
    "status_reason_code": "payer.silent",
    "status_reason_at": UNTIL,
}


def test_each_code_has_words_in_both_languages() -> None:
    names = {f"finding.{code}" for code in SENTENCES} | {f"fault.{code}" for code in REASONS}
    names |= {f"why.{code}" for code in get_args(Code)}
    names |= {f"history.{code}" for code in get_args(Code)}
    for words in WORDS.values():
        assert {
            name for name in names if name not in words and f"{name}.other" not in words
        } == set()


@pytest.mark.parametrize(
    ("findings", "english", "french"),
    [
        (
            [found("queue.jobs", count=1, seconds=420.0), found("queue.no_mails")],
            "1 jobs not begun, the oldest since 420 s. No mail waits.",
            "Un travail n’est pas commencé, depuis 7 min 0 s. Aucun courriel n’attend.",
        ),
        (
            [found("storage.failed", reason="denied")],
            "A probe failed: it refuses our key or what it may do.",
            "L’essai a échoué : il refuse notre clé ou ce qu’elle permet.",
        ),
        (
            [found("redis.away", reason="OddError")],
            "Redis: OddError. Work goes on, begun some seconds later.",
            "Redis : OddError. Le travail continue, commencé quelques secondes plus tard.",
        ),
        (
            [found("issuers.no_keys", provider="<clerk>", fault="it answered 500")],
            "<clerk>: no keys, its tokens cannot be checked (it answered 500).",
            "&lt;clerk&gt; : aucune clé, ses jetons ne peuvent être vérifiés (réponse 500).",
        ),
    ],
)
def test_a_check_speaks_each_language(findings: list[Any], english: str, french: str) -> None:
    assert in_english(findings) == english
    check = Check(status="degraded", latency_ms=1, detail=english, findings=findings)
    assert in_words(check, Speech("fr")) == french


def test_times_are_the_readers_own() -> None:
    at = found("issuers.keys", provider="clerk", count=2, at="2026-11-21T04:00:00Z")
    assert in_english([at]) == "clerk: 2 keys of 2026-11-21 04:00:00 UTC."
    check = Check(status="healthy", latency_ms=1, detail="", findings=[at])
    assert '<time datetime="2026-11-21T04:00:00Z"' in in_words(check, Speech("fr"))


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("There is no such day in the calendar.", "Ce jour n’existe pas au calendrier."),
        ("The row has no claim_number.", "La ligne n’a pas de claim_number."),
        ("The row has 7 cells; the header has 5.", "La ligne a 7 cellules ; l’en-tête en a 5."),
        ("2 sheets hold data; only the first was read.", "2 feuilles contiennent des données ;"),
        ("Some new sentence.", "Some new sentence."),
    ],
)
def test_what_is_told_of_rows_and_files_is_translated(english: str, french: str) -> None:
    assert translated("fr", english).startswith(french)
    assert translated("en", english) == english


async def test_a_file_says_why_it_waits_and_what_happened(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_running_job(database, crew.organization_id)
    async with database.write(Scope.system()) as session:
        await session.execute(update(ClaimJob).where(ClaimJob.id == job_id).values(**WAITS))
        told = {"status_reason": "…", "status_reason_code": "payer.silent"}
        for version, (kind, data) in enumerate(
            (
                ("uploaded", {"rows": 3}),
                ("status", {"status": "PROCESSING"}),
                ("reason", told),
                ("reason", {"status_reason": None}),
                ("status", {"status": "PENDING", "attempt": 2}),
            ),
            start=10,
        ):
            session.add(
                ClaimJobEvent(
                    job_id=job_id,
                    version=version,
                    organization_id=crew.organization_id,
                    kind=kind,
                    data=data,
                )
            )
    place = f"/console/claims/{job_id}"
    french = {**crew.viewer.headers, "Accept-Language": "fr"}
    page = (await client.get(place, headers=french)).text
    assert "UnitedHealthcare ne répond pas ; nouvel essai jusqu’à <time" in page
    assert 'datetime="2026-11-21T14:30:00Z" data-clock>14:30 UTC' in page
    assert "does not answer" not in page
    past = page[page.index('class="past"') :]
    lines = (
        "Relancé : essai 2",
        "Le payeur répond",
        "ne répond pas",
        "Travail commencé",
        "3 lignes",
    )
    places = [past.index(line) for line in lines]
    assert places == sorted(places)
