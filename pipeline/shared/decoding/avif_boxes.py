"""AVIF: its boxes (ISO 14496-12 and 23008-12), as far as they tell its size, colours and cost."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from pipeline.shared.decoding.bare_image import BareImage
from pipeline.shared.decoding.image_errors import BrokenImage
from pipeline.shared.decoding.number_profiles import code_point_profile

_BOX = struct.Struct(">I4s")
_BRANDS = (b"avif", b"avis")
MAX_BOXES = 10_000
"""In one box: a picture in 256 tiles has some hundred properties."""
_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0", b"urn:mpeg:hevc:2015:auxid:1\0")


@dataclass(frozen=True)
class Box:
    """A box's name, and where what is in it starts and ends."""

    name: bytes
    start: int
    end: int


@dataclass(frozen=True)
class AvifLayout:
    """How the decoded samples of an AVIF lie in memory."""

    has_alpha: bool
    is_deep: bool
    """More than 8 bits a sample, which take two bytes."""
    colour_samples: float
    """Of a pixel, both colour differences together: 0 (grey), 0.5 (4:2:0), 1 (4:2:2), 2 (4:4:4)."""

    @property
    def bytes_per_pixel(self) -> float:
        """What libavif and Pillow hold of a pixel at the same time.

        The samples; red, green and blue of 8 bits; and a copy of these for Python.
        """
        samples = 1 + self.colour_samples + self.has_alpha
        return samples * (1 + self.is_deep) + 2 * (3 + self.has_alpha)

    def __str__(self) -> str:
        sampling = {0: "grey", 0.5: "4:2:0", 1: "4:2:2"}.get(self.colour_samples, "4:4:4")
        bits = "10 or 12 bits" if self.is_deep else "8 bits"
        return f"{sampling}, {bits}" + (", with transparency" if self.has_alpha else "")


def is_avif(data: bytes) -> bool:
    """Whether the first box names a brand of AVIF, as its own or among those that it fits."""
    end = int.from_bytes(data[:4], "big")
    if data[4:8] != b"ftyp" or end > 1000:
        return False
    return any(data[place : place + 4] in _BRANDS for place in (8, *range(16, end, 4)))


def bare_avif(data: bytes) -> BareImage:
    """An AVIF as it is, with the size of its largest part and the profile of its code points.

    libavif reads its orientation and its ICC profile, which wins, itself.
    """
    parts = _meta_parts(data)
    properties = _properties(data, parts)
    sizes = [
        struct.unpack_from(">2I", data, box.start + 4)[::-1]
        for box in properties
        if box.name == b"ispe" and box.end - box.start >= 12
    ]
    if not sizes:
        raise BrokenImage("the AVIF does not say how large it is")
    size = max(sizes, key=lambda size: size[0] * size[1])
    return BareImage(data, size, profile=_code_points(data, parts, properties))


def avif_layout(data: bytes) -> AvifLayout:
    """The layout that takes the most memory of those that the properties name."""
    properties = _properties(data, _meta_parts(data))
    # AV1 Codec ISO Media File Format Binding, 2.3.3: high_bitdepth, twelve_bit, monochrome,
    # chroma_subsampling_x, chroma_subsampling_y, and two bits more
    flags = [
        data[box.start + 2]
        for box in properties
        if box.name == b"av1C" and box.end - box.start >= 4
    ]
    colour_samples = [
        0.0 if flag & 0x10 else 2 / ((1 + (flag >> 3 & 1)) * (1 + (flag >> 2 & 1)))
        for flag in flags
    ]
    has_alpha = any(
        box.name == b"auxC" and data[box.start + 4 : box.end].startswith(_ALPHA)
        for box in properties
    )
    return AvifLayout(
        has_alpha, any(flag & 0x40 for flag in flags), max(colour_samples, default=2.0)
    )


def _meta_parts(data: bytes) -> list[Box]:
    """The boxes that describe the pictures; version and flags stand before them."""
    meta = _find(_boxes(data, 0, len(data)), b"meta")
    return list(_boxes(data, meta.start + 4, meta.end))


def _properties(data: bytes, parts: Sequence[Box]) -> list[Box]:
    """All properties of all items, in the order in which they are numbered from 1."""
    container = _find(parts, b"iprp")
    list_box = _find(_boxes(data, container.start, container.end), b"ipco")
    return list(_boxes(data, list_box.start, list_box.end))


def _code_points(data: bytes, parts: Sequence[Box], properties: Sequence[Box]) -> bytes:
    """The profile of the code points (``nclx``) of the picture itself.

    Its transparency, its thumbnails and the HDR twin that its gain map makes have their own.
    """
    numbers = _primary_properties(data, parts)
    own = [properties[number - 1] for number in numbers if 0 < number <= len(properties)]
    if not any(box.name == b"av1C" for box in own):  # made of tiles, which may have its colours
        own += properties
    for box in own:
        if box.name == b"colr" and data[box.start : box.start + 4] == b"nclx":
            points = data[box.start + 4 : min(box.end, box.start + 10)]
            if len(points) == 6:
                primaries, transfer, _ = struct.unpack(">3H", points)
                # The samples' range is libavif's: it gives the whole range.
                return code_point_profile(primaries, transfer)
    return b""


def _primary_properties(data: bytes, parts: Sequence[Box]) -> list[int]:
    """The numbers of the properties of the primary item; none where they cannot be told."""
    try:
        primary = _find(parts, b"pitm")
        width = 4 if data[primary.start] else 2
        item = data[primary.start + 4 : primary.start + 4 + width]
        container = _find(parts, b"iprp")
        table = _find(_boxes(data, container.start, container.end), b"ipma")
        return _associations(data[table.start : table.end], int.from_bytes(item, "big"))
    except (BrokenImage, IndexError):
        return []


def _associations(table: bytes, item: int) -> list[int]:
    """The numbers that an ``ipma`` box has for ``item`` (ISO 23008-12, 9.3.1)."""
    id_width, index_width = (4 if table[0] else 2), 1 + (table[3] & 1)
    place = 8
    for _ in range(min(MAX_BOXES, int.from_bytes(table[4:8], "big"))):
        count = table[place + id_width]
        found = int.from_bytes(table[place : place + id_width], "big")
        place += id_width + 1
        if found == item:
            indices = table[place : place + count * index_width]
            mask = (1 << 8 * index_width - 1) - 1  # the upper bit says that one is essential
            return [
                int.from_bytes(indices[start : start + index_width], "big") & mask
                for start in range(0, len(indices), index_width)
            ]
        place += count * index_width
    return []


def _find(boxes: Iterable[Box], name: bytes) -> Box:
    """The first box of ``name``."""
    for box in boxes:
        if box.name == name:
            return box
    raise BrokenImage("the AVIF ends before its header, or has none")


def _boxes(data: bytes, place: int, end: int) -> Iterator[Box]:
    """Each box from ``place`` on."""
    return islice(_all_boxes(data, place, end), MAX_BOXES)


def _all_boxes(data: bytes, place: int, end: int) -> Iterator[Box]:
    while place + 8 <= end:
        length, name = _BOX.unpack_from(data, place)
        start = place + 8
        if length == 1:  # the length follows, in 8 bytes
            length, start = int.from_bytes(data[start : start + 8], "big"), start + 8
        elif length == 0:  # to the end
            length = end - place
        if length < start - place:
            return
        yield Box(name, start, min(place + length, end))
        place += length
