"""The plots are pictures, the same ones each time, of what the other stages wrote."""

import csv
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.evaluate.evaluation import evaluate
from pipeline.plot.plots import PlotParams, plot
from pipeline.shared import params
from pipeline.shared.errors import ModelError
from tests.pipeline import material

COLUMNS = ("epoch", "accuracy", "loss", "map", "val_accuracy", "val_loss", "val_map")
NAMES = {"training.png", "genres.png", "precision_recall.png", "examples.png"}


@pytest.fixture(scope="module")
def evaluated(preprocessed_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with histories, metrics and curves, made without TensorFlow."""
    project = tmp_path_factory.mktemp("evaluated")
    shutil.copytree(preprocessed_template, project, dirs_exist_ok=True)
    models = project / "models"
    models.mkdir()
    for name, epochs in (("history", 3), ("fine_tuning_history", 1)):
        with (models / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows([epoch, *np.linspace(0.2, 0.9, 6)] for epoch in range(epochs))
    material.save_model(project, material.colour_model())
    evaluate(
        project / "data" / "preprocess",
        models / "classifier.onnx",
        project / "results" / "metrics" / "test.json",
        project / "results" / "curves",
    )
    return project


@pytest.fixture
def project(evaluated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(evaluated, tmp_path, dirs_exist_ok=True))


def plotted(project: Path, changes: Mapping[str, object] | None = None) -> dict[str, bytes]:
    path = material.write_params(project / "params.yaml", changes)
    plot(
        project / "models" / "history.csv",
        project / "models" / "fine_tuning_history.csv",
        project / "results" / "curves",
        project / "data" / "preprocess",
        project / "results" / "plots",
        params.read(path, "plot", PlotParams),
    )
    return material.files(project / "results" / "plots")


def told(project: Path) -> ModelError:
    with pytest.raises(ModelError) as error:
        plotted(project)
    assert not (project / "results" / "plots").exists()
    return error.value


def test_the_plots_are_pictures_and_the_same_each_time(project: Path) -> None:
    first = plotted(project)
    assert first.keys() == NAMES
    for name in NAMES:
        with Image.open(project / "results" / "plots" / name) as image:
            image.load()
            assert image.format == "PNG"
            assert min(image.size) > 80
            assert np.asarray(image.convert("L")).std() > 10
    assert plotted(project) == first


def test_dpi_and_examples_change_the_plots(project: Path) -> None:
    def size(name: str) -> tuple[int, int]:
        with Image.open(project / "results" / "plots" / name) as image:
            return image.size

    plotted(project)
    training, examples = size("training.png"), size("examples.png")
    plotted(project, {"plot.dpi": 80, "plot.examples": 60})
    assert size("training.png") == (2 * training[0], 2 * training[1])
    assert size("examples.png")[1] > 2 * examples[1] + 100


def test_more_examples_than_posters_will_do(project: Path) -> None:
    plotted(project, {"plot.examples": 60})
    plotted(project, {"plot.examples": 1})


def test_predictions_of_another_split_are_told(project: Path) -> None:
    path = project / "results" / "curves" / "predictions.csv"
    path.write_text(path.read_text("utf-8").replace("images/tt", "images/xx"), "utf-8")
    error = told(project)
    assert error.problem == f"{path.parent}: of another test split"
    assert error.fix == "dvc repro evaluate"


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("models/history.csv", "train"),
        ("models/fine_tuning_history.csv", "train"),
        ("results/curves/genres.csv", "evaluate"),
        ("results/curves/precision_recall.csv", "evaluate"),
        ("results/curves/predictions.csv", "evaluate"),
    ],
)
def test_a_table_that_is_missing_or_broken_is_told(name: str, stage: str, project: Path) -> None:
    path = project / name
    header, _, rest = path.read_text("utf-8").partition("\n")
    last = header.rpartition(",")[2]
    for text, problem in (
        (f"{header}\n", "not a table with rows"),
        ("", "not a table with rows"),
        (f"{header}\n1\n", "not a table with rows"),
        (f"{header.replace(last, 'other')}\n{rest}", f"lacks {last}"),
    ):
        if stage == "evaluate" and "recall" in name and problem.startswith("lacks"):
            continue  # its genres may be any
        if "genres" in name and problem.startswith("lacks"):
            continue  # f1, the last, is not drawn
        path.write_text(text, "utf-8")
        assert told(project).problem == f"{path}: {problem}"
        assert told(project).fix == f"dvc repro {stage}"
    path.unlink()
    assert told(project).problem == f"{path}: no such file"
