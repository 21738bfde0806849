"""`intake …`: the one command line.

Every command imports its own room when it runs: a beat that loaded the web framework, and an API
that loaded the worker, would start a second later and hold memory for nothing.
"""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from app.core import log, memory
from app.core.settings import Settings
from app.core.version import release
from app.upkeep import (
    DATA,
    DataOption,
    audit,
    backup,
    chosen_settings,
    deploy,
    fail,
    keys,
    restore_backup,
    storage,
)

cli = typer.Typer(
    name="intake",
    help="Intake: claim files in, answers out.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    add_completion=False,
)
cli.add_typer(audit, name="audit")
cli.add_typer(deploy, name="deploy")
cli.add_typer(keys, name="keys")
cli.add_typer(storage, name="storage")
cli.add_typer(backup, name="backup")
cli.command("restore")(restore_backup)


class SampleShape(StrEnum):
    """The three shapes of a claim file."""

    CLAIM_NUMBER = "claim_number"
    PATIENT = "patient"
    PRACTICE = "practice"


@cli.command()
def dev(
    port: Annotated[int | None, typer.Option(help="Port of the API; PORT or 8000.")] = None,
    data: DataOption = DATA,
    reload: Annotated[bool, typer.Option(help="Load changed code.")] = True,
    fresh: Annotated[bool, typer.Option("--fresh", help="Throw the data away first.")] = False,
    demo: Annotated[
        bool | None,
        typer.Option(help="Invented people, jobs and files; by itself in a database of our own."),
    ] = None,
) -> None:
    """Run everything on this machine: database, Valkey, API, worker, beat, payer and issuers."""
    from app.dev import stack
    from app.dev.homes import HomeTaken, ServerFailed

    try:
        code = stack.run(stack.DevOptions(port, data, reload, fresh, demo))
    except (HomeTaken, ServerFailed, OSError) as error:
        fail(str(error))
    raise typer.Exit(code)


@cli.command(hidden=True)
def demo(
    claims: Annotated[bool, typer.Option("--claims", help="Claim files as well.")] = False,
) -> None:
    """Fill an empty development's database with invented people, jobs and claim files."""
    from app.dev.demo.play import play

    log.configure(as_json=False, release=release().short, role="cli")
    if not asyncio.run(play(chosen_settings(), with_claims=claims)):
        fail("There are people here already: a demonstration is for an empty database.")


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="Port; PORT when not given.")] = None,
    processes: Annotated[
        int, typer.Option(min=1, max=64, envvar="WEB_CONCURRENCY", help="API processes.")
    ] = 1,
    pid_file: Annotated[Path | None, typer.Option(help="Written while it runs.")] = None,
    given: Annotated[str, typer.Option("--socket", hidden=True)] = "",
) -> None:
    """Run the API; SIGHUP loads the code on the disk without refusing anybody."""
    settings = chosen_settings()
    if given:
        with memory.loading():
            from app.serving import serve_on

        if not serve_on(given, settings):
            raise typer.Exit(3)
        return
    from app.core.supervisor import supervise

    try:
        code = supervise(host, settings.server.port if port is None else port, processes, pid_file)
    except OSError as error:
        fail(f"The API cannot listen: {error}")
    raise typer.Exit(code)


@cli.command()
def worker(
    concurrency: Annotated[
        int | None, typer.Option(help="Processes; one a core by itself.")
    ] = None,
) -> None:
    """Run a worker: claims are asked for and answered here."""
    with memory.loading():
        from app.worker.process import run_worker

    run_worker(chosen_settings(), concurrency)


@cli.command()
def beat() -> None:
    """Run the clock that rings for what is due; one is enough, none loses nothing."""
    with memory.loading():
        from app.worker.process import run_beat

    run_beat(chosen_settings())


@cli.command()
def migrate() -> None:
    """Bring the database's schema up to this code's."""
    from app.core import migrations

    settings = chosen_settings()
    asyncio.run(migrations.migrate(settings.database.url.get_secret_value()))
    typer.echo("The schema is up to date.")


@cli.command("create-superuser")
def create_superuser(
    email: Annotated[str, typer.Option(prompt="E-mail")],
    password: Annotated[
        str,
        typer.Option(
            prompt=True, hide_input=True, confirmation_prompt=True, envvar="SUPERUSER_PASSWORD"
        ),
    ],
) -> None:
    """Make a superuser; an account that exists is left as it is.

    The password is asked for, or taken from SUPERUSER_PASSWORD: an argument could be read by
    everybody who may list this machine's processes.
    """
    fault = asyncio.run(_make_superuser(chosen_settings(), email, password))
    if fault:
        fail(fault)
    typer.echo("The superuser is there.")


async def _make_superuser(settings: Settings, email: str, password: str) -> str:
    """Make it, or say why not."""
    from app.accounts.service import ensure_superuser
    from app.auth.strength import password_fault
    from app.core.db import Database, Scope
    from app.core.schema import Email

    try:
        address = TypeAdapter[str](Email).validate_python(email)
    except ValidationError:
        return f"{email} is no e-mail address."
    weakness = password_fault(password, personal=(address.partition("@")[0],))
    if weakness:
        return f"The password is too weak ({weakness}): 12 characters or more, none of the usual."
    database = Database(settings.database)
    try:
        async with database.write(Scope.system()) as session:
            is_made = await ensure_superuser(session, email=address, password=password)
    finally:
        await database.close()
    return "" if is_made else "There is an account with this address; it is left as it is."


@cli.command(
    "payer-sandbox",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def payer_sandbox(context: typer.Context) -> None:
    """Run a local payer that speaks UnitedHealthcare's wire format; its own --help says more."""
    from app.dev.payer import server

    server.main(context.args)


@cli.command(
    "cloudinary-sandbox",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def cloudinary_sandbox(context: typer.Context) -> None:
    """Run a local Cloudinary whose CDN blocks PDFs, as a new account's does."""
    from app.dev.cloudinary import server

    server.main(context.args)


@cli.command("mail-catcher")
def mail_catcher(
    folder: Annotated[Path, typer.Argument(help="Where each mail is written as a file.")],
    port: Annotated[int, typer.Option(help="Port of this machine to listen on.")] = 1025,
    *,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print no line for each mail.")] = False,
) -> None:
    """Run a local mail server that keeps every mail in a folder and sends none on."""
    from app.dev import mail

    asyncio.run(mail.catch(folder, port, quiet=quiet))


@cli.command(
    "issuer-sandbox",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def issuer_sandbox(context: typer.Context) -> None:
    """Run local identity providers that speak as Keycloak and as Clerk do."""
    from app.dev.issuers import server

    server.main(context.args)


@cli.command(
    "provider-sandbox",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def provider_sandbox(context: typer.Context) -> None:
    """Run a local LinkedIn, Google Calendar and Microsoft Graph with a consent page."""
    from app.dev.bridges import server

    server.main(context.args)


@cli.command("sample-claims")
def sample_claims(
    path: Annotated[Path, typer.Argument(help="The CSV file to write.")],
    rows: Annotated[int, typer.Option(min=1, max=1_000_000)] = 10_000,
    tin: Annotated[
        str | None, typer.Option(help="The practice's tax number; the example's by itself.")
    ] = None,
    shape: Annotated[SampleShape, typer.Option()] = SampleShape.CLAIM_NUMBER,
    practice_id: Annotated[int, typer.Option(help="For the shape with a practice.")] = 1,
    results: Annotated[
        Path | None, typer.Option(help="Check this downloaded results CSV as well.")
    ] = None,
) -> None:
    """Write a claim file whose every answer the local payer knows, and check its results."""
    from app.dev import samples
    from app.dev.payer.example import DEMO_TIN

    answers, days = samples.write_sample(
        path, tin=tin or DEMO_TIN, rows=rows, shape=shape.value, practice_id=practice_id
    )
    typer.echo(f"{path}: service from {days[0]} to {days[1]}; {samples.counted(answers)}")
    if results is None:
        return
    wrong = samples.wrong_answers(results, answers)
    typer.echo("\n".join(wrong[:20]) or f"{results}: every row is right.")
    raise typer.Exit(1 if wrong else 0)


@cli.command()
def doctor(data: DataOption = DATA) -> None:
    """Show every setting with its source, check every dependency, and say what to fix.

    Beside a running ./scripts/dev it examines that one, unless DATABASE_URL names another.
    """
    from app.core.borrowed import STAGE_FILE
    from app.health.doctor import run

    raise typer.Exit(asyncio.run(run(data / STAGE_FILE)))


def main() -> None:
    """Entry point of the `intake` command."""
    log.configure(as_json=False, release=release().short, role="cli")
    cli()


if __name__ == "__main__":
    main()
