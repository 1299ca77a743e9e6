"""The title of a poster on its ground, and the small print."""

import numpy as np
from PIL import Image

from pipeline.posters.artwork import lettering
from pipeline.posters.artwork.briefs import Brief
from pipeline.posters.artwork.genres import Palette
from pipeline.posters.artwork.scenery import gradient, mix
from pipeline.posters.artwork.silhouettes import Box, Colour

PLATES = {"top": (0, 63), "middle": (161, 268), "bottom": (187, 268)}
"""The first row of the title's ground and the row after its last, by the title's place."""

TITLES = {
    "top": Box(12, 18, 158, 42),
    "middle": Box(12, 168, 158, 36),
    "bottom": Box(12, 192, 158, 36),
}
"""Where the title stands."""

SEAM = 3
"""Pixels of the line between the title's ground and the picture."""

LEADING = 2
"""Pixels between the lines of a title."""


def typeset(image: Image.Image, brief: Brief) -> None:
    """Set the title, the cast, the tagline and the credits of ``brief`` on ``image``."""
    colours = brief.palette
    # Across the seam of two panels no colour of type could be read.
    if brief.plated or brief.composition == "split":
        colours = brief.second_palette
        _plate(image, *PLATES[brief.lettering.place], colours)
    _title(image, brief, colours)
    _small_print(image, brief)


def _plate(image: Image.Image, top: int, bottom: int, colours: Palette) -> None:
    foot = mix(colours.sky, colours.glow, 40)
    image.paste(gradient((image.width, bottom - top), colours.sky, foot), (0, top))
    seam = bottom if top == 0 else top - SEAM
    image.paste(colours.accent, (0, seam, image.width, seam + SEAM))


def _title(image: Image.Image, brief: Brief, colours: Palette) -> None:
    place = TITLES[brief.lettering.place]
    colour = _contrasting(image, place, (colours.light, colours.ink, colours.accent))
    shade = colours.accent if colour == colours.ink else colours.ink
    lines = lettering.balance_lines(brief.title, 2)
    height = place.height // len(lines) - LEADING
    for number, words in enumerate(lines):
        mask = _fit(lettering.line(words, brief.lettering), place.width, min(height, 30), brief)
        left = place.left + (place.width - mask.width) // 2
        top = place.top + number * (height + LEADING)
        if brief.lettering.shadow:
            image.paste(shade, (left + 1, top + 2), mask)
        image.paste(colour, (left, top), mask)


def _fit(mask: Image.Image, room: int, height: int, brief: Brief) -> Image.Image:
    """``mask`` at ``height`` pixels, or less where its width would pass ``room``."""
    width = mask.width * height // mask.height
    if brief.lettering.justified:
        width = min(room, width * 3 // 2)
    if width > room:
        width, height = room, max(14, height * room // width)
    return mask.resize((width, height), Image.Resampling.BILINEAR)


def _small_print(image: Image.Image, brief: Brief) -> None:
    cast = "     ".join(brief.cast).upper()
    foot = 208 if brief.lettering.place == "middle" else 231
    lines = [(cast, 6, 60, 7), (brief.tagline, 9, 85, foot)]
    lines += [(text, 6, 48, 245 + 7 * number) for number, text in enumerate(brief.credits)]
    for text, height, squeeze, top in lines:
        mask = lettering.small_line(text, height, squeeze)
        left = (image.width - mask.width) // 2
        tones = (brief.palette.light, brief.palette.ink, brief.second_palette.light)
        colour = _contrasting(image, Box(left, top, mask.width, height), tones)
        image.paste(colour, (left, top), mask)


def _contrasting(image: Image.Image, box: Box, tones: tuple[Colour, ...]) -> Colour:
    """The one of ``tones`` that is furthest from what ``image`` shows in ``box``."""
    left, top, width, height = box
    pixels = np.asarray(image.crop((left, top, left + width, top + height)), dtype=np.int64)
    mean = pixels.sum(axis=(0, 1)) // (width * height)
    weights = np.array([3, 6, 1])
    return max(tones, key=lambda tone: int((np.abs(np.array(tone) - mean) * weights).sum()))
