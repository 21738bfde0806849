"""Writes deploy/grafana/intake.json: the panels stand here, a line each; `python -m scripts.grafana`."""

import json
from pathlib import Path
from typing import Any

PATH = Path(__file__).resolve().parents[1] / "deploy" / "grafana" / "intake.json"
SOURCE = {"type": "prometheus", "uid": "${source}"}
# Every process tells the same figures of all: the largest of several scrapes is the newest.
PANELS: list[tuple[str, str, list[tuple[str, str]]]] = [
    ("Processes by role", "short", [("max by (role, stale) (intake_processes)", "{{role}} stale={{stale}}")]),
    ("Code that runs", "short", [("max by (version, commit) (intake_build_info)", "{{version}} {{commit}}")]),
    ("What could not be read", "short", [("min by (reading) (intake_reading_ok) < 1", "{{reading}}")]),
    (
        "Requests a second by status",
        "reqps",
        [("max by (status) (sum by (status, instance) (rate(intake_http_request_duration_seconds_count[5m])))", "{{status}}")],
    ),
    (
        "Request time",
        "s",
        [
            (f"histogram_quantile({q}, max by (le) (sum by (le, instance) (rate(intake_http_request_duration_seconds_bucket[5m]))))", f"p{words}")
            for q, words in ((0.5, 50), (0.95, 95), (0.99, 99))
        ],
    ),
    (
        "Slowest routes (p95)",
        "s",
        [("topk(8, histogram_quantile(0.95, max by (le, route) (sum by (le, route, instance) (rate(intake_http_request_duration_seconds_bucket[15m])))))", "{{route}}")],
    ),
    ("Jobs by state", "short", [("max by (room, status) (intake_jobs)", "{{room}} {{status}}")]),
    ("Rows answered a second", "short", [("max(rate(intake_rows_answered_total[5m]))", "rows/s")]),
    ("Row errors by code, an hour", "short", [("max by (code) (increase(intake_row_errors_total[1h]))", "{{code}}")]),
    ("Work not begun", "short", [("max by (room) (intake_backlog_waiting)", "{{room}}"), ("max(intake_queue_rings)", "rings")]),
    ("Age of the oldest waiting work", "s", [("max by (room) (intake_backlog_oldest_seconds)", "{{room}}")]),
    ("Task time (p95)", "s", [("histogram_quantile(0.95, max by (le, task) (sum by (le, task, instance) (rate(intake_task_duration_seconds_bucket[15m]))))", "{{task}}")]),
    ("Payer calls a second by outcome", "cps", [("max by (payer, outcome) (rate(intake_payer_call_duration_seconds_count[5m]))", "{{payer}} {{outcome}}")]),
    ("Payer call time (p95)", "s", [("histogram_quantile(0.95, max by (le, payer) (sum by (le, payer, instance) (rate(intake_payer_call_duration_seconds_bucket[5m]))))", "{{payer}}")]),
    ("Services outside: 1 is well", "short", [("min by (payer) (intake_payer_ok)", "{{payer}}"), ("min by (provider) (intake_integration_ok)", "{{provider}}")]),
    ("Storage calls a second", "cps", [("max by (store, operation, outcome) (rate(intake_storage_call_duration_seconds_count[5m]))", "{{store}} {{operation}} {{outcome}}")]),
    ("Storage call time (p95)", "s", [("histogram_quantile(0.95, max by (le, store, operation) (sum by (le, store, operation, instance) (rate(intake_storage_call_duration_seconds_bucket[5m]))))", "{{store}} {{operation}}")]),
    ("Calendar and network calls a second", "cps", [("max by (provider, outcome) (rate(intake_provider_call_duration_seconds_count[5m]))", "{{provider}} {{outcome}}")]),
    ("Webhooks an hour by outcome", "short", [("max by (outcome) (increase(intake_webhook_attempt_duration_seconds_count[1h]))", "{{outcome}}")]),
    ("Mails an hour by outcome", "short", [("max by (outcome) (increase(intake_mails_total[1h]))", "{{outcome}}")]),
    ("Reading a résumé (p50, p95)", "s", [(f"histogram_quantile({q}, max by (le) (sum by (le, instance) (rate(intake_resume_extraction_seconds_bucket[15m]))))", f"p{words}") for q, words in ((0.5, 50), (0.95, 95))]),
    ("Résumés read an hour by outcome", "short", [("max by (outcome) (increase(intake_resume_extraction_seconds_count[1h]))", "{{outcome}}")]),
    ("Database connections in use", "short", [("max by (role) (intake_database_pool_used)", "{{role}} used"), ("max by (role) (intake_database_pool_size)", "{{role}} of")]),
    ("Memory of the largest process", "bytes", [("max by (role) (intake_process_memory_bytes)", "{{role}}")]),
    ("Event streams open", "short", [("max by (role) (intake_event_streams_open)", "{{role}}")]),
]  # fmt: skip


def dashboard() -> dict[str, Any]:
    """The whole dashboard, three panels a row."""
    panels = [
        {
            "id": place + 1,
            "type": "timeseries",
            "title": title,
            "datasource": SOURCE,
            "gridPos": {"h": 8, "w": 8, "x": place % 3 * 8, "y": place // 3 * 8},
            "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
            "targets": [
                {"refId": chr(65 + n), "datasource": SOURCE, "expr": expr, "legendFormat": legend}
                for n, (expr, legend) in enumerate(targets)
            ],
        }
        for place, (title, unit, targets) in enumerate(PANELS)
    ]
    source = {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    return {
        "uid": "intake",
        "title": "Intake",
        "tags": ["intake"],
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [source]},
        "panels": panels,
    }


def text() -> str:
    """The file's content."""
    return json.dumps(dashboard(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
    print(f"wrote {PATH.relative_to(Path.cwd()) if PATH.is_relative_to(Path.cwd()) else PATH}")
