"""Git has what DVC tracks, or lacks what it has to keep."""

import shutil
from pathlib import Path
from typing import Any

from tests.grader import finished
from tests.grader.gallery.changes import append, edit, edit_stages, forget, save
from tests.grader.gallery.entries import mistake
from tests.repositories import run


@mistake("tracked-by-git-and-dvc")
def raw_data_was_added_to_git(repo: Path) -> None:
    run(repo, "git", "add", "--force", "data/raw")
    run(repo, "git", "commit", "--quiet", "--message", "Add data")


@mistake("tracked-by-git-and-dvc")
def model_is_staged(repo: Path) -> None:
    run(repo, "git", "add", "--force", "models/classifier.onnx")


@mistake("tracked-by-git-and-dvc")
def raw_data_was_taken_out_of_git_and_that_is_not_committed(repo: Path) -> None:
    raw_data_was_added_to_git(repo)
    run(repo, "git", "rm", "-r", "--quiet", "--cached", "data/raw")


@mistake("dvc-file-uncommitted")
def dvc_file_is_only_in_the_folder(repo: Path) -> None:
    run(repo, "git", "rm", "--quiet", "--cached", "data/raw.dvc")
    run(repo, "git", "commit", "--quiet", "--message", "Forget it")


@mistake("dvc-file-uncommitted")
def pipeline_has_an_uncommitted_stage(repo: Path) -> None:
    append(repo, "dvc.yaml", "  extra:\n    cmd: echo\n    deps: [params.yaml]\n")


@mistake("dvc-file-uncommitted")
def pipeline_was_never_committed(repo: Path) -> None:
    run(repo, "git", "rm", "--quiet", "--cached", "dvc.yaml")
    run(repo, "git", "commit", "--quiet", "--message", "Forget it")


@mistake("dvc-file-uncommitted")
def params_are_ignored_by_git(repo: Path) -> None:
    run(repo, "git", "rm", "--quiet", "--cached", "params.yaml")
    append(repo, ".gitignore", "params.yaml\n")
    save(repo)


@mistake("dvc-file-uncommitted")
def pipeline_is_ignored_by_git(repo: Path) -> None:
    run(repo, "git", "rm", "--quiet", "--cached", "dvc.yaml")
    append(repo, ".gitignore", "dvc.yaml\n")
    save(repo)


@mistake("dvc-file-uncommitted")
def pipeline_is_committed_and_ignored_by_git(repo: Path) -> None:
    append(repo, ".gitignore", "/dvc.*ml\n")
    save(repo)


@mistake("dvc-file-uncommitted")
def dvc_file_is_ignored_by_git(repo: Path) -> None:
    run(repo, "git", "rm", "--quiet", "--cached", "data/raw.dvc")
    append(repo, "data/.gitignore", "raw*\n*.dvc\n")
    save(repo)


@mistake("dvc-file-uncommitted")
def pipeline_was_deleted(repo: Path) -> None:
    (repo / "dvc.yaml").unlink()


@mistake("dvc-file-uncommitted")
def params_of_another_name_are_not_committed(repo: Path) -> None:
    def change(stages: Any) -> None:
        for stage in stages.values():
            stage["cmd"] = stage["cmd"].replace("params.yaml", "conf/params.yaml")
            if "params" in stage:
                stage["params"] = [{"conf/params.yaml": stage["params"]}]

    finished.write(repo / "conf" / "params.yaml", (repo / "params.yaml").read_bytes())
    edit_stages(repo, change)
    run(repo, "git", "rm", "--quiet", "--cached", "conf/params.yaml")
    run(repo, "git", "commit", "--quiet", "--message", "Forget it")


@mistake("dvc-file-uncommitted")
def file_of_vars_is_ignored_by_git(repo: Path) -> None:
    _name_vars(repo, "vars:\n- local.yaml\n")
    append(repo, ".gitignore", "local.yaml\n")
    forget(repo, "local.yaml")


@mistake("dvc-file-uncommitted")
def file_of_the_vars_of_a_stage_is_not_committed(repo: Path) -> None:
    _name_vars(repo, "")
    edit_stages(repo, lambda stages: stages["plot"].update(vars=["local.yaml:k"]))
    forget(repo, "local.yaml")


def _name_vars(repo: Path, text: str) -> None:
    finished.write(repo / "local.yaml", "k: 1\n")
    finished.write(repo / "dvc.yaml", text + (repo / "dvc.yaml").read_text("utf-8"))
    save(repo)


@mistake("dvc-file-uncommitted")
def dvc_file_was_deleted(repo: Path) -> None:
    (repo / "data" / "raw.dvc").unlink()


@mistake("dvc-file-uncommitted")
def data_was_never_added(repo: Path) -> None:
    run(repo, "git", "rm", "--quiet", "data/raw.dvc")
    save(repo)


@mistake("dvc-file-uncommitted")
def raw_data_was_taken_in_by_git_add_all(repo: Path) -> None:
    run(repo, "git", "rm", "--quiet", "data/raw.dvc")
    edit(repo, "data/.gitignore", "/raw\n", "")
    save(repo)


@mistake("dvc-file-uncommitted", "lock-stale")
def images_alone_were_added(repo: Path) -> None:
    _add_a_part(repo, "data/raw/Images")
    run(repo, "git", "add", "data/raw/Images.dvc", "data/raw/.gitignore")
    run(repo, "git", "commit", "--quiet", "--message", "Track the images")


@mistake("dvc-file-uncommitted", "lock-stale")
def table_alone_was_added_and_not_committed(repo: Path) -> None:
    _add_a_part(repo, "data/raw/train.csv")


def _add_a_part(repo: Path, path: str) -> None:
    """What DVC writes into the folder changes the stage's dep, too."""
    run(repo, "git", "rm", "--quiet", "data/raw.dvc")
    edit(repo, "data/.gitignore", "/raw\n", "")
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Begin anew")
    finished.write(repo / "data" / "raw" / ".gitignore", f"/{Path(path).name}\n")
    finished.add(repo, path)
    finished.push(repo)


@mistake("dvc-file-uncommitted", "lock-uncommitted")
def run_with_another_param_is_not_committed(repo: Path) -> None:
    finished.change_param(repo, "plot", "dpi", 90)
    finished.record(repo, "plot")


@mistake("lock-uncommitted")
def lock_was_never_committed(repo: Path) -> None:
    run(repo, "git", "rm", "--quiet", "--cached", "dvc.lock")
    run(repo, "git", "commit", "--quiet", "--message", "Forget it")


@mistake("lock-uncommitted")
def lock_was_deleted(repo: Path) -> None:
    (repo / "dvc.lock").unlink()


@mistake("lock-uncommitted")
def run_after_a_commit_is_not_committed(repo: Path) -> None:
    append(repo, "pipeline/plot/plots.py", "# A change.\n")
    save(repo)
    finished.record(repo, "plot")


@mistake("lock-uncommitted")
def lock_is_ignored_by_git(repo: Path) -> None:
    run(repo, "git", "rm", "--quiet", "--cached", "dvc.lock")
    append(repo, ".gitignore", "dvc.lock\n")
    save(repo)


@mistake("cache-in-git")
def cache_was_added_by_force(repo: Path) -> None:
    run(repo, "git", "add", "--force", ".dvc/cache")
    run(repo, "git", "commit", "--quiet", "--message", "Add cache")


@mistake("cache-in-git")
def local_remote_in_the_repository_is_committed(repo: Path) -> None:
    shutil.copytree(repo.parent / "remote", repo / "storage")
    save(repo)


@mistake("data-copied-into-git")
def raw_data_was_copied_into_git(repo: Path) -> None:
    shutil.copytree(repo / "data" / "raw", repo / "backup" / "raw")
    save(repo)


@mistake("data-copied-into-git")
def model_was_copied_into_git(repo: Path) -> None:
    shutil.copy(repo / "models" / "classifier.onnx", repo / "best.onnx")
    save(repo)


@mistake("data-copied-into-git")
def images_were_copied_beside_a_page_and_staged(repo: Path) -> None:
    shutil.copytree(repo / "data" / "raw" / "Images", repo / "docs" / "images")
    run(repo, "git", "add", "docs")


@mistake("data-copied-into-git")
def a_copy_of_the_raw_data_is_in_an_older_commit(repo: Path) -> None:
    """Advice: nothing but another history takes it out."""
    raw_data_was_copied_into_git(repo)
    shutil.rmtree(repo / "backup")
    save(repo)


@mistake("dvc-stops")
def dvcignore_lies_in_the_raw_data(repo: Path) -> None:
    finished.write(repo / "data" / "raw" / ".dvcignore", "*.tmp\n# mine\n")


@mistake("dvc-stops")
def dvcignore_lies_deep_in_an_out(repo: Path) -> None:
    finished.write(repo / "data" / "preprocess" / "images" / ".dvcignore", "")


@mistake("dvc-stops")
def link_in_the_raw_data_leads_nowhere(repo: Path) -> None:
    (repo / "data" / "raw" / "Images" / "gp999999.jpg").symlink_to("/nowhere/gp999999.jpg")


@mistake("dvc-stops", "stage-never-run")
def out_is_in_the_folder_of_dvc(repo: Path) -> None:
    change = {"cmd": "echo", "deps": ["params.yaml"], "outs": [".dvc/tmp/notes.txt"]}
    finished.change_pipeline(repo, lambda stages: stages.update(notes=change))
    save(repo)


@mistake("out-overlap")
def stage_out_was_added_with_dvc_add(repo: Path) -> None:
    finished.add(repo, "models/classifier.onnx")
    save(repo)


@mistake("out-overlap")
def folder_around_an_out_was_added(repo: Path) -> None:
    append(repo, "results/.gitignore", "/curves\n")
    finished.add(repo, "results/curves")
    save(repo)
    finished.push(repo)


@mistake("out-overlap")
def dep_stands_among_the_outs(repo: Path) -> None:
    def change(stages: Any) -> None:
        deps = stages["evaluate"]["deps"]
        deps.remove("models/classifier.onnx")
        stages["evaluate"].setdefault("outs", []).append("models/classifier.onnx")

    finished.change_pipeline(repo, change)
    save(repo)


@mistake("dvc-file-uncommitted")
def dvc_file_of_the_folder_above_is_deleted_and_not_committed(repo: Path) -> None:
    raw = (repo / "data" / "raw.dvc").read_text("utf-8")
    finished.write(repo / "raw.dvc", raw.replace("path: raw", "path: data/raw"))
    save(repo)
    (repo / "raw.dvc").unlink()


@mistake("dvcignore-hides-data")
def dvcignore_hides_the_lock(repo: Path) -> None:
    append(repo, ".dvcignore", "*.lock\n")
    save(repo)


@mistake("dvcignore-hides-data")
def dvcignore_hides_pictures(repo: Path) -> None:
    append(repo, ".dvcignore", "*.jpg\n")
    save(repo)


@mistake("dvcignore-hides-data")
def dvcignore_hides_an_out(repo: Path) -> None:
    append(repo, ".dvcignore", "models/*.onnx\n")
    save(repo)


@mistake("dvcignore-hides-data")
def dvcignore_hides_a_whole_out(repo: Path) -> None:
    finished.write(repo / ".dvcignore", "results/plots/\n__pycache__/\n")
    save(repo)


@mistake("dvcignore-hides-data")
def dvcignore_hides_pictures_and_is_not_committed(repo: Path) -> None:
    append(repo, ".dvcignore", "*.jpg\n")


@mistake("gitignore-lost")
def gitignore_of_the_data_was_deleted(repo: Path) -> None:
    (repo / "data" / ".gitignore").unlink()
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Tidy up")


@mistake("gitignore-lost")
def line_of_the_model_was_deleted(repo: Path) -> None:
    edit(repo, "models/.gitignore", "/classifier.onnx\n", "")
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Tidy up")


@mistake("gitignore-lost")
def gitignore_of_the_data_is_not_committed(repo: Path) -> None:
    forget(repo, "data/.gitignore")


@mistake("gitignore-lost")
def line_of_the_model_is_not_committed(repo: Path) -> None:
    text = (repo / "models" / ".gitignore").read_text("utf-8")
    edit(repo, "models/.gitignore", "/classifier.onnx\n", "")
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Tidy up")
    finished.write(repo / "models" / ".gitignore", text)
