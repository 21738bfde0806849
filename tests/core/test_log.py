"""The log: one line an event, ids kept, personal data and secrets never."""

import json
import logging

import pytest

from app.core import log


@pytest.fixture(autouse=True)
def _json_log() -> None:
    log.configure(as_json=True, release="abc1234", role="test")


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_an_event_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    token = log.request_id.set("req-1")
    log.logger.info("claims.job_planned", job_id="0198", rows=5)
    log.request_id.reset(token)
    (line,) = lines(capsys)
    assert line["event"] == "claims.job_planned"
    assert (line["job_id"], line["rows"], line["request_id"]) == ("0198", 5, "req-1")
    assert (line["release"], line["role"]) == ("abc1234", "test")


@pytest.mark.parametrize(
    "fields",
    [
        {"patient_name": "Ada Byron"},
        {"date_of_birth": "1815-12-10"},
        {"claim_number": "FH0001"},
        {"authorization": "Bearer x"},
        {"note": "mail ada@example.com"},
        {"note": "born 12/10/1815"},
        {"url": "postgresql://intake:hunter2@db/intake"},
        {"note": "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl"},
    ],
)
def test_personal_data_and_secrets_are_redacted(
    capsys: pytest.CaptureFixture[str], fields: dict[str, str]
) -> None:
    log.logger.warning("test.event", **fields)
    text = capsys.readouterr().err
    assert not any(
        secret in text
        for secret in ("Ada", "1815", "FH0001", "Bearer x", "ada@", "hunter2", "c2lnbmF0dXJl")
    )


def test_a_stack_shows_places_and_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError("Ada Byron, born 1815")  # noqa: TRY301 - the text must not be logged.
    except ValueError:
        log.logger.exception("test.failed")
    (line,) = lines(capsys)
    assert "ValueError at" in str(line["stack"])
    assert "Ada" not in str(line)


def test_libraries_write_to_the_same_log(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("sqlalchemy.pool").warning("a\nb")
    (line,) = lines(capsys)
    assert line["event"] == "a\nb"
    assert line["logger_name"] == "sqlalchemy.pool"


def test_text_lines_stay_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(as_json=False)
    log.logger.info("test.event", note="x")
    assert capsys.readouterr().err.count("\n") == 1


def test_the_line_of_a_request_is_like_every_other(capsys: pytest.CaptureFixture[str]) -> None:
    """In production it does not go through loguru, and nobody can tell."""
    token = log.request_id.set("req-2")
    fields = {"method": "GET", "path": "/api/v1/x/ada@example.com", "status": 200}
    log.logger.request(**fields, duration_ms=1.5)  # type: ignore[arg-type]  # The values fit.
    log.logger.writes_requests_at_once = False
    log.logger.request(**fields, duration_ms=1.5)  # type: ignore[arg-type]  # The values fit.
    log.request_id.reset(token)
    at_once, usual = lines(capsys)
    assert list(at_once) == list(usual)
    for varying in ("at", "where"):
        at_once.pop(varying), usual.pop(varying)
    assert at_once == usual
    assert (at_once["path"], at_once["request_id"]) == ("/api/v1/x/[e-mail]", "req-2")
