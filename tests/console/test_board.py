"""The board of a job: narrowed by its address, moved by plain forms, told in words when refused."""

import re
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from app.applications import board
from app.applications.models import Application, ApplicationMove
from app.console import watching
from app.core.db import Database, Scope
from app.jobs.errors import JobNotFound
from tests.console.hiring_samples import HERE, make_applicants
from tests.jobs.samples import make_job
from tests.people import Crew

PEOPLE: dict[str, dict[str, Any]] = {
    "Zoë Ångström": {"score": 84.5, "source": "linkedin", "tags": ["night shift"], "rating": 4},
    "Bo <b>Diallo": {"score": 61.0},
    "Chloé Petit": {"score": None, "source": "referral"},
    "Dana Offer": {"status": "offer", "score": 20.0},
    "Eli Gone": {"status": "withdrawn"},
}


async def make_board(database: Database, crew: Crew) -> tuple[str, dict[str, UUID]]:
    """A job with five applicants; its address and the ids by names."""
    job_id = await make_job(database, crew)
    return f"/console/jobs/{job_id}", await make_applicants(database, crew, job_id, PEOPLE)


def cards(text: str) -> dict[str, list[str]]:
    """The names of each column, in their order."""
    columns = re.findall(r'data-stage="(\w+)".*?</section>', text, re.DOTALL)
    bodies = re.findall(r'data-stage="\w+"(.*?)</section>', text, re.DOTALL)
    name = re.compile(r'<a href="/console/applications/[^"]+">([^<]+)</a>')
    return dict(zip(columns, map(name.findall, bodies), strict=True))


async def standing(database: Database) -> dict[UUID, str]:
    async with database.read(Scope.system()) as session:
        found = await session.execute(select(Application.id, Application.status))
        return dict(found.all())


async def test_cards_stand_in_their_columns_the_best_first(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    place, _ = await make_board(database, crew)
    page = await client.get(place, headers=crew.employer.headers)
    assert page.status_code == 200, page.text
    assert cards(page.text) == {
        "applied": ["Zoë Ångström", "Bo &lt;b&gt;Diallo", "Chloé Petit"],
        **{status: [] for status in ("viewed", "shortlisted", "interview")},
        "offer": ["Dana Offer"],
        "accepted": [],
        "rejected": [],
        "withdrawn": ["Eli Gone"],
    }
    assert "4 of 5 stars" in page.text
    assert "no score yet" in page.text
    newest = await client.get(f"{place}?sort=newest", headers=crew.employer.headers)
    assert cards(newest.text)["applied"][0] == "Chloé Petit"
    french = await client.get(place, headers={**crew.admin.headers, "Accept-Language": "fr"})
    assert "Présélection" in french.text


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("text=angstrom", ["Zoë Ångström"]),
        ("text=%25", []),
        ("least=61", ["Zoë Ångström", "Bo &lt;b&gt;Diallo"]),
        ("tag=night+shift", ["Zoë Ångström"]),
        ("source=referral&text=&stage=&least=&tag=", ["Chloé Petit"]),
        ("stage=offer", ["Dana Offer"]),
        ("stage=applied&least=70", ["Zoë Ångström"]),
    ],
)
async def test_the_address_narrows_the_board(
    client: httpx.AsyncClient, database: Database, crew: Crew, asked: str, names: list[str]
) -> None:
    place, _ = await make_board(database, crew)
    page = await client.get(f"{place}?{asked}", headers=crew.admin.headers)
    assert [name for column in cards(page.text).values() for name in column] == names


async def test_one_card_is_moved_by_its_own_form(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    place, ids = await make_board(database, crew)
    headers = {**crew.employer.headers, **HERE}
    form = {"pick": f"{ids['Chloé Petit']} applied", "to": "shortlisted", "note": "Calm"}
    moved = await client.post(f"{place}?sort=newest", data=form, headers=headers)
    assert moved.status_code == 303
    assert moved.headers["location"] == f"{place}?sort=newest#a-{ids['Chloé Petit']}"
    page = await client.get(f"{place}?sort=newest", headers=headers)
    assert "One application moved to Shortlisted." in page.text
    assert cards(page.text)["shortlisted"] == ["Chloé Petit"]
    assert "moved to Shortlisted" not in (await client.get(place, headers=headers)).text
    async with database.read(Scope.system()) as session:
        newest = select(ApplicationMove).order_by(ApplicationMove.id.desc()).limit(1)
        step = (await session.scalars(newest)).one()
    assert (step.by_id, step.note, step.to_status) == (crew.employer.id, "Calm", "shortlisted")


async def test_several_are_moved_at_once_and_each_refusal_is_told(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    place, ids = await make_board(database, crew)
    headers = {**crew.admin.headers, **HERE}
    picks = {"Zoë Ångström": "applied", "Bo <b>Diallo": "viewed", "Eli Gone": "withdrawn"}
    form = {"pick": [f"{ids[name]} {seen}" for name, seen in picks.items()], "to": "interview"}
    page = await client.post(place, data=form, headers=headers)
    assert page.status_code == 409
    assert "One application moved to Interview." in page.text
    assert "2 applications were not moved" in page.text
    assert "Bo &lt;b&gt;Diallo: somebody else has moved this application to Applied" in page.text
    assert "Eli Gone stands at Withdrawn and cannot go to Interview." in page.text
    after = await standing(database)
    assert after[ids["Zoë Ångström"]] == "interview"
    assert after[ids["Bo <b>Diallo"]] == "applied"
    both = {"pick": [f"{ids[name]} applied" for name in ("Bo <b>Diallo", "Chloé Petit")]}
    done = await client.post(place, data={**both, "to": "rejected"}, headers=headers)
    assert done.headers["location"] == place
    shown = await client.get(place, headers=headers)
    assert "2 applications moved to Rejected." in shown.text
    twice = await client.post(place, data={**both, "to": "rejected"}, headers=headers)
    assert twice.status_code == 303


async def test_what_cannot_be_meant_moves_nothing(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    place, ids = await make_board(database, crew)
    headers = {**crew.admin.headers, **HERE}
    one = ids["Zoë Ångström"]
    none = await client.post(place, data={"to": "viewed"}, headers=headers)
    assert (none.status_code, "Pick at least one" in none.text) == (422, True)
    for pick, to in ((f"{one} nowhere", "viewed"), (str(one), "viewed"), (f"{one} applied", "x")):
        refused = await client.post(place, data={"pick": pick, "to": to}, headers=headers)
        assert refused.status_code == 422
    other = {**crew.stranger.headers, **HERE}
    form = {"pick": f"{one} applied", "to": "viewed"}
    assert (await client.post(place, data=form, headers=other)).status_code == 404
    foreign = await make_job(
        database, crew, organization_id=crew.other_organization_id, posted_by=crew.stranger.id
    )
    sneaked = await client.post(f"/console/jobs/{foreign}", data=form, headers=other)
    assert sneaked.status_code == 409
    assert "An application is gone." in sneaked.text
    assert (await client.post(place, data=form, headers=crew.admin.headers)).status_code == 403
    made_up = {**crew.admin.headers, "Cookie": "intake_told=9.nowhere.x"}
    assert (await client.get(place, headers=made_up)).status_code == 200
    assert set((await standing(database)).values()) == {"applied", "offer", "withdrawn"}


async def test_a_column_of_thousands_shows_its_head_and_the_way_on(
    client: httpx.AsyncClient, database: Database, crew: Crew
) -> None:
    job_id = await make_job(database, crew)
    people = {f"Person {at}": {"score": 50.0 if at % 2 else None} for at in range(45)}
    ids = await make_applicants(database, crew, job_id, people)
    place = f"/console/jobs/{job_id}"
    seen: list[str] = []
    page = await client.get(f"{place}?text=person&tag=", headers=crew.admin.headers)
    assert page.text.count('class="ticket"') == board.SHOWN
    assert f"{45 - board.SHOWN} more" in page.text
    seen += cards(page.text)["applied"]
    following = re.search(r'data-more href="([^"]+)"', page.text)
    while following is not None:
        page = await client.get(following[1].replace("&amp;", "&"), headers=crew.admin.headers)
        assert page.status_code == 200, page.text
        seen += cards(page.text)["applied"]
        following = re.search(r'rel="next" href="([^"]+)"', page.text)
    assert len(seen) == 45
    assert set(seen) == set(people)
    headers = {**crew.admin.headers, **HERE}
    last = ids[seen[-1]]
    form = {"pick": [f"{ids[name]} applied" for name in seen[:12]], "to": "viewed"}
    await client.post(place, data=form, headers=headers)
    await client.post(place, data={"pick": f"{last} applied", "to": "viewed"}, headers=headers)
    page = await client.get(place, headers=headers)
    assert cards(page.text)["viewed"][0] == seen[-1]


async def test_a_colleagues_change_is_told_by_a_word(
    client: httpx.AsyncClient, database: Database, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, ids = await make_board(database, crew)
    page = (await client.get(place, headers=crew.admin.headers)).text
    mark = re.search(r'data-mark="(\w+)"', page)
    assert mark is not None
    assert f'data-events="{place}/events"' in page
    form = {"pick": f"{ids['Chloé Petit']} applied", "to": "viewed"}
    await client.post(place, data=form, headers={**crew.employer.headers, **HERE})
    after = (await client.get(place, headers=crew.admin.headers)).text
    assert f'data-mark="{mark[1]}"' not in after
    words = iter(["one", "one", "two"])

    async def told(*_: Any, **__: Any) -> str:
        word = next(words, None)
        if word is None:
            raise JobNotFound
        return word

    monkeypatch.setattr(board, "mark", told)
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.0)
    stream = await client.get(f"{place}/events", headers=crew.admin.headers)
    assert re.findall(r"data: (\w+)", stream.text) == ["one", "two"]
    for other, status in ((crew.stranger, 404), (crew.viewer, 403)):
        assert (await client.get(f"{place}/events", headers=other.headers)).status_code == status
