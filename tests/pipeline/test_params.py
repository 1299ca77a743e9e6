"""A wrong value in params.yaml is told by its key, its limit and what stands there."""

from pathlib import Path

import pytest

from pipeline.plot.plots import PlotParams
from pipeline.preprocess.dataset import PreprocessParams
from pipeline.shared import params
from pipeline.shared.errors import ParamsError
from pipeline.train.training import TrainParams
from tests.pipeline import material

SECTIONS: dict[str, type[params.Section]] = {
    "preprocess": PreprocessParams,
    "train": TrainParams,
    "plot": PlotParams,
}

WRONG: list[tuple[str, object, str]] = [
    ("train.epochs", 0, "train.epochs must be at least 1, got 0"),
    ("train.epochs", -1, "train.epochs must be at least 1, got -1"),
    ("train.epochs", 1.5, "train.epochs must be a valid integer, got 1.5"),
    ("train.epochs", "ten", "train.epochs must be a valid integer, got 'ten'"),
    ("train.epochs", "10", "train.epochs must be a valid integer, got '10'"),
    ("train.epochs", True, "train.epochs must be a valid integer, got True"),
    ("train.epochs", None, "train.epochs must be a valid integer, got None"),
    ("train.epochs", [1], "train.epochs must be a valid integer, got [1]"),
    ("train.seed", 2**32, "train.seed must be less than 4294967296, got 4294967296"),
    ("train.threads", 10**9, "train.threads must be at most 256, got 1000000000"),
    ("train.batch_size", 10**30, f"train.batch_size must be at most 4096, got {10**30}"),
    ("train.epochs", 10_001, "train.epochs must be at most 10000, got 10001"),
    (
        "train.fine_tuning_epochs",
        10**30,
        f"train.fine_tuning_epochs must be at most 10000, got {10**30}",
    ),
    ("train.patience", 10**30, f"train.patience must be at most 10000, got {10**30}"),
    ("train.weight_decay", 1.5, "train.weight_decay must be at most 1.0, got 1.5"),
    ("preprocess.seed", 2**32, "preprocess.seed must be less than 4294967296, got 4294967296"),
    ("train.learning_rate", 0, "train.learning_rate must be more than 0.0, got 0"),
    ("train.learning_rate", True, "train.learning_rate must be a valid number, got True"),
    ("train.learning_rate", "fast", "train.learning_rate must be a valid number, got 'fast'"),
    ("train.dropout", 1, "train.dropout must be less than 1.0, got 1"),
    ("train.fine_tuning_epochs", 0, "train.fine_tuning_epochs must be at least 1, got 0"),
    ("train.epoch", 3, "train.epoch is not a param of this stage"),
    ("preprocess.valid_share", 0.5, "preprocess.valid_share must be less than 0.5, got 0.5"),
    ("preprocess.test_share", 0, "preprocess.test_share must be more than 0.0, got 0"),
    ("preprocess.height", 8, "preprocess.height must be at least 32, got 8"),
    (
        "preprocess.min_side",
        33,
        "preprocess.min_side must be at most height (32) and width (32), got 33",
    ),
    (
        "preprocess.min_posters_per_genre",
        2,
        "preprocess.min_posters_per_genre must be at least 3, got 2",
    ),
    (
        "preprocess.augmentation",
        [1],
        "preprocess.augmentation must be a mapping of keys to values, got [1]",
    ),
    (
        "preprocess.augmentation.crop",
        1.5,
        "preprocess.augmentation.crop must be at most 1, got 1.5",
    ),
    (
        "preprocess.augmentation.crop",
        True,
        "preprocess.augmentation.crop must be a valid number, got True",
    ),
    (
        "preprocess.colour_filter.lower",
        [0, 256, 0],
        "preprocess.colour_filter.lower.1 must be at most 255, got 256",
    ),
    (
        "preprocess.colour_filter.lower",
        [0, 0],
        "preprocess.colour_filter.lower must be a list of at least 3, got [0, 0]",
    ),
    (
        "preprocess.colour_filter.lower",
        [0, 0, 0, 0],
        "preprocess.colour_filter.lower must be a list of at most 3, got [0, 0, 0, 0]",
    ),
    (
        "preprocess.colour_filter.lower",
        [0, 91, 0],
        "preprocess.colour_filter.lower must not exceed upper, got [0, 91, 0] and [255, 90, 90]",
    ),
    ("plot.dpi", 601, "plot.dpi must be at most 600, got 601"),
]


def told(path: Path, section: str) -> ParamsError:
    with pytest.raises(ParamsError) as error:
        params.read(path, section, SECTIONS[section])
    return error.value


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "params.yaml"


@pytest.mark.parametrize(("key", "value", "problem"), WRONG)
def test_a_wrong_value_is_told(key: str, value: object, problem: str, path: Path) -> None:
    material.write_params(path, {key: value})
    error = told(path, key.partition(".")[0])
    assert error.problem == f"{path}: {problem}"
    assert error.fix == f"change that in {path}"


@pytest.mark.parametrize("written", [".nan", ".inf", "-.inf", "1e999"])
def test_what_is_no_finite_number_is_told(written: str, path: Path) -> None:
    text = material.write_params(path, {"train.weight_decay": 12345}).read_text("utf-8")
    path.write_text(text.replace("12345", written), "utf-8")
    got = float(written.replace(".nan", "nan").replace(".inf", "inf"))
    assert told(path, "train").problem == (
        f"{path}: train.weight_decay must be a finite number, got {got!r}"
    )


def test_every_wrong_value_is_told_at_once(path: Path) -> None:
    material.write_params(path, {"train.epochs": 0, "train.threads": 0})
    assert told(path, "train").problem == (
        f"{path}: train.threads must be at least 1, got 0; train.epochs must be at least 1, got 0"
    )


def test_a_missing_key_is_told(path: Path) -> None:
    text = material.write_params(path).read_text("utf-8").replace('"epochs": 2, ', "")
    path.write_text(text, "utf-8")
    assert told(path, "train").problem == f"{path}: train.epochs is absent"


@pytest.mark.parametrize("text", ["", "# nothing", "[1, 2]", "train:", "train: 3", "other: {}"])
def test_a_missing_section_is_told(text: str, path: Path) -> None:
    path.write_text(text, "utf-8")
    error = told(path, "train")
    assert error.problem == f"{path}: the section 'train' is absent"
    assert error.fix == "add 'train:' with its keys"


@pytest.mark.parametrize(
    "data",
    [b"train: {", b"a: b: c", b"\tx: 1", b"\xff\xfe", b"train: 2026-99-99", b"a: !!python/x"],
)
def test_what_is_not_yaml_is_told_in_one_line(data: bytes, path: Path) -> None:
    path.write_bytes(data)
    error = told(path, "train")
    assert error.problem.startswith(f"{path}: not YAML: ")
    assert "\n" not in error.problem


def test_what_is_nested_too_deeply_is_told(path: Path) -> None:
    path.write_text("[" * 20_000, "utf-8")
    assert told(path, "train").problem == f"{path}: not YAML: nested too deeply"


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", "||||||| 9dc80e1", "=======", ">>>>>>> theirs"])
def test_a_conflict_of_a_merge_is_told_with_its_line(marker: str, path: Path) -> None:
    path.write_text(f"train:\n  seed: 7\n{marker}\n  seed: 8\n", "utf-8")
    error = told(path, "train")
    assert error.problem == f"{path}, line 3: a conflict of a merge is not resolved: {marker}"
    assert error.fix == "keep one side of it, and delete the lines <<<<<<<, ======= and >>>>>>>"


def test_a_missing_file_is_told(path: Path) -> None:
    error = told(path, "train")
    assert error.problem == f"{path}: no such file"
    assert error.fix == f"git checkout {path}"


@pytest.mark.parametrize("written", ["1e-3", "0.001", "1.0e-3", "1E-03"])
def test_a_number_reads_as_dvc_reads_it(written: str, path: Path) -> None:
    text = material.write_params(path, {"train.learning_rate": 12345}).read_text("utf-8")
    path.write_text(text.replace("12345", written), "utf-8")
    assert params.read(path, "train", TrainParams).learning_rate == 0.001


def test_a_whole_number_will_do_for_a_fraction(path: Path) -> None:
    material.write_params(path, {"preprocess.augmentation.rotation": 0})
    assert params.read(path, "preprocess", PreprocessParams).augmentation.rotation == 0


def test_the_committed_params_are_right() -> None:
    for name, section in SECTIONS.items():
        params.read(material.ROOT / "params.yaml", name, section)


def test_a_stage_tells_a_wrong_param_and_makes_nothing(raw_project: Path) -> None:
    material.write_params(raw_project / "params.yaml", {"preprocess.height": 0})
    done = material.preprocess(raw_project)
    assert done.returncode == 1
    assert done.stderr == (
        "\nerror: params.yaml: preprocess.height must be at least 32, got 0\n"
        "  fix: change that in params.yaml\n"
    )
    assert not (raw_project / "data").exists()
