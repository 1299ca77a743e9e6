"""The remote lacks what the repository needs, or does not answer."""

import json
import shutil
from pathlib import Path

from tests.grader import finished
from tests.grader.gallery.changes import cut_object, edit_stages, remote_config, write_config
from tests.grader.gallery.entries import mistake


@mistake("out-not-pushed")
def nothing_was_pushed(repo: Path) -> None:
    shutil.rmtree(repo.parent / "remote" / "files")


@mistake("out-not-pushed")
def one_picture_of_a_folder_is_not_on_the_remote(repo: Path) -> None:
    listing = finished.cache_object(repo, finished.md5_of(repo, "preprocess", "data/preprocess"))
    finished.remote_object(repo, json.loads(listing.read_bytes())[0]["md5"]).unlink()


@mistake("out-not-pushed")
def one_object_on_the_remote_is_empty(repo: Path) -> None:
    finished.write(
        finished.remote_object(repo, finished.md5_of(repo, "export", "models/classifier.onnx")), b""
    )


@mistake("out-not-pushed")
def one_picture_of_a_folder_is_empty_on_the_remote(repo: Path) -> None:
    listing = finished.cache_object(repo, finished.md5_of(repo, "preprocess", "data/preprocess"))
    path = finished.remote_object(repo, json.loads(listing.read_bytes())[0]["md5"])
    finished.write(path, b"")
    path.chmod(0o444)


@mistake("out-not-pushed")
def one_object_on_the_remote_has_other_bytes(repo: Path) -> None:
    path = finished.remote_object(repo, finished.md5_of(repo, "export", "models/classifier.onnx"))
    content = path.read_bytes()
    finished.write(path, content[:-1] + bytes([content[-1] ^ 1]))


@mistake("out-not-pushed")
def one_object_on_the_remote_became_a_folder(repo: Path) -> None:
    path = finished.remote_object(repo, finished.md5_of(repo, "export", "models/classifier.onnx"))
    path.unlink()
    finished.write(path / "mine.txt", "mine\n")


@mistake("out-not-pushed")
def listing_on_the_remote_became_a_folder(repo: Path) -> None:
    path = finished.remote_object(repo, finished.md5_of(repo, "preprocess", "data/preprocess"))
    path.unlink()
    path.mkdir()


@mistake("out-not-pushed")
def out_is_kept_back(repo: Path) -> None:
    path = "models/classifier.weights.h5"
    edit_stages(repo, lambda stages: stages["train"].update(outs=[{path: {"push": False}}]))
    finished.remote_object(repo, finished.md5_of(repo, "train", path)).unlink()


@mistake("out-lost")
def model_is_neither_in_the_cache_nor_on_the_remote(repo: Path) -> None:
    md5 = finished.md5_of(repo, "export", "models/classifier.onnx")
    finished.cache_object(repo, md5).unlink()
    finished.remote_object(repo, md5).unlink()


@mistake("out-missing")
def cache_was_deleted_after_the_push(repo: Path) -> None:
    """Advice: dvc status is not clean, and dvc repro would run everything again."""
    shutil.rmtree(repo / ".dvc" / "cache")


@mistake("out-missing")
def one_object_is_gone_from_the_cache_alone(repo: Path) -> None:
    finished.cache_object(repo, finished.md5_of(repo, "export", "models/classifier.onnx")).unlink()


@mistake("out-lost")
def cache_was_deleted_before_the_push(repo: Path) -> None:
    shutil.rmtree(repo / ".dvc" / "cache")
    shutil.rmtree(repo.parent / "remote" / "files")


@mistake("out-lost", "out-missing")
def neighbour_pushed_to_git_and_not_with_dvc(repo: Path) -> None:
    model_is_neither_in_the_cache_nor_on_the_remote(repo)
    (repo / "models" / "classifier.onnx").unlink()


@mistake("out-lost", "cache-corrupt")
def object_is_damaged_in_the_cache_and_on_the_remote(repo: Path) -> None:
    md5 = finished.md5_of(repo, "export", "models/classifier.onnx")
    cut_object(finished.cache_object(repo, md5))
    cut_object(finished.remote_object(repo, md5))


@mistake("out-lost", "cache-corrupt", "out-wrong")
def object_is_damaged_wherever_it_is(repo: Path) -> None:
    """As with links in place of copies: what is in the folder is what is in the cache."""
    object_is_damaged_in_the_cache_and_on_the_remote(repo)
    md5 = finished.md5_of(repo, "export", "models/classifier.onnx")
    damaged = finished.cache_object(repo, md5).read_bytes()
    finished.write(repo / "models" / "classifier.onnx", damaged)


@mistake("remote-unreachable")
def folder_of_the_remote_is_gone(repo: Path) -> None:
    shutil.rmtree(repo.parent / "remote")


@mistake("remote-unreachable")
def nobody_answers_at_the_address(repo: Path) -> None:
    url = "gs://workshop-bucket/ada"
    write_config(repo, remote_config(url) + "    endpointurl = http://127.0.0.1:9\n")
