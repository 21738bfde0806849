"""Who gets the local Cloudinary, and the settings that lead there."""

from collections.abc import Mapping
from typing import Final

from app.dev.cloudinary.asgi import CloudOptions

# Whoever names one of these speaks of an account, and is told what is missing of it.
_ACCOUNT: Final = frozenset(
    {
        "CLOUDINARY_CLOUD_NAME",
        "CLOUDINARY_API_KEY",
        "CLOUDINARY_API_SECRET",
        "CLOUDINARY_API_URL",
    }
)


def local_cloudinary(given: Mapping[str, str], address: str) -> tuple[str | None, dict[str, str]]:
    """`address` and the variables of its account, for whoever asks for Cloudinary and has none."""
    if given.get("STORAGE_TYPE") != "cloudinary" or given.keys() & _ACCOUNT:
        return None, {}
    usual = CloudOptions()
    return address, {
        "CLOUDINARY_CLOUD_NAME": usual.cloud,
        "CLOUDINARY_API_KEY": usual.key,
        "CLOUDINARY_API_SECRET": usual.secret,
        "CLOUDINARY_API_URL": address,
        "CLOUDINARY_DELIVERY_URL": address,
    }
