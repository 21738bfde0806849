"""What comes from others is known, allowed, and not older than the last hole that matters."""

import json
import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from scripts import sbom
from tests.deploy.reading import PROJECT

TEXT = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
FLOORS = dict(re.findall(r'^    "([^"]+)",  # ((?:CVE|GHSA)-.*)$', TEXT, re.MULTILINE))
LOCKS = ("production", "meaning", "development")


def locked(name: str) -> dict[str, Version]:
    """The versions of a lock file."""
    lock = PROJECT / "requirements" / f"{name}.txt"
    return {one.name: Version(one.version) for one in sbom.locked(lock)}


def test_bill_and_licences_are_current() -> None:
    assert sbom.main(["--check"]) == 0, "run: .venv/bin/python -m scripts.sbom"


def test_the_bill_names_what_is_installed() -> None:
    bill = json.loads(sbom.BILL.read_text(encoding="utf-8"))
    named = {part["purl"] for part in bill["components"] if part["purl"].startswith("pkg:pypi/")}
    wanted = {one.purl for one in sbom.locked(PROJECT / "requirements" / "meaning.txt")}
    wanted |= {one.purl for one in sbom.locked(PROJECT / "requirements" / "production.txt")}
    assert named == wanted
    assert len(named) > 80


def test_an_unknown_licence_is_refused() -> None:
    """The check can turn red."""
    assert not sbom.is_allowed("")
    assert not sbom.is_allowed("AGPL-3.0-only")
    assert not sbom.is_allowed("MIT AND GPL-3.0-or-later")
    assert sbom.is_allowed("MIT AND PSF-2.0")


@pytest.mark.parametrize("lock", LOCKS)
def test_no_version_lies_below_a_floor(lock: str) -> None:
    versions = locked(lock)
    for text in FLOORS:
        floor = Requirement(text)
        assert versions[floor.name.lower().replace(".", "-")] in floor.specifier, text


def test_floors_name_their_advisories() -> None:
    names = {Requirement(text).name for text in FLOORS}
    assert names >= {"starlette", "python-multipart", "python-jose", "h11", "pillow", "urllib3"}
    declared = tomllib.loads(TEXT)["project"]["dependencies"]
    assert set(FLOORS) <= set(declared)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_file_has_a_hash(lock: str) -> None:
    bare = [
        one.name for one in sbom.locked(PROJECT / "requirements" / f"{lock}.txt") if not one.hashes
    ]
    assert bare == []


def test_production_is_a_part_of_the_other_locks() -> None:
    """An image with the language model, and the tests, run the same versions as one without."""
    production = locked("production").items()
    assert production <= locked("meaning").items()
    assert production <= locked("development").items()


def test_what_bandit_is_told_to_pass_over_has_its_reason() -> None:
    for path in (PROJECT / "app").rglob("*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if "nosec" in line:
                assert re.search(r"# nosec B\d+ - \w+", line), f"{path.name}: {line.strip()}"
