"""What the local Cloudinary keeps, and how it tells of it."""

import hashlib
import io
import itertools
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
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
    """All assets of one cloud, in memory and, where there is a folder, in that as well."""

    cloud: str
    secret: str
    address: str = ""
    folder: Path | None = None
    assets: dict[Place, Asset] = field(default_factory=dict)
    _versions: "itertools.count[int]" = field(
        default_factory=lambda: itertools.count(int(now().timestamp()))
    )

    def __post_init__(self) -> None:
        """Go on with what an earlier process left in the folder."""
        for path in self.folder.glob("*.json") if self.folder else ():
            told = json.loads(path.read_text())
            made_at = datetime.fromisoformat(told["created_at"])
            content = path.with_suffix(".bin").read_bytes()
            asset = Asset(tuple(told["place"]), content, told["version"], made_at, told["about"])
            self.assets[asset.place] = asset

    def keep(self, place: Place, content: bytes, *, overwrite: bool) -> dict[str, Any]:
        """Keep a file and tell of it; without `overwrite` what is there stays and is told of."""
        known = self.assets.get(place)
        if known is not None and not overwrite:
            return {**self.describe(known), "existing": True}
        about = _about_picture(content) if place[0] == "image" else {}
        asset = Asset(place, content, next(self._versions), now(), about)
        self.assets[place] = asset
        if self.folder:
            self._write(self.folder / _file_name(place), asset)
        return self.describe(asset)

    def drop(self, place: Place) -> bool:
        """Forget a file; whether there was one."""
        if self.folder:
            for ending in (".json", ".bin"):
                (self.folder / _file_name(place)).with_suffix(ending).unlink(missing_ok=True)
        return self.assets.pop(place, None) is not None

    def _write(self, path: Path, asset: Asset) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".bin").write_bytes(asset.content)
        told = {
            "place": asset.place,
            "version": asset.version,
            "created_at": asset.created_at.isoformat(),
            "about": asset.about,
        }
        # Last and at once: what has no such file is not there.
        part = path.with_suffix(".part")
        part.write_text(json.dumps(told))
        part.replace(path.with_suffix(".json"))

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


def _file_name(place: Place) -> str:
    return hashlib.sha256("/".join(place).encode()).hexdigest()


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
