#!/usr/bin/env python3
"""Write docs/openapi.json from the application; --check only compares and exits 1 when it drifted."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app.core.openapi import as_text, settings_for_document  # noqa: E402
from app.main import create_app  # noqa: E402

DOCUMENT = ROOT / "docs" / "openapi.json"


def main(arguments: list[str]) -> int:
    """Run the command."""
    text = as_text(create_app(settings_for_document()).openapi())
    if "--check" in arguments:
        if DOCUMENT.is_file() and DOCUMENT.read_text(encoding="utf-8") == text:
            return 0
        print("docs/openapi.json is not what the application says; run scripts/openapi.py")
        return 1
    DOCUMENT.write_text(text, encoding="utf-8")
    print(f"wrote {DOCUMENT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
