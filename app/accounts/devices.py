"""From where a sign-in was opened, in words that its owner recognizes and that tell nobody much."""

import re
from dataclasses import asdict, dataclass
from typing import Final

# The first that fits names it: Edge says Chrome as well, and Chrome says Safari.
_BROWSERS: Final = (
    ("Edge", r"Edg(?:e|A|iOS)?/(\d+)"),
    ("Opera", r"OPR/(\d+)"),
    ("Samsung Internet", r"SamsungBrowser/(\d+)"),
    ("Firefox", r"(?:Firefox|FxiOS)/(\d+)"),
    ("Chrome", r"(?:Chrome|CriOS)/(\d+)"),
    ("Safari", r"Version/(\d+)\S* (?:Mobile/\S+ )?Safari/"),
    ("curl", r"^curl/(\d+)"),
    ("Python", r"^(?:python-requests|python-httpx|Python/\S+ aiohttp|aiohttp)/(\d+)"),
    ("Node.js", r"^(?:node|undici|axios)(?:/(\d+))?"),
)
_SYSTEMS: Final = (
    ("iOS", r"iPhone|iPad|iPod"),
    ("Android", r"Android"),
    ("Windows", r"Windows NT"),
    ("ChromeOS", r"CrOS"),
    ("macOS", r"Mac OS X|Macintosh"),
    ("Linux", r"Linux|X11"),
)
# What is longer is no browser's, and nobody should pay for looking through it.
_LONGEST: Final = 512


@dataclass(frozen=True, slots=True)
class Device:
    """A coarse network (/24 or /48), a browser with its major version, an operating system."""

    network: str | None = None
    browser: str | None = None
    system: str | None = None

    def columns(self) -> dict[str, str | None]:
        """As the columns of a sign-in."""
        return asdict(self)


UNKNOWN: Final = Device()


def describe(user_agent: str | None, network: str | None) -> Device:
    """The device that sends this User-Agent; None for what it does not tell."""
    said = (user_agent or "")[:_LONGEST]
    return Device(network, _browser(said), _system(said))


def _browser(said: str) -> str | None:
    for name, pattern in _BROWSERS:
        found = re.search(pattern, said)
        if found:
            return f"{name} {found.group(1) or ''}".rstrip()
    return None


def _system(said: str) -> str | None:
    return next((name for name, pattern in _SYSTEMS if re.search(pattern, said)), None)
