"""Small plots as SVG: bars beside each other and curves, in light and in dark.

Text is text, colours are classes with a second set for whoever has it dark, and the background is the
picture's own, so that it can be read wherever it is shown.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

WIDTH: Final = 760
_LEFT, _RIGHT, _BAR, _STEP = 250, 110, 16, 24
_PLOT_HEIGHT: Final = 280
_SERIES: Final = 10
_MOST_LABELS: Final = 8
_STYLE: Final = """
text{font:12px system-ui,sans-serif;fill:#1f2328}.t{font-weight:600;font-size:14px}.s{fill:#59636e}
.p{fill:#fff;stroke:#d1d9e0}.g{stroke:#d1d9e0}.ours{fill:#0969da}.other{fill:#9aa4af}.c{fill:none;stroke-width:2}.d{stroke-dasharray:4 3}
.k0{stroke:#0969da}.k1{stroke:#bc4c00}.k2{stroke:#1a7f37}.k3{stroke:#8250df}.k4{stroke:#cf222e}
.k5{stroke:#9a6700}.k6{stroke:#1b7c83}.k7{stroke:#bf3989}.k8{stroke:#59636e}.k9{stroke:#24292f}
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.s{fill:#9198a1}.p{fill:#0d1117;stroke:#3d444d}
.g{stroke:#3d444d}.ours{fill:#4493f8}.other{fill:#6e7681}.k0{stroke:#4493f8}.k1{stroke:#f0883e}
.k2{stroke:#3fb950}.k3{stroke:#ab7df8}.k4{stroke:#f85149}.k5{stroke:#d29922}.k6{stroke:#39c5cf}
.k7{stroke:#db61a2}.k8{stroke:#9198a1}.k9{stroke:#f0f6fc}}
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, its length, what stands behind it, whether it is this project's."""

    label: str
    value: float
    text: str
    is_ours: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """Bars of one unit; on a logarithmic scale where the longest is many times the shortest."""

    title: str
    bars: Sequence[Bar]
    is_logarithmic: bool = False


@dataclass(frozen=True, slots=True)
class Curves:
    """Lines by name, each of (x, y); logarithmic, because what is asked is how it grows.

    `is_even`: across it is not, as with minutes.
    """

    title: str
    across: str
    series: Mapping[str, Sequence[tuple[float, float]]]
    is_even: bool = False


def number(value: float) -> str:
    """A figure as people write it: two digits that count, no more."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2g}"


def draw_bars(panels: Sequence[Panel]) -> str:
    """The panels below each other."""
    parts, top = list[str](), 16
    for panel in panels:
        parts.append(_text(16, top + 14, panel.title, "t"))
        top += 28
        for bar in panel.bars:
            length = _share(panel, bar.value) * (WIDTH - _LEFT - _RIGHT)
            kind = "ours" if bar.is_ours else "other"
            parts.append(_text(_LEFT - 10, top + 13, bar.label, "", "end"))
            parts.append(
                f'<rect class="{kind}" x="{_LEFT}" y="{top}" width="{max(length, 1):.1f}" height="{_BAR}" rx="2"/>'
            )
            parts.append(_text(_LEFT + length + 6, top + 13, bar.text, "s"))
            top += _STEP
        top += 14
    return _whole(parts, top, "; ".join(panel.title for panel in panels))


def _share(panel: Panel, value: float) -> float:
    most = max(bar.value for bar in panel.bars) or 1.0
    if not panel.is_logarithmic:
        return value / most
    least = min(bar.value for bar in panel.bars if bar.value > 0)
    low = math.floor(math.log10(least))
    return max(0.0, (math.log10(max(value, least)) - low) / (math.log10(most) - low or 1.0))


def draw_curves(curves: Curves) -> str:
    """The curves with a scale and a legend."""
    points = [point for series in curves.series.values() for point in series]
    xs, ys = [x for x, _ in points], [max(y, 1e-9) for _, y in points]
    wide, high = WIDTH - 390, _PLOT_HEIGHT
    left, top = 70, 44
    along = _Even(min(xs), max(xs), wide) if curves.is_even else _Axis(min(xs), max(xs), wide)
    up = _Axis(min(ys), max(ys), high, is_decades=True)
    parts = [_text(16, 30, curves.title, "t")]
    for value in up.ticks():
        y = top + high - up.place(value)
        parts.append(f'<path class="g" d="M{left} {y:.1f}H{left + wide}"/>')
        parts.append(_text(left - 8, y + 4, number(value), "s", "end"))
    values = sorted(set(xs))
    for value in values[:: -(-len(values) // _MOST_LABELS)]:
        x = left + along.place(value)
        parts.append(_text(x, top + high + 20, f"{value:,.0f}", "s", "middle"))
    parts.append(_text(left + wide / 2, top + high + 40, curves.across, "s", "middle"))
    for place, (name, series) in enumerate(curves.series.items()):
        kind = f"c k{place % _SERIES}{' d' if place >= _SERIES else ''}"
        route = "L".join(
            f"{left + along.place(x):.1f} {top + high - up.place(max(y, 1e-9)):.1f}"
            for x, y in series
        )
        parts.append(f'<path class="{kind}" d="M{route}"/>')
        at = top + 8 + place * 22
        parts.append(f'<path class="{kind}" d="M{left + wide + 20} {at}h18"/>')
        parts.append(_text(left + wide + 44, at + 4, name, ""))
    return _whole(parts, max(top + high + 56, top + 30 + 22 * len(curves.series)), curves.title)


@dataclass(frozen=True, slots=True)
class _Axis:
    least: float
    most: float
    length: float
    is_decades: bool = False

    def _ends(self) -> tuple[float, float]:
        low, high = math.log10(self.least), math.log10(self.most)
        if self.is_decades:
            low, high = math.floor(low), math.ceil(high + 1e-9)
        return low, high if high > low else low + 1

    def place(self, value: float) -> float:
        low, high = self._ends()
        return (math.log10(value) - low) / (high - low) * self.length

    def ticks(self) -> list[float]:
        low, high = self._ends()
        return [10.0**power for power in range(int(low), int(high) + 1)]


@dataclass(frozen=True, slots=True)
class _Even:
    least: float
    most: float
    length: float

    def place(self, value: float) -> float:
        return (value - self.least) / ((self.most - self.least) or 1.0) * self.length


def _text(x: float, y: float, words: str, kind: str, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _whole(parts: Sequence[str], height: float, title: str) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}"'
        f' width="{WIDTH}" height="{height:.0f}" role="img"><title>{escape(title)}</title>'
    )
    frame = f'<rect class="p" x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1:.0f}" rx="6"/>'
    return "\n".join([head, f"<style>{_STYLE}</style>", frame, *parts, "</svg>", ""])
