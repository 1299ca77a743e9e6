"""The code reads files that the stage does not declare."""

from pathlib import Path
from typing import Any

from tests.grader import finished
from tests.grader.gallery.changes import edit, edit_stages, move_code
from tests.grader.gallery.entries import mistake


@mistake("dep-undeclared", "param-undeclared")
def code_in_another_folder_has_a_dep_and_a_param_too_few(repo: Path) -> None:
    move_code(repo, "src", _lose_a_dep_and_a_param, lambda cmd: f"PYTHONPATH=src {cmd}")


@mistake("dep-undeclared", "param-undeclared")
def installed_code_has_a_dep_and_a_param_too_few(repo: Path) -> None:
    move_code(repo, "python/lib", _lose_a_dep_and_a_param, lambda cmd: cmd)


@mistake("dep-undeclared", "param-undeclared")
def script_in_another_folder_has_a_dep_and_a_param_too_few(repo: Path) -> None:
    """``python src/train.py``: the stage's code in one file, which reads what the lesson's does."""
    text = (
        "import argparse\nimport yaml\n\np = argparse.ArgumentParser()\n"
        + "".join(
            f"p.add_argument('--{name}')\n"
            for name in ("data", "weights", "history", "fine-tuning-history", "params")
        )
        + "o = p.parse_args()\nparams = yaml.safe_load(open(o.params))\n"
        "print(params['train']['seed'], params['train']['epochs'])\n"
    )
    finished.write(repo / "src" / "train.py", text)

    def change(stages: Any) -> None:
        train = stages["train"]
        train["cmd"] = train["cmd"].replace("-m pipeline.train", "src/train.py")
        train["deps"] = ["data/preprocess"]
        train["params"] = ["train.epochs"]

    edit_stages(repo, change)


def _lose_a_dep_and_a_param(stages: Any) -> None:
    (own,) = [dep for dep in stages["train"]["deps"] if dep.endswith("pipeline/train")]
    stages["train"]["deps"].remove(own)
    stages["train"]["params"].remove("train.epochs")


@mistake("dep-undeclared")
def data_that_the_code_has_by_default_is_no_dep(repo: Path) -> None:
    """The option is left out of the command, since the code knows the path."""
    edit(repo, "pipeline/preprocess/__main__.py", '"--raw", type=Path, required=True',
         '"--raw", type=Path, default=Path("data/raw")')  # fmt: skip

    def change(stages: Any) -> None:
        stages["preprocess"]["cmd"] = stages["preprocess"]["cmd"].replace("--raw data/raw ", "")
        stages["preprocess"]["deps"].remove("data/raw")

    edit_stages(repo, change)


@mistake("dep-undeclared")
def own_module_is_no_dep(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["train"]["deps"].remove("pipeline/train"))


@mistake("dep-undeclared")
def raw_data_is_no_dep(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["preprocess"]["deps"].remove("data/raw"))


@mistake("dep-undeclared")
def helper_module_is_no_dep(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["export"]["deps"].remove("pipeline/shared"))
