"""The manifests: commands, probes and settings exist, nothing runs as root, and scaling asks a query that runs."""

import re
from typing import Any

import pytest
from sqlalchemy import text

from app.core.db import Database, Scope
from app.worker import alive
from app.worker.alive import FRESH_SECONDS, ROLES
from app.worker.celery_app import DRAIN_SECONDS
from tests.deploy.reading import DOCUMENT, PROJECT, VARIABLES, documents, refusal, strings

FOLDER = PROJECT / "deploy" / "kubernetes"
KUSTOMIZATION = documents(FOLDER / "kustomization.yaml")[0]
OBJECTS = [one for name in KUSTOMIZATION["resources"] for one in documents(FOLDER / name)]
PODS = {
    one["metadata"]["name"]: one["spec"]["template"]["spec"]
    for one in OBJECTS
    if one["kind"] in ("Deployment", "Job")
}
CONTAINERS = {name: pod["containers"][0] for name, pod in PODS.items()}


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one["spec"] for one in OBJECTS if one["kind"] == kind}


def test_every_file_is_listed() -> None:
    there = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(KUSTOMIZATION["resources"]) == there
    assert {image["name"] for image in KUSTOMIZATION["images"]} == {"intake"}


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_a_container_runs_a_command_that_exists(name: str) -> None:
    assert CONTAINERS[name]["image"] == "intake"
    assert refusal(CONTAINERS[name]["args"]) == ""


@pytest.mark.parametrize("name", sorted(PODS))
def test_a_pod_has_no_rights_that_it_does_not_need(name: str) -> None:
    pod, container = PODS[name], CONTAINERS[name]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 10001
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]
    assert {volume["name"] for volume in pod["volumes"]} == {
        mount["name"] for mount in container["volumeMounts"]
    }
    assert "memory" in container["resources"]["limits"]


def test_settings_exist() -> None:
    (settings,) = [one for one in OBJECTS if one["kind"] == "ConfigMap"]
    assert settings["data"].keys() <= VARIABLES
    for container in CONTAINERS.values():
        assert {next(iter(source)) for source in container["envFrom"]} == {
            "configMapRef",
            "secretRef",
        }
        assert set(strings(container["envFrom"])) - {"configMapRef", "secretRef", "name"} == {
            settings["metadata"]["name"]
        }


def test_probes_are_answered() -> None:
    api = CONTAINERS["intake-api"]
    paths = {
        kind: api[kind]["httpGet"]["path"]
        for kind in ("startupProbe", "livenessProbe", "readinessProbe")
    }
    assert set(paths.values()) <= DOCUMENT["paths"].keys()
    # A database that is away makes nobody restart a process that is well.
    assert paths["livenessProbe"] == "/livez"
    assert paths["readinessProbe"] == "/readyz"
    (port,) = api["ports"]
    (settings,) = [one for one in OBJECTS if one["kind"] == "ConfigMap"]
    assert str(port["containerPort"]) == settings["data"]["PORT"]


def test_who_does_not_listen_is_probed_by_a_file() -> None:
    for role in ROLES:
        probe = CONTAINERS[f"intake-{role}"]["livenessProbe"]
        assert probe["exec"]["command"] == ["python", "-m", alive.__name__, role]
        # A pulse that is late is looked for again before anybody is ended for it.
        assert probe["periodSeconds"] * probe["failureThreshold"] > FRESH_SECONDS


def test_selectors_find_their_pods() -> None:
    labels = {
        name: spec["template"]["metadata"]["labels"] for name, spec in of_kind("Deployment").items()
    }
    for name, spec in of_kind("Deployment").items():
        assert spec["selector"]["matchLabels"].items() <= labels[name].items()
    for name, spec in of_kind("PodDisruptionBudget").items():
        assert spec["selector"]["matchLabels"].items() <= labels[name].items()
    for name, spec in of_kind("Service").items():
        assert spec["selector"].items() <= labels[name].items()
        assert spec["ports"][0]["targetPort"] == CONTAINERS[name]["ports"][0]["name"]
    for kind in ("HorizontalPodAutoscaler", "ScaledObject"):
        assert all(spec["scaleTargetRef"]["name"] in labels for spec in of_kind(kind).values())


def test_workers_may_end_in_peace() -> None:
    assert PODS["intake-worker"]["terminationGracePeriodSeconds"] > DRAIN_SECONDS


async def test_workers_grow_with_the_work_that_waits(database: Database) -> None:
    (scaled,) = of_kind("ScaledObject").values()
    (trigger,) = scaled["triggers"]
    assert trigger["authenticationRef"]["name"] in [
        one["metadata"]["name"] for one in OBJECTS if one["kind"] == "TriggerAuthentication"
    ]
    assert re.fullmatch(r"\d+", trigger["metadata"]["targetQueryValue"])
    async with database.read(Scope.system()) as session:
        waiting = await session.scalar(text(trigger["metadata"]["query"]))
    assert waiting == 0
