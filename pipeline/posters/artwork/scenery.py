"""The places that posters are set in: skylines, ridges, woods, stars, behind everything else."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from PIL import Image

from pipeline.posters.artwork.chance import Chance
from pipeline.posters.artwork.genres import Palette, Scenery
from pipeline.posters.artwork.silhouettes import Colour, Point, Ring, circle, fill, polygon


def gradient(size: tuple[int, int], top: Colour, bottom: Colour) -> Image.Image:
    """An RGB image of ``size`` that passes from ``top`` to ``bottom``."""
    width, height = size
    share = np.arange(height)[:, None] * 256 // max(1, height - 1)
    rows = (np.array(top) * (256 - share) + np.array(bottom) * share) // 256
    return Image.fromarray(np.repeat(rows[:, None, :].astype(np.uint8), width, axis=1))


def glow(image: Image.Image, x: int, y: int, radius: int, colour: Colour) -> None:
    """Light of ``colour`` around the pixel (``x``, ``y``), gone at ``radius``."""
    down, across = np.ogrid[: image.height, : image.width]
    square = (down - y) ** 2 + (across - x) ** 2
    left = np.maximum(radius * radius - square, 0)
    mask = (left * (left // 64) * 230 // max(1, radius**4 // 64)).astype(np.uint8)
    image.paste(colour, (0, 0), Image.fromarray(mask))


def mix(one: Colour, other: Colour, share: int) -> Colour:
    """``one`` with ``share`` per cent of ``other`` in it."""
    red, green, blue = (
        (a * (100 - share) + b * share) // 100 for a, b in zip(one, other, strict=True)
    )
    return red, green, blue


def draw(
    scenery: Scenery, image: Image.Image, floor: int, colours: Palette, chance: Chance
) -> None:
    """Draw ``scenery`` down from the skyline around the row ``floor`` of ``image``."""
    PAINTERS[scenery](image, floor, colours, chance)


def rays(image: Image.Image, x: int, y: int, colour: Colour, opacity: int) -> None:
    """Sixteen beams from the pixel (``x``, ``y``) to beyond the edges."""
    rim = circle(x, y, image.height * 2)
    step = len(rim) // 20
    for start in range(0, len(rim), 2 * step):
        beam = np.concatenate([polygon((x, y)), rim[[start, (start + step) % len(rim)]]])
        fill(image, [beam], colour, opacity)


def _skyline(image: Image.Image, floor: int, colours: Palette, chance: Chance) -> None:
    for depth, tone in ((38, 40), (18, 75)):
        colour = mix(colours.glow, colours.ink, tone)
        left = -chance.below(12)
        while left < image.width:
            width, height = chance.between(12, 30), chance.between(6, 50) + depth
            _tower(image, (left, floor - height, left + width), colour, colours, chance)
            left += width + chance.below(3)


def _tower(
    image: Image.Image,
    place: tuple[int, int, int],
    colour: Colour,
    colours: Palette,
    chance: Chance,
) -> None:
    left, top, right = place
    fill(image, [_block(left, top, right, image.height)], colour)
    if chance.happens(30):
        middle = (left + right) // 2
        fill(image, [_block(middle, top - 10, middle + 1, top)], colour)
    lights = [
        _block(x, y, x + 2, y + 3)
        for x in range(left + 3, right - 3, 4)
        for y in range(top + 4, top + 44, 6)
        if chance.happens(30)
    ]
    if lights:
        fill(image, lights, mix(colour, colours.accent, 70))


def _ridges(image: Image.Image, floor: int, colours: Palette, chance: Chance) -> None:
    for number, tone in enumerate((25, 55, 90)):
        line = _broken_line(image.width, floor - 34 + 26 * number, 44 - 10 * number, chance)
        fill(image, [_ground(line, image.height)], mix(colours.glow, colours.ink, tone))


def _peaks(image: Image.Image, floor: int, colours: Palette, chance: Chance) -> None:
    _sparks(image, floor, colours.light, 26, chance)
    for number, tone in enumerate((30, 70)):
        points: list[Point] = [(-20, floor + 20)]
        while points[-1][0] < image.width:
            x = points[-1][0]
            reach = chance.between(12, 26)
            points.append((x + reach, floor - chance.between(34, 90) + 30 * number))
            points.append((x + 2 * reach, floor + chance.between(-4, 22) + 20 * number))
        fill(image, [_ground(points, image.height)], mix(colours.sky, colours.ink, tone))


def _hills(image: Image.Image, floor: int, colours: Palette, chance: Chance) -> None:
    for _ in range(4):
        x, y = chance.below(image.width), chance.between(12, max(13, floor - 60))
        puffs = [(x - 13, y, 8), (x, y - 4, 12), (x + 14, y, 9)]
        for left, top, radius in puffs:
            fill(image, [circle(left, top, radius)], colours.light, 200)
    for number, tone in enumerate((25, 45)):
        colour = mix(colours.glow, (40, 170, 70), 60 + tone // 2)
        x = chance.below(60)
        for left in (x - 70, x + 50, x + 170):
            fill(image, [circle(left, floor + 92 + 16 * number, 110)], colour)


def _confetti(image: Image.Image, floor: int, colours: Palette, chance: Chance) -> None:
    for _ in range(34):
        x, y = chance.below(image.width), chance.below(image.height)
        colour = chance.pick((colours.accent, colours.ink, colours.light, (22, 165, 165)))
        if chance.happens(50):
            fill(image, [circle(x, y, chance.between(2, 5))], colour)
        else:
            fill(image, [polygon((x, y), (x + 7, y + 3), (x + 5, y + 7), (x - 2, y + 4))], colour)


def _blinds(image: Image.Image, floor: int, colours: Palette, chance: Chance) -> None:
    lean = chance.between(-30, 30)
    for top in range(-40, image.height + 40, 17):
        slat = polygon(
            (0, top), (image.width, top + lean), (image.width, top + lean + 8), (0, top + 8)
        )
        fill(image, [slat], colours.ink, 150)


def _sea(image: Image.Image, floor: int, colours: Palette, chance: Chance) -> None:
    fill(
        image,
        [_block(0, floor, image.width, image.height)],
        mix(colours.sky, colours.ink, 45),
    )
    for _ in range(26):
        y = floor + 2 + chance.below(max(1, image.height - floor))
        x, length = chance.below(image.width), chance.between(8, 40)
        fill(
            image,
            [_block(x, y, x + length, y + 1)],
            mix(colours.sky, colours.light, 40),
            150,
        )


def _woods(image: Image.Image, floor: int, colours: Palette, chance: Chance) -> None:
    for number, tone in enumerate((55, 100)):
        colour = mix(colours.glow, colours.ink, tone)
        fill(image, [_block(0, floor + 14 * number, image.width, image.height)], colour)
        for _ in range(15):
            x, foot = chance.below(image.width), floor + 4 + 14 * number
            height, half = chance.between(30, 84), chance.between(5, 10)
            trunk = polygon((x - 2, foot), (x, foot - height), (x + 2, foot))
            tiers = [
                polygon((x - half, y), (x, y - height // 2), (x + half, y))
                for y in (foot - height // 4, foot - height // 2)
            ]
            for ring in (trunk, *tiers):
                fill(image, [ring], colour)


def _stars(image: Image.Image, floor: int, colours: Palette, chance: Chance) -> None:
    _sparks(image, image.height, colours.light, 80, chance)
    for number in range(1, 8):
        y = floor + number * number * 2
        fill(image, [_block(0, y, image.width, y + 1)], colours.accent, 150)
    middle = image.width // 2
    for lean in range(-6, 7):
        line = polygon(
            (middle + lean * 16, floor), (middle + lean * 16 + 1, floor),
            (middle + lean * 60 + 2, image.height), (middle + lean * 60, image.height),
        )  # fmt: skip
        fill(image, [line], colours.accent, 150)


def _bars(image: Image.Image, floor: int, colours: Palette, chance: Chance) -> None:
    for left in range(2, image.width, 10):
        height = chance.between(10, 90)
        blocks = [
            _block(left, y, left + 8, y + 4) for y in range(floor + 40, floor + 40 - height, -6)
        ]
        fill(image, blocks, chance.pick((colours.accent, colours.glow)), 210)


def _petals(image: Image.Image, floor: int, colours: Palette, chance: Chance) -> None:
    for _ in range(22):
        x, y = chance.below(image.width), chance.below(image.height)
        radius = chance.between(3, 12)
        fill(image, [circle(x, y, radius)], chance.pick((colours.light, colours.accent)), 60)


def _mesas(image: Image.Image, floor: int, colours: Palette, chance: Chance) -> None:
    for number, tone in enumerate((35, 70)):
        colour = mix(colours.glow, colours.accent, tone)
        left = -chance.below(30)
        while left < image.width:
            width, height = chance.between(24, 60), chance.between(14, 56) - 10 * number
            top, foot = floor - height + 16 * number, floor + 24
            butte = polygon(
                (left - 8, foot), (left, top + 12), (left + 3, top), (left + width - 3, top),
                (left + width, top + 12), (left + width + 10, foot),
            )  # fmt: skip
            fill(image, [butte], colour)
            left += width + chance.between(10, 50)
        fill(image, [_block(0, floor + 12 * number, image.width, image.height)], colour)


def _sparks(image: Image.Image, floor: int, colour: Colour, count: int, chance: Chance) -> None:
    for _ in range(count):
        x, y = chance.below(image.width), chance.below(max(1, floor))
        image.putpixel((x, y), colour)
        if chance.happens(15):
            fill(image, [_block(x - 1, y, x + 2, y + 1), _block(x, y - 1, x + 1, y + 2)], colour)


def _broken_line(width: int, level: int, swing: int, chance: Chance) -> list[Point]:
    """A line across ``width`` that is broken in the middle of each part, again and again."""
    heights = [level + chance.between(-swing, swing) for _ in range(3)]
    while len(heights) < 33:
        swing = swing * 55 // 100
        middles = [
            (one + other) // 2 + chance.between(-swing, swing) for one, other in pairwise(heights)
        ]
        pairs = zip(heights, [*middles, 0], strict=True)
        heights = [height for pair in pairs for height in pair][:-1]
    return [(number * width // 32, height) for number, height in enumerate(heights)]


def _ground(line: list[Point], bottom: int) -> Ring:
    return polygon(*line, (line[-1][0], bottom), (line[0][0], bottom))


def _block(left: int, top: int, right: int, bottom: int) -> Ring:
    return polygon((left, top), (right, top), (right, bottom), (left, bottom))


PAINTERS: dict[Scenery, Callable[[Image.Image, int, Palette, Chance], None]] = {
    "skyline": _skyline,
    "ridges": _ridges,
    "hills": _hills,
    "confetti": _confetti,
    "blinds": _blinds,
    "sea": _sea,
    "woods": _woods,
    "peaks": _peaks,
    "stars": _stars,
    "bars": _bars,
    "petals": _petals,
    "mesas": _mesas,
}
