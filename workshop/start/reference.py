"""The reference solution's files, for `grader start`: code, dvc.yaml, and params of a preset."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from workshop.start.start_request import StartError


@dataclass(frozen=True)
class Preset:
    """How many posters, and what differs from the project's own params.yaml."""

    posters: int
    params: Mapping[str, Mapping[str, Any]]


QUICK = Preset(
    300,
    MappingProxyType(
        {
            "preprocess": {
                "min_posters_per_genre": 12,
                "augmentation": {
                    "copies": 1, "rotation": 5, "scale": 0.1, "crop": 0.1, "brightness": 0.2
                },
            },
            "train": {"epochs": 4, "fine_tuning_epochs": 2},
        }
    ),
)  # fmt: skip
"""For a room of laptops: training takes at most 20 s."""


def pipeline_dir() -> Path:
    """The folder of the stages' code, wherever this project is installed or checked out."""
    spec = importlib.util.find_spec("pipeline")
    if spec is None or not spec.submodule_search_locations:
        raise StartError("the stages' code is not installed here", "run this from a whole checkout")
    return Path(spec.submodule_search_locations[0])


def reference_path(name: str) -> Path:
    """A file of the solution: in this package when installed, else in the checkout."""
    installed = Path(__file__).parents[1] / "template" / name
    return installed if installed.exists() else pipeline_dir().parent / name


def params_text(preset: Preset) -> str:
    """The project's params with the preset's values; comments stay."""
    lines = reference_path("params.yaml").read_text("utf-8").splitlines()
    for section, values in preset.params.items():
        for key, value in values.items():
            nested = value if isinstance(value, dict) else {key: value}
            for name, number in nested.items():
                _set_param(lines, section, name, number)
    return "\n".join(lines) + "\n"


def _set_param(lines: list[str], section: str, name: str, value: Any) -> None:
    """Change the value of ``name`` below ``section:``, and nothing else of its line.

    By text, since YAML's writers lose comments and blank lines.
    """
    start = lines.index(f"{section}:")
    for index in range(start + 1, len(lines)):
        key, colon, rest = lines[index].partition(":")
        if colon and key.strip() == name:
            _, hash_, comment = rest.partition("  #")
            lines[index] = f"{key}: {value}{hash_}{comment}"
            return
    raise KeyError(f"{section}.{name}")
