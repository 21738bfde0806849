"""A logo as it came in, made into one that is safe to show: for the sandbox, bytes to bytes.

Whatever the file held beside its picture (EXIF, text, a second format in the same bytes) is gone,
because only pixels are written anew.
"""

import io
from typing import Final

from PIL import Image, ImageCms, ImageOps

from app.organizations.verdicts import JPEG, NO_PICTURE, PNG, TOO_MANY_PIXELS

FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF")
LONGEST_SIDE: Final = 512
# Decoded, that is 100 MB; a larger picture is no logo.
MOST_PIXELS: Final = 25_000_000
_QUALITY: Final = 88


def make_logo(content: bytes) -> bytes:
    """One byte that says what follows (PNG or JPEG, or why not), then the picture.

    The first frame of an animation, turned upright, in sRGB, at most 512 pixels a side.
    """
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                return TOO_MANY_PIXELS
            return _written(_upright(opened))
    except Image.DecompressionBombError:
        return TOO_MANY_PIXELS
    except (OSError, ValueError, SyntaxError, IndexError, TypeError, KeyError):
        return NO_PICTURE


def _upright(opened: Image.Image) -> Image.Image:
    """The first frame, turned as its orientation says, in sRGB, at most 512 pixels a side."""
    opened.seek(0)
    # A JPEG is decoded at a fraction of its size where that is all that is needed.
    opened.draft("RGB", (LONGEST_SIDE * 2, LONGEST_SIDE * 2))
    profile = opened.info.get("icc_profile")
    picture = ImageOps.exif_transpose(opened)
    has_alpha = picture.has_transparency_data
    picture = picture.convert("RGBA" if has_alpha else "RGB")
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return _in_srgb(picture, profile)


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    if not profile or _is_not_for_rgb(profile):
        return picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        changed = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError, ValueError):
        # A broken profile is as good as none: every browser shows such a picture as sRGB.
        return picture
    return changed or picture


def _is_not_for_rgb(profile: bytes) -> bool:
    """Whether a colour profile is not for red, green and blue; its data says so at offset 16."""
    return profile[16:20] != b"RGB "


def _written(picture: Image.Image) -> bytes:
    target = io.BytesIO()
    picture.info.clear()
    if picture.mode == "RGBA" or _has_few_colours(picture):
        picture.save(target, "PNG", optimize=True)
        return PNG + target.getvalue()
    picture.save(target, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return JPEG + target.getvalue()


def _has_few_colours(picture: Image.Image) -> bool:
    """Drawn and not photographed: JPEG would blur its edges."""
    return picture.getcolors(maxcolors=4096) is not None
