"""A day with marked people and patients in every room, over HTTP, as a browser would."""

import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from app.core import clock
from tests.canary.words import FILE, PASSWORD, SEARCHED

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "claims-5-rows.csv"
TIN = "123456789"
RESUME = """Zqfeather Quixotine
zqcanary.person@example.com | +1 555 014 7731

Experience

Senior Data Engineer, Zqfeather Engines Ltd
January 2020 - March 2023
Built pipelines in Python on PostgreSQL and Docker.
"""
_PATIENCE_SECONDS = 240


@dataclass
class Story:
    """Tells the day; keeps every refusal's body and every secret that was handed out."""

    url: str
    refusals: list[str] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """One client for everybody; each call says who is asking."""
        self._client = httpx.Client(base_url=f"{self.url}/api/v1", timeout=120)

    def close(self) -> None:
        """The day is over."""
        self._client.close()

    def call(self, method: str, path: str, who: str = "", **what: Any) -> Any:
        """A request; its JSON, or its text."""
        headers = {"Authorization": f"Bearer {who}"} if who else {}
        answer = self._client.request(method, path, headers=headers, **what)
        if answer.status_code >= 400:
            self.refusals.append(answer.text + repr(dict(answer.headers)))
        is_json = answer.headers.get("content-type", "").endswith("json")
        return answer.json() if is_json else answer.text

    def until(self, path: str, who: str, done: set[str]) -> dict[str, Any]:
        """Ask until the status is one of `done`."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while (found := self.call("GET", path, who)).get("status") not in done:
            assert time.monotonic() < deadline, found
            time.sleep(0.1)
        return dict(found)

    def register(self, name: str) -> str:
        """A new account's access token."""
        body = {
            "email": f"zqcanary.{name}@example.com",
            "password": PASSWORD,
            "full_name": "Zqfeather Quixotine",
        }
        made = self.call("POST", "/users", json=body)
        self.secrets |= {made["access_token"], made["refresh_token"]}
        return str(made["access_token"])

    def tell(self) -> None:
        """The whole day."""
        admin, candidate = self.register("admin"), self.register("person")
        self.call("POST", "/organizations", admin, json={"name": "Northwind"})
        self.call("POST", "/practices", admin, json={"name": "Lakeside", "tin": TIN})
        hook = self.call("POST", "/webhooks", admin, json={"url": "https://hooks.example.com/x"})
        self.secrets.add(hook["secret"])
        self._claims(admin)
        self._hiring(admin, candidate)
        self._connect(admin)
        self._mistakes(admin, candidate)
        self.call(
            "POST", "/login/password-reset-request", json={"email": "zqcanary.person@example.com"}
        )
        self.call("GET", "/users/me/export", candidate)

    def _claims(self, admin: str) -> None:
        content = EXAMPLE.read_text() + "ZQC7731905,Zebulonqa,Quixworthia,1931-07-19\n"
        for batch in ("true", "false"):
            form = {"provider": "uhc", "use_batch_query": batch}
            files = {"file": (FILE, content.encode(), "text/csv")}
            self.call("POST", "/claims/bulk/preview", admin, files=files, data=form)
            job = self.call("POST", "/claims/bulk/upload", admin, files=files, data=form)
            place = f"/claims/csv-jobs/{job['id']}"
            ended = self.until(place, admin, {"COMPLETED", "FAILED"})
            assert (ended["status"], ended["success_count"] > 0) == ("COMPLETED", True), ended
            for part in ("rows", "results?format=jsonl", "results?format=xlsx", "errors", "events"):
                self.call("GET", f"{place}/{part}", admin)
            self.call("POST", f"{place}/retry", admin, json={"scope": "failed"})
            self.until(place, admin, {"COMPLETED", "FAILED"})
        self.call("GET", f"/claims/csv-jobs?filename={SEARCHED}", admin)

    def _hiring(self, admin: str, candidate: str) -> None:
        post = {"title": "Data Engineer", "description": "Python.", "skills": ["Python"]}
        job = self.call("POST", "/jobs", admin, json=post)
        files = {"file": ("Zqfeather Quixotine.txt", RESUME.encode(), "text/plain")}
        resume = self.call("POST", "/resumes", candidate, files=files)
        self.until(f"/resumes/{resume['id']}", candidate, {"skills_extracted"})
        wanted = {"resume_id": resume["id"], "job_id": job["id"]}
        made = self.call("POST", "/resume-analysis/analyze", candidate, data=wanted)
        self.until(f"/resume-analysis/results/{made['id']}", candidate, {"completed"})
        letter = {**wanted, "cover_letter": "zqletter of Zqfeather"}
        application = self.call("POST", "/applications", candidate, json=letter)
        place = f"/applications/{application['id']}"
        self.call("PUT", place, admin, json={"status": "interview", "notes": "zqnote"})
        talk = {
            "application_id": application["id"],
            "title": "zqtalk",
            "starts_at": (clock.now() + timedelta(days=3)).isoformat(),
            "ends_at": (clock.now() + timedelta(days=3, hours=1)).isoformat(),
            "timezone": "Europe/Paris",
            "attendees": ["zqcanary.guest@example.com"],
        }
        interview = self.call("POST", "/interviews", admin, json=talk)
        self.call("GET", f"/interviews/{interview['id']}/calendar.ics", candidate)
        self.call("GET", f"/jobs/search?query={SEARCHED}")
        self.call("GET", f"/applications/job/{job['id']}/export", admin)
        for path in ("/notifications", "/optimus/dashboard", "/audit?format=csv"):
            self.call("GET", path, admin)
        self.call("GET", "/notifications", candidate)

    def _connect(self, who: str) -> None:
        """Connects a calendar at the local stand-in of Google."""
        consent = self.call("GET", "/integrations/google-calendar/auth-url", who)
        with httpx.Client() as browser:
            back = browser.get(f"{consent['auth_url']}&decision=approve")
            given = parse_qs(urlsplit(back.headers["location"]).query)
            self.secrets |= {given["code"][0], given["state"][0]}
            browser.get(back.headers["location"])
        status = self.call("GET", "/integrations/status", who)
        assert status["google_calendar"]["is_connected"], status

    def _mistakes(self, admin: str, candidate: str) -> None:
        """What is refused repeats nothing of what was sent."""
        self.call("POST", "/users", json={**_login("person", "email"), "full_name": "Quixotine"})
        self.call(
            "POST",
            "/login/access-token",
            data={**_login("x", "username"), "password": "zqsecret no"},
        )
        self.call("POST", "/interviews", admin, json={"title": 1, "description": ["Quixotine"]})
        self.call(
            "POST",
            "/applications",
            candidate,
            json={"job_id": "zqnote", "cover_letter": {"a": "zqletter"}},
        )
        self.call(
            "PUT",
            "/profile/me",
            candidate,
            json={"full_name": "Quixotine\x00", "headline": ["zqnote"]},
        )
        self.call("POST", "/practices", admin, json={"name": "Okafor", "tin": "ZQC7731905"})
        for content in (
            b"FH88120001,Okafor,Quixworthia,1931-07-19\n",
            b"\xff\xfe\x00Okafor",
            b"first_name\nOkafor\n",
        ):
            files = {"file": (FILE, content, "text/csv")}
            self.call("POST", "/claims/bulk/upload", admin, files=files, data={"provider": "uhc"})
        self.call("POST", "/resumes", candidate, files={"file": ("Quixotine.exe", b"MZ zqnote")})
        self.call("GET", "/claims/csv-jobs?status=Quixworthia", admin)
        self.call("GET", "/users?cursor=zqcanary", admin)


def _login(name: str, field_name: str) -> dict[str, str]:
    return {field_name: f"zqcanary.{name}@example.com", "password": PASSWORD}
