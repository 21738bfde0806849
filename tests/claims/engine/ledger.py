"""The engine over a committed database, with the local payer behind the real adapter."""

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.claims.engine.bench import Bench
from app.claims.engine.work import drain
from app.claims.payers.details import Extra
from app.claims.payers.optum import OptumPayer
from app.claims.payers.optum_options import OptumOptions, optum_options
from app.claims.payers.port import Payer
from app.claims.payers.store import SharedStore
from app.claims.payers.uhc import UhcPayer
from app.claims.payers.uhc_options import UhcOptions, uhc_options
from app.claims.service.intake import UploadWishes, look_at, store
from app.claims.tables.options import ReadOptions
from app.core.db import Database, Scope, driver
from app.core.ids import new_id
from app.core.settings import Settings
from app.dev.payer.asgi import LocalPayer
from app.dev.payer.book import Book
from app.dev.payer.faults import Faults
from app.dev.payer.rows import HEADERS, Expected, RowPlan, rows

TIN = "471000077"
SECOND_TIN = "471000078"


class Shelf:
    """The adapters of a test, made with the options of the test."""

    def __init__(
        self, options: UhcOptions, optum: OptumOptions, store: SharedStore | None = None
    ) -> None:
        self._makers: dict[str, Callable[[], Payer]] = {
            "uhc": lambda: UhcPayer(options, store=store),
            "optum": lambda: OptumPayer(optum, store=store),
        }
        self._payers: dict[str, Payer] = {}

    def get(self, code: str) -> Payer:
        """The adapter of that name."""
        if code not in self._payers:
            self._payers[code] = self._makers[code]()
        return self._payers[code]

    async def close(self) -> None:
        """Close what was opened."""
        for payer in self._payers.values():
            await payer.close()


@dataclass
class Ledger:
    """One organization with a practice, and workers to hand."""

    database: Database
    settings: Settings
    payer: LocalPayer
    organization_id: UUID
    practice_id: int
    shelves: list[Shelf] = field(default_factory=list)

    @property
    def book(self) -> Book:
        """What the payer holds for the practice."""
        return self.payer.books.book(TIN)

    def play(self, **faults: Any) -> None:
        """Put faults of the payer in place of the present ones."""
        self.payer.play(Faults(**faults))

    def bench(self, **changes: Any) -> Bench:
        """A worker's bench; `tries` and other options of the adapter can be changed."""
        quick: dict[str, Any] = {"backoff_seconds": 0.01, "breaker_pause_seconds": 0.2}
        options = replace(uhc_options(self.settings.uhc), **quick)
        optum = replace(optum_options(self.settings.optum), **quick)
        of_uhc = {key: value for key, value in changes.items() if hasattr(options, key)}
        of_optum = {key: value for key, value in changes.items() if hasattr(optum, key)}
        known = {**of_uhc, **of_optum, "store": None}
        shelf = Shelf(replace(options, **of_uhc), replace(optum, **of_optum), changes.get("store"))
        self.shelves.append(shelf)
        rest = {key: value for key, value in changes.items() if key not in known}
        settings = rest.pop("settings", self.settings)
        return Bench(database=self.database, settings=settings, payers=shelf, **rest)

    def with_claims(self, **changes: Any) -> Settings:
        """The settings with other values in the room of claims."""
        claims = self.settings.claims.model_copy(update=changes)
        return self.settings.model_copy(update={"claims": claims})

    async def upload(
        self,
        lines: Sequence[Sequence[str]],
        header: Sequence[str] = HEADERS["claim_number"],
        *,
        batch: bool = True,
        start: date | None = None,
        end: date | None = None,
        organization_id: UUID | None = None,
        provider: str = "uhc",
        include: Iterable[Extra] = (),
    ) -> UUID:
        """Upload rows as the API does, all in one transaction."""
        text_lines = [",".join(header), *(",".join(line) for line in lines)]
        wishes = UploadWishes(provider, batch, start, end, ReadOptions(), frozenset(include))
        file = io.BytesIO(("\n".join(text_lines) + "\n").encode())
        seen = await look_at(file, "claims.csv", wishes)
        tenant = organization_id or self.organization_id
        async with self.database.write(Scope.tenant(tenant)) as session:
            return await store(
                session,
                settings=self.settings,
                organization_id=tenant,
                user_id=await self._user(session),
                seen=seen,
                wishes=wishes,
            )

    async def _user(self, session: Any) -> UUID:
        user_id = new_id()
        await session.execute(
            text("INSERT INTO users (id, email, full_name) VALUES (:id, :email, 'Tester')"),
            {"id": user_id, "email": f"{user_id}@example.com"},
        )
        return user_id

    async def upload_plan(self, plan: RowPlan, **wishes: Any) -> tuple[UUID, list[Expected]]:
        """Upload rows whose answers are known."""
        made = list(rows(self.book, replace(plan, practice_id=self.practice_id)))
        job_id = await self.upload([cells for cells, _ in made], HEADERS[plan.shape], **wishes)
        return job_id, [expected for _, expected in made]

    async def work(self, lanes: int = 4, **changes: Any) -> None:
        """Work until nothing is runnable."""
        await drain(self.bench(**changes), lanes)

    async def all(self, sql: str, *values: Any) -> list[Any]:
        """Read with the system's eyes."""
        async with self.database.read(Scope.system()) as session:
            return list(await (await driver(session)).fetch(sql, *values))

    async def one(self, sql: str, *values: Any) -> Any:
        """The one row."""
        (row,) = await self.all(sql, *values)
        return row

    async def do(self, sql: str, *values: Any) -> None:
        """Change something behind everybody's back."""
        async with self.database.write(Scope.system()) as session:
            await (await driver(session)).execute(sql, *values)

    async def job(self, job_id: UUID) -> Any:
        """The job's row."""
        return await self.one("SELECT * FROM claim_jobs WHERE id = $1", job_id)

    async def answers(self, job_id: UUID) -> list[Any]:
        """The answers in order."""
        return await self.all(
            "SELECT * FROM claim_answers WHERE job_id = $1 ORDER BY row_no", job_id
        )

    async def codes(self, job_id: UUID) -> list[str | None]:
        """The error code of each row in order, None for success."""
        return [answer["error_code"] for answer in await self.answers(job_id)]

    async def check(self, job_id: UUID, expected: Sequence[Expected]) -> None:
        """Every row has exactly its answer, and every counter says so."""
        answers = {answer["row_no"]: answer for answer in await self.answers(job_id)}
        assert sorted(answers) == [entry.row for entry in expected]
        wrong = [
            (entry, dict(answers[entry.row]))
            for entry in expected
            if _given(answers[entry.row]) != (entry.error_code, sorted(entry.claim_numbers))
        ]
        assert wrong == [], str(wrong[:3])
        await self.check_accounts(job_id)

    async def check_accounts(self, job_id: UUID) -> None:
        """Counters of a completed job, of its units and of its answers agree."""
        job = await self.job(job_id)
        assert job["status"] == "COMPLETED"
        counted = await self.one(
            "SELECT count(*) AS n, count(*) FILTER (WHERE outcome = 'succeeded') AS good,"
            " count(*) FILTER (WHERE outcome = 'failed') AS bad"
            " FROM claim_answers WHERE job_id = $1",
            job_id,
        )
        units = await self.one(
            "SELECT sum(succeeded) AS good, sum(failed) AS bad,"
            " count(*) FILTER (WHERE state <> 'DONE') AS open FROM claim_units WHERE job_id = $1",
            job_id,
        )
        assert counted["n"] == job["total_rows"]
        assert (counted["good"], counted["bad"]) == (job["success_count"], job["failure_count"])
        assert (units["good"], units["bad"], units["open"]) == (counted["good"], counted["bad"], 0)
        assert sum(job["failures_by_reason"].values()) == counted["bad"]


def _given(answer: Any) -> tuple[str | None, list[str]]:
    found = answer["results"] or []
    return answer["error_code"], sorted(line["claim_number"] for line in found)
