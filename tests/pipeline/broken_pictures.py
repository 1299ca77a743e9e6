"""Pictures that are wrong in the places that decoders look at: the same ones for the same seed.

A byte changed anywhere is mostly a byte of pixels. These change the fields from which decoders
compute sizes and places: markers, kinds of frame, components, precision, restarts, dimensions,
palettes, tables; then the checksums are repaired, so that the decoder goes on.
"""

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pipeline.shared.decoding.jpeg_header import segments
from tests.pipeline.avif_files import corner_aperture, sequence_alone, with_properties
from tests.pipeline.icc_profiles import cmyk_profile, display_profile

Mutator = Callable[[bytes, random.Random], bytes]
SIDES = (0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 100, 255, 257, 400, 1000)


@dataclass(frozen=True)
class BrokenPicture:
    """One picture: its format, and its bytes."""

    kind: str
    data: bytes


def broken_pictures(seed: int) -> Iterator[BrokenPicture]:
    """Pictures without end; about one in twenty is whole."""
    chance = random.Random(seed)
    seeds = [(kind, data) for kind, files in whole_pictures().items() for data in files]
    # Most are JPEGs: their decoder is the one that runs on the event loop.
    weights = [3 if kind == "JPEG" else 1 for kind, _ in seeds]
    while True:
        kind, data = chance.choices(seeds, weights)[0]
        for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3, 5))):
            mutate = chance.choice((*MUTATORS[kind], *MUTATORS[kind], change_bytes))
            with suppress(IndexError):  # where the one before has left too little
                data = mutate(data, chance) or data
        yield BrokenPicture(kind, repair_checksums(data) if kind == "PNG" else data)


def whole_pictures() -> dict[str, list[bytes]]:
    """One picture of each way in which a format may store one."""
    levels = np.random.default_rng(5).integers(0, 255, (12, 9, 3), np.uint8)
    picture = Image.fromarray(levels).resize((75, 98), Image.Resampling.BICUBIC)
    grey, inks, clear = picture.convert("L"), picture.convert("CMYK"), picture.copy()
    clear.putalpha(grey)
    wide = Image.fromarray(levels).resize((300, 220))
    moving = {"save_all": True, "append_images": [picture.rotate(9)]}
    display = {"icc_profile": display_profile()}
    return {
        "JPEG": [
            *(_encoded(picture, "JPEG", subsampling=name) for name in ("4:4:4", "4:2:2", "4:2:0")),
            *(_encoded(each, "JPEG", progressive=True) for each in (picture, grey, inks)),
            _encoded(grey, "JPEG"),
            _encoded(inks, "JPEG", icc_profile=cmyk_profile()),
            _encoded(picture, "JPEG", restart_marker_blocks=3, **display),
            _encoded(wide, "JPEG", quality=30),
            lossless_jpeg(300, 220),
        ],
        "PNG": [
            *(_encoded(picture.convert(mode), "PNG") for mode in ("RGB", "L", "1", "P")),
            _encoded(clear, "PNG", **display),
            _encoded(picture.quantize(9), "PNG", transparency=bytes(range(0, 90, 10))),
            _encoded(Image.fromarray(np.asarray(grey).astype(np.uint16) * 257), "PNG"),
            _encoded(picture, "PNG", **moving),
            _with_numbers(_encoded(clear, "PNG"), b"cICP\x0c\x0d\0\1"),
            _with_numbers(
                _encoded(grey, "PNG"),
                b"gAMA" + struct.pack(">I", 100_000),
                b"cHRM" + struct.pack(">8I", *DISPLAY_P3_POINTS),
            ),
        ],
        "GIF": [
            _encoded(picture.quantize(40), "GIF"),
            _encoded(picture.quantize(7), "GIF", transparency=1, interlace=1),
            _encoded(picture, "GIF", **moving),
            _on_screen(_encoded(picture.quantize(40), "GIF"), 90, 120),
        ],
        "WebP": [
            *(_encoded(each, "WEBP", lossless=lossless, **display)
              for each in (picture, clear) for lossless in (False, True)),
            _encoded(clear, "WEBP", lossless=False, **moving),
        ],
        "AVIF": [
            _encoded(picture, "AVIF", speed=10),
            _encoded(clear, "AVIF", speed=10, subsampling="4:4:4", **display),
            _encoded(picture, "AVIF", speed=10).replace(b"nclx\0\1", b"nclx\0\x0c"),
            with_properties(
                _encoded(clear, "AVIF", speed=10), corner_aperture(picture.size, (40, 50))
            ),
            sequence_alone(_encoded(picture, "AVIF", speed=10, **moving)),
        ],
    }  # fmt: skip


DISPLAY_P3_POINTS = (31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000)


def _with_numbers(png: bytes, *chunks: bytes) -> bytes:
    """A PNG with these chunks, each a name and a body, behind its header."""
    whole = [
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in chunks
    ]
    return png[:33] + b"".join(whole) + png[33:]


def _on_screen(gif: bytes, width: int, height: int) -> bytes:
    """A GIF whose frame is smaller than its screen."""
    return gif[:6] + struct.pack("<2H", width, height) + gif[10:]


def lossless_jpeg(width: int, height: int, components: int = 3) -> bytes:
    """A lossless JPEG (SOF3) of one grey: each sample is the one before it, which is one bit."""
    numbers = range(1, components + 1)
    frame = struct.pack(">BHHB", 8, height, width, components)
    frame += b"".join(bytes((number, 0x11, 0)) for number in numbers)
    scan = bytes((components,)) + b"".join(bytes((number, 0)) for number in numbers)
    table = b"\0" + b"\1" + bytes(15) + b"\0"
    samples = bytes(-(-width * height * components // 8))
    parts = [(0xC3, frame, b""), (0xC4, table, b""), (0xDA, scan + b"\1\0\0", samples)]
    return _jpeg_of(parts)


def _encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def change_bytes(data: bytes, chance: random.Random) -> bytes:
    """``data`` with one piece overwritten, cut out, doubled or cut off."""
    place = int(len(data) * chance.random() ** 2)
    count = chance.choice((1, 1, 1, 2, 4, 16))
    match chance.randrange(5):
        case 0:
            return data[:place] + chance.randbytes(count) + data[place + count :]
        case 1:
            return data[:place] + data[place + count :]
        case 2:
            return data[: place + 40] + data[place : place + 40] + data[place + 40 :]
        case 3:
            extreme = chance.choice((b"\0", b"\xff", b"\x7f", b"\x80")) * count
            return data[:place] + extreme + data[place + count :]
    return data[: max(4, place)]


# JPEG


def _jpeg_parts(data: bytes) -> list[tuple[int, bytes, bytes]]:
    """Each segment's marker and body, and the bytes behind it up to the next."""
    found = list(segments(data))
    parts: list[tuple[int, bytes, bytes]] = []
    place = 2
    for marker, body, skipped in found:
        if parts:
            parts[-1] = (*parts[-1][:2], data[place : place + skipped])
        parts.append((marker, body, b""))
        place += skipped + 4 + len(body)
    if parts:
        parts[-1] = (*parts[-1][:2], data[place:].removesuffix(b"\xff\xd9"))
    return parts


def _jpeg_of(parts: list[tuple[int, bytes, bytes]]) -> bytes:
    whole = [
        bytes((0xFF, marker)) + struct.pack(">H", min(len(body) + 2, 65535)) + body + behind
        for marker, body, behind in parts
    ]
    return b"\xff\xd8" + b"".join(whole) + b"\xff\xd9"


def _change_part(data: bytes, chance: random.Random, *markers: int) -> bytes:
    """``data`` with the body of one of its segments of these kinds changed by a few bytes."""
    parts = _jpeg_parts(data)
    places = [place for place, part in enumerate(parts) if part[0] in markers and part[1]]
    if not places:
        return data
    place = chance.choice(places)
    marker, body, behind = parts[place]
    parts[place] = marker, change_bytes(body, chance), behind
    return _jpeg_of(parts)


FRAMES = tuple(marker for marker in range(0xC0, 0xD0) if marker not in (0xC4, 0xC8, 0xCC))


def change_frame(data: bytes, chance: random.Random) -> bytes:
    """Another kind of frame, precision, size, number of components or sampling."""
    parts = _jpeg_parts(data)
    for place, (marker, body, behind) in enumerate(parts):
        if marker in FRAMES and len(body) >= 9:
            frame = bytearray(body)
            match chance.randrange(7):
                case 0:
                    marker = chance.choice((0xC0, 0xC1, 0xC2, 0xC2, 0xC9, 0xCA, *FRAMES))
                case 1:
                    frame[0] = chance.choice((2, 7, 8, 8, 9, 12, 16))
                case 2:
                    frame[1:5] = struct.pack(">2H", chance.choice(SIDES), chance.choice(SIDES))
                case 3:
                    count = chance.choice((0, 1, 2, 3, 4, 5, 10))
                    frame[5] = count
                    frame[6:] = (frame[6:] * 12)[: 3 * count]
                case 4 | 5:
                    component = 6 + 3 * chance.randrange(max(1, (len(frame) - 6) // 3))
                    frame[component + 1] = chance.choice(
                        (
                            0x11,
                            0x12,
                            0x21,
                            0x22,
                            0x41,
                            0x14,
                            0x44,
                            0x13,
                            0x31,
                            0x33,
                            0x10,
                            0x01,
                            0xFF,
                        )
                    )
                case 6:
                    frame[6 + 3 * chance.randrange(max(1, (len(frame) - 6) // 3))] = (
                        chance.randrange(256)
                    )
            parts[place] = marker, bytes(frame), behind
    return _jpeg_of(parts)


def change_scan(data: bytes, chance: random.Random) -> bytes:
    """Other components, coefficients or bits in a scan, and its entropy-coded bytes damaged."""
    parts = _jpeg_parts(data)
    places = [place for place, part in enumerate(parts) if part[0] == 0xDA and len(part[1]) > 5]
    if not places:
        return data
    place = chance.choice(places)
    marker, body, behind = parts[place]
    scan = bytearray(body)
    match chance.randrange(6):
        case 0:
            scan[-3:] = bytes(
                (
                    chance.choice((0, 1, 5, 63, 64)),
                    chance.choice((0, 1, 5, 63, 64)),
                    chance.choice((0, 1, 0x10, 0x21, 0x0D, 0xFF)),
                )
            )
        case 1:
            scan[0] = chance.choice((0, 1, 2, 3, 4, 5))
        case 2:
            scan[1 + chance.randrange(len(scan) - 1)] = chance.randrange(256)
        case 3:
            behind = change_bytes(behind, chance) if behind else behind
        case 4:
            split = chance.randrange(len(behind) + 1)
            behind = behind[:split] + bytes((0xFF, chance.randrange(0xD0, 0xD8))) + behind[split:]
        case 5:
            parts.insert(place + 1, (marker, bytes(scan), behind[: chance.randrange(200)]))
    parts[place] = marker, bytes(scan), behind
    return _jpeg_of(parts)


def move_segments(data: bytes, chance: random.Random) -> bytes:
    """A segment doubled, dropped, moved or put in."""
    parts = _jpeg_parts(data)
    if not parts:
        return data
    place, other = chance.randrange(len(parts)), chance.randrange(len(parts))
    match chance.randrange(5):
        case 0:
            parts.insert(other, parts[place])
        case 1:
            del parts[place]
        case 2:
            parts.insert(other, parts.pop(place))
        case 3:
            interval = struct.pack(">H", chance.choice((0, 1, 2, 3, 7, 100, 65535)))
            parts.insert(other, (0xDD, interval, b""))
        case 4:
            adobe = b"Adobe\0\x64\0\0\0\0" + bytes((chance.choice((0, 1, 2, 3, 255)),))
            parts.insert(0, (0xEE, adobe, b""))
    return _jpeg_of(parts)


def change_tables(data: bytes, chance: random.Random) -> bytes:
    """Other Huffman tables, quantisation, restarts or arithmetic conditioning."""
    return _change_part(data, chance, 0xC4, 0xDB, 0xDD, 0xCC)


def change_notes(data: bytes, chance: random.Random) -> bytes:
    """Other metadata: a colour profile, JFIF's or Adobe's segment."""
    return _change_part(data, chance, 0xE0, 0xE2, 0xEE)


# PNG


def repair_checksums(data: bytes) -> bytes:
    """A PNG whose chunks pass, so that its decoder sees what is in them."""
    return data[:8] + b"".join(_png_chunk(name, body) for name, body in _png_chunks(data))


def _png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    chunks, place = [], 8
    while len(data) - place >= 12:
        end = place + 8 + int.from_bytes(data[place : place + 4], "big")
        chunks.append((data[place + 4 : place + 8], data[place + 8 : end]))
        place = end + 4
    return chunks


def _png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def change_header(data: bytes, chance: random.Random) -> bytes:
    """Another size, depth, colour type or interlacing, with the same pixels."""
    chunks = _png_chunks(data)
    for place, (name, body) in enumerate(chunks):
        if name == b"IHDR" and len(body) == 13:
            width, height, depth, colour, *_, interlace = struct.unpack(">2I5B", body)
            match chance.randrange(4):
                case 0:
                    width, height = chance.choice(SIDES), chance.choice(SIDES)
                case 1:
                    depth = chance.choice((1, 2, 4, 8, 16, 3, 32))
                case 2:
                    colour = chance.choice((0, 2, 3, 4, 6, 1))
                case 3:
                    interlace = 1 - interlace % 2
            header = struct.pack(">2I5B", width, height, depth, colour, 0, 0, interlace)
            chunks[place] = name, header
    return data[:8] + b"".join(_png_chunk(*chunk) for chunk in chunks)


def change_chunk(data: bytes, chance: random.Random) -> bytes:
    """A chunk changed, doubled, dropped, or its compressed bytes inflated, changed and deflated."""
    chunks = _png_chunks(data)
    if not chunks:
        return data
    place = chance.randrange(len(chunks))
    name, body = chunks[place]
    match chance.randrange(4):
        case 0:
            chunks[place] = name, change_bytes(body, chance) if body else body
        case 1:
            chunks.insert(chance.randrange(len(chunks)), chunks[place])
        case 2:
            del chunks[place]
        case 3 if name == b"IDAT":
            try:
                chunks[place] = name, zlib.compress(change_bytes(zlib.decompress(body), chance))
            except zlib.error:
                return data
    return data[:8] + b"".join(_png_chunk(*chunk) for chunk in chunks)


# GIF, WebP and AVIF


def change_gif(data: bytes, chance: random.Random) -> bytes:
    """Another screen, frame, palette size, code size or transparent colour."""
    changed = bytearray(data)
    frame = data.find(b",", 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0))
    control = data.find(b"!\xf9\4")
    match chance.randrange(5):
        case 0:
            changed[6:10] = struct.pack("<2H", chance.choice(SIDES), chance.choice(SIDES))
        case 1 if frame > 0:
            fields = (chance.choice((0, 0, 3, 90)), 0, chance.choice(SIDES), chance.choice(SIDES))
            changed[frame + 1 : frame + 9] = struct.pack("<4H", *fields)
        case 2 if frame > 0:
            changed[frame + 9] ^= 1 << chance.randrange(8)  # palette, interlacing
        case 3 if frame > 0:
            changed[frame + 10] = chance.choice((0, 1, 2, 8, 9, 11, 12, 13, 255))
        case 4 if control > 0:
            changed[control + 3 : control + 7] = chance.randbytes(4)
        case _:
            changed[10] = chance.randrange(256)
    return bytes(changed)


def change_near(*names: bytes) -> Mutator:
    """What changes a few bytes behind one of these names, where a format has its fields."""

    def change(data: bytes, chance: random.Random) -> bytes:
        places = [data.find(name) for name in names if name in data]
        if not places:
            return data
        start = chance.choice(places) + 4
        place = start + int(40 * chance.random() ** 2)
        value = chance.choice((b"\0", b"\xff", b"\x2a", b"\x7f", chance.randbytes(1)))
        return data[:place] + value + data[place + 1 :]

    return change


MUTATORS: dict[str, tuple[Mutator, ...]] = {
    "JPEG": (change_frame, change_frame, change_scan, change_scan, change_tables, move_segments,
             change_notes),
    "PNG": (change_header, change_header, change_chunk, change_chunk),
    "GIF": (change_gif, change_gif, change_gif),
    "WebP": (change_near(b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANMF", b"ICCP"),) * 3,
    "AVIF": (
        change_near(b"ispe", b"av1C", b"pixi", b"iloc", b"ipma", b"iref", b"colr"),
        change_near(b"mdat", b"mdat"),
    ),
}  # fmt: skip
