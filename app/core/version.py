"""Which code is this process really running? Read once at its start, compared with the disk later."""

import functools
import hashlib
import os
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Final

from app.core.clock import now
from app.core.settings import PROJECT, ServerSettings

# What hosting platforms put into the environment of a build or of a dyno.
_PLATFORM_VARIABLES: Final = (
    "RAILWAY_GIT_COMMIT_SHA",
    "RENDER_GIT_COMMIT",
    "HEROKU_BUILD_COMMIT",
    "SOURCE_VERSION",
)
# What the running code is made of: whatever else lies there, as editors leave it, makes nothing stale.
_SOURCES: Final = (
    *(".py", ".html", ".css", ".js", ".svg", ".sql", ".json", ".txt", ".jinja", ".toml"),
    *(".gz", ".crfsuite"),
)
_GIT_SECONDS: Final = 2.0
UNREADABLE: Final = "unreadable"


@dataclass(frozen=True, slots=True)
class Release:
    """The identity of the code as it was when the process started.

    `commit` is the full hash, with `+dirty` after it when the checkout holds changed files; where
    no commit can be known it is the fingerprint. `fingerprint` is a digest of the package's files.
    """

    version: str
    commit: str
    fingerprint: str
    started_at: datetime

    @property
    def short(self) -> str:
        """The commit as people write it: seven characters, and `+dirty` where it applies."""
        commit, plus, mark = self.commit.partition("+")
        return commit[:7] + plus + mark


class Sources:
    """The files of a package, digested again only when a size or a time of change moved."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen: tuple[tuple[str, int, int], ...] = ()
        self._digest = ""

    def digest(self) -> str:
        """Twelve hexadecimal digits over names and contents; `unreadable` while files vanish."""
        try:
            seen = tuple(self._walk())
            if seen != self._seen or not self._digest:
                self._digest = self._read([name for name, _, _ in seen])
                self._seen = seen
        except OSError:
            return UNREADABLE
        return self._digest

    def _walk(self) -> list[tuple[str, int, int]]:
        found: list[tuple[str, int, int]] = []
        folders = [""]
        while folders:
            inside = folders.pop()
            # Entries know their facts already: five times faster than a path and a stat of each,
            # and every process looks at some seven hundred files every five seconds.
            with os.scandir(self._root / inside) as entries:
                for entry in entries:
                    if entry.is_dir():
                        if entry.name != "__pycache__":
                            folders.append(f"{inside}{entry.name}/")
                    elif entry.name.endswith(_SOURCES):
                        facts = entry.stat()
                        found.append((inside + entry.name, facts.st_mtime_ns, facts.st_size))
        return sorted(found)

    def _read(self, names: list[str]) -> str:
        digest = hashlib.sha256()
        for name in names:
            content = (self._root / name).read_bytes()
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()[:12]


_PACKAGE: Final = Sources(PROJECT / "app")


@functools.cache
def release() -> Release:
    """This process's release. The first call reads it: make it at start-up, before serving."""
    fingerprint = _PACKAGE.digest()
    commit = _named_commit() or _checkout_commit(PROJECT) or fingerprint
    return Release(
        version=_package_version(), commit=commit, fingerprint=fingerprint, started_at=now()
    )


def on_disk() -> str:
    """The fingerprint of the files as they lie on the disk now; some hundred `stat` calls."""
    return _PACKAGE.digest()


def is_stale() -> bool:
    """Whether the disk holds other code than this process runs."""
    return on_disk() != release().fingerprint


def _named_commit() -> str:
    """The commit that whoever built or started this process names."""
    named = [ServerSettings().git_sha, *(os.environ.get(name, "") for name in _PLATFORM_VARIABLES)]
    return next((commit.strip() for commit in named if commit.strip()), "")


def _checkout_commit(project: Path) -> str:
    """The checkout's commit, with `+dirty` when tracked or new files of the code differ from it."""
    git = shutil.which("git")
    if git is None or not (project / ".git").exists():
        return ""
    command = [git, "--no-optional-locks", "status", "--porcelain=v2", "--branch", "--", "app"]
    try:
        status = subprocess.run(  # noqa: S603 - a fixed command without a shell.
            command, cwd=project, capture_output=True, text=True, timeout=_GIT_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    lines = status.stdout.splitlines()
    commit = next((line.split()[-1] for line in lines if line.startswith("# branch.oid ")), "")
    if not commit or commit == "(initial)":
        return ""
    is_dirty = any(not line.startswith("#") for line in lines)
    return f"{commit}+dirty" if is_dirty else commit


def _package_version() -> str:
    """The project's version from its own file, or the installed package's where that is absent."""
    try:
        with (PROJECT / "pyproject.toml").open("rb") as file:
            return str(tomllib.load(file)["project"]["version"])
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        pass
    try:
        return installed_version("intake")
    except PackageNotFoundError:
        return "0"
