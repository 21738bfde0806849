"""The files of hosting platforms: each names commands, probes and settings that exist."""

import re
import tomllib
from typing import Any

import pytest

from tests.deploy.reading import DOCUMENT, PROJECT, VARIABLES, documents, refusal

RAILWAY = sorted((PROJECT / "deploy" / "railway").glob("*.toml"))
RENDER: dict[str, Any] = documents(PROJECT / "render.yaml")[0]
FLY: dict[str, Any] = tomllib.loads((PROJECT / "fly.toml").read_text(encoding="utf-8"))
PARTS = {"api", "worker", "beat"}


def test_the_procfile_runs_every_part() -> None:
    lines = (PROJECT / "Procfile").read_text(encoding="utf-8").splitlines()
    processes = {name: command for name, _, command in (line.partition(": ") for line in lines)}
    assert processes.keys() == {"release", "web", "worker", "beat"}
    assert [refusal(command) for command in processes.values()] == [""] * 4


def test_a_command_that_is_not_there_is_refused() -> None:
    """The tests of this folder can turn red."""
    assert "No such command" in refusal("intake web")
    assert "No such option" in refusal("intake serve --bind 0.0.0.0")
    assert refusal("gunicorn app.main") != ""


@pytest.mark.parametrize("path", RAILWAY, ids=lambda path: path.stem)
def test_railway(path: Any) -> None:
    service = tomllib.loads(path.read_text(encoding="utf-8"))
    assert (PROJECT / service["build"]["dockerfilePath"]).is_file()
    deploy = service["deploy"]
    assert refusal(deploy["startCommand"]) == ""
    assert [refusal(command) for command in deploy.get("preDeployCommand", [])] in ([], [""])
    assert deploy.get("healthcheckPath", "/readyz") in DOCUMENT["paths"]
    # Its parser refuses the texts that its documentation shows.
    assert isinstance(deploy["drainingSeconds"], int)


def test_railway_has_a_file_for_each_part() -> None:
    assert {path.stem for path in RAILWAY} == PARTS


def test_render_runs_every_part() -> None:
    built = [service for service in RENDER["services"] if service.get("runtime") == "docker"]
    assert {service["name"].removeprefix("intake-") for service in built} == PARTS
    for service in built:
        assert (PROJECT / service["dockerfilePath"]).is_file()
        assert refusal(service["dockerCommand"]) == ""
    api = built[0]
    assert refusal(api["preDeployCommand"]) == ""
    assert api["healthCheckPath"] in DOCUMENT["paths"]


def test_render_names_what_it_makes() -> None:
    groups = {group["name"]: group for group in RENDER["envVarGroups"]}
    databases = {one["name"] for one in RENDER["databases"]}
    services = {one["name"]: one for one in RENDER["services"]}
    listed = [entry for service in services.values() for entry in service.get("envVars", [])]
    listed += [entry for group in groups.values() for entry in group["envVars"]]
    # Only a service asks for a value when it is made.
    assert not [entry for group in groups.values() for entry in group["envVars"] if "sync" in entry]
    for entry in listed:
        assert entry.get("fromGroup", "intake") in groups
        assert entry.get("key", "PORT") in VARIABLES
        if "fromDatabase" in entry:
            assert entry["fromDatabase"]["name"] in databases
        if "fromService" in entry:
            lender = services[entry["fromService"]["name"]]
            assert lender["type"] == entry["fromService"]["type"]
            lent = {own.get("key") for own in lender.get("envVars", [])}
            assert entry["fromService"].get("envVarKey") in {None, *lent}


def test_fly() -> None:
    assert (PROJECT / FLY["build"]["dockerfile"]).is_file()
    assert FLY["processes"].keys() == PARTS
    assert [refusal(command) for command in FLY["processes"].values()] == [""] * 3
    assert refusal(FLY["deploy"]["release_command"]) == ""
    assert FLY["env"].keys() <= VARIABLES
    service = FLY["http_service"]
    assert str(service["internal_port"]) == FLY["env"]["PORT"]
    assert set(service["processes"]) <= PARTS
    assert all(check["path"] in DOCUMENT["paths"] for check in service["checks"])
    named = re.findall(r"([A-Z_]+)=", (PROJECT / "fly.toml").read_text().partition("\napp =")[0])
    assert set(named) <= VARIABLES
