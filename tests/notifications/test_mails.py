"""From what people were told to mails: to whom, how many, in whose words, and never twice."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from app.accounts.models import User
from app.core.clock import now
from app.core.db import Database, Scope
from app.core.settings import Settings
from app.mail.rendering import render
from app.main import create_app
from app.notifications import letters, tasks
from app.notifications.kinds import LETTERS
from app.notifications.letters import Letter
from app.notifications.models import Notification
from tests.conftest import Stage, running
from tests.mail.reading import Letter as Mailed
from tests.mail.reading import acts, context_of
from tests.mail.reading import letters as mails_of
from tests.notifications.samples import tell
from tests.people import API, Crew, make_crew

TEMPLATES = f"{API}/notifications/templates"
PREFERENCES = f"{API}/notifications/preferences"
REJECTED = f"{TEMPLATES}/application.moved.rejected/en"


async def mailed(database: Database, settings: Settings) -> list[Mailed]:
    """Let a worker write, twice; every mail in line."""
    for _ in range(2):
        await tasks.deliver(context_of(database, settings))
    return await mails_of(database, settings)


async def received(database: Database, crew: Crew, **changes: Any) -> None:
    """The employer is told of an application."""
    params = {"candidate_id": str(crew.candidate.id), "job_title": "Data Engineer"}
    await tell(
        database, crew, crew.employer.id, kind="application.received", params=params, **changes
    )


async def test_a_move_is_mailed_once(database: Database, settings: Settings, crew: Crew) -> None:
    await tell(database, crew, params={"job_title": "Data Engineer", "status": "offer"})
    (mail,) = await mailed(database, settings)
    assert (mail.template, mail.to) == ("letter", crew.candidate.email)
    assert mail.context["body"].startswith("Dear Candidate,")
    assert "Data Engineer" in mail.context["subject"]


@pytest.mark.parametrize("status", ["viewed", "withdrawn", "applied"])
async def test_some_moves_are_not_mailed(
    database: Database, settings: Settings, crew: Crew, status: str
) -> None:
    await tell(database, crew, params={"job_title": "Data Engineer", "status": status})
    assert await mailed(database, settings) == []


async def test_the_language_of_a_mail(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew
) -> None:
    french = {"job_title": "x", "status": "offer", "language": "fr"}
    await tell(database, crew, params=french)
    (mail,) = await mailed(database, settings)
    assert mail.language == "fr"
    await client.put(PREFERENCES, json={"language": "en"}, headers=crew.candidate.headers)
    await tell(database, crew, params=french)
    assert (await mailed(database, settings))[-1].language == "en"


@pytest.mark.parametrize("choice", ["in_app", "off"])
async def test_who_wants_no_mail_gets_none(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew, choice: str
) -> None:
    wish = {"choices": {"application.moved": choice}}
    await client.put(PREFERENCES, json=wish, headers=crew.candidate.headers)
    await tell(database, crew)
    assert await mailed(database, settings) == []


@pytest.mark.parametrize("changes", [{"is_active": False}, {"email": ""}])
async def test_nobody_writes_to_a_closed_account(
    database: Database, settings: Settings, crew: Crew, changes: Mapping[str, Any]
) -> None:
    async with database.write(Scope.system()) as session:
        await session.execute(update(User).where(User.id == crew.candidate.id).values(**changes))
    await tell(database, crew)
    assert await mailed(database, settings) == []


async def test_applications_of_an_hour_are_one_mail(
    database: Database, settings: Settings, crew: Crew
) -> None:
    await received(database, crew)
    (first,) = await mailed(database, settings)
    assert first.context["subject"] == "Candidate applied for Data Engineer"
    for _ in range(12):
        await received(database, crew)
    assert len(await mailed(database, settings)) == 1, "the last mail is not an hour old"
    async with database.write(Scope.system()) as session:
        hour = timedelta(hours=1)
        await session.execute(
            update(Notification).values(
                mail_at=Notification.mail_at - hour, mailed_at=Notification.mailed_at - hour
            )
        )
    second = (await mailed(database, settings))[1]
    assert second.context["subject"] == "12 new applications"
    assert (len(second.context["lines"]), second.context["more"]) == (10, 2)
    text = render("digest", "en", {**second.context}).text
    assert text.count("Candidate applied for Data Engineer") == 10
    assert "and 2 more" in text


async def test_who_has_read_it_or_left_is_not_mailed(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew
) -> None:
    await received(database, crew)
    await client.post(f"{API}/notifications/read-all", headers=crew.employer.headers)
    await received(database, crew, organization_id=crew.other_organization_id)
    assert await mailed(database, settings) == []


async def test_several_workers_write_one_mail(stage: Stage) -> None:
    crew = await make_crew(stage.database, stage.settings)
    for _ in range(3):
        await received(stage.database, crew)
    work = context_of(stage.database, stage.settings)
    await asyncio.gather(*(tasks.deliver(work) for _ in range(3)))
    (mail,) = await mails_of(stage.database, stage.settings)
    assert mail.context["subject"] == "3 new applications"


async def test_of_those_who_saw_the_same_one_changes_it(stage: Stage) -> None:
    """Words and choices of which there is no row yet."""
    crew = await make_crew(stage.database, stage.settings)
    zones = ("Europe/Paris", "Asia/Tokyo", "America/Lima")
    changes: list[tuple[str, dict[str, str], list[dict[str, str]]]] = [
        (
            f"{API}/notifications/preferences",
            crew.candidate.headers,
            [{"timezone": z} for z in zones],
        ),
        (REJECTED, crew.admin.headers, [{"subject": z, "body": "Hi!"} for z in zones]),
    ]
    async with running(create_app(stage.settings)) as client:
        for place, headers, bodies in changes:
            seen = await client.get(place, headers=headers)
            held = headers | {"If-Match": seen.headers["etag"]}
            puts = [client.put(place, json=body, headers=held) for body in bodies]
            statuses = sorted(answer.status_code for answer in await asyncio.gather(*puts))
            assert statuses == [200, 412, 412]


async def test_old_ones_are_forgotten(database: Database, settings: Settings, crew: Crew) -> None:
    old, young = await tell(database, crew), await tell(database, crew)
    async with database.write(Scope.system()) as session:
        long_ago = now() - tasks.KEPT - timedelta(minutes=1)
        await session.execute(
            update(Notification).where(Notification.id == old).values(created_at=long_ago)
        )
    await tasks.purge(context_of(database, settings))
    async with database.read(Scope.system()) as session:
        assert await session.get(Notification, old) is None
        assert await session.get(Notification, young) is not None


async def test_an_organizations_own_words(
    client: httpx.AsyncClient, database: Database, settings: Settings, crew: Crew
) -> None:
    wish = {"subject": "{company}: {job_title}", "body": "Hi {candidate_name}!"}
    kept = await client.put(REJECTED, json=wish, headers=crew.admin.headers)
    assert kept.json()["is_own"], kept.text
    again = await client.put(REJECTED, json=wish, headers=crew.admin.headers)
    assert again.json() == kept.json()
    stale = {**crew.admin.headers, "If-Match": '"old"'}
    assert (await client.put(REJECTED, json=wish, headers=stale)).status_code == 412
    params = {"job_title": "Dev", "company": "{candidate_name}", "status": "rejected"}
    await tell(database, crew, params=params)
    (mail,) = await mailed(database, settings)
    assert mail.context["subject"] == "{candidate_name}: Dev", "values are not templates"
    assert mail.context["body"] == "Hi Candidate!"
    await client.delete(REJECTED, headers=crew.admin.headers)
    reset = await client.delete(REJECTED, headers=crew.admin.headers)
    assert not reset.json()["is_own"]
    assert reset.json()["body"].startswith("Dear {candidate_name}")
    assert (await acts(database)) == ["notifications.letter_changed", "notifications.letter_reset"]


async def test_another_organization_has_its_own(client: httpx.AsyncClient, crew: Crew) -> None:
    wish = {"subject": "x", "body": "y"}
    await client.put(REJECTED, json=wish, headers=crew.admin.headers)
    other = await client.get(REJECTED, headers=crew.stranger.headers)
    assert not other.json()["is_own"]
    listed = (await client.get(TEMPLATES, headers=crew.admin.headers)).json()["results"]
    assert len(listed) == len(LETTERS) * 2
    assert [one["language"] for one in listed if one["is_own"]] == ["en"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{salary}", "letter.placeholder"),
        ("{{ 7 * 7 }}", "letter.brace"),
        ("{candidate_name.__class__}", "letter.brace"),
        ("{}", "letter.placeholder"),
        ("} {", "letter.brace"),
        ("see https://evil.example", "letter.link"),
        ("see WWW.evil.example", "letter.link"),
    ],
)
async def test_words_that_are_refused(
    client: httpx.AsyncClient, crew: Crew, text: str, code: str
) -> None:
    for method, place in (("PUT", REJECTED), ("POST", f"{REJECTED}/preview")):
        wish = {"subject": "News", "body": text}
        refused = await client.request(method, place, json=wish, headers=crew.admin.headers)
        assert (refused.status_code, refused.json()["code"]) == (
            422,
            "notifications.letter_refused",
        )
        assert {fault["pointer"] for fault in refused.json()["errors"]} == {"/body"}
        assert code in {fault["code"] for fault in refused.json()["errors"]}


async def test_a_subject_is_one_line_and_a_body_says_something(
    client: httpx.AsyncClient, crew: Crew
) -> None:
    for wish in ({"subject": "a\nBcc: b@c.de", "body": "x"}, {"subject": "a", "body": " \n"}):
        refused = await client.put(REJECTED, json=wish, headers=crew.admin.headers)
        assert refused.status_code == 422
    missing = await client.get(f"{TEMPLATES}/invite/en", headers=crew.admin.headers)
    assert missing.json()["code"] == "notifications.letter_unknown"


async def test_a_preview_is_escaped(client: httpx.AsyncClient, crew: Crew) -> None:
    wish = {"subject": "<b>{job_title}</b>", "body": "<script>x</script>\n\n{candidate_name}"}
    made = await client.post(f"{REJECTED}/preview", json=wish, headers=crew.admin.headers)
    seen = made.json()
    assert seen["subject"] == "<b>Data Engineer</b>"
    assert "<script>x</script>" in seen["text"]
    assert "<script>" not in seen["html"]
    assert "Zoë Martin" in seen["html"]
    kept = await client.get(REJECTED, headers=crew.admin.headers)
    assert not kept.json()["is_own"]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", LETTERS)
def test_our_own_words_could_be_kept(kind: str, language: Any) -> None:
    words = letters.usual(kind, language)
    assert not [*letters.faults(words.subject), *letters.faults(words.body)]
    filled = letters.fill(words, letters.SAMPLES[language])
    assert "{" not in filled.subject + filled.body


@hypothesis.settings(max_examples=30)
@given(st.text(alphabet="{}abc_djobtile", max_size=30), st.text(max_size=20))
def test_whatever_passes_is_filled_in_one_pass(text: str, value: str) -> None:
    if [*letters.faults(text)]:
        return
    values = dict.fromkeys(letters.PLACEHOLDERS, value)
    places = sum(text.count(f"{{{name}}}") for name in letters.PLACEHOLDERS)
    filled = letters.fill(Letter("s", text), values)
    assert places or filled.body == text
