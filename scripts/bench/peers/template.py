"""Items as the official full-stack FastAPI template writes them (full-stack-fastapi-template).

Synchronous routes and dependencies, SQLModel over psycopg, the user read for every request, a count
and a page by OFFSET, its engine with default settings, CORS. Its rows are the owner's thousand jobs
with the same columns as ours; its users are a table of their own, with hashes of its strength. The
template has no search: what stands here is its list with a condition. Runs in the environment of the peers, one worker: fastapi run.
"""

import os
import uuid
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import jwt
from fastapi import APIRouter, Depends, FastAPI, HTTPException, status
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from jwt.exceptions import InvalidTokenError
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher
from pydantic import BaseModel, ValidationError
from sqlalchemy import ARRAY, Text, and_, or_
from sqlmodel import Column, Field, Session, SQLModel, col, create_engine, func, select
from starlette.middleware.cors import CORSMiddleware

SECRET_KEY = os.environ["PEER_SECRET"]
ALGORITHM = "HS256"
engine = create_engine(os.environ["DATABASE_URL"])
password_hash = PasswordHash((Argon2Hasher(), BcryptHasher()))
reusable_oauth2 = OAuth2PasswordBearer(tokenUrl="/api/v1/login/access-token")


class TokenPayload(SQLModel):
    sub: str | None = None


class User(SQLModel, table=True):
    __tablename__ = "template_users"

    id: uuid.UUID = Field(primary_key=True)
    email: str = Field(unique=True, index=True)
    full_name: str
    hashed_password: str
    is_active: bool
    is_superuser: bool


class JobBase(SQLModel):
    title: str
    company: str
    organization_id: uuid.UUID
    location: str
    location_type: str
    job_type: str
    experience_level: str
    description: str
    requirements: str
    salary_min: int | None
    salary_max: int | None
    currency: str
    language: str
    status: str
    posted_at: datetime | None
    expires_at: datetime | None
    applications_count: int
    views_count: int
    created_at: datetime
    updated_at: datetime


class Job(JobBase, table=True):
    __tablename__ = "jobs"

    id: uuid.UUID = Field(primary_key=True)
    posted_by: uuid.UUID | None = Field(foreign_key="template_users.id")
    skills: list[str] = Field(sa_column=Column(ARRAY(Text)))


class JobPublic(JobBase):
    id: uuid.UUID
    posted_by: uuid.UUID | None
    skills: list[str]


class JobsPublic(SQLModel):
    data: list[JobPublic]
    count: int


class Token(BaseModel):
    access_token: str
    token_type: str = "bearer"  # noqa: S105 - no secret.


def get_db() -> Generator[Session, None, None]:
    with Session(engine) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_db)]
TokenDep = Annotated[str, Depends(reusable_oauth2)]


def get_current_user(session: SessionDep, token: TokenDep) -> User:
    try:
        payload = jwt.decode(token, SECRET_KEY, algorithms=[ALGORITHM])
        token_data = TokenPayload(**payload)
    except (InvalidTokenError, ValidationError):
        raise HTTPException(
            status_code=status.HTTP_403_FORBIDDEN,
            detail="Could not validate credentials",
        ) from None
    user = session.get(User, uuid.UUID(token_data.sub))
    if not user:
        raise HTTPException(status_code=404, detail="User not found")
    if not user.is_active:
        raise HTTPException(status_code=400, detail="Inactive user")
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]
router = APIRouter(prefix="/jobs", tags=["jobs"])


@router.get("/", response_model=JobsPublic)
def read_jobs(
    session: SessionDep, current_user: CurrentUser, skip: int = 0, limit: int = 100
) -> Any:
    """Retrieve jobs."""
    if current_user.is_superuser:
        count_statement = select(func.count()).select_from(Job)
        count = session.exec(count_statement).one()
        statement = select(Job).order_by(col(Job.created_at).desc()).offset(skip).limit(limit)
        jobs = session.exec(statement).all()
    else:
        count_statement = (
            select(func.count()).select_from(Job).where(Job.posted_by == current_user.id)
        )
        count = session.exec(count_statement).one()
        statement = (
            select(Job)
            .where(Job.posted_by == current_user.id)
            .order_by(col(Job.created_at).desc())
            .offset(skip)
            .limit(limit)
        )
        jobs = session.exec(statement).all()
    jobs_public = [JobPublic.model_validate(job) for job in jobs]
    return JobsPublic(data=jobs_public, count=count)


@router.get("/search", response_model=JobsPublic)
def search_jobs(
    session: SessionDep, _: CurrentUser, query: str, skip: int = 0, limit: int = 100
) -> Any:
    """Search jobs."""
    words = [f"%{word}%" for word in query.split()]
    holding = and_(
        *(or_(col(Job.title).ilike(word), col(Job.description).ilike(word)) for word in words)
    )
    count = session.exec(select(func.count()).select_from(Job).where(holding)).one()
    statement = (
        select(Job).where(holding).order_by(col(Job.created_at).desc()).offset(skip).limit(limit)
    )
    jobs_public = [JobPublic.model_validate(job) for job in session.exec(statement).all()]
    return JobsPublic(data=jobs_public, count=count)


@router.get("/{id}", response_model=JobPublic)
def read_job(session: SessionDep, current_user: CurrentUser, id: uuid.UUID) -> Any:  # noqa: A002
    """Get job by ID."""
    job = session.get(Job, id)
    if not job:
        raise HTTPException(status_code=404, detail="Job not found")
    if not current_user.is_superuser and (job.posted_by != current_user.id):
        raise HTTPException(status_code=403, detail="Not enough permissions")
    return job


login = APIRouter(tags=["login"])


@login.post("/login/access-token")
def login_access_token(
    session: SessionDep, form_data: Annotated[OAuth2PasswordRequestForm, Depends()]
) -> Token:
    """OAuth2 compatible token login, get an access token for future requests."""
    user = session.exec(select(User).where(User.email == form_data.username)).first()
    if not user:
        raise HTTPException(status_code=400, detail="Incorrect email or password")
    verified, updated = password_hash.verify_and_update(form_data.password, user.hashed_password)
    if not verified:
        raise HTTPException(status_code=400, detail="Incorrect email or password")
    if updated:
        user.hashed_password = updated
        session.add(user)
        session.commit()
    if not user.is_active:
        raise HTTPException(status_code=400, detail="Inactive user")
    expire = datetime.now(UTC) + timedelta(minutes=60 * 24 * 8)
    claims = {"exp": expire, "sub": str(user.id)}
    return Token(access_token=jwt.encode(claims, SECRET_KEY, algorithm=ALGORITHM))


app = FastAPI(title="Template")
app.add_middleware(
    CORSMiddleware,
    allow_origins=["http://localhost:5173"],
    allow_credentials=True,
    allow_methods=["*"],
    allow_headers=["*"],
)
app.include_router(login, prefix="/api/v1")
app.include_router(router, prefix="/api/v1")
