"""Commands that operators run now and then: the audit log walked through, keys changed, files compared.

As in the command line itself, each one imports what it needs when it runs.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from pydantic import ValidationError

from app.core.borrowed import STAGE_FILE, borrow
from app.core.settings import Settings, load_settings

T = TypeVar("T")
DataOption = Annotated[Path, typer.Option(help="Where ./scripts/dev keeps its data.")]
DATA = Path(".intake")
audit = typer.Typer(help="The audit log and its chains.", no_args_is_help=True)
keys = typer.Typer(help="The keys that seal secrets in the database.", no_args_is_help=True)

storage = typer.Typer(help="Files, where they are kept.", no_args_is_help=True)
deploy = typer.Typer(help="What was deployed, and what runs.", no_args_is_help=True)
backup = typer.Typer(help="Everything that Intake keeps itself, as one folder.")
FolderArgument = Annotated[Path, typer.Argument(help="The backup's own folder.")]


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
    data: DataOption = DATA,
) -> None:
    """Compare the files that are known with those that are stored; without --delete only look.

    Beside a running ./scripts/dev it looks at that one, unless DATABASE_URL names another.
    """
    from app.core.db import Database
    from app.storage import sweep
    from app.storage.base import StoreTrouble
    from app.storage.stores import open_stores

    borrow(data / STAGE_FILE)
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


@backup.callback(invoke_without_command=True)
def take_backup(
    context: typer.Context,
    to: Annotated[Path, typer.Option(help="Where the backup gets a folder of its own.")] = Path(
        "backups"
    ),
    keep: Annotated[int, typer.Option(min=0, help="Delete all but so many; 0 for none.")] = 0,
) -> None:
    """Write a backup: all rows, uploads that wait, files of the local store; never a key.

    It is taken beside the running application, as of one moment. Whoever has it can read it, but for
    what is sealed: keep it encrypted, and SECRET_KEY and ENCRYPTION_KEYS somewhere else.
    """
    if context.invoked_subcommand is not None:
        return
    from app import api  # noqa: F401 - the rooms name their sealed columns as they are loaded.
    from app.backup import service
    from app.core.models import Base

    folder, made = _unless_refused(service.take(chosen_settings(), to, Base.metadata))
    typer.echo(f"{folder}: {made.rows} rows, {made.files} files, schema {made.revision}")
    for kind, count in made.elsewhere.items():
        typer.echo(f"{count} files are kept by {kind}, and not in the backup.")
    for path in service.prune(to, keep):
        typer.echo(f"{path} is deleted.")
    if made.missing:
        fail(f"{len(made.missing)} files were not to be found, {made.missing[0]} among them.")


@backup.command("verify")
def verify_backup(folder: FolderArgument) -> None:
    """Compare every file of a backup with its digest; broken off, it goes on where it was."""
    from app.backup import service

    made, damaged = _unless_refused(service.verify(folder))
    typer.echo(f"{folder}: taken {made.taken_at:%Y-%m-%d %H:%M} UTC at schema {made.revision}")
    if damaged:
        fail("\n".join(f"{path} is not what was written." for path in damaged))
    typer.echo(f"Whole: {made.rows} rows, {made.files} files.")


def restore_backup(
    folder: FolderArgument,
    force: Annotated[
        bool, typer.Option("--force", help="Throw away what the database holds.")
    ] = False,
) -> None:
    """Put a backup into the database that DATABASE_URL names, and its files into the local store.

    Stop API, workers and beat first. Jobs that were at work go on when they are started again.
    """
    from app.backup import service
    from app.core.crypto import KeyRing

    settings = chosen_settings()
    made = _unless_refused(service.restore(settings, folder, force=force, say=typer.echo))
    lacking = service.missing_keys(made, KeyRing.from_settings(settings).ids)
    if lacking:
        fail(
            f"Restored, but secrets in it are sealed with keys that are not here: {', '.join(lacking)}."
            " Name their SECRET_KEY in SECRET_KEY_PREVIOUS, or bring them back to ENCRYPTION_KEYS."
        )
    typer.echo("Restored. `intake audit verify` walks through the audit log.")


def _unless_refused(work: Coroutine[Any, Any, T]) -> T:
    """What `work` gives, or the end of the command with the reason."""
    from app.backup.errors import BackupDamaged, BackupRefused

    try:
        return asyncio.run(work)
    except (BackupRefused, BackupDamaged) as refusal:
        fail(str(refusal))


async def _with_database(work: Callable[..., Awaitable[T]]) -> T:
    """What `work` gives on a database that is closed afterwards."""
    from app.core.db import Database

    database = Database(chosen_settings().database, application="intake-cli")
    try:
        return await work(database)
    finally:
        await database.close()
