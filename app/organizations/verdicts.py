"""What the sandbox says of a logo: one byte before the picture, or in its place."""

from typing import Final

PNG: Final = b"P"
JPEG: Final = b"J"
NO_PICTURE: Final = b"t"
TOO_MANY_PIXELS: Final = b"p"
