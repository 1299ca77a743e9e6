"""The files of a snapshot that serves several grades: what changed is read again, and only that."""

import os
import time
from pathlib import Path

import pytest

from grader.facts import raw_posters
from grader.facts.files import Files
from workshop.stages import STAGES

HOUR_S = 3600
TRAIN = next(spec for spec in STAGES if spec.name == "train")


def write(path: Path, text: str, age_s: float = HOUR_S) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8", newline="\n")
    os.utime(path, (time.time() - age_s, time.time() - age_s))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The path of each file that is read."""
    paths: list[str] = []
    read = Files._read

    def count(files: Files, path: str) -> bytes | None:
        paths.append(path)
        return read(files, path)

    monkeypatch.setattr(Files, "_read", count)
    return paths


def test_what_has_not_changed_is_not_read_again(tmp_path: Path, reads: list[str]) -> None:
    write(tmp_path / "params.yaml", "a: 1\n")
    files = Files(tmp_path)
    for _ in range(2):
        assert files.text("params.yaml") == "a: 1\n"
        assert files.text("absent.yaml") is None
        files.forget_changed()
    assert reads == ["params.yaml", "absent.yaml"]


@pytest.mark.parametrize("age_s", [HOUR_S, 0.0])
def test_another_text_of_the_same_length_is_seen(tmp_path: Path, age_s: float) -> None:
    write(tmp_path / "params.yaml", "a: 1\n", age_s)
    files = Files(tmp_path)
    assert files.text("params.yaml") == "a: 1\n"
    write(tmp_path / "params.yaml", "a: 2\n", age_s)
    files.forget_changed()
    assert files.text("params.yaml") == "a: 2\n"


@pytest.mark.parametrize("age_s", [HOUR_S, 0.0])
def test_what_comes_and_what_goes_is_seen(tmp_path: Path, age_s: float) -> None:
    write(tmp_path / "old.yaml", "a: 1\n", age_s)
    files = Files(tmp_path)
    assert (files.text("old.yaml"), files.text("new.yaml")) == ("a: 1\n", None)
    (tmp_path / "old.yaml").rename(tmp_path / "new.yaml")
    files.forget_changed()
    assert (files.text("old.yaml"), files.text("new.yaml")) == (None, "a: 1\n")


def test_a_module_that_is_new_is_among_those_imported(tmp_path: Path) -> None:
    write(tmp_path / TRAIN.code_dir / "__main__.py", "from pipeline.train import fit\n")
    files = Files(tmp_path)
    assert files.code(TRAIN).imported() == ["pipeline/train/__main__.py"]
    write(tmp_path / TRAIN.code_dir / "fit.py", "import os\n")
    files.forget_changed()
    assert "pipeline/train/fit.py" in files.code(TRAIN).imported()


def test_a_changed_param_leaves_the_code_as_it_was_read(tmp_path: Path) -> None:
    write(tmp_path / TRAIN.code_dir / "__main__.py", "import os\n")
    write(tmp_path / "params.yaml", "a: 1\n")
    files = Files(tmp_path)
    code = files.code(TRAIN)
    assert code.imported() == ["pipeline/train/__main__.py"]
    assert files.text("params.yaml") == "a: 1\n"
    write(tmp_path / "params.yaml", "a: 22\n")
    files.forget_changed()
    assert files.code(TRAIN) is code
    assert files.text("params.yaml") == "a: 22\n"


@pytest.mark.parametrize("age_s", [HOUR_S, 0.0])
def test_a_poster_that_is_new_is_seen(tmp_path: Path, age_s: float) -> None:
    write(tmp_path / "Images" / "a.jpg", "")
    write(tmp_path / "train.csv", "Id,Genre\na,Drama\n", age_s)
    posters = raw_posters.read_posters(tmp_path)
    assert posters and posters.usable == {"a"}
    write(tmp_path / "Images" / "b.jpg", "")
    write(tmp_path / "train.csv", "Id,Genre\na,Drama\nb,Drama\n", age_s)
    posters = raw_posters.read_posters(tmp_path)
    assert posters and posters.usable == {"a", "b"}
