"""The metrics are what the ONNX file scores on the test split, and honest about it."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from pipeline.evaluate.evaluation import evaluate
from pipeline.shared import classifier, splits
from pipeline.shared.errors import DatasetError, ModelError
from tests.pipeline import material


@pytest.fixture
def project(preprocessed: Path) -> Path:
    """A preprocessed project with a classifier of colours, made without TensorFlow."""
    material.save_model(preprocessed, material.colour_model())
    return preprocessed


def evaluated(project: Path) -> dict[str, Any]:
    metrics, curves = project / "results" / "metrics" / "test.json", project / "results" / "curves"
    models = project / "models"
    evaluate(
        project / "data" / "preprocess",
        models / "classifier.onnx",
        metrics,
        curves,
    )
    return dict(json.loads(metrics.read_text("utf-8")))


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_metrics_are_those_of_the_design(project: Path) -> None:
    metrics = evaluated(project)
    assert metrics.keys() >= {
        *("map", "micro_f1", "macro_f1", "precision", "recall", "binary_accuracy", "n"),
        *("priors", "nothing"),
    }
    assert metrics["n"] == len(splits.read(project / "data" / "preprocess", "test").paths)
    assert {path.name for path in (project / "results" / "metrics").iterdir()} == {"test.json"}
    assert {path.name for path in (project / "results" / "curves").iterdir()} == {
        "genres.csv", "precision_recall.csv", "predictions.csv"
    }  # fmt: skip


def test_the_scores_are_those_of_the_file_on_the_test_split(project: Path) -> None:
    metrics = evaluated(project)
    data = project / "data" / "preprocess"
    test = splits.read(data, "test")
    model = classifier.load(project / "models" / "classifier.onnx")
    answers = classifier.probabilities(model.session, splits.pixels(data, test))
    assert np.ptp(answers) > 0.5
    expected = average_precision_score(test.labels, answers, average="macro")
    assert metrics["map"] == pytest.approx(expected, abs=1e-6)
    assert metrics["map"] > metrics["priors"]["map"] + 0.2
    assert metrics["binary_accuracy"] == pytest.approx(
        ((answers >= 0.5) == test.labels).mean(), abs=1e-6
    )


def test_a_model_that_answers_the_priors_scores_as_the_priors(project: Path) -> None:
    priors = splits.read(project / "data" / "preprocess", "train").labels.mean(axis=0)
    bias = np.log(priors / (1 - priors)).astype(np.float32)
    material.save_model(
        project, material.linear_model(np.zeros((3, 3), np.float32), bias, (0.5,) * 3)
    )
    metrics = evaluated(project)
    labels = splits.read(project / "data" / "preprocess", "test").labels
    assert metrics["map"] == metrics["priors"]["map"]
    assert metrics["map"] == pytest.approx(labels.mean(), abs=1e-6)


def test_choosing_nothing_is_right_where_there_is_nothing(project: Path) -> None:
    metrics = evaluated(project)
    labels = splits.read(project / "data" / "preprocess", "test").labels
    assert metrics["nothing"] == {"binary_accuracy": pytest.approx(1 - labels.mean(), abs=1e-6)}


def test_the_curves_agree_with_the_metrics(project: Path) -> None:
    metrics = evaluated(project)
    curves = project / "results" / "curves"
    genres = table(curves / "genres.csv")
    assert [row["genre"] for row in genres] == list(material.GENRES)
    precisions = [float(row["average_precision"]) for row in genres]
    assert np.mean(precisions) == pytest.approx(metrics["map"], abs=2e-6)
    test = splits.read(project / "data" / "preprocess", "test")
    assert [int(row["posters"]) for row in genres] == test.labels.sum(axis=0).tolist()
    curve = table(curves / "precision_recall.csv")
    assert [float(row["recall"]) for row in curve] == pytest.approx(list(np.linspace(0, 1, 51)))
    assert list(curve[0]) == ["recall", "mean", *material.GENRES]
    assert [row["Path"] for row in table(curves / "predictions.csv")] == list(test.paths)


def test_two_runs_write_the_same_bytes(project: Path) -> None:
    evaluated(project)
    first = material.files(project / "results")
    evaluated(project)
    assert material.files(project / "results") == first
    assert not any(b"\r" in data for data in first.values())


@pytest.mark.parametrize(
    ("genres", "size"), [(("Comedy", "Drama", "War"), (32, 32)), (material.GENRES, (32, 48))]
)
def test_a_model_for_other_data_is_told(
    genres: tuple[str, ...], size: tuple[int, int], project: Path
) -> None:
    zeros = np.zeros((3, 3), np.float32)
    material.save_model(project, material.linear_model(zeros, zeros[0], (0.5,) * 3, genres, size))
    with pytest.raises(ModelError) as told:
        evaluated(project)
    assert told.value.problem == (
        f"{project / 'models' / 'classifier.onnx'} is for other data: {genres} at {size}, "
        f"where the test split has {material.GENRES} at (32, 32)"
    )
    assert not (project / "results").exists()


def test_trouble_leaves_none_of_the_files(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluated(project)
    before = material.files(project / "results")
    material.save_model(
        project,
        material.linear_model(np.eye(3, dtype=np.float32), np.zeros(3, np.float32), (0.5,) * 3),
    )
    monkeypatch.setattr("pipeline.shared.scores.precision_at", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        evaluated(project)
    assert material.files(project / "results") == before


@pytest.mark.parametrize("name", ["metrics/test.json", "curves/predictions.csv"])
def test_a_folder_in_the_place_of_a_file_leaves_the_others_alone(name: str, project: Path) -> None:
    evaluated(project)
    folder = project / "results" / name
    folder.unlink()
    folder.mkdir()
    before = material.files(project / "results")
    weights = np.eye(3, dtype=np.float32)
    material.save_model(
        project, material.linear_model(weights, np.zeros(3, np.float32), (0.5,) * 3)
    )
    done = material.run("evaluate", project, *material.EVALUATE)
    assert done.returncode == 1
    assert done.stderr == (
        f"\nerror: a folder lies where a file is to go (results/{name})\n  fix: check that path\n"
    )
    assert material.files(project / "results") == before


def test_a_missing_split_is_told(project: Path) -> None:
    (project / "data" / "preprocess" / "test.csv").unlink()
    with pytest.raises(DatasetError, match=r"test\.csv: no such file"):
        evaluated(project)
