"""Training gives the same weights each time, the best ones, and the histories that plot draws."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.shared.errors import DatasetError
from pipeline.train.training import TrainParams, train
from tests.pipeline import material

COLUMNS = ["epoch", "accuracy", "loss", "map", "val_accuracy", "val_loss", "val_map"]


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.slow
def test_the_outs_are_weights_and_two_histories(trained: Path) -> None:
    outs = material.files(trained / "models")
    assert outs.keys() == {"classifier.weights.h5", "history.csv", "fine_tuning_history.csv"}
    assert outs["classifier.weights.h5"].startswith(b"\x89HDF")
    for name, epochs in (("history", 2), ("fine_tuning_history", 1)):
        header, *epoch_rows = rows(trained / "models" / f"{name}.csv")
        assert header == COLUMNS
        assert [row[0] for row in epoch_rows] == [str(number) for number in range(epochs)]
        assert b"\r" not in outs[f"{name}.csv"]


@pytest.mark.slow
def test_another_seed_gives_other_weights(trained: Path) -> None:
    """The same seed gives the same: test_end_to_end.py runs the whole pipeline twice."""
    before = material.files(trained / "models")
    material.write_params(trained / "params.yaml", {"train.seed": 8})
    done = material.run("train", trained, *material.TRAIN)
    assert (done.returncode, done.stderr) == (0, "")
    after = material.files(trained / "models")
    assert after.keys() == before.keys()
    assert after["classifier.weights.h5"] != before["classifier.weights.h5"]


@pytest.mark.slow
def test_a_rate_at_which_training_diverges_is_told(preprocessed: Path) -> None:
    material.write_params(preprocessed / "params.yaml", {"train.learning_rate": 1e38})
    done = material.run("train", preprocessed, *material.TRAIN)
    assert done.returncode == 1
    assert done.stderr == (
        "\nerror: training diverged: the loss of epoch 1 is not a number\n"
        "  fix: lower its rate of 1e+38 in the section 'train' of params.yaml\n"
    )
    assert list((preprocessed / "models").iterdir()) == []


@pytest.mark.slow
def test_a_genre_that_every_poster_or_none_has_can_be_trained_with(preprocessed: Path) -> None:
    for path in (preprocessed / "data" / "preprocess").glob("*.csv"):
        first, *lines = path.read_text("utf-8").splitlines()
        texts = [f"{first},War,News", *(f"{line},1,0" for line in lines)]
        path.write_text("\n".join(texts) + "\n", "utf-8")
    done = material.run("train", preprocessed, *material.TRAIN)
    assert done.returncode == 0, done.stderr
    header, *epochs = rows(preprocessed / "models" / "history.csv")
    assert float(epochs[-1][header.index("loss")]) < 10


def broken_table(project: Path) -> str:
    path = project / "data" / "preprocess" / "train.csv"
    path.write_text("Path,Source,Drama\n", "utf-8")
    return "train.csv: not a table of a split"


def missing_folder(project: Path) -> str:
    (project / "data" / "preprocess").rename(project / "elsewhere")
    return "train.csv: no such file"


@pytest.mark.parametrize("spoil", [broken_table, missing_folder])
def test_broken_data_is_told_and_nothing_is_written(
    spoil: Callable[[Path], str], preprocessed: Path
) -> None:
    problem = spoil(preprocessed)
    settings = TrainParams.model_validate(material.params()["train"])
    with pytest.raises(DatasetError, match=problem):
        train(
            preprocessed / "data" / "preprocess",
            preprocessed / "models" / "classifier.weights.h5",
            preprocessed / "models" / "history.csv",
            preprocessed / "models" / "fine_tuning_history.csv",
            settings,
        )
    assert not (preprocessed / "models").exists()
