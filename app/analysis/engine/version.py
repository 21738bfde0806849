"""The version of everything that an answer rests on: the same inputs and version, the same answer."""

from typing import Final

from app.analysis.engine.optional import is_installed
from app.resumes.understanding.version import VERSION as UNDERSTANDING

RULES: Final = "3"
"""Raised whenever rules, weights or tables of this room change what comes out.

tests/analysis/test_versions.py knows what comes out of each.
"""


def model_version() -> str:
    """Rules, the reading that they build on, and whether meaning is compared or words alone."""
    return f"{RULES}.{UNDERSTANDING}+{'minilm' if is_installed() else 'words'}"
