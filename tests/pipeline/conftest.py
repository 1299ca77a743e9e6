"""A small raw data set and what the stages make of it, made once and copied for each test."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.made_once import make_once
from tests.pipeline import material


@pytest.fixture(scope="package", autouse=True)
def forked_stages(request: pytest.FixtureRequest) -> Iterator[None]:
    """TensorFlow in what `material.run` runs, without the seconds that its import takes."""
    with pytest.MonkeyPatch.context() as patch:
        if hasattr(os, "fork"):
            for name, value in request.getfixturevalue("program_servers").items():
                patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def raw_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    material.write_raw(folder / "raw", material.rows())
    material.write_params(folder / "params.yaml")
    return folder


@pytest.fixture(scope="session")
def preprocessed_template(raw_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = _copy(raw_template, tmp_path_factory.mktemp("preprocessed"))
    done = material.preprocess(folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def trained_template(preprocessed_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(folder: Path) -> None:
        done = material.run("train", _copy(preprocessed_template, folder), *material.TRAIN)
        assert (done.returncode, done.stderr) == (0, "")

    return make_once(tmp_path_factory, "trained", make)


@pytest.fixture(scope="session")
def exported_template(trained_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(folder: Path) -> None:
        done = material.run("export", _copy(trained_template, folder), *material.EXPORT)
        assert done.returncode == 0, done.stderr

    return make_once(tmp_path_factory, "exported", make)


@pytest.fixture
def raw_project(raw_template: Path, tmp_path: Path) -> Path:
    """A folder with ``raw`` and ``params.yaml``."""
    return _copy(raw_template, tmp_path)


@pytest.fixture
def preprocessed(preprocessed_template: Path, tmp_path: Path) -> Path:
    """That, with ``data/preprocess``."""
    return _copy(preprocessed_template, tmp_path)


@pytest.fixture
def trained(trained_template: Path, tmp_path: Path) -> Path:
    """That, with weights and histories under ``models``; takes TensorFlow."""
    return _copy(trained_template, tmp_path)


@pytest.fixture
def exported(exported_template: Path, tmp_path: Path) -> Path:
    """That, with ``models/classifier.onnx`` and its twin; takes TensorFlow."""
    return _copy(exported_template, tmp_path)


def _copy(template: Path, folder: Path) -> Path:
    return Path(shutil.copytree(template, folder, dirs_exist_ok=True))
