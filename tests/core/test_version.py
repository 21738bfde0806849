"""Which code runs: read from where, and when it counts as changed."""

import shutil
import subprocess
from pathlib import Path

import pytest

from app.core import version
from app.core.clock import now
from app.core.version import Release, Sources

COMMIT = "4f2c9e1" + "0" * 33


@pytest.fixture
def package(tmp_path: Path) -> Path:
    root = tmp_path / "package"
    (root / "room").mkdir(parents=True)
    (root / "room" / "service.py").write_text("a = 1\n")
    (root / "page.html").write_text("<p>")
    return root


def test_a_digest_changes_with_names_contents_and_only_those(package: Path) -> None:
    sources = Sources(package)
    first = sources.digest()
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "service.py").write_text("compiled")
    (package / "room" / ".service.py.swp").write_text("an editor's")
    assert sources.digest() == first
    (package / "room" / "service.py").write_text("a = 2\n")
    changed = sources.digest()
    assert changed != first
    (package / "room" / "service.py").rename(package / "room" / "moved.py")
    moved = sources.digest()
    assert moved not in (first, changed)
    (package / "page.html").write_text("<b>")
    assert sources.digest() != moved
    assert Sources(package).digest() == sources.digest()


def test_unchanged_files_are_not_read_again(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = Sources(package)
    first = sources.digest()
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("read again"))
    assert sources.digest() == first


def test_files_that_vanish_are_no_fault(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def vanish(_: Path) -> bytes:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_bytes", vanish)
    assert Sources(package).digest() == version.UNREADABLE


@pytest.mark.parametrize(
    ("environment", "commit"),
    [
        ({"INTAKE_GIT_SHA": "mine", "RAILWAY_GIT_COMMIT_SHA": "railway"}, "mine"),
        ({"RAILWAY_GIT_COMMIT_SHA": "railway", "RENDER_GIT_COMMIT": "render"}, "railway"),
        ({"RENDER_GIT_COMMIT": "render", "SOURCE_VERSION": "heroku"}, "render"),
        ({"HEROKU_BUILD_COMMIT": " built\n", "SOURCE_VERSION": "heroku"}, "built"),
        ({"SOURCE_VERSION": "heroku"}, "heroku"),
    ],
)
def test_a_named_commit_comes_first(
    environment: dict[str, str], commit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    version.release.cache_clear()
    try:
        assert version.release().commit == commit
    finally:
        version.release.cache_clear()


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_checkout_tells_its_commit_and_whether_it_is_dirty(package: Path) -> None:
    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
        command = ["git", *identity, *arguments]
        done = subprocess.run(command, cwd=package, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert version._checkout_commit(package) == ""
    git("init")
    (package / "app").mkdir()
    (package / "app" / "main.py").write_text("a = 1\n")
    assert version._checkout_commit(package) == ""
    git("add", ".")
    git("commit", "-m", "first")
    commit = git("rev-parse", "HEAD")
    assert version._checkout_commit(package) == commit
    (package / "notes").write_text("not code")
    assert version._checkout_commit(package) == commit
    (package / "app" / "new.py").write_text("b = 1\n")
    assert version._checkout_commit(package) == f"{commit}+dirty"


@pytest.mark.parametrize(
    ("commit", "short"),
    [(COMMIT, "4f2c9e1"), (f"{COMMIT}+dirty", "4f2c9e1+dirty"), ("0123456789ab", "0123456")],
)
def test_the_short_form(commit: str, short: str) -> None:
    assert Release("0.1.0", commit, "0123456789ab", now()).short == short


def test_a_release_is_read_once() -> None:
    assert version.release() is version.release()
    assert version.release().version.count(".") == 2
