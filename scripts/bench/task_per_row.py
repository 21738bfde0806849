"""The usual way, as a baseline: one Celery task for each row, each an ORM insert and a commit.

Written as one would in good faith: a prefork pool, one engine a process kept over tasks, prefetch
left at Celery's default, results ignored, and no payer call at all. Run by claims.py.
"""

import os
from datetime import date

from celery import Celery, signals
from sqlalchemy import BigInteger, Identity, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

app = Celery("baseline", broker=os.environ["BASELINE_BROKER"])
app.conf.update(task_ignore_result=True, task_default_queue="baseline")
engine = create_engine(os.environ["BASELINE_DATABASE"], pool_size=1)


class Base(DeclarativeBase):
    """The base of the one table."""


class BaselineRow(Base):
    """One answered claim row."""

    __tablename__ = "baseline_rows"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    row_no: Mapped[int]
    claim_number: Mapped[str]
    first_name: Mapped[str]
    last_name: Mapped[str]
    date_of_birth: Mapped[date]
    status: Mapped[str]


@signals.worker_process_init.connect
def _forget_connections(**_: object) -> None:
    """A forked child must not share its parent's connections."""
    engine.dispose(close=False)


@app.task(name="baseline.row")
def answer_row(row_no: int, claim_number: str, first: str, last: str, born: str) -> None:
    """Store the answer of one row."""
    with Session(engine) as session:
        session.add(
            BaselineRow(
                row_no=row_no,
                claim_number=claim_number,
                first_name=first,
                last_name=last,
                date_of_birth=date.fromisoformat(born),
                status="PAID",
            )
        )
        session.commit()
