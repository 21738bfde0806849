"""The dashboard and the alerts ask for nothing that /metrics does not give."""

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from app.core import meters
from app.core.clock import now
from app.core.processes import describe, write
from app.main import Intake
from scripts import grafana

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
WORD = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
# What Prometheus adds by itself.
ITS_OWN = {"up": {"job", "instance"}}
OF_EVERY_SCRAPE = {"job", "instance", "le"}


def alerts() -> list[dict[str, Any]]:
    document = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    document = json.loads((DEPLOY / "grafana" / "intake.json").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = document["panels"]
    return found


def questions() -> dict[str, tuple[str, str]]:
    """Every expression, with the words that name its labels, by where it stands."""
    found = {
        f"panel {panel['title']} {target['refId']}": (target["expr"], target["legendFormat"])
        for panel in panels()
        for target in panel["targets"]
    }
    for rule in alerts():
        found[f"alert {rule['alert']}"] = (rule["expr"], rule["annotations"]["summary"])
    return found


def asked(expression: str, words: str) -> tuple[set[str], set[str]]:
    """The metrics and the labels that an expression names."""
    metrics = set(re.findall(r"\b(intake_\w+|up)\b", expression))
    labels = set(re.findall(r"(\w+)\s*(?:=~|!=|!~|=)\s*\"", expression))
    for group in re.findall(r"\bby\s*\(([^)]*)\)", expression):
        labels |= set(WORD.findall(group))
    labels |= set(re.findall(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}", words))
    return metrics, labels


@pytest.fixture
async def given(client: httpx.AsyncClient, app: Intake) -> dict[str, set[str]]:
    """What /metrics gives: every sample's name with its labels, each meter having counted once."""
    redis = app.state.services.redis
    await write(redis, describe("worker", now(), {"pool_used": 1.0, "pool_size": 8.0}))
    for meter in meters.METERS:
        labels = ["dashboard"] * len(meter.labels)
        if meter.buckets:
            meters.observe(meter, 0.1, *labels)
        else:
            meters.count(meter, *labels)
    page = (await client.get("/metrics")).text
    found: dict[str, set[str]] = defaultdict(set)
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            found[sample.name] |= set(sample.labels)
    # None is set up in tests, and their only label is said by the code.
    return {**found, **ITS_OWN, "intake_payer_ok": {"payer"}, "intake_integration_ok": {"provider"}}


async def test_every_metric_and_label_is_given(given: dict[str, set[str]]) -> None:
    for place, (expression, words) in questions().items():
        metrics, labels = asked(expression, words)
        assert metrics, place
        assert metrics <= given.keys(), (place, metrics - given.keys())
        there = set().union(*(given[metric] for metric in metrics)) | OF_EVERY_SCRAPE
        assert labels <= there, (place, labels - there)


async def test_every_metric_is_looked_at(given: dict[str, set[str]]) -> None:
    """What is counted and shown nowhere is counted for nobody."""
    looked_at = set().union(*(asked(*one)[0] for one in questions().values()))
    for metric in given:
        if metric.endswith(("_created", "_sum", "_bucket", "_count", "start_time_seconds")):
            continue
        assert metric in looked_at, metric
    for meter in meters.METERS:
        assert any(name.startswith(f"intake_{meter.name}") for name in looked_at), meter.name


def test_each_alert_says_how_grave_it_is_and_what_it_means() -> None:
    for rule in alerts():
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["expr"].count("(") == rule["expr"].count(")")


def test_the_dashboard_is_the_scripts() -> None:
    written = (DEPLOY / "grafana" / "intake.json").read_text(encoding="utf-8")
    assert written == grafana.text(), "run: .venv/bin/python -m scripts.grafana"
