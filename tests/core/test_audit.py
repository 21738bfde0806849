"""The audit log: what it takes, what it refuses, and that no change of it stays unseen."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import ProgrammingError

from app.core.audit import Entry, EntryRefused, check, record
from app.core.audit_chain import Fault, Verdict, canonical, verify
from app.core.audit_model import NO_ORGANIZATION, AuditChain, AuditEntry, AuditLink
from app.core.db import Database, Scope
from app.core.ids import new_id
from tests.conftest import Stage

HERE, THERE = new_id(), new_id()


def entry(organization_id: UUID | None = HERE, **detail: Any) -> Entry:
    return Entry(
        "claims.job_removed", new_id(), organization_id, "claim_job", str(new_id()), detail
    )


async def write(database: Database, *entries: Entry) -> list[UUID]:
    """Record each entry in a transaction of its own; their ids."""
    ids = []
    for one in entries:
        async with database.write(Scope.system()) as session:
            record(session, one)
            ids.append(next(row.id for row in session.new if isinstance(row, AuditEntry)))
    return ids


@pytest.fixture
async def owner(stage: Stage) -> AsyncIterator["asyncpg.Connection[Any]"]:
    """A connection of the tables' owner, who is a superuser here."""
    url = stage.settings.database.url.get_secret_value().replace("+asyncpg", "")
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


async def tamper(owner: "asyncpg.Connection[Any]", statement: str, *values: Any) -> None:
    """A change behind the back of every trigger."""
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute(statement, *values)


async def test_each_organization_has_a_chain_of_its_own(stage: Stage) -> None:
    await write(stage.database, entry(), entry(THERE), entry(None), entry(rows=3, is_new=True))
    async with stage.database.read(Scope.system()) as session:
        rows = (await session.execute(select(AuditChain.id, AuditChain.length))).all()
    assert {row.id: row.length for row in rows} == {HERE: 2, THERE: 1, NO_ORGANIZATION: 1}
    assert await verify(stage.database) == Verdict(3, 4, ())


async def test_an_entry_is_there_exactly_when_the_act_is(stage: Stage) -> None:
    with pytest.raises(RuntimeError):
        async with stage.database.write(Scope.system()) as session:
            record(session, entry())
            await session.flush()
            raise RuntimeError
    assert await verify(stage.database) == Verdict(0, 0, ())


async def test_writers_at_once_make_one_chain(stage: Stage) -> None:
    """Four connections, eight entries in each of several transactions: no fork, no gap."""

    async def some(number: int) -> None:
        async with stage.database.write(Scope.tenant(HERE)) as session:
            for _ in range(8):
                record(session, entry(writer=number))

    await asyncio.gather(*map(some, range(12)))
    assert await verify(stage.database) == Verdict(1, 96, ())


async def test_a_client_that_freezes_before_its_commit_holds_nobody_up(stage: Stage) -> None:
    async with stage.database.write(Scope.tenant(HERE)) as frozen:
        record(frozen, entry())
        await frozen.flush()
        await write(stage.database, entry())
    assert (await verify(stage.database)).entries == 2


async def test_a_whole_log_in_batches(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.core.audit_chain._BATCH", 3)
    monkeypatch.setattr("app.core.audit_chain._CHAINS", 1)
    async with stage.database.write(Scope.system()) as session:
        for at in range(10):
            record(session, entry(HERE if at % 2 else None))
    assert await verify(stage.database) == Verdict(2, 10, ())
    assert await verify(stage.database, newest=4) == Verdict(2, 8, ())
    assert await verify(stage.database, newest=4, most_chains=1) == Verdict(1, 4, ())


TAMPERING = (
    "UPDATE audit_entries SET action = 'claims.job_retried' WHERE id = $1",
    "UPDATE audit_entries SET actor_id = gen_random_uuid() WHERE id = $1",
    "UPDATE audit_entries SET at = at - interval '1 us' WHERE id = $1",
    "UPDATE audit_entries SET detail = '{\"rows\": 1}' WHERE id = $1",
    "UPDATE audit_entries SET organization_id = NULL WHERE id = $1",
    "UPDATE audit_entries SET network = NULL, request_id = 'x' WHERE id = $1",
    "UPDATE audit_links SET digest = sha256('x') WHERE entry_id = $1",
)


async def test_a_changed_row_is_named(stage: Stage, owner: "asyncpg.Connection[Any]") -> None:
    """Each kind of change in a chain of its own, and one chain that stays whole."""
    expected = []
    for statement in TAMPERING:
        chain = new_id()
        ids = await write(stage.database, *[entry(chain) for _ in range(5)])
        await tamper(owner, statement, ids[2])
        expected.append(Fault(chain, 3, ids[2], "changed"))
    await write(stage.database, entry())
    found = await verify(stage.database)
    assert set(found.faults) == set(expected)
    assert found.chains == len(TAMPERING) + 1


async def test_a_removed_row_is_named(stage: Stage, owner: "asyncpg.Connection[Any]") -> None:
    ids = await write(stage.database, *[entry() for _ in range(5)])
    await tamper(owner, "DELETE FROM audit_entries WHERE id = $1", ids[2])
    found = await verify(stage.database)
    assert found.faults == (Fault(HERE, 3, ids[2], "removed"),)
    await tamper(owner, "DELETE FROM audit_links WHERE entry_id = $1", ids[2])
    assert (await verify(stage.database)).faults == (Fault(HERE, 3, None, "cut"),)


async def test_a_row_cut_off_the_end_is_noticed(
    stage: Stage, owner: "asyncpg.Connection[Any]"
) -> None:
    ids = await write(stage.database, *[entry() for _ in range(3)])
    await tamper(owner, "DELETE FROM audit_links WHERE entry_id = $1", ids[2])
    await tamper(owner, "DELETE FROM audit_entries WHERE id = $1", ids[2])
    assert (await verify(stage.database)).faults == (Fault(HERE, 3, None, "cut"),)
    await tamper(owner, "UPDATE audit_chains SET length = 2")
    assert (await verify(stage.database)).faults == (Fault(HERE, 2, None, "cut"),)
    assert (await verify(stage.database, newest=1)).faults == (Fault(HERE, 2, None, "cut"),)


async def test_an_inserted_row_is_named(stage: Stage, owner: "asyncpg.Connection[Any]") -> None:
    ids = await write(stage.database, *[entry() for _ in range(3)])
    forged = new_id()
    copied = (
        "INSERT INTO audit_entries SELECT $1, at, action, actor_id, organization_id, subject_type,"
        " subject_id, request_id, network, detail FROM audit_entries WHERE id = $2"
    )
    await tamper(owner, copied, forged, ids[1])
    assert (await verify(stage.database)).faults == (Fault(HERE, 0, forged, "inserted"),)
    await tamper(
        owner,
        "UPDATE audit_links SET position = position + 10 WHERE position > 2",
    )
    await tamper(owner, "INSERT INTO audit_links VALUES ($1, 3, $2, sha256('x'))", HERE, forged)
    assert Fault(HERE, 3, forged, "changed") in (await verify(stage.database)).faults


async def test_nobody_changes_the_log(stage: Stage, owner: "asyncpg.Connection[Any]") -> None:
    """The application's role has no right to, and the owner's is refused by triggers."""
    await write(stage.database, entry())
    for table in ("audit_entries", "audit_links", "audit_chains"):
        column = "detail" if table == "audit_entries" else "digest"
        forms = ("DELETE FROM {}", "TRUNCATE {}", "UPDATE {} SET {} = {}")
        changes = [form.format(table, column, column) for form in forms]
        for statement in changes:
            with pytest.raises(ProgrammingError, match="permission denied"):
                async with stage.database.write(Scope.system()) as session:
                    await session.execute(text(statement))
        # The heads of the chains move on, by the trigger at each commit.
        for statement in changes[: 2 if table == "audit_chains" else 3]:
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only ever added to"):
                await owner.execute(statement)
    for model, row in (
        (AuditLink, {"chain_id": HERE, "position": 2, "entry_id": new_id(), "digest": b""}),
        (AuditChain, {"id": THERE, "length": 0, "digest": b""}),
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with stage.database.write(Scope.system()) as session:
                await session.execute(insert(model).values(row))
    assert await verify(stage.database) == Verdict(1, 1, ())


async def test_an_organization_sees_its_own_entries(stage: Stage) -> None:
    await write(stage.database, entry(), entry(THERE), entry(None))
    for scope, expected in (
        (Scope.tenant(HERE), 1),
        (Scope.person(new_id()), 0),
        (Scope.public(), 0),
        (Scope.system(), 3),
    ):
        async with stage.database.read(scope) as session:
            for model in (AuditEntry, AuditLink, AuditChain):
                count = select(func.count()).select_from(model)
                assert (await session.execute(count)).scalar_one() == expected


async def test_nobody_writes_into_another_organizations_log(database: Database) -> None:
    person = new_id()
    own = Entry("accounts.joined", person, THERE, "user", str(person))
    async with database.write(Scope.person(person)) as session:
        record(session, own)
    with pytest.raises(ProgrammingError, match="row-level security"):
        async with database.write(Scope.tenant(HERE)) as session:
            record(session, entry(THERE))


PERSONAL = [
    "ada@example.com",
    "Ada",
    "Ada Lovelace",
    "ada lovelace",
    "Étienne",
    "DOE",
    "1985-07-14",
    "07/14/1985",
    "14.7.1985",
    "20250114000123",
    "+33 6 12 34 56 78",
    "claims_march.csv ",
    "Bearer x",
    "",
    "a" * 201,
]


@pytest.mark.parametrize("value", PERSONAL)
def test_no_personal_data_gets_in(value: str) -> None:
    with pytest.raises(EntryRefused) as refused:
        check(entry(fact=value))
    assert not value or value not in str(refused.value)
    if value:
        with pytest.raises(EntryRefused):
            check(Entry("claims.job_removed", None, HERE, "claim_job", value))
    with pytest.raises(EntryRefused):
        check(Entry(value, None, HERE, "claim_job", ""))
    with pytest.raises(EntryRefused):
        check(Entry("claims.job_removed", None, HERE, value, ""))


@pytest.mark.parametrize("fact", [1.5, None, ["a"], {"a": 1}, b"x", 2**53, -(2**40)])
def test_facts_are_counts_ids_or_codes(fact: Any) -> None:
    with pytest.raises(EntryRefused):
        check(entry(fact=fact))


def test_what_gets_in() -> None:
    check(
        entry(count=3, is_new=True, code="payer.not_found", fields="role,is_active", job=str(HERE))
    )
    check(Entry("practices.created", None, None, "practice", "2147483647"))
    with pytest.raises(EntryRefused):
        check(replace(entry(), detail={f"fact_{at}": at for at in range(17)}))
    with pytest.raises(EntryRefused):
        check(replace(entry(), detail={"E-mail": 1}))


@settings(max_examples=50)
@given(st.lists(st.none() | st.text(max_size=12), max_size=5))
def test_no_two_entries_look_alike_to_the_digest(parts: list[str | None]) -> None:
    """Every list of columns is read back from its canonical form."""
    back: list[str | None] = []
    raw = canonical(parts)
    while raw:
        if raw[:1] == b"-":
            back.append(None)
            raw = raw[1:]
            continue
        length, _, rest = raw.partition(b":")
        back.append(rest[: int(length)].decode())
        raw = rest[int(length) :]
    assert back == parts
