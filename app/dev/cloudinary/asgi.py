"""A local Cloudinary: the API's host and the CDN in one, speaking the real wire format.

It refuses as the real one does, with `X-Cld-Error`; what it does wrong beyond that is in `faults`.
"""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from app.core.clock import now
from app.dev.cloudinary.assets import Asset, Refused, Shelf
from app.dev.cloudinary.faults import Faults
from app.dev.cloudinary.signatures import delivery_signature, is_signed, string_to_sign

Work = Callable[[Request], Awaitable[Response]]
_STALE_SECONDS: Final = 3600
_BLOCKED: Final = "deny or ACL failure"
_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class CloudOptions:
    """The one account that it knows."""

    cloud: str = "sandbox"
    key: str = "123456789012345"
    secret: str = "sandbox-secret"  # noqa: S105 -- opens nothing but this rehearsal


class LocalCloudinary(Starlette):
    """Everything in memory, and in a folder if one is given. `asked` lists each call as `verb path`, without its query."""

    def __init__(
        self,
        options: CloudOptions | None = None,
        *,
        faults: Faults | None = None,
        folder: Path | None = None,
    ) -> None:
        self.options = options or CloudOptions()
        self.faults = faults or Faults()
        self.shelf = Shelf(self.options.cloud, self.options.secret, folder=folder)
        self.asked: list[str] = []
        self._refused_addresses: dict[str, str] = {}
        api = f"/v1_1/{self.options.cloud}"
        super().__init__(
            routes=[
                Route(f"{api}/{{kind}}/upload", self._api(self._upload), methods=["POST"]),
                Route(f"{api}/{{kind}}/destroy", self._api(self._destroy), methods=["POST"]),
                Route(f"{api}/{{kind}}/download", self._api(self._download)),
                Route(f"{api}/resources/{{kind}}/{{delivery}}", self._api(self._list)),
                Route(f"{api}/resources/{{kind}}/{{delivery}}/{{name:path}}", self._api(self._one)),
                Route(f"/{self.options.cloud}/{{kind}}/{{delivery}}/{{rest:path}}", self._deliver),
            ]
        )

    def forget(self) -> None:
        """Be as new: nothing kept, nothing asked, no fault but a new account's."""
        self.faults = Faults()
        self.shelf.assets.clear()
        self.asked.clear()
        self._refused_addresses.clear()

    def _api(self, work: Work) -> Work:
        async def answer(request: Request) -> Response:
            self.asked.append(f"{request.method} {request.url.path}")
            self.shelf.address = str(request.base_url).rstrip("/")
            try:
                self._be_out_of_order(self.faults.api_status)
                return await work(request)
            except Refused as refusal:
                return _refusal(refusal)
            finally:
                await asyncio.sleep(self.faults.slow_seconds)

        return answer

    async def _upload(self, request: Request) -> Response:
        fields, content = await _form(request)
        self._check(fields)
        if content is None:
            raise Refused(400, "Missing required parameter - file")
        if not content:
            raise Refused(400, "Empty file")
        kind = request.path_params["kind"]
        public_id = fields.get("public_id") or secrets.token_hex(10)
        place = (kind, fields.get("type", "upload"), public_id)
        kept = content[:-1] + b"?" if self.faults.damages else content
        overwrite = fields.get("overwrite", "1") not in ("0", "false")
        return JSONResponse(self.shelf.keep(place, kept, overwrite=overwrite))

    async def _destroy(self, request: Request) -> Response:
        fields, _ = await _form(request)
        self._check(fields)
        place = (request.path_params["kind"], fields.get("type", "upload"), fields["public_id"])
        return JSONResponse({"result": "ok" if self.shelf.drop(place) else "not found"})

    async def _download(self, request: Request) -> Response:
        fields = dict(request.query_params)
        self._check(fields)
        if float(fields.get("expires_at") or "inf") < now().timestamp():
            raise Refused(401, "The link has expired")
        self._be_out_of_order(self.faults.download_status)
        kind, delivery = request.path_params["kind"], fields.get("type", "upload")
        asset = self._find(kind, delivery, fields.get("public_id", ""))
        if asset.about and fields.get("format") != asset.about["format"]:
            raise Refused(400, "Invalid extension in transformation")
        return self._content(asset)

    async def _list(self, request: Request) -> Response:
        self._check_login(request)
        query = request.query_params
        found = self.shelf.listed(
            request.path_params["kind"], request.path_params["delivery"], query.get("prefix", "")
        )
        start = int(query.get("next_cursor", "0"))
        end = start + min(_PAGE, int(query.get("max_results", "10")))
        page: dict[str, Any] = {
            "resources": [_short(self.shelf.describe(x)) for x in found[start:end]]
        }
        return JSONResponse(page if end >= len(found) else {**page, "next_cursor": str(end)})

    async def _one(self, request: Request) -> Response:
        self._check_login(request)
        given = request.path_params
        asset = self._find(given["kind"], given["delivery"], given["name"])
        return JSONResponse(self.shelf.describe(asset))

    async def _deliver(self, request: Request) -> Response:
        """The CDN: what it refuses, it may go on refusing."""
        self.asked.append(f"{request.method} {request.url.path}")
        address = str(request.url)
        said = self._refused_addresses.get(address)
        if said is None:
            asset, said = self._asked_of_cdn(request)
            if asset is not None and said is None:
                return self._content(asset)
        if said is not None and self.faults.cdn_caches_401:
            self._refused_addresses[address] = said
        return _refusal(Refused(401, said) if said else Refused(404, "Resource not found"))

    def _asked_of_cdn(self, request: Request) -> tuple[Asset | None, str | None]:
        kind, delivery = request.path_params["kind"], request.path_params["delivery"]
        parts = request.path_params["rest"].split("/")
        signature = parts.pop(0) if parts[0].startswith("s--") else None
        if parts[0][:1] == "v" and parts[0][1:].isdigit():
            parts.pop(0)
        name = "/".join(parts)
        right = f"s--{delivery_signature(name, self.options.secret)}--"
        if signature not in (None, right) or (delivery != "upload" and signature is None):
            return None, "unauthorized"
        stem = name.rpartition(".")[0] if kind == "image" else name
        asset = self.shelf.assets.get((kind, delivery, stem or name))
        blocked = asset is not None and asset.is_pdf and self.faults.pdf_blocked
        return asset, _BLOCKED if blocked else None

    def _content(self, asset: Asset) -> Response:
        if not self.faults.cut_downloads:
            return Response(asset.content, media_type="application/octet-stream")

        async def half() -> AsyncIterator[bytes]:
            yield asset.content[: len(asset.content) // 2]

        length = {"Content-Length": str(len(asset.content))}
        return StreamingResponse(half(), headers=length)

    def _find(self, kind: str, delivery: str, name: str) -> Asset:
        asset = self.shelf.assets.get((kind, delivery, name))
        if asset is None:
            raise Refused(404, f"Resource not found - {name}")
        return asset

    def _be_out_of_order(self, status: int | None) -> None:
        if status is not None:
            raise Refused(status, "General Error")

    def _check(self, fields: Mapping[str, str]) -> None:
        if fields.get("api_key") != self.options.key:
            raise Refused(401, "Unknown API key")
        if not is_signed(fields, self.options.secret):
            text = string_to_sign(fields)
            raise Refused(401, f"Invalid Signature. String to sign - '{text}'.")
        age = now().timestamp() - float(fields.get("timestamp") or 0)
        if age > _STALE_SECONDS:
            raise Refused(400, "Stale request - reported time is more than 1 hour ago")

    def _check_login(self, request: Request) -> None:
        login = f"{self.options.key}:{self.options.secret}"
        wanted = f"Basic {base64.b64encode(login.encode()).decode()}"
        if request.headers.get("Authorization") != wanted:
            raise Refused(401, "unknown api_key")


def _refusal(refusal: Refused) -> Response:
    headers = {"X-Cld-Error": refusal.message, "X-Request-Id": secrets.token_hex(16)}
    body = {"error": {"message": refusal.message}}
    return JSONResponse(body, status_code=refusal.status, headers=headers)


def _short(about: dict[str, Any]) -> dict[str, Any]:
    """A list says less of each: no signature and no digest."""
    return {name: value for name, value in about.items() if name not in ("signature", "etag")}


async def _form(request: Request) -> tuple[dict[str, str], bytes | None]:
    async with request.form() as form:
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        file = form.get("file")
        content = await file.read() if isinstance(file, UploadFile) else None
    return fields, content
