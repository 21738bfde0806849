"""Pictures that tests draw."""

import io
from typing import Any

from PIL import Image


def picture(kind: str, size: tuple[int, int], *, mode: str = "RGB", **saved: Any) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    drawn = Image.new(mode, size, (255, 0, 0, 255)[: len(mode)])
    half = Image.new(mode, (max(1, size[0] // 2), size[1]), (0, 0, 255, 255)[: len(mode)])
    if size[0] > 1:
        drawn.paste(half, (size[0] - size[0] // 2, 0))
    target = io.BytesIO()
    drawn.save(target, kind, **saved)
    return target.getvalue()
