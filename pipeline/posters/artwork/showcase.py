"""The README's picture of some of the posters.

python -m pipeline.posters.artwork.showcase docs/posters.png
"""

import argparse
import io
import sys
from pathlib import Path

from PIL import Image

from pipeline.posters.artwork import collection
from pipeline.shared.errors import exit_code
from pipeline.shared.outs import whole_file

COLUMNS, ROWS = 12, 3
WIDTH, HEIGHT, GAP = 91, 134, 5
PAPER = (24, 24, 27)

FIRST = collection.SMALLEST
"""The first poster shown: all that are dirty on purpose come before it."""


def main() -> None:
    """Write the sheet as a PNG of at most 256 colours."""
    parser = argparse.ArgumentParser(
        "python -m pipeline.posters.artwork.showcase", description="Show the posters."
    )
    parser.add_argument("sheet_path", type=Path, help="where it goes: docs/posters.png")
    image = sheet()
    few_colours = image.quantize(256)
    with whole_file(parser.parse_args().sheet_path) as partial:
        image.quantize(palette=few_colours).save(partial, "PNG", optimize=True)


def sheet() -> Image.Image:
    """Thirty-six posters in three rows, RGB."""
    size = (GAP + COLUMNS * (WIDTH + GAP), GAP + ROWS * (HEIGHT + GAP))
    image = Image.new("RGB", size, PAPER)
    for place in range(COLUMNS * ROWS):
        row, column = divmod(place, COLUMNS)
        poster = Image.open(io.BytesIO(collection.picture(FIRST + place)))
        small = poster.resize((WIDTH, HEIGHT), Image.Resampling.BOX)
        image.paste(small, (GAP + column * (WIDTH + GAP), GAP + row * (HEIGHT + GAP)))
    return image


if __name__ == "__main__":
    sys.exit(exit_code(main))
