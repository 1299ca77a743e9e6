"""Filled outlines with smooth edges, drawn with integers alone.

Pillow fills polygons in floating point, where a fused multiply-add (ARM has one, x86-64 by default
not) can move an edge by a pixel. Here an outline is cut into scan lines by integer division on a
grid four times as fine, and averaged down.

An outline is a path in a box of 1000 by 1000 units, written much as in SVG:

    M x y                begin a ring          L x y [x y ...]     straight lines
    Q cx cy x y          quadratic curve       C x y x y x y       cubic curve
    E cx cy rx ry        an ellipse            R x y width height  a rectangle
    Z                    close the ring        X                   close it with its mirror image
    W                    close it, and add its mirrored twin

Rings that overlap cut holes into each other (even-odd rule).
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FINE = 4
"""Sub-pixels a pixel has on a side."""

UNITS = 1000
"""Units a path's box has on a side."""

Ring = NDArray[np.int64]
"""The corners of a closed outline, (n, 2), x then y."""

Point = tuple[int, int]
Colour = tuple[int, int, int]


class Box(NamedTuple):
    """A rectangle on a poster, in pixels."""

    left: int
    top: int
    width: int
    height: int


def stamp(
    image: Image.Image,
    path: str,
    box: Box,
    colour: Colour,
    *,
    flip: bool = False,
    tilt: int = 0,
    opacity: int = 255,
) -> None:
    """Draw ``path`` in ``colour``, stretched to ``box``; ``tilt`` in thousandths leans it."""
    fill(image, [_place(ring, box, flip, tilt) for ring in rings(path)], colour, opacity)


def fill(image: Image.Image, outlines: Sequence[Ring], colour: Colour, opacity: int = 255) -> None:
    """Fill ``outlines``, in sub-pixels of ``image``, with ``colour``."""
    corners = np.concatenate(outlines)
    left, top = np.maximum(corners.min(axis=0) // FINE, 0).tolist()
    right = min(int(corners[:, 0].max()) // FINE + 1, image.width)
    bottom = min(int(corners[:, 1].max()) // FINE + 1, image.height)
    if right <= left or bottom <= top:
        return
    offset = np.array([left, top]) * FINE
    size = ((right - left) * FINE, (bottom - top) * FINE)
    inside = _inside([ring - offset for ring in outlines], *size)
    mask = Image.fromarray(inside * np.uint8(opacity)).reduce(FINE)
    image.paste(colour, (left, top), mask)


def polygon(*points: Point) -> Ring:
    """A ring of ``points`` given in pixels."""
    return np.array(points, dtype=np.int64) * FINE


def circle(x: int, y: int, radius: int) -> Ring:
    """A ring around the pixel (``x``, ``y``)."""
    return np.array(_ellipse(x * FINE, y * FINE, radius * FINE, radius * FINE), dtype=np.int64)


@cache
def rings(path: str) -> tuple[Ring, ...]:
    """The rings of ``path``, in units."""
    return tuple(np.array(ring, dtype=np.int64) for ring in _read(path))


def _place(ring: Ring, box: Box, flip: bool, tilt: int) -> Ring:
    x, y = ring[:, 0], ring[:, 1]
    if flip:
        x = UNITS - x
    half = UNITS // 2
    x, y = x - (y - half) * tilt // UNITS, y + (x - half) * tilt // UNITS
    return np.stack(
        [
            box.left * FINE + x * box.width * FINE // UNITS,
            box.top * FINE + y * box.height * FINE // UNITS,
        ],
        axis=1,
    )


def _inside(outlines: Sequence[Ring], width: int, height: int) -> NDArray[np.uint8]:
    """1 inside the outlines and 0 outside, uint8 of (``height``, ``width``)."""
    start = np.concatenate(outlines)
    end = np.concatenate([np.roll(ring, -1, axis=0) for ring in outlines])
    falls = start[:, 1] < end[:, 1]
    upper, lower = np.where(falls[:, None], [start, end], [end, start])
    first, last = np.clip(upper[:, 1], 0, height), np.clip(lower[:, 1], 0, height)
    lengths = last - first
    edge = np.repeat(np.arange(len(lengths)), lengths)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(lengths) - lengths, lengths) + first[edge]
    run, rise = (lower - upper)[edge].T
    x = upper[edge, 0] + (2 * (row - upper[edge, 1]) + 1) * run // (2 * rise)
    cell = row * (width + 1) + np.clip(x, 0, width)
    crossings = np.bincount(cell, minlength=height * (width + 1)).astype(np.uint8)
    crossings = crossings.reshape(height, width + 1)
    return np.bitwise_and(np.cumsum(crossings, axis=1, dtype=np.uint8), 1)[:, :width]


def _read(path: str) -> Iterator[list[Point]]:
    ring: list[Point] = []
    for command, numbers in _commands(path):
        match command:
            case "M":
                ring = [(numbers[0], numbers[1])]
            case "L" | "Q" | "C":
                ring.extend(_line(command, ring[-1], numbers))
            case "E":
                yield _ellipse(*numbers)
            case "R":
                x, y, width, height = numbers
                yield [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
            case "Z":
                yield ring
            case "X":
                yield ring + _mirror(ring)
            case "W":
                yield ring
                yield _mirror(ring)
            case _:
                raise AssertionError(f"no such path command: {command}")


def _line(command: str, start: Point, numbers: list[int]) -> list[Point]:
    """The points after ``start`` of a straight line, or of a quadratic or cubic curve."""
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    if command == "L":
        return points
    if command == "C":
        first, second, end = points
        return _curve(start, first, second, end)
    control, end = points
    return _curve(start, _towards(start, control), _towards(end, control), end)


def _commands(path: str) -> Iterator[tuple[str, list[int]]]:
    command, numbers = "", list[int]()
    for word in path.split():
        if word.lstrip("-").isdigit():
            numbers.append(int(word))
            continue
        if command:
            yield command, numbers
        command, numbers = word, []
    yield command, numbers


def _curve(start: Point, first: Point, second: Point, end: Point, steps: int = 10) -> list[Point]:
    """The points of a cubic Bezier curve after its ``start``."""
    points = []
    for done in range(1, steps + 1):
        left = steps - done
        shares = (left**3, 3 * left**2 * done, 3 * left * done**2, done**3)
        corners = (start, first, second, end)
        x = sum(share * corner[0] for share, corner in zip(shares, corners, strict=True))
        y = sum(share * corner[1] for share, corner in zip(shares, corners, strict=True))
        points.append((x // steps**3, y // steps**3))
    return points


def _towards(end: Point, control: Point) -> Point:
    """The cubic's control point that a quadratic's makes beside ``end``."""
    return (end[0] + 2 * (control[0] - end[0]) // 3, end[1] + 2 * (control[1] - end[1]) // 3)


def _ellipse(x: int, y: int, across: int, down: int) -> list[Point]:
    # A quarter of a circle is a cubic curve whose control points lie 0.5523 of the radius away.
    a, d = across * 5523 // 10000, down * 5523 // 10000
    top, right, bottom, left = (x, y - down), (x + across, y), (x, y + down), (x - across, y)
    return [
        *_curve(top, (x + a, y - down), (x + across, y - d), right),
        *_curve(right, (x + across, y + d), (x + a, y + down), bottom),
        *_curve(bottom, (x - a, y + down), (x - across, y + d), left),
        *_curve(left, (x - across, y - d), (x - a, y - down), top),
    ]


def _mirror(ring: list[Point]) -> list[Point]:
    return [(UNITS - x, y) for x, y in reversed(ring)]
