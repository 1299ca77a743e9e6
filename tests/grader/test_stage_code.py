"""The walk over an attendee's code finds what Python would run, and runs none of it."""

from collections.abc import Mapping

import pytest
import yaml

from grader.code.stage_code import StageCode, values_of
from tests.repositories import ROOT
from workshop.stages import STAGES, StageSpec

TRAIN: StageSpec = next(stage for stage in STAGES if stage.name == "train")


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


PACKAGE = {
    "pipeline/__init__.py": "",
    "pipeline/train/__init__.py": "",
    "pipeline/train/__main__.py": (
        "from pipeline.shared import params\nfrom pipeline.train.fit import P\n"
        "parser.add_argument('--data', required=True)\nparams.read(path, 'train', P)\n"
    ),
    "pipeline/train/fit.py": "class P(Section):\n    seed: int\n",
    "pipeline/shared/__init__.py": "",
    "pipeline/shared/params.py": "x = params['data']['size']\n",
}


def test_a_stage_may_be_a_package() -> None:
    own = code(PACKAGE)
    assert own.entry == "pipeline/train/__main__.py"
    assert own.own() == ["pipeline/train/__main__.py", "pipeline/train/fit.py"]
    assert sorted(own.imported()) == [*own.own()[::-1], "pipeline/shared/params.py"][::-1]
    assert own.options == {"--data": True}
    assert (own.params(), own.params_below()) == (["train.seed"], ["data.size"])


def test_what_stands_in_the_init_of_its_package_runs_too() -> None:
    files = PACKAGE | {"pipeline/train/__init__.py": "from pipeline import more\n"}
    imported = code(files | {"pipeline/more.py": ""}).imported()
    assert {"pipeline/train/__init__.py", "pipeline/more.py"} <= set(imported)


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


@pytest.mark.parametrize(
    "text",
    [
        "c = yaml.safe_load(open('params.yaml'))\nx = c['train']['seed']",
        "x = yaml.safe_load(Path('params.yaml').read_text())['train']['seed']",
        "with open('params.yaml') as f:\n    c = yaml.load(f, Loader)\nx = c['train'].get('seed')",
        "c = dvc.api.params_show()\nown = c['train']\nx = own['seed']",
        "def f(args):\n    own = yaml.safe_load(args.params.read_text())['train']\n    own['seed']",
        "C = yaml.safe_load(open('conf/params.yaml'))\ndef f():\n    return C['train']['seed']",
        "def f(params):\n    return params['train']['seed']",
        "def f():\n    params = merged()\n    own = params.get('train')\n    return own['seed']",
    ],
)
def test_params_are_seen_whatever_the_variable_is_called(text: str) -> None:
    assert code({"pipeline/train.py": text}).params() == ["train.seed"]


@pytest.mark.parametrize(
    "text",
    [
        "c = json.load(open('genres.json'))\nx = c['train']['seed']",
        "c = yaml.safe_load(open('params.yaml'))\nc['train']['seed'] = 1",
        "c = yaml.safe_load(open('params.yaml'))\nc = other()\nx = c['train']['seed']",
        "def f():\n    c = yaml.safe_load(open('params.yaml'))\ndef g(c):\n    c['train']['seed']",
        "c = load('params.yaml.bak')\nx = c['train']['seed']",
        "c = yaml.safe_load(open('params.yaml'))\ndef g(c):\n    return c['train']['seed']",
    ],
)
def test_what_is_no_param_is_not_taken_for_one(text: str) -> None:
    assert code({"pipeline/train.py": text}).params() == []


def test_params_of_modules_further_down_are_told_apart() -> None:
    files = {
        "pipeline/train.py": "from pipeline import deep\nx = params['train']['seed']\n",
        "pipeline/deep.py": "x = params['deep']['key'], params['train']['seed']\n",
    }
    assert code(files).params() == ["train.seed"]
    assert code(files).params_below() == ["deep.key"]


@pytest.mark.parametrize("stage", STAGES, ids=lambda one: one.name)
def test_what_the_reference_stages_read_is_found_wholly(stage: StageSpec) -> None:
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
    assert values_of("x --data 'a b' --out=c --flag", TRAIN) == {
        "--data": "a b", "--out": "c", "--flag": ""
    }  # fmt: skip
    assert values_of("x --data 'a b", TRAIN) == {"--data": "'a"}
    assert values_of("x --data --out=c --shift -1 --", TRAIN) == {
        "--data": "", "--out": "c", "--shift": "-1"
    }  # fmt: skip


def test_options_of_other_programs_are_not_the_modules() -> None:
    own = "uv run --no-sync python -m pipeline.train --data x"
    for command in (
        f"{own} && echo --done--", f"x --first; {own} 2>&1 | tee --append train.log",
        [own, "python -m json.tool --indent 2 y"], f"bash -c '{own}' --login", f"({own})",
    ):  # fmt: skip
        assert values_of(command, TRAIN) == {"--data": "x"}


@pytest.mark.parametrize(
    "command",
    [
        "env X=1 python -u -m pipeline.train", "X=1 Y=2 python -m pipeline.train",
        "uv run python -m pipeline.train", "uv run -m pipeline.train", "py -3 -m pipeline.train",
        "time -p python3.11 -m pipeline.train", "timeout 60 nice -n 5 python -m pipeline.train",
        "/opt/venv/bin/python -m pipeline.train", "accelerate launch -m pipeline.train",
        "python pipeline/train", "python ./pipeline/train/", "python pipeline/train/__main__.py",
        "python pipeline/train.py", r"python.exe .\pipeline\train.py", "pipeline/train.py --data x",
        "cd . && python -m pipeline.train", "test -d x || mkdir x && python -m pipeline.train",
        "python -m pipeline.train && echo done", "echo start; python -m pipeline.train | tee log",
        "python3 -m pipeline.train || python -m pipeline.train", "(python -m pipeline.train)",
        "sh -c 'python -m pipeline.train'", "echo one\npython -m pipeline.train",
        ["python \\\n  -m pipeline.train"], "if true; then python -m pipeline.train; fi",
    ],
)  # fmt: skip
def test_a_command_runs_the_module_in_many_ways(command: str | list[str]) -> None:
    assert code({}).is_run_by(command)


@pytest.mark.parametrize(
    "command",
    [
        "echo python -m pipeline.train", "true || python -m pipeline.train",
        "cat pipeline/train.py --data x", "wc pipeline/train.py", "X=1 echo -m pipeline.train",
        "false && python -m pipeline.train", "# python -m pipeline.train",
        "true # python -m pipeline.train", "sh -c 'echo python -m pipeline.train'",
        "printf x > pipeline/train.py", "git add pipeline/train.py", "git add pipeline/train",
        "python -m pytest pipeline/train", "python \\\n  -m pipeline.train", "",
    ],
)  # fmt: skip
def test_a_command_that_only_names_the_module_does_not_run_it(command: str) -> None:
    assert not code({}).is_run_by(command)


@pytest.mark.parametrize("command", ["&&", "|| |", "'", "python -m", "((", "> >", "\\"])
def test_a_command_that_is_none_is_read_all_the_same(command: str) -> None:
    assert not code({}).is_run_by(command)


BESIDE = {
    "pipeline/train.py": "from pipeline import params\n",
    "pipeline/params.py": "import yaml\n",
}


@pytest.mark.parametrize(
    "command",
    ["python pipeline/train.py", r"python.exe .\pipeline\train.py", "uv run pipeline/train.py"],
)
def test_a_module_run_as_a_file_misses_its_package(command: str) -> None:
    assert code(BESIDE).misses_its_package(command)


@pytest.mark.parametrize("command", ["python pipeline/train", "python pipeline/train/__main__.py"])
def test_a_package_run_as_a_folder_misses_the_one_around_it(command: str) -> None:
    assert code(PACKAGE).misses_its_package(command)


@pytest.mark.parametrize(
    ("files", "command"),
    [
        (BESIDE, "python -m pipeline.train"),
        (PACKAGE, "python -m pipeline.train"),
        (BESIDE, "PYTHONPATH=. python pipeline/train.py"),
        (BESIDE, "echo pipeline/train.py"),
        (BESIDE, None),
        ({"pipeline/train.py": "import yaml\n"}, "python pipeline/train.py"),
        (
            BESIDE
            | {"pipeline/train.py": "import sys\nsys.path[0] = '.'\nimport pipeline.params\n"},
            "python pipeline/train.py",
        ),
    ],
)
def test_other_commands_do_not(files: dict[str, str], command: str | None) -> None:
    assert not code(files).misses_its_package(command)
