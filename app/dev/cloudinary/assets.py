"""What the local Cloudinary keeps, and how it tells of it."""

import hashlib
import io
import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from PIL import Image, UnidentifiedImageError

from app.core.clock import now
from app.dev.cloudinary.signatures import answer_signature

Place = tuple[str, str, str]
_FORMATS: Final = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}


class Refused(Exception):
    """An answer of Cloudinary's own: status and message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Asset:
    """One file. `place` is its resource type, its delivery type and its public id."""

    place: Place
    content: bytes
    version: int
    created_at: datetime
    about: dict[str, Any]

    @property
    def is_pdf(self) -> bool:
        """By content, as Cloudinary's scanner tells them."""
        return self.content.startswith(b"%PDF")


@dataclass
class Shelf:
    """All assets of one cloud."""

    cloud: str
    secret: str
    address: str = ""
    assets: dict[Place, Asset] = field(default_factory=dict)
    _versions: "itertools.count[int]" = field(
        default_factory=lambda: itertools.count(int(now().timestamp()))
    )

    def keep(self, place: Place, content: bytes, *, overwrite: bool) -> dict[str, Any]:
        """Keep a file and tell of it; without `overwrite` what is there stays and is told of."""
        known = self.assets.get(place)
        if known is not None and not overwrite:
            return {**self.describe(known), "existing": True}
        about = _about_picture(content) if place[0] == "image" else {}
        asset = Asset(place, content, next(self._versions), now(), about)
        self.assets[place] = asset
        return self.describe(asset)

    def describe(self, asset: Asset) -> dict[str, Any]:
        """The answer about one asset."""
        resource_type, delivery, public_id = asset.place
        ending = f".{asset.about['format']}" if asset.about else ""
        path = f"{self.cloud}/{resource_type}/{delivery}/v{asset.version}/{public_id}{ending}"
        return {
            "asset_id": hashlib.sha256("/".join(asset.place).encode()).hexdigest()[:32],
            "public_id": public_id,
            "version": asset.version,
            "version_id": hashlib.sha256(str(asset.version).encode()).hexdigest()[:32],
            "signature": answer_signature(public_id, asset.version, self.secret),
            **asset.about,
            "resource_type": resource_type,
            "created_at": asset.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "tags": [],
            "bytes": len(asset.content),
            "type": delivery,
            "etag": hashlib.md5(asset.content, usedforsecurity=False).hexdigest(),
            "placeholder": False,
            "url": f"{self.address}/{path}",
            "secure_url": f"{self.address}/{path}",
            "original_filename": "file",
        }

    def listed(self, resource_type: str, delivery: str, prefix: str) -> list[Asset]:
        """All of a type whose public id begins so, by name."""
        return [
            asset
            for place, asset in sorted(self.assets.items())
            if place[:2] == (resource_type, delivery) and place[2].startswith(prefix)
        ]


def _about_picture(content: bytes) -> dict[str, Any]:
    try:
        with Image.open(io.BytesIO(content)) as picture:
            known = _FORMATS.get(picture.format or "")
            facts = {"width": picture.width, "height": picture.height, "format": known}
    except (UnidentifiedImageError, OSError):
        known, facts = None, {}
    if known is None:
        raise Refused(400, "Invalid image file")
    return facts
