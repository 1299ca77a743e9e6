"""Colours that a file tells in numbers, as an ICC profile: H.273's code points, gAMA and cHRM.

One way to sRGB for all: ``colour_profiles`` converts what this module writes.
"""

import struct
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.float64]
Point = tuple[float, float]
Primaries = tuple[Point, Point, Point, Point]
"""White, red, green and blue: x and y of CIE 1931."""

_D65, _C, _E = (0.3127, 0.3290), (0.310, 0.316), (1 / 3, 1 / 3)
SRGB: Primaries = (_D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
_NTSC: Primaries = (_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070))
_PRIMARIES: dict[int, Primaries] = {
    1: SRGB,
    4: (_C, (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
    5: (_D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: _NTSC,
    7: _NTSC,
    8: (_C, (0.681, 0.319), (0.243, 0.692), (0.145, 0.049)),
    9: (_D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),  # BT.2020
    10: (_E, (1, 0), (0, 1), (0, 0)),
    11: ((0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),  # DCI-P3
    12: (_D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),  # Display P3
    22: (_D65, (0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}
"""ITU-T H.273 (07/2024), table 2. All others are taken for sRGB's, as in Chromium."""

WHITE_NITS = 203.0
"""The luminance of white in HDR pictures (ITU-R BT.2408, table 1): it becomes sRGB's white."""
_HLG_NITS, _HLG_GAMMA = 1000.0, 1.2
"""Of HLG's nominal display (ITU-R BT.2100, table 5)."""
SRGB_GAMMA = 0.45455
"""The gAMA that a PNG in sRGB has for programs that know no other chunk (W3C PNG, 11.3.2.5)."""
GAMMA_TOLERANCE = 0.05
"""libpng's PNG_GAMMA_THRESHOLD: closer gammas are the same."""
SAME_POINT = 0.002
"""Primaries within this of each other are the same: programs round them to 2 to 5 digits."""
_STEPS = 255 * 16 + 1
"""Of a curve: each level of 8 bits is one of them."""
_D50 = (0.9642, 1.0, 0.8249)
"""The white of all profiles (ICC.1:2022, 7.2.16)."""
_BRADFORD = np.array(
    ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
)


@lru_cache(maxsize=64)
def code_point_profile(primaries: int, transfer: int, *, is_full_range: bool = True) -> bytes:
    """The profile of two code points (ITU-T H.273); empty where they mean sRGB.

    Brighter than white is clipped where the transfer is PQ's (16) or HLG's (18). What is no full
    range has black at level 16 of 255 and white at 235.
    """
    points = _PRIMARIES.get(primaries, SRGB)
    curve = _CURVES.get(transfer)
    if points == SRGB and curve is None and is_full_range:
        return b""
    levels = np.linspace(0, 1, _STEPS)
    if not is_full_range:
        levels = np.clip((levels * 255 - 16) / 219, 0, 1)
    return _profile(points, (curve or _from_srgb)(levels))


def are_code_points(primaries: int, transfer: int) -> bool:
    """Whether H.273 has a meaning for both; 2 is its "unspecified", 0 and 3 are reserved."""
    return primaries in _PRIMARIES and transfer in _TRANSFERS


@lru_cache(maxsize=64)
def gamma_profile(gamma: float | None, points: Primaries | None) -> bytes:
    """The profile of a PNG's gAMA and cHRM, each None where there is none; empty for sRGB.

    As in Chromium: cHRM alone tells nothing, gAMA alone has sRGB's points. A gamma or points that
    cannot be are not told.
    """
    # libpng's gammas are wider, of no use, and overflow
    if gamma is None or not 0.01 <= gamma <= 10:
        return b""
    is_srgb_curve = abs(gamma / SRGB_GAMMA - 1) <= GAMMA_TOLERANCE
    if points is None or _matrix(points) is None or _is_same(points, SRGB):
        points = SRGB
    if points == SRGB and is_srgb_curve:
        return b""
    levels = np.linspace(0, 1, _STEPS)
    linear = _from_srgb(levels) if is_srgb_curve else levels ** (1 / gamma)
    return _profile(points, linear)


def _is_same(one: Primaries, other: Primaries) -> bool:
    return bool(np.abs(np.subtract(one, other)).max() <= SAME_POINT)


# Levels from 0 to 1 to light, where 1 is white.


def _from_srgb(levels: Levels) -> Levels:
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


def _from_smpte_240(levels: Levels) -> Levels:
    return np.where(levels < 0.0913, levels / 4, ((levels + 0.1115) / 1.1115) ** (1 / 0.45))


def _from_pq(levels: Levels) -> Levels:
    """ITU-R BT.2100, table 4."""
    root = levels ** (1 / 78.84375)
    light = (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (
        1 / 0.1593017578125
    )
    return np.minimum(light * 10_000 / WHITE_NITS, 1)


def _from_hlg(levels: Levels) -> Levels:
    """ITU-R BT.2100, table 5; its display's gamma is applied to each colour by itself."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(levels <= 0.5, levels**2 / 3, (np.exp((levels - c) / a) + b) / 12)
    return np.minimum(scene**_HLG_GAMMA * _HLG_NITS / WHITE_NITS, 1)


_CURVES: dict[int, Callable[[Levels], Levels]] = {
    4: lambda levels: levels**2.2,
    5: lambda levels: levels**2.8,
    7: _from_smpte_240,
    8: lambda levels: levels,
    9: lambda levels: np.where(levels > 0, 10 ** (2 * (levels - 1)), 0),
    10: lambda levels: np.where(levels > 0, 10 ** (2.5 * (levels - 1)), 0),
    16: _from_pq,
    17: lambda levels: np.minimum(levels**2.6 * 52.37 / 48, 1),
    18: _from_hlg,
}
"""By the transfer of H.273, table 3. All others are taken for sRGB's (13).

Among them are those of BT.709 (1), BT.601 (6) and BT.2020 (14, 15), as in Chromium's
gfx::ColorSpace and for its reason: most displays and players show them so.
"""


_TRANSFERS = frozenset((1, *range(4, 19)))
"""Those to which H.273, table 3, gives a meaning."""


def _matrix(points: Sequence[Point]) -> NDArray[np.float64] | None:
    """Red, green and blue in XYZ, by columns, for the profiles' white; None of points on a line."""
    if not all(0 <= x <= 1 and 0 <= y <= 1 for x, y in points) or points[0][1] < 0.01:
        return None
    # (X, Y, Z) of each point at the brightness at which all sum to 1, so that none divides by y
    xyz = np.array([(x, y, 1 - x - y) for x, y in points]).T
    white, colours = xyz[:, 0] / xyz[1, 0], xyz[:, 1:]
    if abs(np.linalg.det(colours)) < 1e-3:
        return None
    colours = colours * np.linalg.solve(colours, white)
    gains = (_BRADFORD @ _D50) / (_BRADFORD @ white)
    adapted: NDArray[np.float64] = np.linalg.inv(_BRADFORD) @ np.diag(gains) @ _BRADFORD @ colours
    return adapted if np.abs(adapted).max() < 100 else None


def _profile(points: Primaries, linear: Levels) -> bytes:
    """A display's profile: a matrix, and one curve for all colours (ICC.1:2022, 8.3.3)."""
    matrix = _matrix(points)
    if matrix is None:
        return b""
    tags = {b"wtpt": _xyz(_D50)}
    tags |= {name: _xyz(colour) for name, colour in zip(_COLOUR_TAGS, matrix.T, strict=True)}
    values = np.rint(linear * 65_535).astype(">u2")
    curve = b"curv\0\0\0\0" + struct.pack(">I", len(values)) + values.tobytes()
    names = (*tags, *_CURVE_TAGS)
    place = 128 + 4 + 12 * len(names)
    table, bodies = struct.pack(">I", len(names)), b""
    for name, body in tags.items():
        table += struct.pack(">4s2I", name, place + len(bodies), len(body))
        bodies += body
    for name in _CURVE_TAGS:  # the same bytes for all three
        table += struct.pack(">4s2I", name, place + len(bodies), len(curve))
    bodies += curve.ljust(-(-len(curve) // 4) * 4, b"\0")
    head = struct.pack(">I4sI", place + len(bodies), b"lcms", 0x02400000) + b"mntrRGB XYZ "
    head += bytes(12) + b"acsp" + bytes(28) + _xyz(_D50)[8:]
    return head.ljust(128, b"\0") + table + bodies


_COLOUR_TAGS = (b"rXYZ", b"gXYZ", b"bXYZ")
_CURVE_TAGS = (b"rTRC", b"gTRC", b"bTRC")


def _xyz(colour: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(65_536 * each) for each in colour))
