"""Stages that no lesson asks for."""

from pathlib import Path
from typing import Any

from tests.grader import finished
from tests.grader.gallery.changes import add_stage, append, edit_lock, edit_stages, forget, save
from tests.grader.gallery.entries import mistake

_WRITE = "import pathlib\npathlib.Path('results/notes.txt').write_text('notes')\n"
"""What the stage writes."""


@mistake("stage-never-run")
def stage_of_ones_own_never_ran(repo: Path) -> None:
    """Advice: no lesson asks for it."""
    add_stage(repo)
    edit_lock(repo, lambda stages: stages.pop("notes"))


@mistake("lock-stale")
def stage_of_ones_own_is_stale(repo: Path) -> None:
    """Advice: no lesson asks for it."""
    add_stage(repo)
    append(repo, "notes.txt", "more")
    save(repo)


@mistake("lock-stale")
def stage_of_ones_own_reads_what_git_ignores(repo: Path) -> None:
    """Advice: no lesson asks for it."""
    append(repo, ".gitignore", "/notes.txt\n")
    add_stage(repo)


@mistake("lock-stale")
def stage_of_ones_own_reads_what_is_not_committed(repo: Path) -> None:
    """Advice: no lesson asks for it."""
    add_stage(repo)
    forget(repo, "notes.txt")


@mistake("lock-inconsistent")
def stage_of_ones_own_read_another_out(repo: Path) -> None:
    """Advice: no lesson asks for it."""
    add_stage(repo, deps=["models/classifier.onnx"])

    def change(stages: Any) -> None:
        stages["notes"]["deps"][0]["md5"] = "0" * 32

    edit_lock(repo, change)


@mistake("stage-frozen")
def stage_of_ones_own_is_frozen_and_hides_a_change(repo: Path) -> None:
    """Advice: no lesson asks for it."""
    add_stage(repo, frozen=True)
    append(repo, "notes.txt", "more")
    save(repo)


@mistake("dep-undeclared")
def stage_of_ones_own_runs_a_module_that_is_no_dep(repo: Path) -> None:
    """Advice: no lesson asks for it."""
    finished.write(repo / "tools" / "words.py", "def count(text):\n    return len(text.split())\n")
    finished.write(repo / "tools" / "notes.py", f"from tools.words import count\n{_WRITE}")
    add_stage(repo, cmd="python -m tools.notes", deps=["notes.txt", "tools/notes.py"])


@mistake("dep-undeclared")
def stage_of_ones_own_does_not_declare_its_script(repo: Path) -> None:
    """Advice: no lesson asks for it."""
    finished.write(repo / "notes.py", _WRITE)
    add_stage(repo, cmd="python notes.py")


def _add_script(repo: Path, line: str, options: str = "", outs: tuple[str, ...] = ()) -> None:
    """Add a stage that runs a script with this ``line``, and declares it and one of its outs."""
    words = "results/words.txt"
    write = f"import pathlib\npathlib.Path('{words}').write_text('5')\n"
    finished.write(repo / "notes.py", f"{write}{line}\n")
    finished.write(repo / words, "5")
    append(repo, "results/.gitignore", "/words.txt\n")
    add_stage(repo, cmd=f"python notes.py{options}", deps=["notes.py"], outs=[words, *outs])


@mistake("dep-undeclared")
def stage_of_ones_own_does_not_declare_what_its_code_opens(repo: Path) -> None:
    """Advice: no lesson asks for it."""
    _add_script(repo, "pathlib.Path('notes.txt').read_text()")


@mistake("dep-undeclared")
def stage_of_ones_own_does_not_declare_the_model_in_its_command(repo: Path) -> None:
    """Advice: no lesson asks for it."""
    _add_script(repo, "", " --model=models/classifier.onnx")


@mistake("out-undeclared")
def stage_of_ones_own_does_not_declare_what_it_writes(repo: Path) -> None:
    """Advice: no lesson asks for it."""
    finished.write(repo / "words.csv", "a")
    _add_script(repo, "pathlib.Path('words.csv').write_text('a')")


@mistake("metrics-as-outs")
def metrics_of_a_stage_of_ones_own_are_plain_outs(repo: Path) -> None:
    """Advice: no lesson asks for it."""
    finished.write(repo / "results" / "scores.json", '{"words": 5}')
    append(repo, "results/.gitignore", "/scores.json\n")
    _add_script(repo, "", outs=("results/scores.json",))


@mistake("param-undeclared")
def stage_of_ones_own_does_not_declare_its_params(repo: Path) -> None:
    """Advice: no lesson asks for it."""
    _add_script(repo, "import yaml\nyaml.safe_load(open('params.yaml'))['train']['epochs']")


@mistake("param-undeclared")
def param_is_read_by_a_variable_of_another_name(repo: Path) -> None:
    text = "c = yaml.safe_load(open('params.yaml'))\n    return c['train']['epochs']"
    append(repo, "pipeline/plot/plots.py", f"\n\ndef _epochs():\n    import yaml\n\n    {text}\n")
    edit_stages(repo, lambda stages: None)


@mistake("param-unknown")
def stage_of_ones_own_declares_a_param_that_is_not_there(repo: Path) -> None:
    add_stage(repo, params=["train.nope"])
