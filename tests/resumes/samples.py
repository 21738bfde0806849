"""Résumés that tests use."""

from uuid import UUID

import httpx
from sqlalchemy import insert

from app.core.clock import now
from app.core.db import Database, Scope
from app.core.ids import new_id
from app.resumes.models import Resume
from app.storage import service as storage
from tests.people import API, Actor, Crew

RESUMES = f"{API}/resumes"
TEXT = """Ada Byron
ada.byron@example.com | +44 20 7946 0958 | https://github.com/adabyron

Experience

Senior Data Engineer, Analytical Engines Ltd
January 2020 - March 2023
Built pipelines in Python on PostgreSQL and Docker.

Education

BSc Mathematics, University of London, 2015

Skills

Python, PostgreSQL, Docker, Kubernetes
"""


async def hand_in(
    client: httpx.AsyncClient,
    actor: Actor,
    content: bytes | str = TEXT,
    name: str = "Résumé d'Ada.txt",
) -> httpx.Response:
    """Upload a résumé."""
    data = content.encode() if isinstance(content, str) else content
    files = {"file": (name, data, "application/octet-stream")}
    return await client.post(f"{RESUMES}/", files=files, headers=actor.headers)


async def make_resume(database: Database, crew: Crew) -> UUID:
    """The candidate's résumé, read to its end."""
    resume_id = new_id()
    async with database.write(Scope.system()) as session:
        stored = await storage.store(
            session,
            content=TEXT.encode(),
            content_type="text/plain",
            purpose="resumes",
            owner_id=crew.candidate.id,
        )
        step = {"status": "skills_extracted", "at": now().isoformat()}
        values = {
            "id": resume_id,
            "owner_id": crew.candidate.id,
            "file_id": stored.id,
            "filename": "cv.txt",
            "content_type": "text/plain",
            "size": stored.size,
            "sha256": stored.sha256,
            "status": "skills_extracted",
            "status_history": [step],
            "text": TEXT,
        }
        await session.execute(insert(Resume).values(**values))
    return resume_id
