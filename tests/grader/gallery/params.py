"""Params that are not declared, or not there."""

from pathlib import Path

from tests.grader import finished
from tests.grader.gallery.changes import add_stage, append, edit, edit_stages, save
from tests.grader.gallery.entries import mistake


@mistake("param-undeclared")
def one_param_is_not_declared(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["train"]["params"].remove("train.dropout"))


@mistake("param-undeclared")
def no_param_is_declared(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["plot"].pop("params"))


@mistake("param-undeclared")
def helper_module_reads_a_param(repo: Path) -> None:
    append(
        repo,
        "pipeline/shared/network.py",
        '\n\ndef _seed(params):\n    return params["plot"]["dpi"]\n',
    )
    edit_stages(repo, lambda stages: stages["export"].update(params=["plot.dpi"]))


@mistake("param-unknown")
def declared_param_has_a_typo(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["train"]["params"].append("train.epoch"))


@mistake("param-unknown")
def declared_param_is_of_a_section_that_is_gone(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["evaluate"].update(params=["evaluate.batch"]))


@mistake("param-unknown", "param-undeclared", "dvc-file-uncommitted")
def section_is_misspelled_where_it_is_declared(repo: Path) -> None:
    finished.change_pipeline(repo, lambda stages: stages["plot"].update(params=["plto"]))


@mistake("param-unknown", "dvc-file-uncommitted")
def key_of_params_is_misspelled(repo: Path) -> None:
    edit(repo, "params.yaml", "  dpi:", "  dpis:")


@mistake("param-unknown", "dvc-file-uncommitted")
def key_of_a_section_that_is_declared_as_a_whole_is_misspelled(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["plot"].update(params=["plot"]))
    edit(repo, "params.yaml", "  dpi:", "  dpis:")


@mistake("param-unknown")
def misspelled_key_of_params_is_committed(repo: Path) -> None:
    edit(repo, "params.yaml", "  dropout:", "  droput:")
    save(repo)


@mistake("param-unknown", "dvc-file-uncommitted")
def key_of_params_was_deleted(repo: Path) -> None:
    edit(repo, "params.yaml", "  dpi: 100\n", "")


@mistake("param-unknown", "dvc-file-uncommitted")
def section_of_params_is_misspelled(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["plot"].update(params=["plot"]))
    edit(repo, "params.yaml", "\nplot:", "\nplots:")


@mistake("param-unknown", "dvc-file-uncommitted")
def section_of_params_whose_keys_are_declared_is_misspelled(repo: Path) -> None:
    edit(repo, "params.yaml", "\nplot:", "\nplots:")


@mistake("param-unknown", "dvc-file-uncommitted")
def params_were_emptied(repo: Path) -> None:
    finished.write(repo / "params.yaml", "")


@mistake("param-unknown", "dvc-file-uncommitted", "lock-stale")
def section_of_params_was_deleted_beside_another_edit(repo: Path) -> None:
    text = (repo / "params.yaml").read_text("utf-8").partition("\nplot:")[0]
    finished.write(repo / "params.yaml", text.replace("epochs: 12", "epochs: 11", 1) + "\n")


@mistake("param-unknown")
def section_of_params_was_deleted_and_that_is_committed(repo: Path) -> None:
    text = (repo / "params.yaml").read_text("utf-8").partition("\nplot:")[0]
    finished.write(repo / "params.yaml", f"{text}\n")
    save(repo)


@mistake("param-unknown", "dvc-file-uncommitted")
def key_of_params_has_another_name_than_in_the_code(repo: Path) -> None:
    edit(repo, "params.yaml", "  dpi:", "  resolution:")
    edit(repo, "dvc.yaml", "plot.dpi", "plot.resolution")


@mistake("param-unknown")
def file_of_params_was_deleted_and_that_is_committed(repo: Path) -> None:
    (repo / "params.yaml").unlink()
    save(repo)


@mistake("param-unknown")
def key_of_params_has_another_name_than_in_the_code_and_is_committed(repo: Path) -> None:
    key_of_params_has_another_name_than_in_the_code(repo)
    save(repo)


@mistake("param-unknown", "dvc-file-uncommitted")
def key_of_a_section_in_a_section_is_misspelled(repo: Path) -> None:
    edit(repo, "params.yaml", "    lower:", "    low:")


@mistake("param-unknown")
def key_of_a_section_in_a_declared_section_is_misspelled_and_committed(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["preprocess"].update(params=["preprocess"]))
    edit(repo, "params.yaml", "    lower:", "    low:")
    save(repo)


@mistake("param-unknown", "dvc-file-uncommitted")
def key_of_a_stage_of_ones_own_was_deleted(repo: Path) -> None:
    append(repo, "params.yaml", "notes:\n  width: 3\n")
    add_stage(repo, params=["notes.width"])
    edit(repo, "params.yaml", "  width: 3\n", "  height: 3\n")


@mistake("param-type")
def whole_number_is_in_quotes(repo: Path) -> None:
    edit(repo, "params.yaml", "  examples: 12\n", '  examples: "12"\n')
    save(repo)


@mistake("param-type")
def number_is_a_word(repo: Path) -> None:
    """PyYAML, which reads YAML 1.1, takes it for true; DVC, which reads YAML 1.2, for text."""
    edit(repo, "params.yaml", "  min_side: 48\n", "  min_side: yes\n")
    save(repo)
