"""ICC profiles made here: of displays, of grey, and of a printing press (ICC.1:2001-04)."""

import struct
from collections.abc import Sequence

# Red, green and blue of each space in XYZ, adapted to D50, by columns.
SRGB = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
DISPLAY_P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
ADOBE_RGB = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))
WHITE = (0.9642, 1.0, 0.8249)


def display_profile(
    colours: Sequence[Sequence[float]] = DISPLAY_P3, gamma: float = 2.2, extra: bytes = b""
) -> bytes:
    """A display's profile: three colours and one curve; ``extra`` is a note of any length."""
    curve = _curve(gamma)
    tags = {b"wtpt": _xyz(WHITE), b"cprt": b"text\0\0\0\0nobody\0" + extra}
    for name, colour in zip(b"rgb", colours, strict=True):
        tags[bytes((name,)) + b"XYZ"] = _xyz(colour)
        tags[bytes((name,)) + b"TRC"] = curve
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def grey_profile(gamma: float = 1.0) -> bytes:
    """A profile of one grey channel."""
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"wtpt": _xyz(WHITE), b"kTRC": _curve(gamma)})


def cmyk_profile() -> bytes:
    """A press whose paper is white and whose inks are dull: a table of the 16 corners in Lab."""
    corners = bytearray()
    for corner in range(16):
        cyan, magenta, yellow, black = (corner >> shift & 1 for shift in (3, 2, 1, 0))
        light = (
            100 * (1 - 0.45 * cyan) * (1 - 0.5 * magenta) * (1 - 0.1 * yellow) * (1 - 0.8 * black)
        )
        a, b = -35 * cyan + 65 * magenta - 3 * yellow, -45 * cyan - 5 * magenta + 85 * yellow
        fade = 1 - 0.9 * black
        corners += bytes((round(light * 2.55), round(128 + a * fade), round(128 + b * fade)))
    identity = bytes(range(256))
    table = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0))
    table += struct.pack(">9i", *(65536 if index % 4 == 0 else 0 for index in range(9)))
    table += identity * 4 + bytes(corners) + identity * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"wtpt": _xyz(WHITE), b"A2B0": table})


def _curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"


def _xyz(colour: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(65536 * each) for each in colour))


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    table, bodies, place = b"", b"", 128 + 4 + 12 * len(tags)
    for name, body in tags.items():
        body = body.ljust(-(-len(body) // 4) * 4, b"\0")
        table += name + struct.pack(">2I", place + len(bodies), len(body))
        bodies += body
    size = place + len(bodies)
    header = struct.pack(">I4sI", size, b"lcms", 0x02400000) + kind + space + connection
    header += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + bodies
