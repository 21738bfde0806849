"""What is told to schemathesis in its own process: sensible files, spare accounts, the foreign words."""

import json
import os
from pathlib import Path
from threading import Lock
from typing import Any

import jsonschema_rs
import schemathesis

GIVEN = json.loads(Path(os.environ["INTAKE_FUZZ_GIVEN"]).read_text(encoding="utf-8"))
FOREIGN: list[str] = GIVEN["foreign"]
# These end the caller's own account or sign-in, so each is asked for by somebody else.
ENDS = {
    "DELETE /api/v1/users/me",
    "DELETE /api/v1/users/me/sessions",
    "DELETE /api/v1/users/me/sessions/{session_id}",
    "POST /api/v1/login/logout",
    "PUT /api/v1/users/me/password",
}
# What the application of the tests has not been set up with; said with 503, as the document says.
NOT_SET_UP = {"auth.clerk_not_configured", "integrations.not_configured"}
# Rules for which JSON Schema has no words: a link is good or spent, a date lies ahead, text is clean,
# one field is not above another, a zone is one that the world has, an address leads outside.
RULES = {
    "accounts.link_invalid",
    "analysis.comparison_size",
    "analysis.resume_missing",
    "applications.criterion_unknown",
    "claims.date_range",
    "claims.file_missing",
    "claims.option_invalid",
    "http.precondition_failed",
    "idempotency.key_reused",
    "interviews.in_the_past",
    "interviews.link_invalid",
    "interviews.timezone_unknown",
    "jobs.salary_range",
    "notifications.time_zone_unknown",
    "optimus.range",
    "optimus.timezone",
    "organization.invite_invalid",
    "organizations.logo_missing",
    "page.cursor_invalid",
    "practices.npi",
    "practices.tin",
    "resumes.file_missing",
    "searches.unsubscribe_invalid",
    # Patterns are right; what is drawn for a pattern and a length together does not always fit it.
    "string_pattern_mismatch",
    "text.blank",
    "text.control_character",
    "text.email",
    "text.not_one_line",
    "webhooks.url_refused",
}
_spare: list[str] = GIVEN["spare"]
_lock = Lock()


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Somebody who is not needed any more asks for the end of their account."""
    if case.operation.label in ENDS and "Authorization" in (case.headers or {}):
        with _lock:
            spare = _spare.pop() if _spare else None
        if spare:
            case.headers["Authorization"] = spare


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Leave out what is refused by a rule that no schema can say, and events, which are read below."""
    kind = type(failure).__name__
    if kind == "RejectedPositiveData":
        # A link of the stateful phase hands on what an answer leaves empty: an application's lost résumé.
        if any(str(value) == "None" for value in (case.path_parameters or {}).values()):
            return False
        # A form has no null: the word stands for itself there.
        in_form = {"uuid_parsing"} if case.media_type == "multipart/form-data" else set()
        codes = {code for code in _codes(response) if not code.startswith("password.")}
        return not codes <= RULES | in_form
    if kind == "ServerError" and response.status_code == 503:
        # To tell of its troubles is what /health is for.
        is_told = case.operation.label == "GET /health"
        return not is_told and not _codes(response) <= NOT_SET_UP
    return not failure.title.startswith("SSE event")


def _codes(response: Any) -> set[str]:
    """The codes of the broken rules, or of the problem itself."""
    try:
        problem = response.json()
    except ValueError:
        return {"no problem"}
    return {error["code"] for error in problem.get("errors", [])} or {problem["code"]}


@schemathesis.check
def events_hold_what_the_document_says(ctx: Any, response: Any, case: Any) -> None:
    """OpenAPI 3.1 has words for an event's data alone, so that is what the schema is of."""
    declared = case.operation.definition.raw["responses"].get(str(response.status_code), {})
    stream = declared.get("content", {}).get("text/event-stream")
    if stream is None:
        return
    root = case.operation.schema.raw_schema
    schema = {**stream["schema"], "components": root["components"]}
    for line in response.text.splitlines():
        if line.startswith("data:"):
            jsonschema_rs.validate(schema, json.loads(line.removeprefix("data:")))


@schemathesis.check
def nothing_of_the_other_tenant(ctx: Any, response: Any, case: Any) -> None:
    """No answer holds an id, an address or a word of the other tenant that the request did not."""
    if case.auth_identity == "there":
        return
    sent = " ".join(
        [
            str(response.request.url),
            _text(response.request.body),
            json.dumps(dict(response.request.headers)),
        ]
    )
    told = _text(response.content) + json.dumps(dict(response.headers))
    found = [word for word in FOREIGN if word in told and word not in sent]
    assert not found, f"told of the other tenant: {found[:3]}"


def _text(body: bytes | str | None) -> str:
    return body.decode("utf-8", "replace") if isinstance(body, bytes) else body or ""
