"""The ways to fill the picture of a poster, which leave the title's place to the title."""

from collections.abc import Callable

from PIL import Image

from pipeline.posters.artwork import scenery
from pipeline.posters.artwork.briefs import Brief
from pipeline.posters.artwork.chance import Chance
from pipeline.posters.artwork.genres import Composition, Palette
from pipeline.posters.artwork.motifs import BUST, HEADGEAR, MOTIFS, Motif
from pipeline.posters.artwork.scenery import mix
from pipeline.posters.artwork.silhouettes import Box, Colour, Ring, circle, fill, polygon, stamp


def compose(image: Image.Image, brief: Brief, stage: Box, chance: Chance) -> None:
    """Fill ``image`` as ``brief`` has it, with what is to be seen in the part named ``stage``."""
    COMPOSITIONS[brief.composition](image, brief, stage, chance)


def _centre(image: Image.Image, brief: Brief, stage: Box, chance: Chance) -> None:
    colours = brief.palette
    image.paste(scenery.gradient(image.size, colours.sky, colours.glow))
    x, y = stage.left + stage.width // 2, stage.top + stage.height // 2
    if chance.happens(30):
        scenery.rays(image, x, y, mix(colours.glow, colours.light, 30), 120)
    scenery.draw(brief.scenery, image, stage.top + stage.height - 26, colours, chance)
    scenery.glow(image, x, y, 120, mix(colours.glow, colours.light, 20))
    if chance.happens(50):
        fill(image, [circle(x, y, chance.between(56, 74))], mix(colours.glow, colours.light, 55))
    _motif(image, brief.motifs[0], _inner(stage, chance.between(72, 92), 50, 50), colours, chance)
    _extras(image, brief, stage, chance)


def _landscape(image: Image.Image, brief: Brief, stage: Box, chance: Chance) -> None:
    colours = brief.palette
    image.paste(scenery.gradient(image.size, colours.sky, colours.glow))
    floor = stage.top + stage.height * chance.between(66, 76) // 100
    x, radius = chance.between(40, image.width - 40), chance.between(24, 44)
    scenery.glow(image, x, floor - radius, 110, colours.light)
    fill(image, [circle(x, floor - radius, radius)], mix(colours.glow, colours.light, 75))
    scenery.draw(brief.scenery, image, floor, colours, chance)
    size = chance.between(84, 112)
    left = chance.between(6, image.width - size - 6)
    _motif(image, brief.motifs[0], Box(left, floor - size + 22, size, size), colours, chance)
    _extras(image, brief, Box(stage.left, stage.top, stage.width, stage.height - 40), chance)


def _split(image: Image.Image, brief: Brief, stage: Box, chance: Chance) -> None:
    upright = chance.happens(40)
    seam = chance.between(44, 56)
    first, second = brief.palette, brief.second_palette
    if upright:
        half = image.width * seam // 100
        halves = (Box(0, 0, half, image.height), Box(half, 0, image.width - half, image.height))
        stages = tuple(Box(b.left, stage.top, b.width, stage.height) for b in halves)
    else:
        half = stage.top + stage.height * seam // 100
        halves = (Box(0, 0, image.width, half), Box(0, half, image.width, image.height - half))
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
            (0, top_left),
            (image.width, top_right),
            (image.width, top_right + width),
            (0, top_left + width),
        )
        fill(image, [band], colour)
    lean = -120 if flip else 120
    _motif(image, brief.motifs[0], _inner(stage, 94, 50, 50), colours, chance, tilt=lean)
    _extras(image, brief, stage, chance)


def _heads(image: Image.Image, brief: Brief, stage: Box, chance: Chance) -> None:
    colours = brief.palette
    image.paste(scenery.gradient(image.size, colours.sky, colours.glow))
    scenery.glow(image, image.width // 2, stage.top + stage.height // 2, 120, colours.glow)
    bottom = stage.top + stage.height
    sides = [
        (stage.left - 14, 96),
        (stage.left + stage.width - 82, 96),
        (image.width // 2 - 62, 124),
    ]
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
    image.paste(mix(other.light, other.sky, 55), (0, 0, image.width, image.height))
    panel = Box(14, stage.top + 2, image.width - 28, stage.height - 4)
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
    image.paste(mix(colours.sky, colours.glow, 40), (0, 0, image.width, image.height))
    scenery.draw(brief.scenery, image, image.height - 60, colours, chance)
    across = chance.between(2, 3)
    width, height = image.width // across, stage.height // across
    side = min(width, height) - 10
    for number in range(across * across):
        row, column = divmod(number, across)
        left, top = column * width + (width - side) // 2, stage.top + row * height + 5
        motif = brief.motifs[(row + column) % len(brief.motifs)]
        _motif(image, motif, Box(left, top, side, side), colours, chance)


def _extras(image: Image.Image, brief: Brief, stage: Box, chance: Chance) -> None:
    """The motifs of the further genres, in roundels at the corners of the stage."""
    colours = brief.second_palette
    corners = chance.sample(((0, 0), (100, 0), (0, 100), (100, 100)), 2)
    for motif, (across, down) in zip(brief.motifs[1:], corners, strict=False):
        box = _inner(stage, chance.between(38, 46), across, down)
        x, y = box.left + box.width // 2, box.top + box.height // 2
        fill(image, [circle(x, y, box.width * 60 // 100)], colours.accent)
        fill(image, [circle(x, y, box.width * 56 // 100)], mix(colours.glow, colours.light, 40))
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
    face = mix(colours.light, colours.accent, 25)
    tones = {
        "ink": colours.ink,
        "accent": colours.accent,
        "light": colours.light,
        "glow": colours.glow,
        "face": face,
        "shade": mix(face, colours.ink, 50),
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


COMPOSITIONS: dict[Composition, Callable[[Image.Image, Brief, Box, Chance], None]] = {
    "centred": _centre,
    "landscape": _landscape,
    "split": _split,
    "diagonal": _diagonal,
    "heads": _heads,
    "frame": _frame,
    "pattern": _pattern,
}
