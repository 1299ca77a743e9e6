"""The walk over an attendee's code finds what Python would run, and runs none of it."""

from collections.abc import Mapping

import pytest
import yaml

from grader.facts.stage_code import StageCode, values_of
from grader.lessons import STAGES, LessonStage
from tests.repositories import ROOT

TRAIN: LessonStage = next(stage for stage in STAGES if stage.name == "train")


def code(files: Mapping[str, str]) -> StageCode:
    return StageCode(files.get, TRAIN)


def test_modules_are_found_through_every_kind_of_import() -> None:
    found = code(
        {
            "pipeline/__init__.py": "",
            "pipeline/train.py": "from pipeline import a, absent\nimport pipeline.b\nimport numpy",
            "pipeline/a.py": "from . import c\nfrom .deep.d import name",
            "pipeline/b.py": "def f():\n    try:\n        pass\n    finally:\n        import own.e",
            "pipeline/c.py": "import pipeline.a",
            "pipeline/deep/__init__.py": "VERSION = 1",
            "pipeline/deep/d.py": "from ..f import x",
            "pipeline/f.py": "",
            "own/__init__.py": "",
            "own/e.py": "",
            "pipeline/unused.py": "",
        }
    ).imported()
    assert found[0] == "pipeline/train.py"
    names = ("a", "b", "c", "deep/__init__", "deep/d", "f")
    assert set(found) == {"pipeline/train.py", "own/e.py", *(f"pipeline/{n}.py" for n in names)}


def test_what_is_imported_for_type_checkers_alone_does_not_run() -> None:
    files = {
        "pipeline/train.py": (
            "from typing import TYPE_CHECKING\n"
            "if TYPE_CHECKING:\n    from pipeline import a\nelse:\n    from pipeline import b\n"
        ),
        "pipeline/a.py": "",
        "pipeline/b.py": "",
    }
    assert code(files).imported() == ["pipeline/train.py", "pipeline/b.py"]


def test_params_are_the_fields_of_the_model_that_a_section_is_read_with() -> None:
    text = (
        "class P(params.Section):\n    epochs: int = 1\n    rate: float\n\n"
        "class Other:\n    unread: int\n\n"
        "settings = params.read(path, 'train', P)\nx = params['train']['seed']\n"
    )
    assert code({"pipeline/train.py": text}).params() == [
        "train.epochs", "train.rate", "train.seed"
    ]  # fmt: skip


def test_a_model_is_found_where_it_stands_with_what_it_inherits() -> None:
    files = {
        "pipeline/train.py": (
            "from pipeline import shapes\nfrom pipeline.params import read\n"
            "class P(shapes.Base):\n    epochs: int\n\n"
            "a = read(path, 'train', section=P)\nb = read(path, 'data', shapes.Size)\n"
        ),
        "pipeline/params.py": "class Section:\n    model_config = {}\n",
        "pipeline/shapes.py": (
            "class Base(Base):\n    seed: int\n\nclass Size:\n    width: int\n    height: int\n"
        ),
    }
    assert code(files).params() == ["train.seed", "train.epochs", "data.width", "data.height"]


def test_params_of_modules_further_down_are_told_apart() -> None:
    files = {
        "pipeline/train.py": "from pipeline import deep\nx = params['train']['seed']\n",
        "pipeline/deep.py": "x = params['deep']['key'], params['train']['seed']\n",
    }
    assert code(files).params() == ["train.seed"]
    assert code(files).params_below() == ["deep.key"]


@pytest.mark.parametrize("stage", STAGES, ids=lambda one: one.name)
def test_what_the_reference_stages_read_is_found_wholly(stage: LessonStage) -> None:
    document = yaml.safe_load((ROOT / "dvc.yaml").read_text("utf-8"))

    def text(path: str) -> str | None:
        file = ROOT / path
        return file.read_text("utf-8") if file.is_file() else None

    found = StageCode(text, stage)
    assert sorted(found.params()) == sorted(document["stages"][stage.name].get("params", []))
    assert found.params_below() == []


def test_code_that_is_no_python_says_nothing() -> None:
    broken = code({"pipeline/train.py": "def ("})
    assert broken.imported() == ["pipeline/train.py"]
    assert broken.params() == []
    assert broken.options == {}


def test_a_command_is_known_by_the_module_or_the_file_that_it_runs() -> None:
    own = code({})
    assert own.is_run_by("python -m pipeline.train --data x")
    assert own.is_run_by(["echo", "uv run python ./pipeline/train.py"])
    assert not own.is_run_by("echo pipeline.train")
    assert not own.is_run_by("python -m pipeline.training")
    assert not own.is_run_by(None)


def test_options_have_values_with_and_without_an_equals_sign() -> None:
    assert values_of("x --data 'a b' --out=c --flag") == {
        "--data": "a b", "--out": "c", "--flag": ""
    }  # fmt: skip
    assert values_of("x --data 'a b") == {"--data": "'a"}
