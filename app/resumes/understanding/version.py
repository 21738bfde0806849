"""The version of everything that a résumé's understanding rests on."""

from typing import Final

VERSION: Final = "4"
"""Raised whenever rules, taxonomy or model change what comes out; kept with every result.

tests/analysis/test_versions.py knows what comes out of each.
"""
