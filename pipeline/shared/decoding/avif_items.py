"""The picture of an AVIF: its item, the items that it is made of, and their properties.

ISO 14496-12, 8.11, and ISO 23008-12, 9.3.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

from pipeline.shared.decoding.avif_boxes import (
    MAX_BOXES,
    Box,
    boxes_in,
    find_box,
    find_inner_box,
    top_boxes,
)
from pipeline.shared.decoding.avif_picture import AvifPicture, is_alpha
from pipeline.shared.decoding.image_errors import BrokenImage

MAX_PROPERTIES = 64
"""Of one item that are read; encoders write up to ten."""
MAX_TILES = 256
"""Of a picture that are read; those of a telephone have 40 to 100."""


class _Link(NamedTuple):
    """A reference of one item to others."""

    kind: bytes
    item: int
    to: Sequence[int]


def read_item_picture(data: bytes) -> AvifPicture:
    """The primary item with its tiles and its transparency.

    libavif decodes no other: thumbnails, depth, gain maps, and the HDR twin that a gain map makes.
    Where the file does not tell which are which, all count.
    """
    meta = find_box(top_boxes(data), b"meta")
    parts = list(boxes_in(data, meta, 4))  # behind version and flags
    container = find_box(parts, b"iprp")
    properties = list(boxes_in(data, find_inner_box(data, container, b"ipco")))
    try:
        primary = _primary_item(data, find_box(parts, b"pitm"))
        table = find_inner_box(data, container, b"ipma")
        chosen = _properties_by_item(data[table.start : table.end], properties)
        own = chosen[primary]
    except (BrokenImage, LookupError):
        return _picture(data, properties, [], [box for box in properties if is_alpha(data, box)])
    links = [link for box in parts if box.name == b"iref" for link in _links(data, box)]
    tiles = _tiles(links, {primary})
    alphas = {
        link.item
        for link in links
        if link.kind == b"auxl"
        and not (tiles | {primary}).isdisjoint(link.to)
        and any(is_alpha(data, box) for box in chosen.get(link.item, []))
    }
    return _picture(data, own, _join(chosen, tiles), _join(chosen, alphas | _tiles(links, alphas)))


def _picture(
    data: bytes, own: Sequence[Box], tiles: Sequence[Box], alphas: Sequence[Box]
) -> AvifPicture:
    sizes = [
        struct.unpack_from(">2I", data, box.start + 4)[::-1]
        for box in (*own, *tiles, *alphas)
        if box.name == b"ispe" and box.end - box.start >= 12
    ]
    if not sizes:
        raise BrokenImage("the AVIF does not say how large it is")
    # Its own size, unless a tile or the transparency claims to be larger.
    largest = max(sizes, key=lambda size: size[0] * size[1])
    return AvifPicture(data, largest, own, tiles, alphas)


def _tiles(links: Iterable[_Link], items: Set[int]) -> set[int]:
    """What ``items`` are made of."""
    return {
        tile for link in links if link.kind == b"dimg" and link.item in items for tile in link.to
    }


def _join(chosen: Mapping[int, Sequence[Box]], items: Set[int]) -> list[Box]:
    """The properties of all ``items``."""
    return [box for item in sorted(items) for box in chosen.get(item, [])]


def _primary_item(data: bytes, box: Box) -> int:
    width = 4 if data[box.start] else 2
    return int.from_bytes(data[box.start + 4 : box.start + 4 + width], "big")


def _properties_by_item(table: bytes, properties: Sequence[Box]) -> dict[int, list[Box]]:
    """The properties of each item, by an ``ipma`` box (ISO 23008-12, 9.3.1)."""
    id_width, index_width = (4 if table[0] else 2), 1 + (table[3] & 1)
    mask = (1 << 8 * index_width - 1) - 1  # the upper bit says that one is essential
    chosen: dict[int, list[Box]] = {}
    place = 8
    for _ in range(min(MAX_BOXES, int.from_bytes(table[4:8], "big"))):
        item = int.from_bytes(table[place : place + id_width], "big")
        start = place + id_width + 1
        place = start + table[start - 1] * index_width
        end = min(place, start + MAX_PROPERTIES * index_width)
        numbers = [
            int.from_bytes(table[at : at + index_width], "big") & mask
            for at in range(start, end, index_width)
        ]
        chosen[item] = [
            properties[number - 1] for number in numbers if 0 < number <= len(properties)
        ]
    return chosen


def _links(data: bytes, box: Box) -> list[_Link]:
    """The references of an ``iref`` box (ISO 14496-12, 8.11.12)."""
    number = "I" if data[box.start] else "H"
    links = []
    for each in boxes_in(data, box, 4):
        head = struct.Struct(f">{number}H")
        try:
            item, count = head.unpack_from(data, each.start)
            to = struct.unpack_from(
                f">{min(count, MAX_TILES)}{number}", data, each.start + head.size
            )
        except struct.error:
            continue
        links.append(_Link(each.name, item, to))
    return links
