"""A local LinkedIn: one person's posts, pictures for them, and the pages that they administer."""

import re
from dataclasses import dataclass, field
from typing import Any, Final

from app.dev.bridges.wire import Answered, Asked

PERSON: Final = "782bbtaQ"
_PAGE: Final = "urn:li:organization:5515715"
_VERSION: Final = re.compile(r"20[0-9]{4}")


@dataclass
class LocalLinkedin:
    """Speaks the versioned API, as far as Intake uses it."""

    posts: list[dict[str, Any]] = field(default_factory=list)
    images: dict[str, bytes] = field(default_factory=dict)

    def answer(self, asked: Asked, scopes: frozenset[str]) -> Answered:
        """One request of a token with these scopes."""
        if asked.path == "/v2/userinfo":
            return Answered(200, {"sub": PERSON, "name": "Ada", "email": "ada@northwind.example"})
        if asked.path.startswith("/upload/"):
            self.images[asked.path.removeprefix("/upload/")] = asked.body
            return Answered(201)
        return _protocol_fault(asked) or self._versioned(asked, scopes)

    def _versioned(self, asked: Asked, scopes: frozenset[str]) -> Answered:
        match (asked.method, asked.path):
            case ("POST", "/rest/posts"):
                return self._post(asked.json, scopes)
            case ("POST", "/rest/images"):
                return self._place(asked)
            case ("GET", "/rest/organizationAcls"):
                return self._pages(scopes)
            case ("GET", path) if path.startswith("/rest/organizations/"):
                return Answered(200, {"localizedName": "Northwind", "id": 5515715})
            case _:
                return _error(404, "RESOURCE_NOT_FOUND", "No such resource.")

    def _post(self, body: dict[str, Any], scopes: frozenset[str]) -> Answered:
        author = str(body.get("author"))
        is_page = author.startswith("urn:li:organization:")
        needed = "w_organization_social" if is_page else "w_member_social"
        if needed not in scopes or (not is_page and author != f"urn:li:person:{PERSON}"):
            return _error(403, "ACCESS_DENIED", "Not enough permissions to access: posts.CREATE")
        for name in ("commentary", "visibility", "distribution", "lifecycleState"):
            if name not in body:
                return _error(422, "MISSING_FIELD", f"/{name} is required.")
        for number, known in enumerate(self.posts, 1):
            if (known["author"], known["commentary"]) == (author, body["commentary"]):
                text = f"Content is a duplicate of urn:li:share:{number}"
                return _error(422, "DUPLICATE_POST", text)
        self.posts.append(body)
        return Answered(201, None, {"x-restli-id": f"urn:li:share:{len(self.posts)}"})

    def _place(self, asked: Asked) -> Answered:
        name = f"C4E10AQ{len(self.images)}"
        place = f"http://{asked.headers['host']}/linkedin/upload/{name}"
        return Answered(200, {"value": {"uploadUrl": place, "image": f"urn:li:image:{name}"}})

    def _pages(self, scopes: frozenset[str]) -> Answered:
        if "rw_organization_admin" not in scopes:
            return _error(403, "ACCESS_DENIED", "Not enough permissions.")
        elements = [{"organization": _PAGE, "role": "ADMINISTRATOR", "state": "APPROVED"}]
        return Answered(200, {"elements": elements})


def _protocol_fault(asked: Asked) -> Answered | None:
    if not _VERSION.fullmatch(asked.headers.get("linkedin-version", "")):
        return _error(400, "VERSION_MISSING", "A version is required.")
    if asked.headers.get("x-restli-protocol-version") != "2.0.0":
        return _error(400, "PROTOCOL", "X-Restli-Protocol-Version 2.0.0 is required.")
    return None


def _error(status: int, code: str, message: str) -> Answered:
    return Answered(status, {"status": status, "code": code, "message": message})


def refused() -> Answered:
    """What a token that does not hold is told."""
    body = {"status": 401, "serviceErrorCode": 65600, "message": "Invalid access token"}
    return Answered(401, body)
