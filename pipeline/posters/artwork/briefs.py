"""What a poster is told to show and what its row in the table says, drawn by lot.

A genre shows in several cues that are chosen one by one: palette, motifs, scenery, headgear,
lettering, composition. Now and then a cue comes from a genre that has no part in the film, and now
and then the table's row is wrong, as in data that people have made.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.posters.artwork.chance import Chance
from pipeline.posters.artwork.genres import (
    LOOKS,
    PROGRAMME,
    Composition,
    Headgear,
    Lettering,
    Look,
    Palette,
    Scenery,
)
from pipeline.posters.artwork.titles import credits_lines, person, tagline, title

DISTRACTED = 7
"""Per cent of the cues that come from any genre at all."""

MISLABELLED = 10
"""Per cent of the rows that lack a genre or have one too many."""

SPOILS = (
    ("none", 52),
    ("grain", 14),
    ("blur", 9),
    ("greyscale", 6),
    ("tint", 8),
    ("faded", 7),
    ("worn", 6),
)
"""What may have happened to a poster before it was scanned, with its share in per cent."""


@dataclass(frozen=True)
class Brief:
    """All that is decided of a poster before it is drawn: ``labels`` are its row's genres."""

    genres: tuple[str, ...]
    labels: tuple[str, ...]
    palette: Palette
    second_palette: Palette
    motifs: tuple[str, ...]
    scenery: Scenery
    headgear: tuple[Headgear, ...]
    lettering: Lettering
    composition: Composition
    plated: bool
    title: str
    tagline: str
    cast: tuple[str, ...]
    credits: tuple[str, ...]
    spoil: str


def brief(chance: Chance) -> Brief:
    """The next brief that ``chance`` makes up."""
    together = chance.weighted_choice(PROGRAMME)
    genres = tuple(chance.sample(together, len(together)))
    return Brief(
        genres=genres,
        labels=_labels(genres, chance),
        palette=chance.pick(_look(genres[:1], chance).palettes),
        second_palette=chance.pick(_look(genres[-1:], chance).palettes),
        motifs=tuple(chance.pick(_look([genre], chance).motifs) for genre in genres),
        scenery=_look(genres, chance).scenery,
        headgear=tuple(_look(genres, chance).headgear for _ in range(3)),
        lettering=_look(genres, chance).lettering,
        composition=chance.pick(_look(genres, chance).compositions),
        plated=chance.happens(85 if len(genres) > 1 else 25),
        title=title(genres, chance),
        tagline=tagline(genres, chance),
        cast=tuple(person(chance) for _ in range(3)),
        credits=tuple(credits_lines(chance)),
        spoil=chance.weighted_choice(SPOILS),
    )


def _look(genres: Sequence[str], chance: Chance) -> Look:
    if chance.happens(DISTRACTED):
        return LOOKS[chance.pick(tuple(LOOKS))]
    return LOOKS[chance.pick(genres)]


def _labels(genres: tuple[str, ...], chance: Chance) -> tuple[str, ...]:
    labels = list(genres)
    if chance.happens(MISLABELLED):
        stranger = chance.pick(tuple(LOOKS))
        if len(labels) > 1 and chance.happens(50):
            labels.remove(chance.pick(labels))
        elif stranger not in labels and len(labels) < 3:
            labels.append(stranger)
    return tuple(sorted(labels))
