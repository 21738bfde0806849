"""Restart Intake and prove that the new code runs: stop, clear caches, start, verify.

    python scripts/restart_and_verify.py                                   # what ./scripts/dev runs
    python scripts/restart_and_verify.py --stop "docker compose stop" --start "docker compose up -d"
    python scripts/restart_and_verify.py --pid-file run/api.pid --start "intake serve"

For Linux, macOS and Windows, with any Python from 3.11 on and nothing installed. Ends with 0 when
every process runs the code of this folder, 3 when one does not, 4 when it cannot be known, and 1
when something could not be stopped or started.
"""

import argparse
import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from app.health import deployment  # noqa: E402 - the project's folder has to be known first.
from app.health.deployment import NoAnswer, Process, Verdict  # noqa: E402

IS_WINDOWS = os.name == "nt"
STOP_SECONDS = 60.0
COMMAND_SECONDS = 300.0


class Failed(Exception):
    """A step did not work; the text says which and why."""


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", help="where the API is; by itself ./scripts/dev's, or port 8000")
    parser.add_argument("--expect", default="", help="commit; by itself that of this folder")
    parser.add_argument("--stop", action="append", default=[], help="command; may be given twice")
    parser.add_argument("--start", action="append", default=[], help="command; may be given twice")
    parser.add_argument("--pid-file", action="append", default=[], type=Path, help="stop these")
    parser.add_argument("--require", default="", help="roles that must be alive: api,worker,beat")
    parser.add_argument("--wait", type=float, default=120.0, help="seconds for the new code")
    parser.add_argument("--data", type=Path, default=Path(".intake"), help="of ./scripts/dev")
    parser.add_argument("--log", type=Path, help="where the output of started programs goes")
    chosen = parser.parse_args(given)
    if (chosen.stop or chosen.pid_file) and not chosen.start:
        parser.error("--stop and --pid-file need --start: what is to run afterwards")
    return chosen


def run(given: Sequence[str] | None = None) -> int:
    """The whole, with every step on the screen; gives the exit code."""
    options = arguments(given)
    is_stage = not options.start
    url = options.url or stage_url(options.data)
    before = look(url)
    try:
        stop(options, is_stage=is_stage)
        print(f"Caches   {clear_caches(PROJECT)} folders of compiled code removed")
        started = start(options, url, is_stage=is_stage)
        return verify(options, url, before, started)
    except Failed as failure:
        print(f"✘ {failure}", file=sys.stderr)
        return 1


def look(url: str) -> list[Process]:
    """What runs now, said on the screen."""
    try:
        verdict = deployment.judge(deployment.fetch(url), "")
    except NoAnswer as error:
        print(f"Before   nothing: {error}")
        return []
    for process in verdict.processes:
        mark = f"  ({process.fault})" if process.fault else ""
        print(f"Before   {process.line}{mark}")
    return list(verdict.processes)


def stop(options: argparse.Namespace, *, is_stage: bool) -> None:
    """Stop by the given commands, by pid files, or what ./scripts/dev left in its data folder."""
    for command in options.stop:
        print(f"Stop     {command}")
        done = subprocess.run(words(command), timeout=COMMAND_SECONDS, check=False)
        if done.returncode:
            raise Failed(f"{command} ended with {done.returncode}")
    files = [options.data / ".lock"] if is_stage else options.pid_file
    for path in files:
        pid = pid_in(path)
        if pid is None or not is_alive(pid):
            print(f"Stop     nothing runs by {path}")
            continue
        program = command_of(pid)
        if not is_ours(program):
            raise Failed(f"{path} names process {pid}, which is another program: {program[:100]}")
        print(f"Stop     process {pid} of {path}")
        end(pid)


def end(pid: int) -> None:
    """Ask the process to end, and force it after a minute."""
    if IS_WINDOWS:
        subprocess.run(["taskkill", "/PID", str(pid), "/T", "/F"], check=False, capture_output=True)
    else:
        os.kill(pid, signal.SIGTERM)
    deadline, is_forced = time.monotonic() + STOP_SECONDS, IS_WINDOWS
    while is_alive(pid):
        if time.monotonic() > deadline:
            if is_forced:
                raise Failed(f"process {pid} does not end")
            os.kill(pid, signal.SIGKILL)
            deadline, is_forced = time.monotonic() + STOP_SECONDS, True
        time.sleep(0.1)


def pid_in(path: Path) -> int | None:
    """The number in a pid file, if there is one."""
    try:
        return int(path.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return None


def is_alive(pid: int) -> bool:
    """Whether there is such a process that has not ended."""
    if IS_WINDOWS:
        return str(pid) in command_of(pid)
    with contextlib.suppress(ChildProcessError):
        # A child of ours that has ended is a process until it is asked for its end.
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # One that has ended stays in the list until its parent asks for it, which may be never.
    if Path("/proc/self/stat").exists():
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return False
        return not state.rpartition(") ")[2].startswith("Z")
    command = ["ps", "-o", "stat=", "-p", str(pid)]
    state = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return not state.strip().startswith("Z")


def command_of(pid: int) -> str:
    """The command line of a process; on Windows its line in the list of tasks."""
    if IS_WINDOWS:
        command = ["tasklist", "/FI", f"PID eq {pid}", "/NH", "/FO", "CSV"]
        line = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        # It names the program only, and every program of ours is Python's.
        return line.replace("python", "intake python") if str(pid) in line else ""
    command = ["ps", "-o", "command=", "-p", str(pid)]
    if Path("/proc/self/cmdline").exists():
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        return ""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def is_ours(program: str) -> bool:
    """Whether a command line is one of Intake's: a number in an old file may be anybody's now."""
    names = [part.strip('",').replace("\\", "/").rpartition("/")[2] for part in program.split()]
    return any(name == "app.cli" or name.startswith("intake") for name in names)


def clear_caches(project: Path) -> int:
    """Remove every __pycache__ of the project's own code, and say how many there were."""
    count = 0
    for name in ("app", "migrations", "scripts"):
        for folder in list((project / name).rglob("__pycache__")):
            shutil.rmtree(folder, ignore_errors=True)
            count += 1
    return count


def start(options: argparse.Namespace, url: str, *, is_stage: bool) -> list[Any]:
    """Start what was asked for, free of this terminal; what ends with 0 has handed over."""
    log = options.log or Path(tempfile.gettempdir()) / "intake-restart.log"
    commands = [words(command) for command in options.start] or [stage_command(options.data, url)]
    running = []
    with log.open("ab") as output:
        for command in commands:
            print(f"Start    {' '.join(command)}   (its output: {log})")
            running.append(spawn(command, output, cwd=PROJECT if is_stage else None))
    options.log = log
    return running


def spawn(command: Sequence[str], output: IO[bytes], cwd: Path | None) -> "subprocess.Popen[bytes]":
    """A process that lives on when this script and its terminal have ended."""
    apart: dict[str, Any] = {"start_new_session": True}
    if IS_WINDOWS:
        apart = {"creationflags": 0x00000008 | 0x00000200}  # Detached, in a group of its own.
    try:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=cwd, **apart
        )
    except OSError as error:
        raise Failed(f"{command[0]} cannot be started: {error}") from None


def verify(
    options: argparse.Namespace, url: str, before: Sequence[Process], started: Sequence[Any]
) -> int:
    """Wait until only new processes run, all with the expected code, and say what was found."""
    expected = options.expect or commit_of(PROJECT)
    known = {(each.role, each.host, each.pid, each.since) for each in before if each.pid}
    roles = [role.strip() for role in options.require.split(",") if role.strip()]
    if not options.start:
        roles = roles or list(deployment.ROLES)
    deadline = time.monotonic() + options.wait
    while True:
        at = options.url or (url if options.start else stage_url(options.data))
        verdict = renewed(deployment.verify(at, expected, required=roles), known)
        failed = next((each for each in started if each.poll() not in (None, 0)), None)
        if failed is not None:
            told = options.log.read_bytes()[-2000:].decode(errors="replace")
            raise Failed(f"{' '.join(failed.args)} ended with {failed.returncode}:\n{told}")
        if verdict.code == deployment.SAME or time.monotonic() > deadline:
            break
        time.sleep(0.3)
    print("\n".join(f"After    {line}" for line in verdict.lines()))
    return verdict.code


def renewed(verdict: Verdict, known: set[tuple[str, str, int, str]]) -> Verdict:
    """The verdict, in which whoever lived before is at fault."""
    processes = [
        replace(each, fault=each.fault or "it was not restarted")
        if (each.role, each.host, each.pid, each.since) in known
        else each
        for each in verdict.processes
    ]
    is_old = verdict.code == deployment.SAME and any(each.fault for each in processes)
    code = deployment.DIFFERENT if is_old else verdict.code
    return replace(verdict, code=code, processes=processes)


def words(command: str) -> list[str]:
    """A command as typed, without a shell."""
    parts = shlex.split(command, posix=not IS_WINDOWS)
    return [shutil.which(parts[0]) or parts[0], *parts[1:]]


def stage_command(data: Path, url: str) -> list[str]:
    """What starts ./scripts/dev again on the same port."""
    python = PROJECT / ".venv" / ("Scripts/python.exe" if IS_WINDOWS else "bin/python")
    own = [str(python), "-m", "app.cli", "dev"] if python.exists() else ["./scripts/dev"]
    return [*own, "--data", str(data.resolve()), "--port", url.rpartition(":")[2]]


def stage_url(data: Path) -> str:
    """Where ./scripts/dev says that its API is."""
    with contextlib.suppress(OSError):
        for line in (data / "tour.env").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            if name == "INTAKE_URL":
                return value.strip("'\"")
    return f"http://127.0.0.1:{os.environ.get('PORT') or 8000}"


def commit_of(project: Path) -> str:
    """The commit that a process started here would name; empty where only it can know."""
    named = os.environ.get("INTAKE_GIT_SHA", "").strip()
    git = shutil.which("git")
    if named or git is None or not (project / ".git").exists():
        return named
    command = [git, "--no-optional-locks", "-C", str(project)]
    head = subprocess.run([*command, "rev-parse", "HEAD"], capture_output=True, check=False)
    changed = subprocess.run(
        [*command, "status", "--porcelain", "--", "app"], capture_output=True, check=False
    )
    if head.returncode or changed.returncode:
        return ""
    return head.stdout.decode().strip() + ("+dirty" if changed.stdout.strip() else "")


if __name__ == "__main__":
    raise SystemExit(run())
