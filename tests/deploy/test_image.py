"""The image and the machine that compose makes of it. There is no Docker here: scripts/rehearse_image runs its steps."""

import json
import re
import tomllib
from fnmatch import fnmatch
from typing import Any

import pytest

from app.worker import alive
from app.worker.alive import ROLES
from scripts.dockerfile import Step, stages_of, steps_of
from tests.deploy.reading import (
    DOCUMENT,
    PROJECT,
    VARIABLES,
    documents,
    interpolated,
    pinned,
    refusal,
)

STEPS = steps_of(PROJECT / "Dockerfile")
BUILD, FINAL = stages_of(STEPS)
COMPOSE_TEXT = (PROJECT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = documents(PROJECT / "docker-compose.yml")[0]
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name for name, service in SERVICES.items() if "build" in service}
# Read by the compose file itself, by nobody else.
OF_COMPOSE = {
    *(
        "POSTGRES_PASSWORD",
        "INTAKE_TAG",
        "INTAKE_ADDRESS",
        "INTAKE_PORT",
        "BUILT_AT",
        "INTAKE_GIT_SHA",
    )
}


def named(steps: list[Step], word: str) -> list[str]:
    return [step.rest for step in steps if step.word == word]


def environment(steps: list[Step]) -> dict[str, str]:
    pairs = (pair.partition("=") for rest in named(steps, "ENV") for pair in rest.split())
    return {name: value for name, _, value in pairs}


def test_the_image_has_two_stages_from_one_pinned_base() -> None:
    base = next(rest for rest in named(STEPS, "ARG") if rest.startswith("PYTHON_IMAGE="))
    assert pinned(base.removeprefix("PYTHON_IMAGE="))
    assert "slim" in base
    assert [rest.split()[0] for rest in named(STEPS, "FROM")] == ["${PYTHON_IMAGE}"] * 2


def test_the_image_is_built_from_hashed_locks_only() -> None:
    installs = [rest for rest in named(STEPS, "RUN") if re.search(r"\bpip install\b", rest)]
    assert len(installs) == 2
    assert all("--require-hashes -r requirements/" in rest for rest in installs)
    for lock in ("uv", "production", "meaning"):
        assert "--hash=sha256:" in (PROJECT / "requirements" / f"{lock}.txt").read_text()


def test_the_image_copies_what_is_there_and_nothing_that_is_ignored() -> None:
    rules = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = [rule[1:] for rule in rules if rule.startswith("!")]
    for rest in (rest for rest in named(STEPS, "COPY") if "--from" not in rest):
        source = rest.split()[0].rstrip("/")
        path = PROJECT / source
        assert path.exists(), source
        seen = [source] if path.is_file() else [f"{source}/x.py", f"{source}/x.txt"]
        assert any(fnmatch(name, rule) for name in seen for rule in allowed), source
    assert not any(fnmatch(name, rule) for name in (".env", ".git/x") for rule in allowed)


def test_the_image_runs_as_nobody_special() -> None:
    assert named(FINAL, "USER") == ["10001:10001"]
    after = FINAL[next(i for i, step in enumerate(FINAL) if step.word == "USER") :]
    assert not [step for step in after if step.word in ("RUN", "COPY", "ADD")]


def test_the_image_knows_its_commit_and_time() -> None:
    names = {rest.partition("=")[0] for rest in named(FINAL, "ARG")}
    assert {"INTAKE_GIT_SHA", "BUILT_AT"} <= names
    labels = " ".join(named(FINAL, "LABEL"))
    for label in ("title", "description", "licenses", "revision", "created"):
        assert f"org.opencontainers.image.{label}=" in labels
    assert environment(FINAL)["INTAKE_GIT_SHA"] == "${INTAKE_GIT_SHA}"


def test_the_image_names_settings_that_exist() -> None:
    own = {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
    assert environment(FINAL).keys() - own <= VARIABLES
    assert environment(FINAL)["PORT"] == named(FINAL, "EXPOSE")[0]
    assert environment(FINAL)["ENVIRONMENT"] == "production"


def test_the_image_starts_a_command_that_exists() -> None:
    (command,) = [step.exec_form for step in FINAL if step.word == "CMD"]
    assert refusal(command) == ""


def test_the_image_asks_a_probe_that_is_answered() -> None:
    (check,) = [step for step in FINAL if step.word == "HEALTHCHECK"]
    words = check.exec_form
    assert words[0] == "python"
    compile(words[-1], "healthcheck", "exec")
    asked = re.search(r"'(/[a-z]+)'", words[-1])
    assert asked is not None
    assert asked[1] in DOCUMENT["paths"]


def test_compose_runs_every_part() -> None:
    assert {"api", "worker", "beat", "migrate"} == OURS
    assert [refusal(SERVICES[name]["command"]) for name in sorted(OURS)] == [""] * 4


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - OURS))
def test_compose_pins_images_without_a_host(name: str) -> None:
    assert pinned(SERVICES[name]["image"])


def test_compose_asks_workers_and_beat_by_their_files() -> None:
    for role in ROLES:
        words = SERVICES[role]["healthcheck"]["test"]
        assert words == ["CMD", "python", "-m", alive.__name__, role]


def test_compose_names_settings_that_exist() -> None:
    for name in OURS:
        assert SERVICES[name]["environment"].keys() <= VARIABLES
        assert SERVICES[name]["build"]["args"].keys() <= {
            rest.partition("=")[0] for rest in named(STEPS, "ARG")
        }
    assert interpolated(COMPOSE_TEXT) - OF_COMPOSE <= VARIABLES


def test_compose_keeps_what_has_to_stay() -> None:
    mounted = {
        volume.partition(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
    }
    assert mounted == COMPOSE["volumes"].keys()
    files = environment(FINAL)["LOCAL_STORAGE_DIR"]
    for name in ("api", "worker"):
        assert f"files:{files}" in SERVICES[name]["volumes"]
        assert SERVICES[name]["environment"]["LOCAL_STORAGE_DIR"] == files


def test_compose_waits_for_what_is_needed() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in SERVICES, name
            if how["condition"] == "service_healthy":
                assert "test" in SERVICES[other]["healthcheck"]
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert SERVICES["api"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    asked = re.search(r"8000(/[a-z]+)'", SERVICES["api"]["healthcheck"]["test"][-1])
    assert asked is not None
    assert asked[1] in DOCUMENT["paths"]


def test_the_store_of_compose_belongs_to_its_profile() -> None:
    assert [name for name, service in SERVICES.items() if service.get("profiles") == ["s3"]] == [
        "seaweedfs"
    ]
    head = COMPOSE_TEXT.partition("\nname:")[0]
    assert set(re.findall(r"\b([A-Z][A-Z0-9_]+_[A-Z0-9_]+)\b", head)) - OF_COMPOSE <= VARIABLES | {
        "COMPOSE_PROFILES"
    }


def test_the_devcontainer_makes_the_same_environment() -> None:
    container = json.loads((PROJECT / ".devcontainer" / "devcontainer.json").read_text())
    assert pinned(container["image"])
    assert (PROJECT / container["postCreateCommand"]).is_file()
    wanted = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["requires-python"]
    version = re.search(r"python:3\.(\d+)", container["image"])
    assert version is not None
    assert int(version[1]) >= int(wanted.rpartition(".")[2])
