"""What import contracts cannot say about the house, and that each of them can turn red."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.env_template import env_template

PROJECT = Path(__file__).resolve().parents[2]
APP = PROJECT / "app"
SOURCES = sorted(APP.rglob("*.py"))
COMMITTERS = {"core/db.py", "core/migrations.py"}


def relative(path: Path) -> str:
    return path.relative_to(APP).as_posix()


def functions(path: Path) -> list[tuple[str, int]]:
    """Every function of a file with its length in lines, decorators left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        (node.name, (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_a_file_is_small(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 300, f"{lines} lines: split it by meaning"


def test_functions_are_short() -> None:
    long = [
        f"{relative(path)}:{name} {length}"
        for path in SOURCES
        for name, length in functions(path)
        if length > 40
    ]
    assert long == []


def test_package_files_are_empty() -> None:
    full = [relative(path) for path in APP.rglob("__init__.py") if path.stat().st_size]
    assert full == []


def test_commit_stands_at_the_edge_only() -> None:
    found = {
        relative(path)
        for path in SOURCES
        if re.search(r"\.commit\(", path.read_text(encoding="utf-8"))
    }
    assert found == COMMITTERS


def test_no_postponed_annotations() -> None:
    found = [
        relative(path)
        for path in SOURCES
        if re.search(r"from __future__|TYPE_CHECKING", path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_the_template_of_settings_is_current() -> None:
    written = (PROJECT / ".env.template").read_text(encoding="utf-8")
    assert written == env_template(), "run: .venv/bin/python -m app.core.env_template"


def test_rooms_do_not_open_each_others_private_files() -> None:
    """Queries and pure engines are private; services, deps, models, schemas, errors are doors."""
    private = re.compile(
        r"from app\.(?P<room>\w+)\.(?P<file>queries|engine|tables|payers|matching)\b"
    )
    found = [
        f"{relative(path)} opens {match['room']}.{match['file']}"
        for path in SOURCES
        for match in private.finditer(path.read_text(encoding="utf-8"))
        if match["room"] not in (relative(path).split("/")[0], "core")
        and not relative(path).startswith("dev/")
    ]
    assert found == []


def test_no_committed_file_names_a_package_registry() -> None:
    hosts = re.compile("|".join(("pypi" + r"\.org", "python" + "hosted", "npm" + r"js\.(org|com)")))
    listed = subprocess.run(
        ["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=False
    ).stdout.split()
    found = [
        name
        for name in listed
        if (PROJECT / name).is_file()
        and hosts.search((PROJECT / name).read_text(encoding="utf-8", errors="ignore"))
    ]
    assert found == []


SABOTAGES = {
    "rooms": ("app/core/clock.py", "import app.claims.models"),
    "inside": ("app/claims/models.py", "import app.claims.service"),
    "doors": ("app/main.py", "import app.health.routes"),
    "no-web": ("app/claims/tasks.py", "import fastapi"),
    "celery": ("app/claims/tasks.py", "import celery"),
    "jose": ("app/core/clock.py", "import jose"),
    "httpx": ("app/claims/matching.py", "import httpx"),
    "smtp": ("app/mail/delivery.py", "import aiosmtplib"),
    "s3": ("app/storage/move.py", "import boto3"),
    "cloudinary": ("app/storage/service.py", "import cloudinary"),
    "loguru": ("app/core/clock.py", "import loguru"),
    "papers": ("app/resumes/understanding/dates.py", "import pypdfium2"),
    "skills": ("app/resumes/reading/plain.py", "import pycrfsuite"),
    "no-cycles": ("app/core/clock.py", "import app.worker.registry"),
}


@pytest.fixture(scope="module")
def copy_of_the_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources and contracts in a folder of their own, to be spoilt."""
    home = tmp_path_factory.mktemp("house")
    subprocess.run(["cp", "-r", str(APP), str(PROJECT / "pyproject.toml"), str(home)], check=True)
    return home


def lint(home: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)


def test_contracts_hold(copy_of_the_house: Path) -> None:
    result = lint(copy_of_the_house)
    assert result.returncode == 0, result.stdout[-3000:]


@pytest.mark.parametrize("contract", SABOTAGES)
def test_each_contract_turns_red(copy_of_the_house: Path, contract: str) -> None:
    name, line = SABOTAGES[contract]
    path = copy_of_the_house / name
    before = path.read_text(encoding="utf-8")
    path.write_text(f"{before}\n{line}\n", encoding="utf-8")
    try:
        result = lint(copy_of_the_house)
    finally:
        path.write_text(before, encoding="utf-8")
    assert result.returncode != 0
    assert "BROKEN" in result.stdout
