"""One poster, drawn from its brief."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from pipeline import lettering, printing, scenery
from pipeline.briefs import Brief
from pipeline.chance import Chance
from pipeline.genres import Composition, Palette
from pipeline.motifs import BUST, HEADGEAR, MOTIFS, Motif
from pipeline.scenery import mixed
from pipeline.silhouettes import Box, Colour, Ring, circle, fill, polygon, stamp

WIDTH, HEIGHT = 182, 268
"""Pixels of a poster."""

SHEET = Box(0, 0, WIDTH, HEIGHT)

STAGES = {
    "top": Box(8, 66, 166, 162),
    "middle": Box(8, 16, 166, 142),
    "bottom": Box(8, 18, 166, 166),
}
"""What the title leaves for the picture, by the title's place."""

PLATES = {"top": (0, 63), "middle": (161, HEIGHT), "bottom": (187, HEIGHT)}
"""The first row of the title's ground and the row after its last."""

TITLES = {
    "top": Box(12, 18, 158, 42),
    "middle": Box(12, 168, 158, 36),
    "bottom": Box(12, 192, 158, 36),
}
"""Where the title stands."""


def draw(brief: Brief, chance: Chance) -> Image.Image:
    """The poster of ``brief``, RGB of 182 by 268 pixels."""
    image = Image.new("RGB", (WIDTH, HEIGHT))
    COMPOSITIONS[brief.composition](image, brief, STAGES[brief.lettering.place], chance)
    if _plated(brief):
        _plate(image, brief)
    _typeset(image, brief)
    return printing.spoiled(image, brief.spoil, chance)


def _centred(image: Image.Image, brief: Brief, stage: Box, chance: Chance) -> None:
    colours = brief.palette
    image.paste(scenery.gradient(image.size, colours.sky, colours.glow))
    x, y = stage.left + stage.width // 2, stage.top + stage.height // 2
    if chance.happens(30):
        scenery.rays(image, x, y, mixed(colours.glow, colours.light, 30), 120)
    scenery.draw(brief.scenery, image, stage.top + stage.height - 26, colours, chance)
    scenery.glow(image, x, y, 120, mixed(colours.glow, colours.light, 20))
    if chance.happens(50):
        fill(image, [circle(x, y, chance.between(56, 74))], mixed(colours.glow, colours.light, 55))
    _motif(image, brief.motifs[0], _inner(stage, chance.between(72, 92), 50, 50), colours, chance)
    _extras(image, brief, stage, chance)


def _landscape(image: Image.Image, brief: Brief, stage: Box, chance: Chance) -> None:
    colours = brief.palette
    image.paste(scenery.gradient(image.size, colours.sky, colours.glow))
    floor = stage.top + stage.height * chance.between(66, 76) // 100
    x, radius = chance.between(40, WIDTH - 40), chance.between(24, 44)
    scenery.glow(image, x, floor - radius, 110, colours.light)
    fill(image, [circle(x, floor - radius, radius)], mixed(colours.glow, colours.light, 75))
    scenery.draw(brief.scenery, image, floor, colours, chance)
    size = chance.between(84, 112)
    left = chance.between(6, WIDTH - size - 6)
    _motif(image, brief.motifs[0], Box(left, floor - size + 22, size, size), colours, chance)
    _extras(image, brief, Box(stage.left, stage.top, stage.width, stage.height - 40), chance)


def _split(image: Image.Image, brief: Brief, stage: Box, chance: Chance) -> None:
    upright = chance.happens(40)
    seam = chance.between(44, 56)
    first, second = brief.palette, brief.second_palette
    if upright:
        half = WIDTH * seam // 100
        halves = (Box(0, 0, half, HEIGHT), Box(half, 0, WIDTH - half, HEIGHT))
        stages = tuple(Box(b.left, stage.top, b.width, stage.height) for b in halves)
    else:
        half = stage.top + stage.height * seam // 100
        halves = (Box(0, 0, WIDTH, half), Box(0, half, WIDTH, HEIGHT - half))
        stages = (
            Box(stage.left, stage.top, stage.width, half - stage.top),
            Box(stage.left, half, stage.width, stage.top + stage.height - half),
        )
    motifs = (brief.motifs[0], brief.motifs[-1])
    for part, inner, colours, motif in zip(halves, stages, (first, second), motifs, strict=True):
        panel = scenery.gradient((part.width, part.height), colours.sky, colours.glow)
        scenery.draw(brief.scenery, panel, part.height * 80 // 100, colours, chance)
        scenery.glow(panel, part.width // 2, part.height // 2, 90, colours.glow)
        image.paste(panel, (part.left, part.top))
        _motif(image, motif, _inner(inner, 84, 50, 50), colours, chance)


def _diagonal(image: Image.Image, brief: Brief, stage: Box, chance: Chance) -> None:
    colours, other = brief.palette, brief.second_palette
    image.paste(scenery.gradient(image.size, colours.sky, colours.glow))
    scenery.draw(brief.scenery, image, stage.top + stage.height - 20, colours, chance)
    drop, high = chance.between(60, 120), chance.between(30, 90)
    flip = chance.happens(50)
    left, right = (high + drop, high) if flip else (high, high + drop)
    for offset, width, colour in (
        (-16, 6, colours.light),
        (0, 92, other.accent),
        (100, 4, other.light),
    ):
        top_left, top_right = left + offset, right + offset
        band = polygon(
            (0, top_left), (WIDTH, top_right), (WIDTH, top_right + width), (0, top_left + width)
        )
        fill(image, [band], colour)
    lean = -120 if flip else 120
    _motif(image, brief.motifs[0], _inner(stage, 94, 50, 50), colours, chance, tilt=lean)
    _extras(image, brief, stage, chance)


def _heads(image: Image.Image, brief: Brief, stage: Box, chance: Chance) -> None:
    colours = brief.palette
    image.paste(scenery.gradient(image.size, colours.sky, colours.glow))
    scenery.glow(image, WIDTH // 2, stage.top + stage.height // 2, 120, colours.glow)
    bottom = stage.top + stage.height
    sides = [(stage.left - 14, 96), (stage.left + stage.width - 82, 96), (WIDTH // 2 - 62, 124)]
    for (left, size), gear in zip(sides[-chance.between(2, 3) :], brief.headgear, strict=False):
        box = Box(left, bottom - size - chance.between(20, 60), size, size)
        _bust(image, HEADGEAR[gear], box, colours, chance)
    _mist(image, bottom, colours.glow)
    scenery.draw(brief.scenery, image, bottom - 14, colours, chance)
    _motif(
        image, brief.motifs[0], _inner(stage, 42, chance.pick((15, 50, 85)), 100), colours, chance
    )
    _extras(image, brief, stage, chance)


def _mist(image: Image.Image, bottom: int, colour: Colour) -> None:
    """Let what stands on the row ``bottom`` rise from mist."""
    depth = 70
    mask = scenery.gradient((image.width, depth), (0, 0, 0), (255, 255, 255)).convert("L")
    image.paste(colour, (0, bottom - depth), mask)
    image.paste(colour, (0, bottom, image.width, image.height))


def _frame(image: Image.Image, brief: Brief, stage: Box, chance: Chance) -> None:
    colours = brief.palette
    other = brief.second_palette
    image.paste(mixed(other.light, other.sky, 55), (0, 0, WIDTH, HEIGHT))
    panel = Box(14, stage.top + 2, WIDTH - 28, stage.height - 4)
    inside = scenery.gradient((panel.width, panel.height), colours.sky, colours.glow)
    scenery.glow(inside, panel.width // 2, panel.height // 2, 90, colours.light)
    scenery.draw(brief.scenery, inside, panel.height * 76 // 100, colours, chance)
    fill(image, [_edge(panel, 4)], colours.accent)
    fill(image, [_edge(panel, 2)], colours.light)
    image.paste(inside, (panel.left, panel.top))
    _motif(image, brief.motifs[0], _inner(panel, 88, 50, 60), colours, chance)
    _extras(image, brief, panel, chance)


def _pattern(image: Image.Image, brief: Brief, stage: Box, chance: Chance) -> None:
    colours = brief.palette
    image.paste(mixed(colours.sky, colours.glow, 40), (0, 0, WIDTH, HEIGHT))
    scenery.draw(brief.scenery, image, HEIGHT - 60, colours, chance)
    across = chance.between(2, 3)
    width, height = WIDTH // across, stage.height // across
    side = min(width, height) - 10
    for number in range(across * across):
        row, column = divmod(number, across)
        left, top = column * width + (width - side) // 2, stage.top + row * height + 5
        motif = brief.motifs[(row + column) % len(brief.motifs)]
        _motif(image, motif, Box(left, top, side, side), colours, chance)


def _plated(brief: Brief) -> bool:
    # Across the seam of two panels no colour of type could be read.
    return brief.plated or brief.composition == "split"


def _plate(image: Image.Image, brief: Brief) -> None:
    """A ground for the title, in the colours of the last genre."""
    colours = brief.second_palette
    top, bottom = PLATES[brief.lettering.place]
    foot = mixed(colours.sky, colours.glow, 40)
    image.paste(scenery.gradient((WIDTH, bottom - top), colours.sky, foot), (0, top))
    seam = bottom if brief.lettering.place == "top" else top - 3
    image.paste(colours.accent, (0, seam, WIDTH, seam + 3))


def _extras(image: Image.Image, brief: Brief, stage: Box, chance: Chance) -> None:
    """The motifs of the further genres, in roundels at the corners of the stage."""
    colours = brief.second_palette
    corners = chance.sample(((0, 0), (100, 0), (0, 100), (100, 100)), 2)
    for motif, (across, down) in zip(brief.motifs[1:], corners, strict=False):
        box = _inner(stage, chance.between(38, 46), across, down)
        x, y = box.left + box.width // 2, box.top + box.height // 2
        fill(image, [circle(x, y, box.width * 60 // 100)], colours.accent)
        fill(image, [circle(x, y, box.width * 56 // 100)], mixed(colours.glow, colours.light, 40))
        _motif(image, motif, _inner(box, 84, 50, 50), colours, chance)


def _motif(
    image: Image.Image, name: str, box: Box, colours: Palette, chance: Chance, tilt: int = 0
) -> None:
    _drawing(image, MOTIFS[name], box, colours, chance.happens(50), tilt + chance.between(-50, 50))


def _bust(image: Image.Image, gear: Motif, box: Box, colours: Palette, chance: Chance) -> None:
    _drawing(image, BUST + gear, box, colours, chance.happens(50), chance.between(-40, 40))


def _drawing(
    image: Image.Image, motif: Motif, box: Box, colours: Palette, flip: bool, tilt: int
) -> None:
    for tone, path in motif:
        stamp(image, path, box, _tone(colours, tone), flip=flip, tilt=tilt)


def _tone(colours: Palette, name: str) -> Colour:
    face = mixed(colours.light, colours.accent, 25)
    tones = {
        "ink": colours.ink,
        "accent": colours.accent,
        "light": colours.light,
        "glow": colours.glow,
        "face": face,
        "shade": mixed(face, colours.ink, 50),
    }
    return tones[name]


def _inner(stage: Box, size: int, across: int, down: int) -> Box:
    """A square of ``size`` per cent of the stage's shorter side, placed by per cent."""
    side = min(stage.width, stage.height) * size // 100
    left = stage.left + (stage.width - side) * across // 100
    return Box(left, stage.top + (stage.height - side) * down // 100, side, side)


def _edge(panel: Box, width: int) -> Ring:
    left, top = panel.left - width, panel.top - width
    right, bottom = panel.left + panel.width + width, panel.top + panel.height + width
    return polygon((left, top), (right, top), (right, bottom), (left, bottom))


def _typeset(image: Image.Image, brief: Brief) -> None:
    place = TITLES[brief.lettering.place]
    colours = brief.second_palette if _plated(brief) else brief.palette
    colour = _contrasting(image, place, (colours.light, colours.ink, colours.accent))
    shade = colours.accent if colour == colours.ink else colours.ink
    lines = lettering.balanced(brief.title, 2)
    masks = [lettering.line(words, brief.lettering) for words in lines]
    height = place.height // len(lines) - 2
    for number, mask in enumerate(masks):
        tall = height if len(lines) > 1 else 30
        width = mask.width * tall // mask.height
        if brief.lettering.justified:
            width = min(place.width, width * 3 // 2)
        if width > place.width:
            tall = max(14, tall * place.width // width)
            width = place.width
        mask = mask.resize((width, tall), Image.Resampling.BILINEAR)
        left = place.left + (place.width - width) // 2
        top = place.top + number * (height + 2)
        if brief.lettering.shadow:
            image.paste(shade, (left + 1, top + 2), mask)
        image.paste(colour, (left, top), mask)
    _small_print(image, brief)


def _small_print(image: Image.Image, brief: Brief) -> None:
    cast = "     ".join(brief.cast).upper()
    foot = 208 if brief.lettering.place == "middle" else 231
    lines = [(cast, 6, 60, 7), (brief.tagline, 9, 85, foot)]
    lines += [(text, 6, 48, 245 + 7 * number) for number, text in enumerate(brief.credits)]
    for text, height, squeeze, top in lines:
        mask = lettering.small_line(text, height, squeeze)
        left = (WIDTH - mask.width) // 2
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


COMPOSITIONS: dict[Composition, Callable[[Image.Image, Brief, Box, Chance], None]] = {
    "centred": _centred,
    "landscape": _landscape,
    "split": _split,
    "diagonal": _diagonal,
    "heads": _heads,
    "frame": _frame,
    "pattern": _pattern,
}
