"""Line charts as SVG: where lines, ticks and words go; the template draws them.

Lines differ by their dashes and by the marks at their ends too, not by colour alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 460, 260
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 10, 36
MOST_POINTS, MOST_DOTS = 200, 12
LARGEST, _LEAST = 1e150, 1e-150
"""Between these, no difference and no quotient of two numbers overflows (float64: 1e308)."""


@dataclass(frozen=True)
class Series:
    """A line: a name, and a y for each x of its chart; NaN where there is none."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: its place in pixels and its label."""

    place: float
    label: str


@dataclass(frozen=True)
class Stroke:
    """A line as SVG's path data, with dots where it has few points.

    ``style`` numbers its colour and dashes from 0.
    """

    name: str
    data: str
    style: int
    dots: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Chart:
    """All that a drawing of ``WIDTH`` by ``HEIGHT`` pixels shows."""

    title: str
    x_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    strokes: tuple[Stroke, ...]
    description: str


def line_chart(title: str, x_label: str, xs: Sequence[float], lines: Sequence[Series]) -> Chart:
    """The chart of ``lines`` over ``xs``, which grow; of long ones every n-th point."""
    xs = [*map(_drawable, xs)]
    lines = [Series(line.name, tuple(map(_drawable, line.values))) for line in lines]
    finite = [y for line in lines for y in line.values if math.isfinite(y)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    y_values = _tick_values(low, high)
    x_values = _tick_values(min(xs), max(xs))
    x_range = (min(xs), max(xs))
    y_range = (min(low, y_values[0]), max(high, y_values[-1]))
    step = max(1, math.ceil(len(xs) / MOST_POINTS))
    kept = [*range(0, len(xs), step)]
    strokes = []
    for style, line in enumerate(lines):
        points = [(xs[index], line.values[index]) for index in kept]
        places = [(_x(x, x_range), _y(y, y_range)) if math.isfinite(y) else None for x, y in points]
        dots = tuple(place for place in places if place) if len(places) <= MOST_DOTS else ()
        strokes.append(Stroke(line.name, _path_data(places), style, dots))
    x_ticks = [value for value in x_values if x_range[0] <= value <= x_range[1]]
    return Chart(
        title,
        x_label,
        tuple(
            Tick(_x(value, x_range), label)
            for value, label in zip(x_ticks, _labels(x_ticks), strict=True)
        ),
        tuple(
            Tick(_y(value, y_range), label)
            for value, label in zip(y_values, _labels(y_values), strict=True)
        ),
        tuple(strokes),
        "; ".join(_ends(line) for line in lines[:4]),
    )


def _drawable(value: float) -> float:
    """``value`` where a drawing can hold it: NaN in place of what is larger, 0 of what is less."""
    if not abs(value) <= LARGEST:
        return math.nan
    return value if abs(value) >= _LEAST else 0.0


def _ends(line: Series) -> str:
    """What the line says in words: from which value to which."""
    finite = [value for value in line.values if math.isfinite(value)]
    if not finite:
        return f"{line.name}: no values"
    return f"{line.name} from {finite[0]:.3g} to {finite[-1]:.3g}"


def _tick_values(low: float, high: float) -> list[float]:
    """Four to eight round numbers, from the last one below ``low`` to the first above ``high``."""
    span = high - low or abs(high) or 1.0
    if span <= 1e-12 * max(abs(low), abs(high)):  # the labels of ticks in between would be alike
        return [low, high]
    power = 10.0 ** math.floor(math.log10(span / 4))
    step = next(power * nice for nice in (1, 2, 5, 10) if span / (power * nice) <= 6)
    first = math.floor(low / step)
    return [index * step for index in range(first, math.ceil(high / step) + 1)]


def _labels(values: Sequence[float]) -> list[str]:
    """As few digits as tell one tick from the next."""
    for digits in (6, 9, 12, 15):
        labels = [f"{value:.{digits}g}" for value in values]
        if len({*labels}) == len({*values}):
            break
    return labels


def _x(value: float, span: tuple[float, float]) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (value - span[0]) / (span[1] - span[0] or 1)


def _y(value: float, span: tuple[float, float]) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - span[0]) / (span[1] - span[0] or 1)


def _path_data(places: Sequence[tuple[float, float] | None]) -> str:
    """``M`` where the line begins, and again behind a gap."""
    parts, is_drawing = [], False
    for place in places:
        if place is not None:
            parts.append(f"{'L' if is_drawing else 'M'}{place[0]:.1f} {place[1]:.1f}")
        is_drawing = place is not None
    return " ".join(parts)
