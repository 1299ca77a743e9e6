"""The posters that a benchmark sends: of a folder's, those that can be read.

The workshop's own raw data has some that cannot, for the pipeline to find.
"""

import shutil
from pathlib import Path

from pipeline.shared.pixels import ImageError, decode_image


def readable(posters_dir: Path, folder: Path) -> Path:
    """A new folder in ``folder`` with the posters of ``posters_dir`` that decode."""
    into = folder / "posters"
    into.mkdir()
    for path in sorted(posters_dir.iterdir()):
        try:
            decode_image(path.read_bytes(), at_least=(8, 8))
        except (ImageError, OSError):
            continue
        shutil.copy(path, into)
    return into
