"""Jobs on LinkedIn: shared once, by the right people, with what LinkedIn wants to see."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text

from app.core.db import Database, Scope
from app.dev.bridges.asgi import Fault
from app.dev.bridges.linkedin import PERSON
from app.organizations.models import Organization
from app.storage import service as storage
from tests.integrations.stage import INTEGRATIONS, Bridges
from tests.jobs.samples import make_job
from tests.organizations.pictures import picture
from tests.people import Actor, Crew

POSTS = "/linkedin/rest/posts"
PAGE = "urn:li:organization:5515715"


async def publish(bridges: Bridges, who: Actor, job_id: UUID, **more: Any) -> httpx.Response:
    headers = {**who.headers, **more.pop("headers", {})}
    path = f"{INTEGRATIONS}/linkedin/publish-job"
    return await bridges.client.post(path, json={"job_id": str(job_id), **more}, headers=headers)


async def test_a_job_is_shared(bridges: Bridges, crew: Crew, database: Database) -> None:
    await bridges.connect(crew.employer, "linkedin")
    job_id = await make_job(database, crew, title="Data [Senior] Engineer (H/F)")
    message = "We hire @Northwind #1 (Lyon)_now_ \\o/"
    answer = await publish(bridges, crew.employer, job_id, custom_message=message)
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert made["post_id"] == "urn:li:share:1"
    assert made["post_url"] == "https://www.linkedin.com/feed/update/urn:li:share:1"
    assert made["errors"] == []
    assert made["published"] == [
        {"target": "personal", "post_id": made["post_id"], "post_url": made["post_url"]}
    ]
    (post,) = bridges.linkedin.posts
    assert post["author"] == f"urn:li:person:{PERSON}"
    assert post["commentary"] == r"We hire \@Northwind \#1 \(Lyon\)\_now\_ \\o/"
    assert post["visibility"] == "PUBLIC"
    article = post["content"]["article"]
    front = bridges.settings.server.frontend_url
    assert article["source"] == f"{front}/jobs/{job_id}"
    assert article["title"] == "Data [Senior] Engineer (H/F) – Northwind"
    assert "thumbnail" not in article
    assert (await bridges.standing(crew.employer, "linkedin"))["last_used_at"] is not None
    async with database.read(Scope.system()) as session:
        found = await session.execute(
            text("SELECT * FROM audit_entries WHERE action = 'integrations.published'")
        )
    assert found.mappings().one()["subject_id"] == str(job_id)


async def test_two_clicks_make_one_post(bridges: Bridges, crew: Crew, database: Database) -> None:
    await bridges.connect(crew.employer, "linkedin")
    job_id = await make_job(database, crew)
    first, second = [await publish(bridges, crew.employer, job_id) for _ in range(2)]
    assert first.json() == second.json()
    other = await publish(bridges, crew.employer, job_id, custom_message="Come!")
    assert other.json()["post_id"] == "urn:li:share:2"
    key = {"Idempotency-Key": "k"}
    for _ in range(2):
        answer = await publish(bridges, crew.employer, job_id, custom_message="Go!", headers=key)
        assert answer.json()["post_id"] == "urn:li:share:3"
    assert len(bridges.linkedin.posts) == 3


async def test_a_post_whose_answer_was_lost_is_found_again(
    bridges: Bridges, crew: Crew, database: Database
) -> None:
    """LinkedIn has no key of ours: it is not asked twice by itself, and then tells of the first."""
    await bridges.connect(crew.employer, "linkedin")
    job_id = await make_job(database, crew)
    bridges.providers.faults[POSTS] = Fault(504, after=True)
    answer = await publish(bridges, crew.employer, job_id)
    assert (answer.status_code, answer.json()["code"]) == (503, "integrations.provider_unavailable")
    assert len(bridges.asked(POSTS)) == 1
    answer = await publish(bridges, crew.employer, job_id)
    assert answer.json()["post_id"] == "urn:li:share:1"
    assert len(bridges.linkedin.posts) == 1


async def test_a_click_while_the_first_one_is_under_way(
    bridges: Bridges, crew: Crew, database: Database
) -> None:
    await bridges.connect(crew.employer, "linkedin")
    job_id = await make_job(database, crew)
    await publish(bridges, crew.employer, job_id)
    async with database.write(Scope.system()) as session:
        await session.execute(text("UPDATE posts SET state = 'sending', post_id = NULL"))
    answer = await publish(bridges, crew.employer, job_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "integrations.post_in_progress")
    assert answer.headers["retry-after"]


async def test_who_may_publish_what(bridges: Bridges, crew: Crew, database: Database) -> None:
    job_id = await make_job(database, crew)
    draft = await make_job(database, crew, status="draft")
    answer = await publish(bridges, crew.employer, job_id)
    assert (answer.status_code, answer.json()["code"]) == (403, "integrations.not_connected")
    for who in (crew.employer, crew.admin, crew.staff, crew.stranger):
        await bridges.connect(who, "linkedin")
    assert (await publish(bridges, crew.stranger, job_id)).status_code == 404
    assert (await publish(bridges, crew.stranger, draft)).status_code == 404
    assert (await publish(bridges, crew.staff, job_id)).status_code == 403
    answer = await publish(bridges, crew.employer, draft)
    assert (answer.status_code, answer.json()["code"]) == (409, "integrations.job_not_open")
    assert bridges.linkedin.posts == []
    assert (await publish(bridges, crew.admin, job_id)).status_code == 200


async def test_some_targets_fail(bridges: Bridges, crew: Crew, database: Database) -> None:
    """What is posted is told, and why the rest is not; when nothing is, it is a failure."""
    await bridges.connect(crew.employer, "linkedin")
    job_id = await make_job(database, crew)
    targets = ["personal", "5515715", PAGE]
    answer = await publish(bridges, crew.employer, job_id, organization_ids=targets)
    assert answer.status_code == 200
    (failed,) = answer.json()["errors"]
    assert (failed["target"], failed["code"]) == (PAGE, "integrations.permission_missing")
    assert failed["hint"]
    assert [one["target"] for one in answer.json()["published"]] == ["personal"]
    answer = await publish(bridges, crew.employer, job_id, organization_ids=[PAGE])
    assert (answer.status_code, answer.json()["code"]) == (403, "integrations.permission_missing")
    for wrong in (["urn:li:person:x"], ["https://x"], ["personal"] * 11):
        answer = await publish(bridges, crew.employer, job_id, organization_ids=wrong)
        assert answer.status_code == 422


INSTEAD = [
    (Fault(403, {"code": "ACCESS_DENIED"}), 403, "permission_missing"),
    (Fault(422, {"code": "MISSING_FIELD"}), 502, "provider_refused"),
    (Fault(426, {"code": "NONEXISTENT_VERSION"}), 502, "provider_refused"),
    (Fault(429, None, {"Retry-After": "300"}), 503, "provider_busy"),
    (Fault(201, None), 502, "provider_refused"),
    (Fault(500), 503, "provider_unavailable"),
    (Fault(401, {"serviceErrorCode": 65601}), 403, "not_connected"),
]


async def test_what_linkedin_says_instead(bridges: Bridges, crew: Crew, database: Database) -> None:
    """Each is told by its code, and the same request works once the cause is gone."""
    await bridges.connect(crew.employer, "linkedin")
    job_id = await make_job(database, crew)
    for fault, status, code in INSTEAD:
        bridges.providers.faults[POSTS] = replace(fault, times=1)
        answer = await publish(bridges, crew.employer, job_id, custom_message=code)
        assert (answer.status_code, answer.json()["code"]) == (status, f"integrations.{code}")
        if status == 503:
            assert answer.headers["retry-after"] == fault.headers.get("Retry-After", "30")
        needs_reconnect = (await bridges.standing(crew.employer, "linkedin"))["needs_reconnect"]
        assert needs_reconnect == (fault.status == 401)
    await bridges.connect(crew.employer, "linkedin")
    for _, _, code in INSTEAD:
        answer = await publish(bridges, crew.employer, job_id, custom_message=code)
        assert answer.status_code == 200


async def test_the_author_is_learned_later(
    bridges: Bridges, crew: Crew, database: Database
) -> None:
    bridges.providers.faults["/linkedin/v2/userinfo"] = Fault(403)
    await bridges.connect(crew.employer, "linkedin")
    answer = await publish(bridges, crew.employer, await make_job(database, crew))
    assert answer.status_code == 200
    assert (await bridges.standing(crew.employer, "linkedin"))["account"]


async def test_the_logo_stands_beside_the_link(
    bridges: Bridges, crew: Crew, database: Database
) -> None:
    """And a post goes out without it where LinkedIn does not take it."""
    await bridges.connect(crew.employer, "linkedin")
    job_id, content = await make_job(database, crew), picture("PNG", (2, 2))
    async with database.write(Scope.tenant(crew.organization_id)) as session:
        stored = await storage.store(
            session,
            content=content,
            content_type="image/png",
            purpose="logos",
            organization_id=crew.organization_id,
        )
        organization = await session.get_one(Organization, crew.organization_id)
        organization.logo_file_id = stored.id
    answer = await publish(bridges, crew.employer, job_id)
    assert answer.status_code == 200, answer.text
    article = bridges.linkedin.posts[0]["content"]["article"]
    assert article["thumbnail"] == "urn:li:image:C4E10AQ0"
    assert bridges.linkedin.images == {"C4E10AQ0": content}
    elsewhere = {"value": {"uploadUrl": "https://evil.example/up", "image": "urn:li:image:x"}}
    bridges.providers.faults["/linkedin/rest/images"] = Fault(200, elsewhere)
    answer = await publish(bridges, crew.employer, job_id, custom_message="Again")
    assert answer.status_code == 200
    assert "thumbnail" not in bridges.linkedin.posts[1]["content"]["article"]


async def test_pages_need_a_scope_of_their_own(bridges: Bridges, crew: Crew) -> None:
    await bridges.connect(crew.employer, "linkedin")
    path = f"{INTEGRATIONS}/linkedin/organizations"
    answer = await bridges.client.get(path, headers=crew.employer.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "integrations.permission_missing")
    grants = bridges.place("linkedin").grants
    for token in grants.access:
        grants.access[token] = ("rw_organization_admin", "w_organization_social")
    answer = await bridges.client.get(path, headers=crew.employer.headers)
    assert answer.json() == {"organizations": [{"id": PAGE, "name": "Northwind"}]}
