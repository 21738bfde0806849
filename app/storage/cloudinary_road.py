"""Whether the code that is running would get a PDF back from an account that blocks PDFs.

Nothing is read out of any source. The store that keeps and serves files keeps and serves one here,
over a client that sends nothing, and what it would have sent is judged by the rules that hold at
Cloudinary: see `app.storage.cloudinary`.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from app.core.clock import now
from app.core.http import HttpRequest, HttpResponse, open_rehearsal
from app.core.settings_files import FileSettings
from app.storage.base import NoSuchObject, StoreTrouble
from app.storage.stores import cloudinary_over

_CONTENT: Final = b"%PDF-1.4 probe"
# The keys of a résumé and of a logo, as the service makes them.
_DOCUMENT: Final = "person/probe/resumes/probe"
_PICTURE: Final = "org/probe/logos/probe"
_LONGEST_LINK_SECONDS: Final = 3600


class _Witness:
    """Answers as Cloudinary does when all is well, and keeps what it was asked."""

    def __init__(self, key: str) -> None:
        self._key = key
        self.upload: HttpRequest | None = None
        self.download: HttpRequest | None = None

    def answer(self, request: HttpRequest) -> HttpResponse:
        if request.method == "GET":
            self.download = request
            return HttpResponse(200, content=_CONTENT)
        self.upload = request
        digest = hashlib.md5(_CONTENT, usedforsecurity=False).hexdigest()
        about = {"public_id": self._key, "version": 1, "bytes": len(_CONTENT), "etag": digest}
        return HttpResponse(200, json={**about, "created_at": now().isoformat()})


async def faults_of_road(settings: FileSettings) -> list[str]:
    """What is wrong with how documents go to Cloudinary and come back; nothing, when all is right.

    Without an account the road is judged with an invented one: it is the code that is in question.
    """
    if not settings.has_cloudinary:
        invented = {
            "cloudinary_cloud_name": "probe",
            "cloudinary_api_key": "1",
            "cloudinary_api_secret": SecretStr("probe"),
        }
        settings = settings.model_copy(update=invented)
    return [
        *await _faults(settings, _DOCUMENT, ("raw", "authenticated")),
        *await _faults(settings, _PICTURE, ("image", "upload")),
    ]


async def _faults(settings: FileSettings, key: str, kept_as: tuple[str, str]) -> list[str]:
    witness = _Witness(key)
    async with open_rehearsal(witness.answer) as client:
        store = cloudinary_over(settings, client)
        try:
            version = await store.put(
                key, _CONTENT, content_type="application/pdf", sha256="of no account here"
            )
            async with store.open(key, version) as pieces:
                found = b"".join([piece async for piece in pieces])
        except (StoreTrouble, NoSuchObject):
            return ["it does not get through"]
    if found != _CONTENT or witness.upload is None or witness.download is None:
        return ["it does not come back"]
    return [
        *_faults_of_upload(settings, witness.upload, key, kept_as),
        *_faults_of_download(settings, witness.download, key, kept_as),
    ]


def _faults_of_upload(
    settings: FileSettings, request: HttpRequest, key: str, kept_as: tuple[str, str]
) -> list[str]:
    resource_type, delivery = kept_as
    fields = _form(request)
    wanted = f"{_api(settings)}/{resource_type}/upload"
    checks = {
        "the upload goes elsewhere": str(request.url) == wanted,
        "the upload has another name": fields.get("public_id") == key,
        "the upload is of another type": fields.get("type") == delivery,
        "the upload is not signed": _is_signed(settings, fields),
    }
    return [fault for fault, is_well in checks.items() if not is_well]


def _faults_of_download(
    settings: FileSettings, request: HttpRequest, key: str, kept_as: tuple[str, str]
) -> list[str]:
    resource_type, delivery = kept_as
    parts = urlsplit(str(request.url))
    fields = {name: values[0] for name, values in parse_qs(parts.query).items()}
    wanted = f"{_api(settings)}/{resource_type}/download"
    expiry = fields.get("expires_at", "0")
    left = (int(expiry) if expiry.isdigit() else 0) - now().timestamp()
    checks = {
        "the download is asked of the CDN": f"{parts.scheme}://{parts.netloc}{parts.path}"
        == wanted,
        "the download names another file": fields.get("public_id") == key,
        "the download is of another type": fields.get("type") == delivery,
        "the download is not signed": _is_signed(settings, fields),
        "the download does not expire soon": 0 < left <= _LONGEST_LINK_SECONDS,
    }
    return [fault for fault, is_well in checks.items() if not is_well]


def _api(settings: FileSettings) -> str:
    return f"{settings.cloudinary_api_url}/v1_1/{settings.cloudinary_cloud_name}"


def _is_signed(settings: FileSettings, fields: Mapping[str, str]) -> bool:
    """Cloudinary's signature by its documentation, not by the SDK whose use is judged here."""
    signed = sorted(
        f"{name}={value}".replace("&", "%26")
        for name, value in fields.items()
        if value and name not in ("api_key", "signature", "file")
    )
    secret = settings.cloudinary_api_secret.get_secret_value()
    text = "&".join(signed) + secret
    right = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    return fields.get("api_key") == settings.cloudinary_api_key and hmac.compare_digest(
        fields.get("signature", ""), right
    )


def _form(request: HttpRequest) -> dict[str, str]:
    """The plain fields of a multipart body."""
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    fields = {}
    for part in request.content.split(b"--" + boundary):
        head, blank, value = part.partition(b"\r\n\r\n")
        if blank and b"filename=" not in head:
            name = head.partition(b'name="')[2].partition(b'"')[0]
            fields[name.decode()] = value.removesuffix(b"\r\n").decode()
    return fields
