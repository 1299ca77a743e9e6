"""One poster, drawn from its brief: the picture, the type, and what time did to the print."""

from PIL import Image

from pipeline.posters.artwork.briefs import Brief
from pipeline.posters.artwork.chance import Chance
from pipeline.posters.artwork.compositions import compose
from pipeline.posters.artwork.printing import spoil
from pipeline.posters.artwork.silhouettes import Box
from pipeline.posters.artwork.typesetting import typeset

SIZE = (182, 268)
"""Pixels of a poster's width and height, those of the public set at 61 per cent."""

STAGES = {
    "top": Box(8, 66, 166, 162),
    "middle": Box(8, 16, 166, 142),
    "bottom": Box(8, 18, 166, 166),
}
"""What a title leaves for the picture, by the title's place."""


def draw(brief: Brief, chance: Chance) -> Image.Image:
    """The poster of ``brief``, RGB of 182 by 268 pixels."""
    image = Image.new("RGB", SIZE)
    compose(image, brief, STAGES[brief.lettering.place], chance)
    typeset(image, brief)
    return spoil(image, brief.spoil, chance)
