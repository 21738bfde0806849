"""Objects in Cloudinary: the only file that knows its SDK, and of that only what signs.

Documents are kept as `raw`, `authenticated`, under a name without an extension, and are read back
by a signed, short-lived download at the API's own host, made anew for each read. Its CDN refuses
PDFs of many accounts whatever their signature says (`deny or ACL failure`), and keeps that answer
for hours under the exact address: no address of the CDN is ever made here. Logos are images.

The SDK would hold a thread a call, read files whole and wait for ever; our own client carries them.
"""

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Final, TypeVar
from urllib.parse import quote

from cloudinary import utils as sdk
from pydantic import BaseModel, ValidationError

from app.core.clock import now
from app.core.http import Answer, HttpClient, HttpFailure, HttpTimeout, fetch, open_client
from app.core.log import logger
from app.core.settings_files import FileSettings
from app.storage.base import AlreadyThere, Kind, NoSuchObject, Stat, StoreTrouble

Shape = TypeVar("Shape", bound=BaseModel)
LINK_SECONDS: Final = 300
_SILENCE_SECONDS: Final = 10.0
_CALL_SECONDS: Final = 25.0
_CONNECTIONS: Final = 16
_ANSWER_BYTES: Final = 4 * 1024 * 1024
_DOCUMENT: Final = ("raw", "authenticated")
_PICTURE: Final = ("image", "upload")
_LOGO: Final = re.compile(r"org/[^/]+/logos/")
_PAGE: Final = 500


class Asset(BaseModel):
    """What Cloudinary says of one asset; the digest is MD5."""

    public_id: str
    version: int
    bytes: int
    created_at: datetime
    etag: str = ""
    format: str = ""
    existing: bool = False

    @property
    def edition(self) -> str:
        """The version as we keep it: a picture is asked for with its format."""
        return f"{self.version}.{self.format}" if self.format else str(self.version)


class _Page(BaseModel):
    resources: list[Asset]
    next_cursor: str | None = None


class CloudinaryStore:
    """One cloud. `client` is given by tests and by the check of this very code."""

    kind: Kind = "cloudinary"

    def __init__(self, settings: FileSettings, *, client: HttpClient | None = None) -> None:
        self._settings = settings
        self._cloud = settings.cloudinary_cloud_name
        self._key = settings.cloudinary_api_key
        self._secret = settings.cloudinary_api_secret.get_secret_value()
        self._base = f"{settings.cloudinary_api_url}/v1_1/{self._cloud}"
        self._given = client
        self._made: HttpClient | None = None

    async def put(self, key: str, content: bytes, *, content_type: str, sha256: str) -> str | None:  # noqa: ARG002 - Cloudinary compares MD5.
        """See `Store`; what is there already and is the same counts as put."""
        resource_type, delivery = _place(key)
        named = {"public_id": key, "type": delivery, "overwrite": "0"}
        request = self._client.build_request(
            "POST",
            f"{self._base}/{resource_type}/upload",
            data=self._signed(named),
            files={"file": ("file", content, content_type)},
        )
        async with _bounded():
            answer = await fetch(self._client, request, max_bytes=_ANSWER_BYTES)
        asset = _read(Asset, _accepted(answer, "upload"))
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if asset.bytes == len(content) and asset.etag in ("", digest):
            return asset.edition
        raise AlreadyThere if asset.existing else StoreTrouble("changed")

    @asynccontextmanager
    async def open(self, key: str, version: str | None) -> AsyncIterator[AsyncIterator[bytes]]:
        """See `Store`; the address is made for this one read."""
        address = await self.link(key, version, content_type="")
        with _named_faults():
            response = await self._client.send(
                self._client.build_request("GET", address), stream=True
            )
        try:
            if response.status_code == 404:
                raise NoSuchObject
            if response.status_code != 200:
                raise _refusal(response.status_code, response.headers, "download")
            yield _named(response.aiter_bytes())
        finally:
            await response.aclose()

    async def stat(self, key: str) -> Stat | None:
        """See `Store`; reads the object for its digest."""
        resource_type, delivery = _place(key)
        # The files of a plain folder, brought here, keep names that an address cannot hold as they are.
        answer = await self._ask_admin(f"resources/{resource_type}/{delivery}/{quote(key)}", {})
        if answer.status == 404:
            return None
        asset = _read(Asset, _accepted(answer, "stat"))
        digest = hashlib.sha256()
        async with self.open(key, asset.edition) as pieces:
            async for piece in pieces:
                digest.update(piece)
        return Stat(key, asset.bytes, digest.hexdigest(), asset.edition, asset.created_at)

    async def delete(self, key: str) -> None:
        """See `Store`; copies in the CDN go as well."""
        resource_type, delivery = _place(key)
        request = self._client.build_request(
            "POST",
            f"{self._base}/{resource_type}/destroy",
            data=self._signed({"public_id": key, "type": delivery, "invalidate": "1"}),
        )
        async with _bounded():
            answer = await fetch(self._client, request, max_bytes=_ANSWER_BYTES)
        if answer.status != 404:
            _accepted(answer, "destroy")

    async def browse(self, prefix: str) -> AsyncIterator[Stat]:
        """See `Store`; documents, then pictures, by pages of five hundred."""
        for resource_type, delivery in (_DOCUMENT, _PICTURE):
            place = f"resources/{resource_type}/{delivery}"
            wanted = {"max_results": str(_PAGE), **({"prefix": f"{prefix}/"} if prefix else {})}
            while True:
                page = _read(_Page, _accepted(await self._ask_admin(place, wanted), "browse"))
                for one in page.resources:
                    yield Stat(one.public_id, one.bytes, None, one.edition, one.created_at)
                if page.next_cursor is None:
                    break
                wanted["next_cursor"] = page.next_cursor

    async def link(self, key: str, version: str | None, *, content_type: str) -> str:  # noqa: ARG002 - Cloudinary names the type itself.
        """An address at the API's host that gives the object for five minutes. A secret: never log it."""
        resource_type, delivery = _place(key)
        return str(
            sdk.private_download_url(
                key,
                (version or "").partition(".")[2],
                resource_type=resource_type,
                type=delivery,
                expires_at=int(now().timestamp()) + LINK_SECONDS,
                cloud_name=self._cloud,
                api_key=self._key,
                api_secret=self._secret,
                upload_prefix=self._settings.cloudinary_api_url,
                signature_algorithm=sdk.SIGNATURE_SHA1,
                signature_version=2,
            )
        )

    async def tidy(self, before: datetime) -> int:  # noqa: ARG002 - an upload is one call.
        """See `Store`: Cloudinary keeps no unfinished uploads."""
        return 0

    async def close(self) -> None:
        """See `Store`."""
        if self._made is not None:
            await self._made.aclose()
            self._made = None

    @property
    def _client(self) -> HttpClient:
        if self._given is not None:
            return self._given
        if self._made is None:
            self._made = open_client(timeout_seconds=_SILENCE_SECONDS, connections=_CONNECTIONS)
        return self._made

    def _signed(self, fields: Mapping[str, str]) -> dict[str, str]:
        stamped = {**fields, "timestamp": str(int(now().timestamp()))}
        signature = sdk.api_sign_request(stamped, self._secret, sdk.SIGNATURE_SHA1, 2)
        return {**stamped, "signature": str(signature), "api_key": self._key}

    async def _ask_admin(self, place: str, query: Mapping[str, str]) -> Answer:
        request = self._client.build_request("GET", f"{self._base}/{place}", params=dict(query))
        login = base64.b64encode(f"{self._key}:{self._secret}".encode()).decode()
        request.headers["Authorization"] = f"Basic {login}"
        async with _bounded():
            return await fetch(self._client, request, max_bytes=_ANSWER_BYTES)


def _place(key: str) -> tuple[str, str]:
    """What a key is to Cloudinary, and how it would deliver it: told by the key's purpose."""
    return _PICTURE if _LOGO.match(key) else _DOCUMENT


def _read(shape: type[Shape], answer: Answer) -> Shape:
    try:
        return shape.model_validate_json(answer.body)
    except ValidationError:
        # Its text quotes the answer.
        raise StoreTrouble("bad_answer") from None


def _accepted(answer: Answer, verb: str) -> Answer:
    if answer.status == 200:
        return answer
    raise _refusal(answer.status, answer.headers, verb)


def _refusal(status: int, headers: Mapping[str, str], verb: str) -> StoreTrouble:
    # What it says of itself names the cause (`deny or ACL failure`); the address is a secret.
    said = headers.get("x-cld-error", "")[:200]
    logger.warning("storage.cloudinary_refused", verb=verb, status=status, x_cld_error=said)
    words = {401: "denied", 403: "denied", 420: "throttled", 429: "throttled"}
    return StoreTrouble(words.get(status, f"status_{status}"))


@asynccontextmanager
async def _bounded() -> AsyncIterator[None]:
    with _named_faults():
        async with asyncio.timeout(_CALL_SECONDS):
            yield


async def _named(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    with _named_faults():
        async for piece in pieces:
            yield piece


@contextmanager
def _named_faults() -> Iterator[None]:
    try:
        yield
    except (TimeoutError, HttpTimeout):
        raise StoreTrouble("timeout") from None
    except HttpFailure:
        raise StoreTrouble("unreachable") from None
