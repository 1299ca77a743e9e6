"""Small raw data, params and runs of the stages, for the tests of the pipeline."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from pipeline.shared.classifier import Metadata
from tests import program_server
from tests.repositories import PROGRAMS
from workshop.stages import STAGES

ROOT = Path(__file__).parents[2]
GENRES = ("Comedy", "Drama", "Horror")
COLOURS = {"Comedy": (200, 200, 40), "Drama": (40, 60, 200), "Horror": (20, 110, 30)}
MIXES: tuple[tuple[str, ...], ...] = (
    ("Drama",), ("Comedy",), ("Horror",), ("Comedy", "Drama"), ("Comedy", "Horror"), ("Drama",)
)  # fmt: skip
SIZE = (32, 32)
PARAMS: dict[str, dict[str, Any]] = {
    "preprocess": {
        "seed": 7,
        "height": SIZE[0],
        "width": SIZE[1],
        "min_side": 24,
        "min_posters_per_genre": 6,
        "valid_share": 0.2,
        "test_share": 0.2,
        "colour_filter": {"lower": [120, 0, 0], "upper": [255, 90, 90], "max_share": 0.5},
        "augmentation": {
            "copies": 1, "rotation": 5, "scale": 0.1, "crop": 0.1, "brightness": 0.2
        },
    },
    "train": {
        "seed": 7,
        "threads": 1,
        "batch_size": 16,
        "dropout": 0.1,
        "weight_decay": 0.01,
        "epochs": 2,
        "learning_rate": 0.002,
        "fine_tuning_epochs": 1,
        "fine_tuning_learning_rate": 0.0002,
        "patience": 5,
    },
    "export": {"int8": True, "max_drop": 1, "calibration_images": 20},
    "plot": {"dpi": 40, "examples": 6},
}  # fmt: skip
"""As params.yaml, for pictures that take no time; JSON is YAML too."""


@dataclass(frozen=True)
class Row:
    """A row of train.csv and the picture that goes with it."""

    id: str
    genres: tuple[str, ...]
    picture: Image.Image


def picture(number: int, genres: Sequence[str], size: tuple[int, int] = (40, 60)) -> Image.Image:
    """A band of colour a genre, with grain by which no two numbers give the same picture."""
    width, height = size
    bands = np.array([COLOURS[genre] for genre in genres])
    rows = bands[np.arange(height) * len(bands) // height]
    grain = np.random.default_rng(number).integers(-30, 30, (height, width, 1))
    return Image.fromarray(np.clip(rows[:, None] + grain, 0, 255).astype(np.uint8))


def rows(count: int = 60) -> list[Row]:
    """``count`` clean rows; a poster depends on its number alone."""
    return [
        Row(f"tt{number:03}", MIXES[number % 6], picture(number, MIXES[number % 6]))
        for number in range(count)
    ]


def table(rows: Iterable[Row], genres: Sequence[str] = GENRES) -> str:
    lines = [",".join(("Id", "Genre", *genres))]
    for row in rows:
        flags = ",".join("1" if genre in row.genres else "0" for genre in genres)
        lines.append(f'{row.id},"{list(row.genres)}",{flags}')
    return "\n".join(lines) + "\n"


def write_raw(folder: Path, rows: Sequence[Row], genres: Sequence[str] = GENRES) -> Path:
    (folder / "Images").mkdir(parents=True)
    (folder / "train.csv").write_text(table(rows, genres), "utf-8")
    for row in rows:
        row.picture.save(folder / "Images" / f"{row.id}.jpg", "JPEG", quality=95)
    return folder


def params(changes: Mapping[str, object] | None = None) -> dict[str, dict[str, Any]]:
    """PARAMS with ``changes``, each by its dotted key."""
    document = deepcopy(PARAMS)
    for key, value in (changes or {}).items():
        *parents, last = key.split(".")
        section: dict[str, Any] = document
        for parent in parents:
            section = section[parent]
        section[last] = value
    return document


def write_params(path: Path, changes: Mapping[str, object] | None = None) -> Path:
    path.write_text(json.dumps(params(changes)), "utf-8")
    return path


def command(stage: str, *arguments: str | Path) -> list[str]:
    """How a stage is started; its warnings are errors unless they would be TensorFlow's."""
    strict = [] if stage in ("train", "export") else ["-W", "error"]
    return [sys.executable, *strict, "-m", f"pipeline.{stage}", *map(str, arguments)]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def run(stage: str, cwd: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a stage as DVC does, in ``cwd``; by a server that has TensorFlow where it takes that."""
    _, *words = command(stage, *arguments)
    return run_python(cwd, *words)


def run_python(cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run ``python`` with ``words`` in ``cwd``; a module of `program_server.STAGES` by a server."""
    is_forked = (
        PROGRAMS in os.environ and words[:1] == ("-m",) and words[1] in program_server.STAGES
    )
    python = Path(os.environ[PROGRAMS], "python") if is_forked else sys.executable
    return subprocess.run(
        [python, *words],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
    )


def preprocess(cwd: Path) -> subprocess.CompletedProcess[str]:
    """The stage preprocess in a folder that has ``raw`` and ``params.yaml``."""
    return run(
        "preprocess", cwd, "--raw", "raw", "--out", "data/preprocess", "--params", "params.yaml"
    )


# As the workshop's own commands: {"train": ["--data", "data/preprocess", …], …}
ARGUMENTS = {stage.name: stage.command.split()[3:] for stage in STAGES}
TRAIN, EXPORT = ARGUMENTS["train"], ARGUMENTS["export"]
EVALUATE, PLOT = ARGUMENTS["evaluate"], ARGUMENTS["plot"]


def files(folder: Path) -> dict[str, bytes]:
    """Every file under ``folder``, hidden ones included."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def linear_model(
    weights: NDArray[np.float32],
    bias: NDArray[np.float32],
    thresholds: Sequence[float],
    genres: Sequence[str] = GENRES,
    size: tuple[int, int] = SIZE,
) -> onnx.ModelProto:
    """A classifier that looks at the mean colour alone: sigmoid(mean @ weights + bias)."""
    nodes = [
        helper.make_node("Cast", ["image"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats"], ["colour"], axes=[1, 2], keepdims=0),
        helper.make_node("Gemm", ["colour", "weights", "bias"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["probabilities"]),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["batch", *size, 3])
    answer = helper.make_tensor_value_info(
        "probabilities", TensorProto.FLOAT, ["batch", len(genres)]
    )
    initializers = [numpy_helper.from_array(weights, "weights"),
                    numpy_helper.from_array(bias, "bias")]  # fmt: skip
    graph = helper.make_graph(nodes, "linear", [image], [answer], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    metadata = Metadata(tuple(genres), tuple(thresholds), size, "none.dir")
    helper.set_model_props(model, metadata.entries())
    return model


def save_model(project: Path, model: onnx.ModelProto) -> None:
    """As what is served."""
    (project / "models").mkdir(exist_ok=True)
    (project / "models" / "classifier.onnx").write_bytes(model.SerializeToString())


def colour_model() -> onnx.ModelProto:
    """A linear_model that tells the made pictures' genres well and not perfectly."""
    weights = np.array([[0.08, 0.02, -0.02], [0.03, -0.05, 0.0], [-0.02, 0.04, -0.05]], np.float32)
    return linear_model(weights, np.array([-9.5, -2.0, 3.0], np.float32), (0.5, 0.5, 0.5))
