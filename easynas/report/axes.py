"""`Axes`: the plane that charts draw on, as SVG whose colours come from the page, so that light and dark both work."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from xml.sax.saxutils import escape

import numpy as np

WIDTH, HEIGHT = 440, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 18, 16, 46
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_MOST_TICKS = 8
_EQUAL = 1e-6  # of their size: numbers that are this near are one number to a reader


@dataclass(frozen=True)
class Scale:
    """The way from numbers to places along one axis.

    Attributes:
        low: number at `start`.
        high: number at `end`, larger than `low`.
        start: place in pixels.
        end: place in pixels.
        logarithmic: whether equal ratios are equal lengths; the numbers are positive then.
    """

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    @classmethod
    def around(cls, values: Sequence[float], start: float, end: float, *, logarithmic: bool = False) -> Self:
        """A scale with a little room around all values."""
        finite = [value for value in values if math.isfinite(value) and (value > 0 or not logarithmic)] or [1.0]
        low, high = min(finite), max(finite)
        if logarithmic:
            return cls(low / 1.4, high * 1.4, start, end, logarithmic=True)
        size = max(abs(low), abs(high), 1e-3)
        room = 0.08 * (high - low) if high - low > _EQUAL * size else 0.05 * size
        return cls(low - room, high + room, start, end)

    def __call__(self, value: float) -> float:
        low, high, at = self.low, self.high, value
        if self.logarithmic:
            low, high, at = (math.log(max(each, 1e-300)) for each in (low, high, value))
        share = (at - low) / (high - low)
        return round(self.start + min(max(share, 0.0), 1.0) * (self.end - self.start), 2)

    def ticks(self) -> list[float]:
        """Two to eight round numbers within the scale."""
        if self.logarithmic:
            powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            for steps in ((1.0, 2.0, 5.0), (1.0,)):
                found = [step * 10.0**power for power in powers for step in steps]
                inside = [tick for tick in found if self.low <= tick <= self.high]
                if 2 <= len(inside) <= _MOST_TICKS:
                    return inside
            return inside[:: max(1, len(inside) // 5)]
        rough = (self.high - self.low) / 5
        size = 10.0 ** math.floor(math.log10(rough))
        step = next(each * size for each in _STEPS if each * size >= rough)
        return [float(tick) for tick in np.arange(math.ceil(self.low / step), math.floor(self.high / step) + 1) * step]


@dataclass(frozen=True)
class Axes:
    """Two scales with their names.

    Attributes:
        x: along the bottom.
        y: along the left side, upwards.
        x_name: what is along the bottom.
        y_name: what is along the left side.
    """

    x: Scale
    y: Scale
    x_name: str
    y_name: str

    @classmethod
    def of(
        cls,
        x: Sequence[float],
        y: Sequence[float],
        x_name: str,
        y_name: str,
        *,
        logarithmic: bool = False,
    ) -> Self:
        """Axes around all numbers; `logarithmic` concerns `x`."""
        return cls(
            Scale.around(x, _LEFT, WIDTH - _RIGHT, logarithmic=logarithmic),
            Scale.around(y, HEIGHT - _BOTTOM, _TOP),
            x_name,
            y_name,
        )

    @classmethod
    def within(cls, x: tuple[float, float], y: tuple[float, float], x_name: str, y_name: str) -> Self:
        """Axes from one number to another, without room around them."""
        return cls(Scale(*x, _LEFT, WIDTH - _RIGHT), Scale(*y, HEIGHT - _BOTTOM, _TOP), x_name, y_name)

    def points(self, x: Sequence[float], y: Sequence[float]) -> str:
        """Places as SVG lists them."""
        return " ".join(f"{self.x(a)},{self.y(b)}" for a, b in zip(x, y, strict=True))

    def line(self, x: Sequence[float], y: Sequence[float], *, style: str) -> str:
        """A line through points; `style` names classes of the page."""
        return f'<polyline class="line {style}" points="{self.points(x, y)}"/>'

    def area(self, x: Sequence[float], low: Sequence[float], high: Sequence[float], *, style: str) -> str:
        """The area between two lines."""
        there, back = self.points(x, high), self.points(list(x)[::-1], list(low)[::-1])
        return f'<polygon class="area {style}" points="{there} {back}"/>'

    def dot(self, x: float, y: float, *, style: str, words: str, radius: float = 4.5) -> str:
        """A point, with words that appear under the pointer."""
        centre = f'cx="{self.x(x)}" cy="{self.y(y)}"'
        return f'<circle class="dot {style}" {centre} r="{radius}"><title>{escape(words)}</title></circle>'

    def text(self, x: float, y: float, words: str, *, shift: float = 8, anchor: str = "start") -> str:
        """Words beside a point."""
        place = f'x="{self.x(x) + shift}" y="{self.y(y) - 7}"'
        return f'<text class="note" text-anchor="{anchor}" {place}>{escape(words)}</text>'

    def chart(self, *drawn: str, title: str, description: str) -> str:
        """The whole drawing.

        Args:
            drawn: what lies on the plane, from below to above.
            title: what it shows, in a few words.
            description: the same for somebody who cannot see it.
        """
        head = (
            f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{escape(title + ". " + description, {chr(34): "&quot;"})}">'
        )
        return head + "".join([self._grid(), *drawn, "</svg>"])

    def _grid(self) -> str:
        bottom, middle = HEIGHT - _BOTTOM, (_LEFT + WIDTH - _RIGHT) / 2
        parts = []
        for tick in self.y.ticks():
            at = self.y(tick)
            parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{at}" y2="{at}"/>')
            parts.append(f'<text class="tick" x="{_LEFT - 7}" y="{at + 4}" text-anchor="end">{short(tick)}</text>')
        for tick in self.x.ticks():
            at = self.x(tick)
            parts.append(f'<line class="mark" x1="{at}" x2="{at}" y1="{bottom}" y2="{bottom + 4}"/>')
            parts.append(f'<text class="tick" x="{at}" y="{bottom + 17}" text-anchor="middle">{short(tick)}</text>')
        parts.append(f'<line class="axis" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{bottom}" y2="{bottom}"/>')
        parts.append(
            f'<text class="name" x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">{escape(self.x_name)}</text>'
        )
        place = f"translate(12 {(bottom + _TOP) / 2}) rotate(-90)"
        parts.append(f'<text class="name" transform="{place}" text-anchor="middle">{escape(self.y_name)}</text>')
        return "".join(parts)


def short(number: float) -> str:
    """A number for a tick: at most four digits, with k, M and G for thousands."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(number) >= size:
            return f"{number / (1e3 if unit == 'k' else size):.4g}{unit}"
    return f"{number:.4g}".replace("-", "\N{MINUS SIGN}") if abs(number) > 1e-12 else "0"
