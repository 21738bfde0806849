"""`intake dev`: everything on one machine, from nothing, and nothing left behind.

The database and Valkey of the environment (or `.env`) win; otherwise both are started here, with
their data in the data folder. The kernel ends every child when this process dies, however it dies.
"""

import asyncio
import json
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from app.core.borrowed import STAGE_FILE
from app.core.migrations import migrate
from app.core.settings import PROJECT
from app.dev.homes import Home
from app.dev.opening import LOG, Demonstration, link
from app.dev.programs import Program, SourceWatch, stop_all
from app.dev.secrets import write_private
from app.dev.surroundings import Ending, Surroundings, ask, listen, surround

READY_SECONDS: Final = 60.0
_OURS: Final = ("postgres", "valkey", "mail", "secrets.env", "tour.env", STAGE_FILE, LOG)


@dataclass(frozen=True)
class DevOptions:
    """What the command line says; without a port it is PORT or 8000."""

    port: int | None
    data: Path
    reload: bool
    fresh: bool
    demo: bool | None = None
    """None: where the database was made here."""


@dataclass
class Steps:
    """Lines of the table that is printed at the end: what, where, and how long it took."""

    lines: list[str] = field(default_factory=list)
    _since: float = field(default_factory=time.monotonic)

    def done(self, what: str, where: str) -> None:
        """One more thing is there."""
        now = time.monotonic()
        self.lines.append(f"  ✔ {what:<12} {where:<56} {now - self._since:5.1f} s")
        self._since = now


def run(options: DevOptions) -> int:
    """Bring everything up, say where it is, and keep it running until a signal comes.

    Gives the exit code: 1 when it never became ready.

    Raises:
        HomeTaken: another process uses the data folder.
        ServerFailed: PostgreSQL or Valkey did not come up.
        OSError: there is no free port.
    """
    ending = Ending()
    with ExitStack() as held:
        data = held.enter_context(Home(options.data)).path
        if options.fresh:
            _clear(data)
        steps = Steps()
        around = surround(held, data)
        steps.done("PostgreSQL", _origin(around, "DATABASE_URL", data / "postgres"))
        steps.done("Valkey", _origin(around, "REDIS_URL", data / "valkey"))
        if ending.is_asked():
            return 0
        asyncio.run(migrate(around.variables["DATABASE_URL"]))
        steps.done("Schema", "up to date")
        demonstration = Demonstration.begin(around, data, wanted=options.demo)
        listener = held.enter_context(listen(_port(options, around)))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        around = around.at(url)
        programs = _programs(around, url, listener.fileno(), data)
        _hush(programs, demonstration)
        held.callback(stop_all, programs)
        if not _wait_until_ready(url, around, programs, ending):
            return 0 if ending.is_asked() else 1
        steps.done("Programs", ", ".join(program.name for program in programs))
        if demonstration is not None:
            steps.done("Demo", demonstration.wait_for_people(ending))
        _keep_addresses(url, around, data)
        _say_where_everything_is(url, around, data, steps)
        _keep_running(programs, ending, SourceWatch(PROJECT / "app") if options.reload else None)
        print("\nStopping …", flush=True)
    return 0


def _clear(data: Path) -> None:
    """Throw away what we have made in the data folder, and nothing else that may lie there."""
    for name in _OURS:
        path = data / name
        if path.is_dir():
            # A killed predecessor's server may still be writing its last pages.
            with Home(path):
                shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _origin(around: Surroundings, variable: str, place: Path) -> str:
    return str(place) if variable in around.made else f"{variable} is set"


def _port(options: DevOptions, around: Surroundings) -> int:
    return int(around.variables.get("PORT", "8000")) if options.port is None else options.port


def _programs(around: Surroundings, url: str, listener: int, data: Path) -> list[Program]:
    environment = {**around.variables, "PORT": url.rsplit(":", 1)[1]}
    programs = [
        Program("api", ["serve", "--socket", str(listener)], environment, (listener,)),
        Program("worker", ["worker", "--concurrency", "2"], environment),
        Program("beat", ["beat"], environment),
    ]
    if around.payer:
        arguments = ["payer-sandbox", "--port", around.payer.rsplit(":", 1)[1]]
        programs.append(Program("payer", arguments, environment))
    if around.mail:
        # Its address is told with the others; a line for each mail would push them out of sight.
        port = around.mail.rsplit(":", 1)[1]
        arguments = ["mail-catcher", str(data / "mail"), "--port", port, "--quiet"]
        programs.append(Program("mail", arguments, environment))
    if around.issuers:
        arguments = ["issuer-sandbox", "--port", around.issuers.rsplit(":", 1)[1]]
        programs.append(Program("issuers", arguments, environment))
    if around.providers:
        port = around.providers.rsplit(":", 1)[1]
        arguments = ["provider-sandbox", "--port", port, "--api", url]
        programs.append(Program("providers", arguments, environment))
    if around.cloudinary:
        port = around.cloudinary.rsplit(":", 1)[1]
        arguments = ["cloudinary-sandbox", "--folder", str(data / "cloudinary"), "--port", port]
        programs.append(Program("cloud", arguments, environment))
    return programs


def _hush(programs: Sequence[Program], demonstration: Demonstration | None) -> None:
    """Hundreds of lines about invented people would push the addresses out of sight."""
    if demonstration is not None:
        for program in programs:
            program.is_hushed = demonstration.is_at_work


def _wait_until_ready(
    url: str, around: Surroundings, programs: Sequence[Program], ending: Ending
) -> bool:
    stand_ins = (around.payer, around.issuers, around.providers, around.cloudinary)
    others = [address for address in stand_ins if address]
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and not ending.is_asked():
        for program in programs:
            program.mind()
        # Any answer of a stand-in will do: they keep no page for this.
        if all(ask(other)[0] for other in others) and ask(f"{url}/readyz")[0] == 200:
            return True
        ending.wait(0.05)
    if not ending.is_asked():
        sys.stderr.write(f"Not ready in {READY_SECONDS:.0f} s; what went wrong stands above.\n")
    return False


def _keep_running(programs: Sequence[Program], ending: Ending, sources: SourceWatch | None) -> None:
    while not ending.wait(1.0):
        if sources is not None and sources.changed():
            sys.stderr.write("dev    | the code has changed: loading it\n")
            stop_all(programs)
        for program in programs:
            program.mind()


def _keep_addresses(url: str, around: Surroundings, data: Path) -> None:
    """Leave the addresses for a second terminal: the tour's, and all for `intake doctor`."""
    account = {name: around.variables[name] for name in ("SUPERUSER_EMAIL", "SUPERUSER_PASSWORD")}
    stand_ins = {"ISSUERS_URL": around.issuers, "PROVIDERS_URL": around.providers}
    there = {name: address for name, address in stand_ins.items() if address}
    write_private(data / "tour.env", {"INTAKE_URL": url, **account, **there})
    write_private(data / STAGE_FILE, {**around.made, "PORT": url.rsplit(":", 1)[1]})


def _say_where_everything_is(url: str, around: Surroundings, data: Path, steps: Steps) -> None:
    status, body = ask(f"{url}/version")
    commit = str(json.loads(body).get("commit", "")) if status == 200 else ""
    hash_, plus, mark = commit.partition("+")
    given = around.variables
    payer = around.payer or given.get("UHC_BASE_URL") or given["OPTUM_BASE_URL"]
    account = around.variables["SUPERUSER_EMAIL"]
    places = (
        *_console_place(url, given),
        ("API", f"{url}/api/v1"),
        ("API docs", f"{url}/docs"),
        ("Health", f"{url}/health"),
        ("Payer", f"{payer}  ({_payer_kind(around)})"),
        ("Mail", _mail_place(around, data)),
        *_issuer_places(around),
        *_provider_places(around),
        *_front_places(around),
        *_cloudinary_places(around),
        ("Sign in as", f"{account}, password: SUPERUSER_PASSWORD in {data / 'tour.env'}"),
        ("Data", f"{data}  (--fresh starts over)"),
    )
    lines = [
        *steps.lines,
        f"\n  Intake is running (commit {hash_[:7]}{plus}{mark}, development)\n",
        *(f"    {what:<12} {where}" for what, where in places),
        "\n  Press Ctrl-C to stop.\n",
    ]
    # In one piece, or lines of the programs would come between.
    sys.stdout.write("\n".join(lines))
    sys.stdout.flush()


def _console_place(url: str, variables: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """A link that signs in, made anew at every start: it works once and for ten minutes."""
    address = link(url, variables)
    return () if address is None else (("Console", f"{address}  (once, for 10 minutes)"),)


def _mail_place(around: Surroundings, data: Path) -> str:
    if around.mail:
        return f"{around.mail}  (none goes out: each is a file in {data / 'mail'})"
    return f"{around.variables['SMTP_HOST']}  (SMTP_HOST is set)"


def _issuer_places(around: Surroundings) -> tuple[tuple[str, str], ...]:
    """The local issuers' line; who has set up real ones knows where they are."""
    if around.issuers is None:
        return ()
    return (("Issuers", f"{around.issuers}  (local, speak as Keycloak and as Clerk)"),)


def _provider_places(around: Surroundings) -> tuple[tuple[str, str], ...]:
    if around.providers is None:
        return ()
    return (("Providers", f"{around.providers}  (local LinkedIn, Google, Microsoft)"),)


def _front_places(around: Surroundings) -> tuple[tuple[str, str], ...]:
    """What stands where mails and providers lead to; who has a frontend of their own knows it."""
    place = around.made.get("FRONTEND_URL")
    return (("Frontend", f"{place}  (an example; FRONTEND_URL for yours)"),) if place else ()


def _cloudinary_places(around: Surroundings) -> tuple[tuple[str, str], ...]:
    if around.cloudinary is None:
        return ()
    return (("Cloudinary", f"{around.cloudinary}  (local, its CDN blocks PDFs)"),)


def _payer_kind(around: Surroundings) -> str:
    if around.payer is None:
        return "UHC_BASE_URL or OPTUM_BASE_URL is set"
    return "local, speaks as UnitedHealthcare and as Optum do"
