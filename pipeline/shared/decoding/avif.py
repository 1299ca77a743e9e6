"""An AVIF to pixels: through Pillow's libavif, in less memory than Pillow takes."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import AvifImagePlugin

from pipeline.shared.decoding.avif_boxes import is_sequence
from pipeline.shared.decoding.avif_items import read_item_picture
from pipeline.shared.decoding.avif_picture import AvifPicture
from pipeline.shared.decoding.avif_tracks import read_track_picture
from pipeline.shared.decoding.bare_image import BareImage
from pipeline.shared.decoding.colour_profiles import find_converter
from pipeline.shared.decoding.image_errors import TooManyPixels, check_size
from pipeline.shared.decoding.layers import flatten_layers
from pipeline.shared.decoding.orientation import StoredPicture, read_orientation
from pipeline.shared.decoding.pillow_decoding import pillow_errors

LAYOUT_BYTES = 9.6
"""Of memory for each pixel that is allowed: 9 are needed in 4:4:4 with 8 bits a sample, 6.5 to 8 in
the usual AVIFs without transparency, 10.5 to 16 in those that have it or more bits in 4:4:4."""


def bare_avif(data: bytes) -> BareImage:
    """An AVIF as it is, with the size of its largest part and the profile of its code points.

    libavif reads its orientation and its ICC profile, which wins, itself.
    """
    picture = _read_picture(data)
    return BareImage(data, picture.size, profile=picture.profile)


def decode_avif(bare: BareImage, max_pixels: int) -> StoredPicture:
    """The pixels of an AVIF's first picture, in sRGB and over white."""
    picture = _read_picture(bare.data)
    _check_memory(picture, max_pixels)
    # Each thread of its decoder keeps a frame: with 16 processors, 20 Mpx would take 500 MB more.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    with pillow_errors("AVIF"):
        image = AvifImagePlugin.AvifImageFile(BytesIO(bare.data))
        check_size("AVIF", image.size[::-1], max_pixels)
        height, width = picture.aperture(image.size[::-1])
        levels = _levels(image)[:height, :width]
        profile = image.info.get("icc_profile") or bare.profile
        pixels = flatten_layers(levels, find_converter(profile, 3))
    # Pillow puts the file's own turns (irot, imir) there, which win over EXIF's.
    return StoredPicture(pixels, read_orientation(image.info.get("exif", b"")))


def _read_picture(data: bytes) -> AvifPicture:
    """What libavif reads: the frames of a file that calls itself a sequence, else its picture."""
    if is_sequence(data):
        return read_track_picture(data)
    return read_item_picture(data)


def _levels(image: AvifImagePlugin.AvifImageFile) -> NDArray[np.uint8]:
    """The levels of the first picture, (height, width, 3 or 4), which cannot be written to.

    From the decoder, a private attribute of Pillow's: ``load`` copies them to 4 bytes a pixel more
    while it keeps both the decoder and what came from it: 20 Mpx in 4:4:4 took 225 MB, not 185.
    """
    decoder = image.__dict__.pop("_decoder")
    content, *_ = decoder.get_frame(0)
    return np.frombuffer(content, np.uint8).reshape(image.height, image.width, -1)


def _check_memory(picture: AvifPicture, max_pixels: int) -> None:
    """Refuse what takes more memory than all the pixels that are allowed do in 4:4:4."""
    height, width = picture.size
    layout = picture.layout
    most = min(max_pixels, round(max_pixels * LAYOUT_BYTES / layout.bytes_per_pixel))
    if height * width > most:
        raise TooManyPixels(
            f"{width} × {height} = {height * width:,} pixels in an AVIF of {layout}, over its "
            f"limit of {most:,}",
            "scale the picture down, or save it as a JPEG, or as an AVIF of 4:2:0 with 8 bits",
        )
