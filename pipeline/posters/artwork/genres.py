"""The art direction sheet: how a poster of each genre looks, and which genres share a poster."""

from dataclasses import dataclass
from typing import Literal

from pipeline.posters.artwork.silhouettes import Colour

Composition = Literal["centred", "landscape", "split", "diagonal", "heads", "frame", "pattern"]
Scenery = Literal[
    "skyline", "ridges", "hills", "confetti", "blinds", "sea", "woods", "peaks", "stars", "bars",
    "petals", "mesas",
]  # fmt: skip
Headgear = Literal[
    "bare", "cap", "fedora", "long hair", "helmet", "hood", "headphones", "crown", "stetson",
    "glasses", "ears",
]  # fmt: skip
Place = Literal["top", "middle", "bottom"]


@dataclass(frozen=True)
class Palette:
    """The colours of a poster: its backdrop from ``sky`` to ``glow``, and the tones drawn on it."""

    sky: Colour
    glow: Colour
    ink: Colour
    accent: Colour
    light: Colour


@dataclass(frozen=True)
class Lettering:
    """How a title is set: ``weight`` in pixels of a 64-pixel letter, the rest in per cent."""

    weight: int = 1
    width: int = 100
    spacing: int = 6
    slant: int = 0
    serifs: bool = False
    justified: bool = False
    shadow: bool = False
    place: Place = "bottom"


@dataclass(frozen=True)
class Look:
    """What tells of a genre: each of the cues alone, and more surely all of them."""

    palettes: tuple[Palette, ...]
    motifs: tuple[str, ...]
    scenery: Scenery
    headgear: Headgear
    lettering: Lettering
    compositions: tuple[Composition, ...]


def palette(colours: str) -> Palette:
    """The palette of five hexadecimal colours: sky, glow, ink, accent, light."""
    return Palette(*(_colour(word) for word in colours.split()))


def _colour(word: str) -> Colour:
    red, green, blue = bytes.fromhex(word)
    return red, green, blue


LOOKS: dict[str, Look] = {
    "Action": Look(
        palettes=(
            palette("14181f f26b1d 0b0d10 ffb000 fff1d0"),
            palette("1d2b3a ff9a2e 0a0f14 ff5a1f ffe9c4"),
            palette("d8231c e8401f 1c0503 7a0c0a f0552e"),
        ),
        motifs=("runner", "crosshair", "helicopter", "bolt"),
        scenery="skyline",
        headgear="cap",
        lettering=Lettering(weight=5, width=75, spacing=3, slant=22, justified=True),
        compositions=("diagonal", "heads", "centred", "diagonal"),
    ),
    "Adventure": Look(
        palettes=(
            palette("1f7a8c ffd27d 17404a e4572e fff3d6"),
            palette("2a6f6b f5c35b 1c3b35 d9722b fdf0d0"),
        ),
        motifs=("ship", "balloon", "compass", "pyramid"),
        scenery="ridges",
        headgear="stetson",
        lettering=Lettering(weight=3, width=100, spacing=8, serifs=True, shadow=True, place="top"),
        compositions=("landscape", "landscape", "centred", "frame"),
    ),
    "Animation": Look(
        palettes=(
            palette("38b6ff b8f2ff 2b2d68 ff5fa2 ffffff"),
            palette("7ed957 e9ffb0 23405c ff7a2f ffffff"),
            palette("8f6bff f7c6ff 2a1e5c ffd23f ffffff"),
        ),
        motifs=("creature", "cub", "fish"),
        scenery="hills",
        headgear="ears",
        lettering=Lettering(weight=7, width=105, spacing=2, shadow=True, place="top"),
        compositions=("landscape", "centred", "landscape"),
    ),
    "Comedy": Look(
        palettes=(
            palette("ffd60a fff3a3 20242c f0386b ffffff"),
            palette("fdfdf6 ffffff 1e2430 ff3d3d ffe14d"),
            palette("ffb627 ffe08a 2c1a3a 16a5a5 ffffff"),
        ),
        motifs=("disguise", "duck", "smile", "popcorn"),
        scenery="confetti",
        headgear="glasses",
        lettering=Lettering(weight=5, width=110, spacing=4, justified=True, place="top"),
        compositions=("centred", "heads", "pattern", "pattern"),
    ),
    "Crime": Look(
        palettes=(
            palette("15181c 8a8f86 08090b d8c14a e9e6da"),
            palette("23282e b7b39a 0d0f12 c8a43a f2efe2"),
        ),
        motifs=("revolver", "badge", "handcuffs", "detective"),
        scenery="blinds",
        headgear="fedora",
        lettering=Lettering(weight=3, width=60, spacing=5, justified=True, place="bottom"),
        compositions=("split", "heads", "centred", "split"),
    ),
    "Drama": Look(
        palettes=(
            palette("6f7f86 d9d2c0 2c3438 a5673f f3eee2"),
            palette("8a7f70 e6dcc6 3a3129 7d4e35 f7f1e3"),
            palette("54646f b9c3c1 232b31 b98a56 eef0ea"),
        ),
        motifs=("tree", "profile", "umbrella", "lone figure", "window"),
        scenery="sea",
        headgear="bare",
        lettering=Lettering(weight=0, width=95, spacing=32, place="middle"),
        compositions=("heads", "landscape", "frame", "heads"),
    ),
    "Fantasy": Look(
        palettes=(
            palette("2a1252 8f5bd1 170a30 f2c14e e9dcff"),
            palette("123a4f 59b39a 0a1e2e e0b84c dff5ea"),
        ),
        motifs=("sword", "castle", "wizard", "crystal"),
        scenery="peaks",
        headgear="crown",
        lettering=Lettering(weight=2, width=90, spacing=14, serifs=True, place="bottom"),
        compositions=("frame", "frame", "landscape", "centred"),
    ),
    "Horror": Look(
        palettes=(
            palette("060709 4a1416 020203 c1121f d9d4c5"),
            palette("0b0f0d 3d5a45 030504 a30f18 d7dbc8"),
            palette("a80f16 d81f1f 0c0202 5a0508 ec4438"),
        ),
        motifs=("skull", "haunted house", "knife", "dead tree"),
        scenery="woods",
        headgear="hood",
        lettering=Lettering(weight=1, width=50, spacing=18, place="bottom"),
        compositions=("centred", "landscape", "centred", "heads"),
    ),
    "Music": Look(
        palettes=(
            palette("2b0a3d ff2e93 14041f 00e5d0 fff2b3"),
            palette("0a1a4a e03ad0 050b24 ffdd33 e8f7ff"),
        ),
        motifs=("guitar", "vinyl", "note", "microphone"),
        scenery="bars",
        headgear="headphones",
        lettering=Lettering(weight=4, width=130, spacing=10, slant=-14, place="middle"),
        compositions=("diagonal", "centred", "pattern"),
    ),
    "Romance": Look(
        palettes=(
            palette("f7b6c2 fff0ea 6b2340 e0436f ffffff"),
            palette("e88fa4 ffe0d2 5a1d3a c92a55 fff7f0"),
            palette("c41a3c e2344e 2c0413 7c0a26 f05058"),
        ),
        motifs=("heart", "couple", "rose", "ring"),
        scenery="petals",
        headgear="long hair",
        lettering=Lettering(weight=0, width=85, spacing=8, slant=20, serifs=True, place="top"),
        compositions=("centred", "split", "heads", "frame"),
    ),
    "Sci-Fi": Look(
        palettes=(
            palette("030b1c 0f5e8c 01040b 19e3ff e6fbff"),
            palette("04121a 12857f 010708 7dffb2 e2fff4"),
        ),
        motifs=("planet", "rocket", "saucer", "robot"),
        scenery="stars",
        headgear="helmet",
        lettering=Lettering(weight=1, width=125, spacing=40, place="bottom"),
        compositions=("centred", "landscape", "centred", "heads"),
    ),
    "Western": Look(
        palettes=(
            palette("d9772b ffd48a 3a1c0e 8c2f13 ffedc4"),
            palette("c08a4e f3dca6 2f1b10 a33c1a fdf0cf"),
        ),
        motifs=("cactus", "stetson", "horseshoe", "wheel"),
        scenery="mesas",
        headgear="stetson",
        lettering=Lettering(weight=5, width=70, spacing=6, serifs=True, justified=True),
        compositions=("landscape", "landscape", "frame", "split"),
    ),
}
"""How each of the twelve genres that are drawn looks."""

PROGRAMME: tuple[tuple[tuple[str, ...], int], ...] = (
    (("Drama",), 80),
    (("Comedy",), 62),
    (("Horror",), 44),
    (("Drama", "Romance"), 44),
    (("Comedy", "Romance"), 30),
    (("Comedy", "Drama"), 26),
    (("Comedy", "Drama", "Romance"), 18),
    (("Crime", "Drama"), 34),
    (("Action", "Crime"), 26),
    (("Action", "Crime", "Drama"), 18),
    (("Action",), 26),
    (("Action", "Adventure"), 28),
    (("Action", "Adventure", "Sci-Fi"), 20),
    (("Action", "Sci-Fi"), 16),
    (("Sci-Fi",), 26),
    (("Horror", "Sci-Fi"), 14),
    (("Drama", "Sci-Fi"), 10),
    (("Adventure",), 18),
    (("Adventure", "Fantasy"), 22),
    (("Fantasy",), 22),
    (("Fantasy", "Romance"), 8),
    (("Fantasy", "Horror"), 8),
    (("Adventure", "Animation", "Comedy"), 24),
    (("Animation", "Comedy"), 18),
    (("Animation", "Fantasy"), 12),
    (("Animation",), 14),
    (("Crime",), 24),
    (("Comedy", "Crime"), 14),
    (("Romance",), 24),
    (("Drama", "Music"), 18),
    (("Comedy", "Music"), 12),
    (("Music",), 22),
    (("Music", "Romance"), 6),
    (("Western",), 28),
    (("Drama", "Western"), 10),
    (("Action", "Western"), 12),
    (("Adventure", "Western"), 6),
)
"""The genres that a poster may have together, each with how often of the sum of all."""
