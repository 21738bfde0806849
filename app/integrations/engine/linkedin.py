"""LinkedIn's posts API: a job is shared as an article, by its person or by a company's page."""

import re
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlsplit

from app.core.http import Answer
from app.integrations.engine.calendars import Desk
from app.integrations.engine.faults import Meaning, ProviderFault, body_of, require_success

LONGEST: Final = 3_000
_RESERVED: Final = re.compile(r"([\\|{}@\[\]()<>#*_~])")
# LinkedIn refuses a text that the same author has just posted, and names the first post.
_DUPLICATE: Final = re.compile(r"duplicate of (urn:li:(?:share|ugcPost):[0-9]+)")
_URN: Final = re.compile(r"urn:li:(?:share|ugcPost|activity):[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Share:
    """What is posted."""

    commentary: str
    link: str
    title: str
    summary: str


@dataclass(frozen=True, slots=True)
class Page:
    """A company's page that the person administers."""

    urn: str
    name: str


@dataclass(frozen=True, slots=True)
class Press:
    """The way to one account's posts, in one version of the API."""

    desk: Desk
    version: str
    headers: dict[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        own = {"LinkedIn-Version": self.version, "X-Restli-Protocol-Version": "2.0.0"}
        object.__setattr__(self, "headers", {**self.desk.headers, **own})


def post_url(urn: str) -> str:
    """Where a post is seen."""
    return f"https://www.linkedin.com/feed/update/{urn}"


def plain(text: str) -> str:
    """A text in LinkedIn's little format: what has a meaning there is escaped."""
    return _RESERVED.sub(r"\\\1", text)


async def publish(press: Press, author: str, share: Share, thumbnail: str | None) -> str:
    """Post; the URN of the post, which may be one that an earlier try has made.

    Raises:
        ProviderFault: it is not posted, or (AWAY) it may be: sent again, LinkedIn tells.
    """
    article = {"source": share.link, "title": share.title, "description": share.summary}
    if thumbnail is not None:
        article["thumbnail"] = thumbnail
    body = {
        "author": author,
        "commentary": plain(share.commentary),
        "visibility": "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "content": {"article": article},
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }
    answer = await press.desk.line.call(
        "POST",
        press.desk.address("/rest/posts"),
        headers=press.headers,
        body=body,
        repeatable=False,
    )
    first = _duplicate_of(answer)
    if first is not None:
        return first
    require_success(answer)
    urn = answer.headers.get("x-restli-id") or str(body_of(answer).get("id") or "")
    if not _URN.fullmatch(urn):
        raise ProviderFault(Meaning.REFUSED, code="post_without_id", status=answer.status)
    return urn


def _duplicate_of(answer: Answer) -> str | None:
    if answer.status not in (400, 409, 422):
        return None
    match = _DUPLICATE.search(str(body_of(answer).get("message", "")))
    return match[1] if match else None


async def upload_image(press: Press, owner: str, content: bytes) -> str:
    """Give LinkedIn a picture for a post of `owner`; its URN.

    Raises:
        ProviderFault: it was not taken.
    """
    answer = await press.desk.line.call(
        "POST",
        press.desk.address("/rest/images?action=initializeUpload"),
        headers=press.headers,
        body={"initializeUploadRequest": {"owner": owner}},
    )
    value = body_of(require_success(answer)).get("value", {})
    place, urn = value.get("uploadUrl"), value.get("image")
    if not isinstance(urn, str) or not _is_theirs(place, press):
        raise ProviderFault(Meaning.REFUSED, code="upload_without_place")
    require_success(
        await press.desk.line.call(
            "PUT", place, headers={"Authorization": press.headers["Authorization"]}, body=content
        )
    )
    return urn


def _is_theirs(place: object, press: Press) -> bool:
    """Whether an address may be told the token: LinkedIn's own, or the host that we talk to."""
    if not isinstance(place, str):
        return False
    there, here = urlsplit(place), urlsplit(press.desk.address(""))
    is_linkedin = there.scheme == "https" and str(there.hostname).endswith(".linkedin.com")
    return is_linkedin or (there.scheme, there.netloc) == (here.scheme, here.netloc)


async def pages(press: Press) -> list[Page]:
    """The companies' pages that the person administers.

    Raises:
        ProviderFault: PERMISSION where the scope was not granted.
    """
    query = "q=roleAssignee&role=ADMINISTRATOR&state=APPROVED&count=100"
    elements = await _elements(press, f"/rest/organizationAcls?{query}")
    urns = [str(one.get("organization") or one.get("organizationTarget") or "") for one in elements]
    return [await _page(press, urn) for urn in dict.fromkeys(filter(None, urns))]


async def _page(press: Press, urn: str) -> Page:
    answer = await press.desk.line.call(
        "GET",
        press.desk.address(f"/rest/organizations/{quote(urn.rsplit(':', 1)[-1], safe='')}"),
        headers=press.headers,
    )
    found = body_of(answer) if answer.status == 200 else {}
    return Page(urn, str(found.get("localizedName") or urn))


async def _elements(press: Press, path: str) -> list[dict[str, Any]]:
    answer = await press.desk.line.call("GET", press.desk.address(path), headers=press.headers)
    found = body_of(require_success(answer)).get("elements", [])
    return [one for one in found if isinstance(one, dict)]
