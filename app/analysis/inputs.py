"""What an answer is made of, as keys: another key, another answer."""

import hashlib
from typing import Final
from uuid import UUID

import msgspec

from app.analysis.engine.values import Post
from app.jobs.models import Job
from app.skills.keys import keys_of
from app.skills.taxonomy import version

OF_ALL_JOBS: Final = "all"
"""The key of an analysis of all jobs while it is under way; what is open changes too soon for more."""


def post_of(job: Job) -> Post:
    """What a score rests on of a job."""
    level: object = job.experience_level
    return msgspec.convert(
        {
            "title": job.title,
            "description": job.description,
            "requirements": job.requirements,
            "skills": job.skills,
            "skill_keys": _keys(job),
            "level": level,
        },
        Post,
    )


def _keys(job: Job) -> list[str]:
    """The keys that the job holds, if they are of today's taxonomy."""
    return job.skill_keys if job.skills_version == version() else keys_of(job.skills)


def digest_of(post: Post) -> str:
    """The content of a job: 128 bits of its SHA-256."""
    return hashlib.sha256(msgspec.json.encode(post)).hexdigest()[:32]


def key_of(job_id: UUID, digest: str, revision: int, model_version: str) -> str:
    """The key among a résumé's analyses."""
    return f"{job_id}:{digest}:{revision}:{model_version}"
