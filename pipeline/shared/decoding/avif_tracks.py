"""The first frame of an AVIF sequence: its track and that of its transparency (ISO 14496-12, 8)."""

import struct
from typing import NamedTuple

from pipeline.shared.decoding.avif_boxes import (
    Box,
    boxes_in,
    find_box,
    find_inner_box,
    top_boxes,
)
from pipeline.shared.decoding.avif_picture import AvifPicture
from pipeline.shared.decoding.image_errors import BrokenImage

_ENTRY_BYTES = 78
"""Of a sample entry's own fields before the boxes in it (ISO 14496-12, 8.5.2 and 12.1.3)."""


class _Track(NamedTuple):
    """A track of AV1, (height, width), the boxes of its sample entry, and what it belongs to."""

    size: tuple[int, int]
    boxes: list[Box]
    is_auxiliary: bool


def read_track_picture(data: bytes) -> AvifPicture:
    """The first track that is no other's transparency, with the first one that is."""
    movie = find_box(top_boxes(data), b"moov")
    tracks = [
        track
        for box in boxes_in(data, movie)
        if box.name == b"trak" and (track := _read_track(data, box))
    ]
    colours = [track for track in tracks if not track.is_auxiliary]
    alphas = [track for track in tracks if track.is_auxiliary]
    if not colours:
        raise BrokenImage("the AVIF has no frames")
    sizes = [track.size for track in (*colours[:1], *alphas[:1])]
    largest = max(sizes, key=lambda size: size[0] * size[1])
    return AvifPicture(
        data, largest, colours[0].boxes, [], [box for track in alphas[:1] for box in track.boxes]
    )


def _read_track(data: bytes, box: Box) -> _Track | None:
    """None for a track of another codec, such as sound."""
    try:
        header = find_inner_box(data, box, b"tkhd")
        table = find_inner_box(data, box, b"mdia", b"minf", b"stbl", b"stsd")
        entry = find_box(boxes_in(data, table, 8), b"av01")
        # its last two fields, in 65,536ths of a pixel
        width, height = struct.unpack(">2I", data[header.end - 8 : header.end])
    except (BrokenImage, struct.error):
        return None
    names = {
        reference.name
        for each in boxes_in(data, box)
        if each.name == b"tref"
        for reference in boxes_in(data, each)
    }
    boxes = list(boxes_in(data, entry, _ENTRY_BYTES))
    return _Track((height >> 16, width >> 16), boxes, b"auxl" in names)
