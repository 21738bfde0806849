"""The demonstration: made by the services, once, in development alone, with something to see."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.accounts.errors import WelcomeClosed
from app.accounts.models import User
from app.applications.models import Application, ApplicationMove
from app.claims.models import ClaimJob
from app.core.clock import now
from app.core.db import Scope
from app.core.settings import Settings
from app.dev.demo.cast import ADMIN, APPLICANTS, APPLIES, FIRMS
from app.dev.demo.papers import CLAIM_FILES
from app.dev.demo.play import play
from app.jobs.models import Job
from app.organizations.models import Invite, Organization
from app.resumes.models import Resume
from tests.conftest import Stage


def settings_of(stage: Stage, environment: str) -> Settings:
    server = stage.settings.server.model_copy(update={"environment": environment})
    return stage.settings.model_copy(update={"server": server})


async def count(stage: Stage, model: Any) -> int:
    async with stage.database.read(Scope.system()) as session:
        found = await session.execute(select(func.count()).select_from(model))
        return int(found.scalar_one())


async def test_every_page_has_something_to_show(stage: Stage) -> None:
    development = settings_of(stage, "development")
    assert await play(development, with_claims=True)
    made = {
        Organization: len(FIRMS),
        User: len(APPLICANTS) + sum(len(firm.colleagues) for firm in FIRMS),
        Invite: sum(len(firm.invited) for firm in FIRMS),
        Job: sum(len(firm.posts) for firm in FIRMS),
        Resume: len(APPLICANTS),
        Application: sum(len(wanted) for wanted in APPLIES),
        ClaimJob: len(CLAIM_FILES),
    }
    assert {model: await count(stage, model) for model in made} == made
    async with stage.database.read(Scope.system()) as session:
        stages = set((await session.scalars(select(Application.status))).all())
        assert len(stages) >= 7
        admin = (await session.scalars(select(User).where(User.email == ADMIN))).one()
        assert admin.full_name == "Claire Fontaine"
        # What happened lies in the past, in its order.
        oldest = select(Application.created_at).order_by(Application.created_at).limit(1)
        assert (await session.scalars(oldest)).one() < now() - timedelta(days=20)
        moves = select(ApplicationMove.application_id, ApplicationMove.at).order_by(
            ApplicationMove.id
        )
        times: dict[object, list[object]] = {}
        for application_id, at in (await session.execute(moves)).all():
            times.setdefault(application_id, []).append(at)
        assert all(one == sorted(one, key=str) for one in times.values())
    assert not await play(development, with_claims=True)
    assert await count(stage, Organization) == len(FIRMS)


@pytest.mark.parametrize("environment", ["production", "test"])
async def test_it_is_made_nowhere_else(stage: Stage, environment: str) -> None:
    with pytest.raises(WelcomeClosed):
        await play(settings_of(stage, environment), with_claims=False)
    assert await count(stage, Organization) == 0


def test_addresses_belong_to_nobody_and_are_all_different() -> None:
    people = [one.email for firm in FIRMS for one in firm.colleagues]
    people += [one.email for one in APPLICANTS]
    assert all(email.isascii() and email.endswith(".example") for email in people)
    assert len(set(people)) == len(people)
    assert replace(APPLICANTS[0], full_name="Zoé O'Neill Sørensen").email.startswith("zoe.o.neill.")
