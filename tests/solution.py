"""The reference solution on few posters, and the runs that a catch-up takes from it."""

import shutil
from pathlib import Path

import pytest

from dvcstate.hashes.hash_store import cache_dir
from workshop.start import starter
from workshop.start.reference import Preset

SMALL = Preset(
    120,
    {
        "preprocess": {
            "min_posters_per_genre": 6,
            "valid_share": 0.2,
            "test_share": 0.2,
            "augmentation": {
                "copies": 1, "rotation": 5, "scale": 0.1, "crop": 0.1, "brightness": 0.2
            },
        },
        "train": {"epochs": 1, "fine_tuning_epochs": 1},
    },
)  # fmt: skip
"""So few posters that training takes a second."""


def solve(folder: Path) -> None:
    """Make the solution in ``folder``; what ran for it is saved in ``folder``/cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DVC_WORKSHOP_CACHE_DIR", str(folder / "cache"))
        starter.make_repository(repository(folder), at=starter.END, preset=SMALL)


def repository(folder: Path) -> Path:
    """Where `solve` makes it."""
    return folder / "a solution, by far"


def restore_runs(folder: Path) -> None:
    """Put what ran for the solution where a catch-up of this process looks for saved runs."""
    shutil.copytree(folder / "cache" / "runs", cache_dir() / "runs", dirs_exist_ok=True)
