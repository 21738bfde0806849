"""Which language a browser's header asks for."""

import pytest

from app.mail.languages import known_or_usual, negotiate


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("fr", "fr"),
        ("fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        ("de,en;q=0.7,fr;q=0.3", "en"),
        ("en;q=0.1, FR-fr ;q=0.2", "fr"),
        ("fr;q=x", "en"),
        ("fr;q=0", "en"),
        ("fr;q=nan", "en"),
        ("*", "en"),
        ("fr;q=0.5," * 10_000, "fr"),
    ],
)
def test_the_best_liked_of_ours(header: str | None, language: str) -> None:
    assert negotiate(header) == language


def test_a_language_that_we_do_not_write() -> None:
    assert [known_or_usual(tag) for tag in ("fr-BE", "de", "", "FR")] == ["fr", "en", "en", "fr"]
