"""AVIFs as Pillow's encoder does not write them: with other boxes in them."""

import struct
from collections.abc import Sequence

Property = tuple[bytes, bytes]
"""A name and a body."""
ALPHA = b"\0\0\0\0urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"


def box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, name) + body


def boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    """Each box's name and body."""
    found, place = [], 0
    while place + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        length = length or len(data) - place
        found.append((name, data[place + 8 : place + length]))
        place += length
    return found


def with_properties(data: bytes, *added: Property, item: int = 1, others: bool = False) -> bytes:
    """An AVIF of Pillow's with ``added`` to the properties of one item.

    ``others``: they are those of an item of their own, such as a gain map, that nothing refers to.
    """
    parts = boxes(data)
    meta = dict(parts)[b"meta"]
    longer = _meta_with(meta, added, item, 0, others)
    longer = _meta_with(meta, added, item, len(longer) - len(meta), others)
    return b"".join(box(name, longer if name == b"meta" else body) for name, body in parts)


def _meta_with(
    meta: bytes, added: Sequence[Property], item: int, shift: int, others: bool
) -> bytes:
    bodies = [
        (name, _changed(name, body, added, item, shift, others)) for name, body in boxes(meta[4:])
    ]
    return meta[:4] + b"".join(box(name, body) for name, body in bodies)


def _changed(
    name: bytes, body: bytes, added: Sequence[Property], item: int, shift: int, others: bool
) -> bytes:
    if name == b"iprp":
        inner = dict(boxes(body))
        count = len(boxes(inner[b"ipco"]))
        # The upper bit says that one is essential, as libavif wants it of an aperture.
        numbers = bytes(
            count + 1 + index | (0x80 if each[0] == b"clap" else 0)
            for index, each in enumerate(added)
        )
        ipco = inner[b"ipco"] + b"".join(box(*each) for each in added)
        ipma = _ipma_with(inner[b"ipma"], numbers, 99 if others else item)
        return box(b"ipco", ipco) + box(b"ipma", ipma)
    if name == b"iloc":  # places of 4 bytes, from the start of the file
        count = int.from_bytes(body[6:8], "big")
        places = [
            (body[at : at + 6], struct.unpack_from(">I", body, at + 6)[0], body[at + 10 : at + 14])
            for at in range(8, 8 + 14 * count, 14)
        ]
        return body[:8] + b"".join(
            head + struct.pack(">I", place + shift) + length for head, place, length in places
        )
    return body


def _ipma_with(table: bytes, numbers: bytes, item: int) -> bytes:
    entries, place = {}, 8
    for _ in range(int.from_bytes(table[4:8], "big")):
        found, count = struct.unpack_from(">HB", table, place)
        entries[found] = table[place + 3 : place + 3 + count]
        place += 3 + count
    entries[item] = entries.get(item, b"") + numbers
    rows = [struct.pack(">HB", each, len(own)) + own for each, own in sorted(entries.items())]
    return table[:4] + struct.pack(">I", len(rows)) + b"".join(rows)


def aperture(
    width: tuple[int, int], height: tuple[int, int], x: tuple[int, int], y: tuple[int, int]
) -> Property:
    """A clean aperture: its sides, and how far its middle is from the picture's; in fractions."""
    return b"clap", struct.pack(">IIIIiIiI", *width, *height, *x, *y)


def corner_aperture(stored: tuple[int, int], seen: tuple[int, int]) -> Property:
    """What leaves ``seen`` of ``stored``, both (width, height), at the upper left corner."""
    (width, height), (stored_width, stored_height) = seen, stored
    return aperture((width, 1), (height, 1), (width - stored_width, 2), (height - stored_height, 2))


def sequence_alone(data: bytes) -> bytes:
    """A sequence of Pillow's without the picture beside it, which says that it is none."""
    kept = [(b"free" if name == b"meta" else name, body) for name, body in boxes(data)]
    whole = b"".join(box(name, body) for name, body in kept)
    end = int.from_bytes(data[:4], "big")
    brands = whole[:end].replace(b"avif", b"avis").replace(b"mif1", b"avis")
    return brands.replace(b"miaf", b"avis") + whole[end:]
