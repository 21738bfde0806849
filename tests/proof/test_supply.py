"""What is installed: nothing older than the versions that mended what was known, all of it hashed."""

import re
from importlib.metadata import distributions, version
from pathlib import Path

import pytest
from packaging.version import Version

PROJECT = Path(__file__).resolve().parents[2]
LOCKS = sorted((PROJECT / "requirements").glob("*.txt"))
FLOORS = {
    # CVE-2025-54121, CVE-2025-62727, CVE-2026-48710, -48817, -48818, -54282, -54283.
    "starlette": "1.3.1",
    # CVE-2024-24762, GHSA-59g5, CVE-2026-40347, CVE-2026-42561, GHSA-5rvq-cxj2-64vf and others.
    "python-multipart": "0.0.31",
    # A bomb in JWE, and OpenSSH keys taken for secrets.
    "python-jose": "3.4",
}
# This project, and the tool that installed all others (requirements/uv.txt).
OURS = {"intake", "uv"}
_PINNED = re.compile(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_everything_is_pinned_and_hashed(lock: Path) -> None:
    entries = re.split(r"\n(?=[a-z0-9])", lock.read_text(encoding="utf-8"))
    named = [entry for entry in entries if _PINNED.match(entry)]
    assert named
    assert [entry.split("\n")[0] for entry in named if "--hash=sha256:" not in entry] == []


def test_nothing_is_older_than_its_floor() -> None:
    checked = 0
    for lock in LOCKS:
        pinned = dict(_PINNED.findall(lock.read_text(encoding="utf-8")))
        for name, floor in FLOORS.items():
            if name in pinned:
                assert Version(pinned[name]) >= Version(floor), f"{lock.name}: {name}"
                checked += 1
    assert checked >= len(FLOORS)
    # The server's own parser is no longer h11, and no older one comes with another package.
    assert Version(version("h11")) >= Version("0.16")


def test_what_is_installed_is_what_is_locked() -> None:
    """Of what the tests run with, each version stands in the lock: for some Python, by its hash."""
    # The tests in a browser bring their own beside them.
    lock = "\n".join(
        (PROJECT / f"requirements/{name}.txt").read_text(encoding="utf-8")
        for name in ("development", "browser")
    )
    pinned: dict[str, set[str]] = {}
    for name, wanted in _PINNED.findall(lock):
        pinned.setdefault(name, set()).add(wanted)
    installed = {
        re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower(): one.version for one in distributions()
    }
    unknown = {
        f"{name} {found}"
        for name, found in installed.items()
        if found not in pinned.get(name, ()) and name not in OURS
    }
    assert unknown == set()
