"""What the boxes of an AVIF tell of its picture: size, colours, aperture, and memory."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pipeline.shared.decoding.avif_boxes import Box
from pipeline.shared.decoding.number_profiles import code_point_profile

_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0", b"urn:mpeg:hevc:2015:auxid:1\0")
_CLAP = struct.Struct(">IIIIiIiI")


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


@dataclass(frozen=True)
class AvifPicture:
    """The properties of what a decoder decodes of an AVIF, and of nothing else in it."""

    data: bytes
    size: tuple[int, int]
    """(height, width) of its largest part as it is stored: not cut to its aperture, nor turned."""
    own: Sequence[Box]
    """Of the picture itself."""
    tiles: Sequence[Box]
    """Of the tiles that it is made of."""
    alphas: Sequence[Box]
    """Of its transparency and the tiles of that."""

    @cached_property
    def layout(self) -> AvifLayout:
        """The layout that takes the most memory of those that its parts have."""
        # AV1 Codec ISO Media File Format Binding, 2.3.3: high_bitdepth, twelve_bit, monochrome,
        # chroma_subsampling_x, chroma_subsampling_y, and two bits more
        flags = self._codec_flags([*self.own, *self.tiles])
        colour_samples = [
            0.0 if flag & 0x10 else 2 / ((1 + (flag >> 3 & 1)) * (1 + (flag >> 2 & 1)))
            for flag in flags
        ]
        is_deep = any(flag & 0x40 for flag in flags + self._codec_flags(self.alphas))
        return AvifLayout(bool(self.alphas), is_deep, max(colour_samples, default=2.0))

    @property
    def profile(self) -> bytes:
        """The profile of the code points (``nclx``) of the picture itself, or of its tiles.

        Its transparency, its thumbnails and the HDR twin that its gain map makes have their own.
        """
        for box in (*self.own, *self.tiles):
            if box.name == b"colr" and self.data[box.start : box.start + 4] == b"nclx":
                points = self.data[box.start + 4 : min(box.end, box.start + 10)]
                if len(points) == 6:
                    primaries, transfer, _ = struct.unpack(">3H", points)
                    # The samples' range is libavif's: it gives the whole range.
                    return code_point_profile(primaries, transfer)
        return b""

    def aperture(self, size: tuple[int, int]) -> tuple[int, int]:
        """(height, width) of what is to be seen of a decoded ``size``, from its upper left corner.

        As in Chromium, whose reason is privacy: an aperture (``clap``, ISO 14496-12, 12.1.4) that
        begins elsewhere, or is none, cuts nothing off (AOMediaCodec/av1-avif#188). Pillow's libavif
        gives the whole picture.
        """
        for box in self.own:
            if box.name == b"clap" and box.end - box.start >= _CLAP.size:
                fields = _CLAP.unpack_from(self.data, box.start)
                width = _length_from_corner(size[1], *fields[:2], *fields[4:6])
                height = _length_from_corner(size[0], *fields[2:4], *fields[6:8])
                return (height, width) if height and width else size
        return size

    def _codec_flags(self, boxes: Sequence[Box]) -> list[int]:
        return [
            self.data[box.start + 2]
            for box in boxes
            if box.name == b"av1C" and box.end - box.start >= 4
        ]


def is_alpha(data: bytes, box: Box) -> bool:
    """Whether a property says that its item is the transparency of another (MIAF, 7.3.5.2)."""
    return box.name == b"auxC" and data[box.start + 4 : box.end].startswith(_ALPHA)


def _length_from_corner(
    side: int, length: int, length_unit: int, offset: int, offset_unit: int
) -> int:
    """How many of the pixels of ``side`` are seen from 0 on; 0 where others are, or none.

    Length and offset are fractions; the offset is that of the middle from the middle of ``side``.
    """
    if not length_unit or not offset_unit or length % length_unit:
        return 0
    seen = length // length_unit
    starts_at_0 = 2 * offset == (seen - side) * offset_unit
    return seen if starts_at_0 and seen <= side else 0
