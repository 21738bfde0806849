"""Commands that operators run now and then: the audit log walked through, keys changed, files compared.

As in the command line itself, each one imports what it needs when it runs.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer
from pydantic import ValidationError

from app.core.borrowed import borrow
from app.core.settings import Settings, load_settings

T = TypeVar("T")
DataOption = Annotated[Path, typer.Option(help="Where ./scripts/dev keeps its data.")]
DATA = Path(".intake")
audit = typer.Typer(help="The audit log and its chains.", no_args_is_help=True)
keys = typer.Typer(help="The keys that seal secrets in the database.", no_args_is_help=True)

storage = typer.Typer(help="Files, where they are kept.", no_args_is_help=True)
deploy = typer.Typer(help="What was deployed, and what runs.", no_args_is_help=True)


def chosen_settings() -> Settings:
    """The settings, or a plain end of the command that names each variable and never its value."""
    try:
        return load_settings()
    except ValidationError as error:
        faults = [
            f"{'.'.join(str(part) for part in fault['loc']) or 'settings'}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)
        ]
        fail("\n".join([*faults, "Set them in the environment or in .env; see .env.template."]))


def fail(message: str) -> NoReturn:
    """End the command with 1 and this message in red."""
    typer.secho(message, err=True, fg="red")
    raise typer.Exit(1)


@audit.command("verify")
def verify_audit(
    against: Annotated[
        Path | None, typer.Option(help="Compare with what `intake audit heads` said earlier.")
    ] = None,
    data: DataOption = DATA,
) -> None:
    """Walk the chains of the audit log; name the first broken place of each, and end with 1.

    Beside a running ./scripts/dev it walks through that one, unless DATABASE_URL names another.
    """
    from app.core import audit_chain
    from app.core.db import Database
    from app.dev.stack import STAGE_FILE

    borrow(data / STAGE_FILE)

    async def walk(database: Database) -> audit_chain.Verdict:
        if against is None:
            return await audit_chain.verify(database)
        return await audit_chain.verify_against(database, against.read_text().splitlines())

    found = asyncio.run(_with_database(walk))
    for fault in found.faults:
        where = f"chain {fault.chain_id}, place {fault.position}, entry {fault.entry_id}"
        typer.secho(f"{fault.reason}: {where}", err=True, fg="red")
    typer.echo(f"{found.chains} chains, {found.entries} entries, {len(found.faults)} broken.")
    raise typer.Exit(1 if found.faults else 0)


@audit.command("heads")
def print_heads(data: DataOption = DATA) -> None:
    """Print the end of each chain, to be kept where nobody who owns the database can change it.

    Beside a running ./scripts/dev it reads that one, unless DATABASE_URL names another.
    """
    from app.core import audit_chain
    from app.dev.stack import STAGE_FILE

    borrow(data / STAGE_FILE)
    typer.echo("\n".join(asyncio.run(_with_database(audit_chain.heads))))


@keys.command("rotate")
def rotate_keys() -> None:
    """Seal with the first key what older keys sealed; afterwards those can be taken away."""
    from app import api  # noqa: F401 - the rooms name their sealed columns as they are loaded.
    from app.core import rotation
    from app.core.crypto import KeyRing
    from app.core.models import Base

    ring = KeyRing.from_settings(chosen_settings())
    run = partial(rotation.rotate, ring=ring, metadata=Base.metadata)
    done = asyncio.run(_with_database(run))
    for one in done:
        typer.echo(f"{one.column}: {one.resealed} sealed again, {one.broken} that no key opens")
    typer.echo("Done." if done else "Nothing is sealed here.")
    raise typer.Exit(1 if any(one.broken for one in done) else 0)


@storage.command("sweep")
def sweep_storage(
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete what no row knows, and mend what can be.")
    ] = False,
) -> None:
    """Compare the files that are known with those that are stored; without --delete only look."""
    from app.core.db import Database
    from app.storage import sweep
    from app.storage.base import StoreTrouble
    from app.storage.stores import open_stores

    settings = chosen_settings()

    async def compare(database: Database) -> list[sweep.Findings]:
        async with open_stores(settings.files):
            return await sweep.sweep(database, settings, delete=delete)

    try:
        found = asyncio.run(_with_database(compare))
    except StoreTrouble as trouble:
        fail(f"A store does not answer as it should: {trouble.code}")
    typer.echo("\n".join(line for each in found for line in sweep.told(each)))
    raise typer.Exit(1 if any(each.missing or each.damaged for each in found) else 0)


@deploy.command("verify")
def verify_deployment(
    expect: Annotated[
        str, typer.Option(help="The commit, seven digits or more; by itself that of these files.")
    ] = "",
    url: Annotated[str, typer.Option(help="Where the API is.")] = "http://127.0.0.1:8000",
    wait: Annotated[float, typer.Option(help="Seconds to go on asking until all are new.")] = 0.0,
    require: Annotated[
        str, typer.Option(help="Roles that must be alive, as in api,worker,beat.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One line for programs.")] = False,
) -> None:
    """Name every process with its commit: 0 all run the expected one, 3 some do not, 4 unknown."""
    from app.health import deployment

    roles = [role.strip() for role in require.split(",") if role.strip()]
    unknown = [role for role in roles if role not in deployment.ROLES]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: there are api, worker and beat.")
    expected = expect or _own_commit()
    found = deployment.verify(url, expected, required=roles, wait_seconds=wait)
    typer.echo(found.as_json() if as_json else "\n".join(found.lines()))
    raise typer.Exit(found.code)


def _own_commit() -> str:
    from app.core.version import release

    return release().commit


async def _with_database(work: Callable[..., Awaitable[T]]) -> T:
    """What `work` gives on a database that is closed afterwards."""
    from app.core.db import Database

    database = Database(chosen_settings().database, application="intake-cli")
    try:
        return await work(database)
    finally:
        await database.close()
