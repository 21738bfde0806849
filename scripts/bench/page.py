"""docs/benchmarks.md: what is between a part's marks is made of what docs/benchmarks.json holds."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from scripts.bench import api_report, claims_report, kept, load_report, reports
from scripts.bench.kept import Figures
from scripts.bench.peers_environment import PROJECT

PAGE: Final = PROJECT / "docs" / "benchmarks.md"
PLOTS: Final = PROJECT / "docs" / "plots"


@dataclass(frozen=True, slots=True)
class Part:
    """How a part's figures become tables and pictures; the pictures by file name."""

    lines: Callable[[Figures], list[str]]
    plots: Callable[[Figures], Mapping[str, str]]


PARTS: Final[dict[str, Part]] = {
    "api": Part(api_report.lines, api_report.plots),
    "claims": Part(claims_report.lines, claims_report.plots),
    "extraction": Part(reports.extraction_lines, reports.extraction_plots),
    "growth": Part(reports.growth_lines, reports.growth_plots),
    "startup": Part(reports.startup_lines, reports.startup_plots),
    "load": Part(load_report.lines, load_report.plots),
}


def block(name: str, figures: Figures) -> tuple[str, Mapping[str, str]]:
    """A part's text between its marks, and its pictures."""
    part = PARTS[name]
    pictures = part.plots(figures)
    shown = [f"![{one}](plots/{one}.svg)" for one in pictures]
    return "\n".join([*part.lines(figures), *("", *shown)]), pictures


def placed(page: str, name: str, text: str) -> str:
    """The page with `text` between the part's marks; a page without them is a fault of the page."""
    begin, end = f"<!-- {name}.py -->\n", f"<!-- end of {name}.py -->"
    head, found, rest = page.partition(begin)
    _, ended, tail = rest.partition(end)
    if not found or not ended:
        sys.exit(f"docs/benchmarks.md has no place for {name}")
    return f"{head}{begin}{text}\n{end}{tail}"


def draw() -> None:
    """Make the page and the pictures anew of everything that is kept."""
    page = PAGE.read_text(encoding="utf-8")
    PLOTS.mkdir(exist_ok=True)
    for name, figures in kept.read().items():
        text, pictures = block(name, figures)
        page = placed(page, name, text)
        for file, svg in pictures.items():
            (PLOTS / f"{file}.svg").write_text(svg, encoding="utf-8")
    PAGE.write_text(page, encoding="utf-8")


def finish(name: str, figures: Figures, *, load: float, is_short: bool, is_kept: bool) -> None:
    """Print a part's tables; where that was asked for, keep them and make the page anew."""
    whole = {"measured": kept.stamp(load, is_short=is_short), **figures}
    print(block(name, whole)[0])
    former = kept.read().get(name)
    if is_kept and is_short and former and not former["measured"]["short"]:
        print(f"Not kept: docs/benchmarks.json holds a whole measurement of {name}.")
    elif is_kept:
        kept.keep(name, figures, load=load, is_short=is_short)
        draw()


if __name__ == "__main__":
    draw()
