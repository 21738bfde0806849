"""A visitor who has a keyboard only, and wants to see where they are on it."""

import re
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page

_MOST_STOPS = 120
_IS_FOCUSED = "one => one === document.activeElement"
# Whoever steers by keyboard sees nothing but this ring.
_HAS_RING = """() => { const shown = getComputedStyle(document.activeElement);
  return shown.outlineStyle !== "none" && parseFloat(shown.outlineWidth) >= 1; }"""


@dataclass(frozen=True)
class Keyboard:
    """The keys of one page; nothing is ever clicked."""

    page: Page

    def go_to(self, role: Any, name: str) -> None:
        """Press Tab until the focus is on that thing; every stop on the way shows that it is there.

        Raises:
            AssertionError: it is never reached, or a stop does not show the focus.
        """
        wanted = self._thing(role, re.compile(name)).first
        wanted.wait_for()
        for _ in range(_MOST_STOPS):
            if wanted.evaluate(_IS_FOCUSED):
                return
            self.page.keyboard.press("Tab")
            ring = self.page.evaluate(_HAS_RING)
            assert ring or self._is_nowhere(), f"no ring on {self._here()}"
        raise AssertionError(f"{role} {name!r} is not reached by Tab")

    def _thing(self, role: Any, name: re.Pattern[str]) -> Locator:
        if role == "summary":
            # What opens a menu has no role of its own that could be asked for.
            return self.page.locator("summary", has_text=name)
        return self.page.get_by_role(role, name=name)

    def press(self, role: Any, name: str) -> None:
        """Go there and press Enter."""
        self.go_to(role, name)
        self.page.keyboard.press("Enter")

    def write(self, text: str) -> None:
        """Type where the focus is."""
        self.page.keyboard.type(text)

    def _is_nowhere(self) -> bool:
        return bool(self.page.evaluate("document.activeElement === document.body"))

    def _here(self) -> str:
        return str(self.page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))
