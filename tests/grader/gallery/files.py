"""Outs that are gone or wrong, data that changed, and what .dvcignore leaves in."""

import json
import shutil
from pathlib import Path
from typing import Any

from onnx import TensorProto

from tests.grader import finished
from tests.grader.gallery.changes import cut_object, edit, edit_stages, replace_out, save
from tests.grader.gallery.entries import mistake
from tests.service import onnx_models


@mistake("out-missing")
def model_was_deleted(repo: Path) -> None:
    (repo / "models" / "classifier.onnx").unlink()


@mistake("out-missing")
def raw_data_was_deleted(repo: Path) -> None:
    shutil.rmtree(repo / "data" / "raw")


@mistake("out-wrong")
def one_image_of_a_folder_was_deleted(repo: Path) -> None:
    (repo / "data" / "preprocess" / "images" / "gp000003-0.png").unlink()


@mistake("out-wrong")
def model_is_no_model(repo: Path) -> None:
    replace_out(repo, "export", "models/classifier.onnx", b"not a model")


@mistake("out-wrong")
def model_has_other_names(repo: Path) -> None:
    replace_out(repo, "export", "models/classifier.onnx", onnx_models.model(input_name="input_1"))


@mistake("out-wrong")
def splits_share_a_poster(repo: Path) -> None:
    finished.split(repo, "test", [0, 8, 9])
    finished.record(repo)
    save(repo)
    finished.push(repo)


@mistake("out-wrong")
def picture_is_a_text(repo: Path) -> None:
    replace_out(repo, "plot", "results/plots/examples.png", b"a text")


@mistake("out-wrong")
def metrics_lack_a_number(repo: Path) -> None:
    replace_out(repo, "evaluate", "results/metrics/test.json", b'{"map": 0.5}')


@mistake("out-wrong")
def pictures_of_the_posters_are_texts(repo: Path) -> None:
    for path in (repo / "data" / "preprocess" / "images").iterdir():
        finished.write(path, "a text")
    replace_out(repo, "plot", "results/plots/notes.txt", b"")


@mistake("out-wrong")
def picture_is_cut_short(repo: Path) -> None:
    path = "results/plots/examples.png"
    replace_out(repo, "plot", path, (repo / path).read_bytes()[:12])


@mistake("out-wrong")
def metric_is_not_a_number(repo: Path) -> None:
    _change_metric(repo, "NaN")


@mistake("out-wrong")
def metric_is_true(repo: Path) -> None:
    _change_metric(repo, "true")


@mistake("out-wrong")
def metric_is_more_than_the_whole(repo: Path) -> None:
    _change_metric(repo, "7.5")


def _change_metric(repo: Path, value: str) -> None:
    path = "results/metrics/test.json"
    text = (repo / path).read_text("utf-8").replace('"map": 0.5', f'"map": {value}')
    replace_out(repo, "evaluate", path, text.encode())


@mistake("out-wrong")
def model_takes_floats(repo: Path) -> None:
    content = onnx_models.model(input_type=TensorProto.FLOAT)
    replace_out(repo, "export", "models/classifier.onnx", content)


@mistake("out-wrong")
def genres_are_words(repo: Path) -> None:
    path = "data/preprocess/train.csv"
    text = (repo / path).read_text("utf-8").replace(",0,1\n", ",no,yes\n")
    replace_out(repo, "preprocess", path, text.encode())


@mistake("dvcignore-lacks-pycache")
def dvcignore_says_nothing_of_bytecode(repo: Path) -> None:
    edit(repo, ".dvcignore", "__pycache__/\n", "")
    save(repo)


@mistake("dvcignore-lacks-pycache")
def bytecode_of_an_inner_folder_is_not_ignored(repo: Path) -> None:
    """pipeline/shared/decoding lies deeper than the line reaches; and its end is missing."""
    edit(repo, ".dvcignore", "__pycache__/\n.partial-*\n.old-*\n", "pipeline/*/__pycache__/")
    save(repo)


@mistake("dvcignore-lacks-pycache")
def bytecode_of_one_python_alone_is_ignored(repo: Path) -> None:
    edit(repo, ".dvcignore", "__pycache__/\n", "*.cpython-311.pyc\n")
    save(repo)


@mistake("dvcignore-lacks-pycache")
def another_command_of_the_stage_writes_no_bytecode(repo: Path) -> None:
    edit(repo, ".dvcignore", "__pycache__/\n", "")

    def change(stages: Any) -> None:
        stages["plot"]["cmd"] = ["python -B -c pass", stages["plot"]["cmd"]]

    edit_stages(repo, change)


@mistake("dvcignore-lacks-pycache", "lock-stale")
def bytecode_lies_in_the_shared_code_after_a_run(repo: Path) -> None:
    """Only git is told to leave it out."""
    finished.write(repo / ".dvcignore", ".DS_Store\n")
    finished.write(repo / "pipeline" / "shared" / "__pycache__" / "outs.pyc", b"bytecode")
    save(repo)


@mistake("line-endings")
def stage_ran_on_code_with_the_line_ends_of_windows(repo: Path) -> None:
    """Git takes it in with LF, and says that nothing changed."""
    path = repo / "pipeline" / "export" / "__main__.py"
    finished.write(path, path.read_bytes().replace(b"\n", b"\r\n"))
    finished.record(repo)
    save(repo)
    finished.push(repo)


@mistake("lock-stale")
def module_is_renamed_in_the_folder_alone(repo: Path) -> None:
    (repo / "pipeline" / "plot" / "plots.py").rename(repo / "pipeline" / "plot" / "plot.py")


@mistake("lock-stale")
def table_of_the_raw_data_was_deleted(repo: Path) -> None:
    (repo / "data" / "raw" / "train.csv").unlink()


@mistake("cache-corrupt")
def cached_model_was_overwritten(repo: Path) -> None:
    cut_object(
        finished.cache_object(repo, finished.md5_of(repo, "export", "models/classifier.onnx"))
    )


@mistake("cache-corrupt")
def cached_picture_is_cut_short(repo: Path) -> None:
    listing = finished.cache_object(repo, finished.md5_of(repo, "preprocess", "data/preprocess"))
    cut_object(finished.cache_object(repo, json.loads(listing.read_bytes())[0]["md5"]))
