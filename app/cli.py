"""`intake …`: the one command line."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from app.accounts.service import ensure_superuser
from app.core import log
from app.core.db import Database, Scope
from app.core.migrations import migrate as migrate_schema
from app.core.settings import load_settings
from app.core.version import release
from app.dev import samples, stack
from app.dev.homes import HomeTaken, ServerFailed
from app.dev.payer import server as payer_server
from app.dev.payer.example import DEMO_TIN
from app.health import doctor as examination
from app.worker import process as engine_room

cli = typer.Typer(
    name="intake",
    help="Intake: claim files in, answers out.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    add_completion=False,
)


class SampleShape(StrEnum):
    """The three shapes of a claim file."""

    CLAIM_NUMBER = "claim_number"
    PATIENT = "patient"
    PRACTICE = "practice"


PortOption = Annotated[int, typer.Option(help="Port to listen on.")]


@cli.command()
def dev(
    port: 

class SampleShape(StrEnum):
    """The three shapes of a claim file."""

    CLAIM_NUMBER = "claim_number"
    PATIENT = "patient"
    PRACTICE = "practice"


PortOption = 8000,
    data: Annotated[Path, typer.Option(help="Where the data lies.")] = Path(".intake"),
    reload: Annotated[bool, typer.Option(help="Load changed code.")] = True,
    fresh: Annotated[bool, typer.Option("--fresh", help="Throw the data away first.")] = False,
) -> None:
    """Run everything on this machine: database, Valkey, API, worker, beat and a local payer."""
    try:
        stack.run(stack.DevOptions(port=port, data=data, reload=reload, fresh=fresh))
    except (HomeTaken, ServerFailed, OSError) as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(1) from None


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="Port; PORT when not given.")] = None,
) -> None:
    """Run the API."""
    settings = load_settings()
    uvicorn.run(
        "app.main:create_app_from_environment",
        factory=True,
        host=host,
        port=settings.server.port if port is None else port,
        http="httptools",
        loop="uvloop",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=75,
    )


@cli.command()
def worker(
    concurrency: Annotated[
        int | None, typer.Option(help="Processes; one a core by itself.")
    ] = None,
) -> None:
    """Run a worker: claims are asked for and answered here."""
    engine_room.run_worker(load_settings(), concurrency)


@cli.command()
def beat() -> None:
    """Run the clock that rings for what is due; one is enough, none loses nothing."""
    engine_room.run_beat(load_settings())


@cli.command()
def migrate() -> None:
    """Bring the database's schema up to this code's."""
    settings = load_settings()
    asyncio.run(migrate_schema(settings.database.url.get_secret_value()))
    typer.echo("The schema is up to date.")


@cli.command("create-superuser")
def create_superuser(
    email: Annotated[str, typer.Option(prompt=True)],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
) -> None:
    """Make a superuser, or give an existing account that right and this password."""
    settings = load_settings()

    async def make() -> None:
        database = Database(settings.database)
        try:
            async with database.write(Scope.system()) as session:
                await ensure_superuser(session, email=email, password=password)
        finally:
            await database.close()

    asyncio.run(make())
    typer.echo("The superuser is there.")


@cli.command(
    "payer-sandbox",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def payer_sandbox(context: typer.Context) -> None:
    """Run a local payer that speaks UnitedHealthcare's wire format; its own --help says more."""
    payer_server.main(context.args)


@cli.command("sample-claims")
def sample_claims(
    path: Annotated[Path, typer.Argument(help="The CSV file to write.")],
    rows: Annotated[int, typer.Option(min=1, max=1_000_000)] = 10_000,
    tin: Annotated[str, typer.Option(help="The practice's tax number.")] = DEMO_TIN,
    shape: Annotated[SampleShape, typer.Option()] = SampleShape.CLAIM_NUMBER,
    practice_id: Annotated[int, typer.Option(help="For the shape with a practice.")] = 1,
    results: Annotated[
        Path | None, typer.Option(help="Check this downloaded results CSV instead of writing.")
    ] = None,
) -> None:
    """Write a claim file whose every answer the local payer knows, or check its results."""
    answers, days = samples.write_sample(
        path, tin=tin, rows=rows, shape=shape.value, practice_id=practice_id
    )
    typer.echo(f"{path}: service from {days[0]} to {days[1]}; {samples.counted(answers)}")
    if results is None:
        return
    wrong = samples.wrong_answers(results, answers)
    typer.echo("\n".join(wrong[:20]) or f"{results}: every row is right.")
    raise typer.Exit(1 if wrong else 0)


@cli.command()
def doctor() -> None:
    """Show every setting with its source, check every dependency, and say what to fix."""
    raise typer.Exit(asyncio.run(examination.run()))


def main() -> None:
    """Entry point of the `intake` command."""
    log.configure(as_json=False, release=release().short, role="cli")
    cli()


if __name__ == "__main__":
    main()
