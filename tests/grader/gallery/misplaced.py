"""What dvc.yaml has in a place where it does not belong."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.grader import finished
from tests.grader.gallery.changes import add_stage, edit_stages, read_text, replace_out, save
from tests.grader.gallery.entries import mistake


@mistake("dep-absent")
def dep_is_no_file(repo: Path) -> None:
    """There is pipeline/plot/plots.py."""
    _declare(repo, lambda stages: stages["plot"]["deps"].append("pipeline/plots.py"))


@mistake("dep-absent")
def folder_of_shared_code_has_a_typo(repo: Path) -> None:
    def change(stages: Any) -> None:
        deps = stages["train"]["deps"]
        deps[deps.index("pipeline/shared")] = "pipeline/shraed"

    _declare(repo, change)


@mistake("dep-absent")
def data_is_named_from_another_folder(repo: Path) -> None:
    """params.yaml has a section of that name, which train does not read."""

    def change(stages: Any) -> None:
        deps = stages["train"]["deps"]
        deps[deps.index("data/preprocess")] = "preprocess"

    _declare(repo, change)


@mistake("dep-absent")
def param_stands_below_the_deps(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["train"]["params"].remove("train.epochs")
        stages["train"]["deps"].append("train.epochs")

    _declare(repo, change)


@mistake("dep-absent")
def dep_of_a_stage_of_ones_own_has_a_typo(repo: Path) -> None:
    add_stage(repo)
    _declare(repo, lambda stages: stages["notes"].update(deps=["notse.txt"]))


@mistake("out-not-written")
def out_has_a_typo(repo: Path) -> None:
    _declare(repo, lambda stages: stages["plot"].update(plots=["result/plots"]))


@mistake("out-not-written")
def out_is_one_that_no_code_writes(repo: Path) -> None:
    _declare(repo, lambda stages: stages["train"]["outs"].append("models/best.h5"))


@mistake("code-among-outs")
def code_of_all_stages_is_an_out(repo: Path) -> None:
    _declare(repo, lambda stages: stages["plot"].update(outs=["pipeline"]))


@mistake("code-among-outs")
def module_of_the_stage_is_an_out(repo: Path) -> None:
    _declare(repo, lambda stages: stages["plot"].update(outs=["pipeline/plot/plots.py"]))


@mistake("code-among-outs")
def code_is_an_out_and_a_run_deleted_it(repo: Path) -> None:
    """As ``dvc repro`` leaves it: what the stage needs to run is gone."""
    _declare(repo, lambda stages: stages["plot"].update(outs=["pipeline/plot"]))
    shutil.rmtree(repo / "pipeline" / "plot")


@mistake("out-overlap")
def out_is_a_folder_around_those_of_another_stage(repo: Path) -> None:
    _declare(repo, lambda stages: stages["plot"].update(plots=["results"]))


@mistake("sections-in-command", "lock-stale")
def sections_are_indented_below_the_command(repo: Path) -> None:
    _indent_sections(repo, "train", "export")


@mistake("sections-in-command", "lock-stale")
def sections_of_the_last_stage_are_indented_below_the_command(repo: Path) -> None:
    _indent_sections(repo, "plot", None)


def _indent_sections(repo: Path, stage: str, following: str | None) -> None:
    text = read_text(repo, "dvc.yaml")
    start = text.index(f"  {stage}:\n")
    end = text.index(f"  {following}:\n") if following else len(text)
    command, sections = text[start:end].split("    deps:\n")
    lines = [line and f"  {line}" for line in ["    deps:", *sections.split("\n")]]
    finished.write(repo / "dvc.yaml", text[:start] + command + "\n".join(lines) + text[end:])
    save(repo)


@mistake("stage-wrong-command", "lock-stale")
def lines_of_the_command_end_in_backslashes(repo: Path) -> None:
    """DVC runs each line as a command of its own."""
    _declare(repo, lambda s: s["train"].update(cmd=s["train"]["cmd"].replace(" --", " \\\n--")))


@mistake("stage-wrong-command", "lock-stale")
def options_of_the_command_have_lines_of_their_own(repo: Path) -> None:
    _declare(repo, lambda s: s["train"].update(cmd=s["train"]["cmd"].replace(" --", "\n--")))


@mistake("stage-missing", "stage-wrong-command", "lock-stale")
def stage_runs_two_modules(repo: Path) -> None:
    def change(stages: Any) -> None:
        first, second = stages.pop("preprocess"), stages["train"]
        second["cmd"] = f"{first['cmd']} && {second['cmd']}"
        for section in ("deps", "params", "outs"):
            second[section] = list(dict.fromkeys([*first[section], *second[section]]))

    _declare(repo, change)


@mistake("out-undeclared", "dep-undeclared", "param-undeclared")
def stage_was_added_with_half_of_what_it_needs(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["train"] = {"cmd": stages["train"]["cmd"], "deps": ["data/preprocess"]}

    _declare(repo, change)


@mistake("param-unknown", "param-undeclared")
def declared_param_is_a_misspelt_one_of_those_read(repo: Path) -> None:
    def change(stages: Any) -> None:
        params = stages["train"]["params"]
        params[params.index("train.dropout")] = "train.droput"

    _declare(repo, change)


@mistake("out-wrong")
def metrics_are_yaml(repo: Path) -> None:
    metrics = json.loads(read_text(repo, "results/metrics/test.json"))
    replace_out(repo, "evaluate", "results/metrics/test.json", yaml.safe_dump(metrics).encode())


def _declare(repo: Path, change: Callable[[Any], None]) -> None:
    """Change dvc.yaml, as ``dvc stage add`` writes it, and commit; nothing runs."""

    def as_dvc_writes(stages: Any) -> None:
        for stage in stages.values():
            stage.pop("desc", None)
            if "plots" in stage:
                stage["plots"] = [
                    next(iter(p)) if isinstance(p, dict) else p for p in stage["plots"]
                ]

    edit_stages(repo, as_dvc_writes)
    edit_stages(repo, change, run_again=False)
