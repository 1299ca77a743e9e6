"""Lines of type, from the one font that Pillow carries within itself.

Its letters are drawn large, made bolder and given serifs by moving pixels, and then squeezed to
the size they are set in: no font of the system takes part.
"""

from collections.abc import Sequence
from functools import cache
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pipeline.posters.artwork.genres import Lettering

EM = 64
"""Pixels of the font size that letters are drawn at before they are squeezed."""

CAP = 46
"""Pixels of a capital's height at that size."""

MARGIN = 8
"""Pixels around a letter, for weight and serifs to grow into."""

FOOTED = frozenset("AFHIKLMNPRTUVWXY")
"""The capitals that get serifs."""


def line(text: str, style: Lettering) -> Image.Image:
    """A mask ("L") of ``text`` set in ``style``, as high as a capital and its margins."""
    letters = [_letter(character, style.weight, style.serifs) for character in text]
    spacing = style.spacing * CAP // 100 - 2 * MARGIN
    width = sum(letter.shape[1] + spacing for letter in letters) - spacing
    height = letters[0].shape[0]
    mask = np.zeros((height, width), np.uint8)
    left = 0
    for letter in letters:
        right = left + letter.shape[1]
        mask[:, left:right] = np.maximum(mask[:, left:right], letter)
        left = right + spacing
    slanted = _slant(mask, style.slant)
    size = (slanted.shape[1] * style.width // 100, height)
    return Image.fromarray(slanted).resize(size, Image.Resampling.BILINEAR)


def small_line(text: str, height: int, squeeze: int) -> Image.Image:
    """A mask of small print, ``height`` pixels high, ``squeeze`` per cent of its natural width."""
    mask = _text_mask(text, 24)
    width = max(1, mask.width * height * squeeze // (mask.height * 100))
    return mask.resize((width, height), Image.Resampling.BOX)


def balance_lines(text: str, count: int) -> list[str]:
    """The words of ``text`` on ``count`` lines at most, none much longer than the others."""
    words = text.split()
    best = [text]
    for lines in _splits(words, count):
        if _longest(lines) < _longest(best):
            best = lines
    return best


def _longest(lines: Sequence[str]) -> int:
    return max(len(words) for words in lines)


def _splits(words: list[str], count: int) -> list[list[str]]:
    if count == 1 or len(words) == 1:
        return [[" ".join(words)]]
    heads = range(1, len(words))
    return [[" ".join(words)]] + [
        [" ".join(words[:head]), *tail]
        for head in heads
        for tail in _splits(words[head:], count - 1)
    ]


@cache
def _letter(character: str, weight: int, serifs: bool) -> NDArray[np.uint8]:
    font = _font(EM)
    advance = int(font.getlength(character))
    image = Image.new("L", (advance + 2 * MARGIN, CAP + 2 * MARGIN))
    draw = ImageDraw.Draw(image)
    draw.text((MARGIN, MARGIN + CAP), character, fill=255, font=font, anchor="ls")
    letter = _grown(_grown(np.asarray(image), weight // 2, 0), (weight + 1) // 2, 1)
    if serifs and character in FOOTED:
        letter = _with_serifs(letter)
    return letter


def _grown(mask: NDArray[np.uint8], reach: int, axis: int) -> NDArray[np.uint8]:
    """``mask`` with its light spread ``reach`` pixels to both sides along ``axis``."""
    grown = mask
    for step in range(1, reach + 1):
        grown = np.maximum(grown, np.roll(mask, step, axis))
        grown = np.maximum(grown, np.roll(mask, -step, axis))
    return grown


def _with_serifs(letter: NDArray[np.uint8]) -> NDArray[np.uint8]:
    footed = letter.copy()
    rows = np.flatnonzero(letter.max(axis=1) > 127)
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    for band in (slice(top, top + 4), slice(bottom - 4, bottom)):
        footed[band] = _grown(letter[band], 6, 1)
    return footed


def _slant(mask: NDArray[np.uint8], slant: int) -> NDArray[np.uint8]:
    height, width = mask.shape
    reach = height * abs(slant) // 100
    slanted = np.zeros((height, width + reach), np.uint8)
    for row in range(height):
        shift = (height - 1 - row if slant > 0 else row) * abs(slant) // 100
        slanted[row, shift : shift + width] = mask[row]
    return slanted


def _text_mask(text: str, size: int) -> Image.Image:
    font = _font(size)
    image = Image.new("L", (int(font.getlength(text)) + 4, size + 4))
    ImageDraw.Draw(image).text((2, size * 3 // 4 + 3), text, fill=255, font=font, anchor="ls")
    return image


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    # Without FreeType, which every wheel of Pillow has, this would be another kind of font.
    return cast(ImageFont.FreeTypeFont, ImageFont.load_default(size))
