"""A repository in which every lesson is solved, made in a second and without starting DVC.

What DVC and the stages would write is written here: files of the right kind, their hashes in
dvc.lock, their objects in the cache and on the remote. `test_starter.py` compares with DVC itself.
"""

import csv
import hashlib
import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

import dvcstate
from dvcstate.hashes.folder_hash import folder_md5
from dvcstate.model import Dep, Out, ParamsFile
from tests.repositories import ROOT, commit, run
from tests.service import onnx_models
from workshop.stages import STAGES, Content

GENRES = ("Comedy", "Drama")
SPLITS = {"train": range(6), "valid": range(6, 8), "test": range(8, 10)}
OUTS = [out for stage in STAGES for out in stage.outs]
METRICS = ("map", "micro_f1", "macro_f1", "precision", "recall", "binary_accuracy")


def make(folder: Path) -> Path:
    """The repository ``folder``/repo, with its remote beside it."""
    repo = folder / "repo"
    write_files(repo)
    run(repo, "git", "init", "--quiet", "--initial-branch", "main")
    _write_results(repo)
    add(repo, "data/raw")
    record(repo)
    commit(repo, "Run the pipeline")
    change_param(repo, "plot", "examples", 12)
    picture(repo / "results" / "plots" / "examples.png", 12)
    record(repo, "plot")
    commit(repo, "Show fewer examples")
    push(repo)
    _shrink_git(repo)
    return repo


def _shrink_git(repo: Path) -> None:
    """Leave fewer files and folders in .git: 1,400 tests copy them, 217 of 530 before."""
    run(repo, "git", "repack", "-a", "-d", "--quiet")
    for sample in (repo / ".git" / "hooks").glob("*.sample"):
        sample.unlink()


def write_files(repo: Path) -> None:
    """Everything but data and results, and the remote beside the repository."""
    shutil.copytree(
        ROOT / "pipeline", repo / "pipeline", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("dvc.yaml", "params.yaml", ".gitattributes", ".dvcignore"):
        shutil.copy(ROOT / name, repo / name)
    remote = repo.parent / "remote"
    remote.mkdir()
    texts = {
        ".gitignore": "__pycache__/\n",
        ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
        ".dvc/config": (
            f"[core]\n    analytics = false\n    remote = workshop\n"
            f"['remote \"workshop\"']\n    url = {remote}\n"
        ),
        "workshop.toml": '[workshop]\nattendee = "ada"\n',
        "data/.gitignore": "/raw\n",
    }
    for folder, _, name in (out.path.rpartition("/") for out in OUTS if out.cached):
        texts[f"{folder}/.gitignore"] = texts.get(f"{folder}/.gitignore", "") + f"/{name}\n"
    for name, text in texts.items():
        write(repo / name, text)


def write(path: Path, content: str | bytes) -> None:
    """Write a file, with the folders that it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def write_raw_data(repo: Path) -> None:
    """Ten posters and their table."""
    rows = []
    for number in range(10):
        picture(repo / "data" / "raw" / "Images" / f"gp{number:06}.jpg", number)
        rows.append([f"gp{number:06}", "['Drama']", 0, 1])
    table(repo / "data" / "raw" / "train.csv", ["Id", "Genre", *GENRES], rows)


def _write_results(repo: Path) -> None:
    write_raw_data(repo)
    for out in OUTS:
        _SAMPLES[out.content](repo / out.path)


def _write_splits(folder: Path) -> None:
    for name, numbers in SPLITS.items():
        for number in numbers:
            picture(folder / "images" / f"gp{number:06}-0.png", number)
        split(folder.parents[1], name, numbers)


def _write_history(path: Path) -> None:
    table(path, ["epoch", "loss", "val_map"], [[0, 0.7, 0.4], [1, 0.6, 0.5]])


def _write_model(path: Path) -> None:
    write(path, onnx_models.model(bias=0.1 if ".fp32." in path.name else -1.0))


_SAMPLES: dict[Content, Callable[[Path], None]] = {
    Content.SPLITS: _write_splits,
    Content.WEIGHTS: lambda path: write(path, b"\x89HDF\r\n\x1a\n\0 weights"),
    Content.HISTORY: _write_history,
    Content.ONNX_MODEL: _write_model,
    Content.METRICS: lambda path: write(path, json.dumps(dict.fromkeys(METRICS, 0.5) | {"n": 2})),
    Content.TABLE: lambda path: table(path, ["genre", path.name], [["Drama", 0.5]]),
    Content.PICTURES: lambda folder: picture(folder / "examples.png", 18),
}
"""What writes an out of each content."""


def split(repo: Path, name: str, numbers: Iterable[int]) -> None:
    """Write the table of one split."""
    rows = [[f"images/gp{n:06}-0.png", f"gp{n:06}", 0, 1] for n in numbers]
    table(repo / "data" / "preprocess" / f"{name}.csv", ["Path", "Source", *GENRES], rows)


def picture(path: Path, number: int) -> None:
    """Write a small picture that depends on ``number``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 12), (number * 20 % 256, 90, 40)).save(path)


def table(path: Path, header: list[str], rows: list[list[Any]]) -> None:
    """Write a table in CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def change_param(repo: Path, section: str, key: str, value: Any) -> None:
    """Set one value of params.yaml."""
    document = yaml.safe_load((repo / "params.yaml").read_text("utf-8"))
    document[section][key] = value
    write(repo / "params.yaml", yaml.safe_dump(document, sort_keys=False))


def change_pipeline(repo: Path, change: Any) -> None:
    """Let ``change`` edit the stages of dvc.yaml, as plain data."""
    document = yaml.safe_load((repo / "dvc.yaml").read_text("utf-8"))
    change(document["stages"])
    write(repo / "dvc.yaml", yaml.safe_dump(document, sort_keys=False, width=1000))


def add(repo: Path, path: str) -> None:
    """As ``dvc add``, but for the line in .gitignore."""
    entry = {**_hashed(repo, path), "path": path.rpartition("/")[2]}
    write(repo / f"{path}.dvc", yaml.safe_dump({"outs": [entry]}, sort_keys=False))


def record(repo: Path, *names: str) -> None:
    """Write dvc.lock as ``dvc repro`` leaves it after a run of the stages ``names``, or of all."""
    path = repo / "dvc.lock"
    before = yaml.safe_load(path.read_text("utf-8"))["stages"] if path.exists() else {}
    path.unlink(missing_ok=True)
    stages = {}
    for stage in dvcstate.read(repo).stages:
        if stage.cmd is None:
            continue
        if names and stage.name not in names:
            if stage.name in before:
                stages[stage.name] = before[stage.name]
            continue
        stages[stage.name] = _recorded(repo, stage)
    write(path, yaml.safe_dump({"schema": "2.0", "stages": stages}, sort_keys=False))


def _recorded(repo: Path, stage: dvcstate.Stage) -> dict[str, Any]:
    entry: dict[str, Any] = {"cmd": stage.cmd}
    if stage.deps:
        entry["deps"] = [_entry(repo, dep) for dep in sorted(stage.deps, key=lambda d: d.path)]
    if stage.params:
        entry["params"] = {file.path: _values(repo, file) for file in stage.params}
    entry["outs"] = [_entry(repo, out) for out in sorted(stage.outs, key=lambda o: o.path)]
    return entry


def _entry(repo: Path, item: Dep | Out) -> dict[str, Any]:
    cached = isinstance(item, Out) and item.cache
    return {"path": item.path, **_hashed(repo, item.path, into_cache=cached)}


def _values(repo: Path, file: ParamsFile) -> dict[str, Any]:
    from dvcstate.params import params_file

    return params_file.values(params_file.read(repo / file.path, file.path), file.keys, file.path)


def _hashed(repo: Path, path: str, *, into_cache: bool = True) -> dict[str, Any]:
    """The hash, size and number of files of ``path``; its objects go into the cache."""
    place = repo / path
    if place.is_file():
        content = place.read_bytes()
        md5 = hashlib.md5(content).hexdigest()
        if into_cache:
            _cache(repo, md5, content)
        return {"hash": "md5", "md5": md5, "size": len(content)}
    files = [file for file in sorted(place.rglob("*")) if _is_kept(file)]
    names = [file.relative_to(place).as_posix() for file in files]
    contents = [file.read_bytes() for file in files]
    md5s = [hashlib.md5(content).hexdigest() for content in contents]
    whole = folder_md5(names, md5s)
    if into_cache:
        for md5, content in zip(md5s, contents, strict=True):
            _cache(repo, md5, content)
        pairs = sorted(zip(names, md5s, strict=True))
        listing = json.dumps([{"md5": m, "relpath": n} for n, m in pairs])
        _cache(repo, whole, listing.encode())
    size = sum(map(len, contents))
    return {"md5": whole, "size": size, "nfiles": len(files), "hash": "md5"}


def _is_kept(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts


def _cache(repo: Path, md5: str, content: bytes) -> None:
    path = cache_object(repo, md5)
    if not path.exists():
        write(path, content)
        path.chmod(0o444)


def cache_object(repo: Path, md5: str) -> Path:
    """Where the cache has the object ``md5``."""
    return repo / ".dvc" / "cache" / "files" / "md5" / md5[:2] / md5[2:]


def remote_object(repo: Path, md5: str) -> Path:
    """Where the remote has the object ``md5``."""
    return repo.parent / "remote" / "files" / "md5" / md5[:2] / md5[2:]


def push(repo: Path) -> None:
    """As ``dvc push`` to the folder beside ``repo``."""
    shutil.copytree(
        repo / ".dvc" / "cache" / "files", repo.parent / "remote" / "files", dirs_exist_ok=True
    )


def lock(repo: Path) -> dict[str, Any]:
    """The stages in dvc.lock."""
    stages: dict[str, Any] = yaml.safe_load((repo / "dvc.lock").read_text("utf-8"))["stages"]
    return stages


def md5_of(repo: Path, stage: str, path: str) -> str:
    """What dvc.lock records of an out."""
    return next(str(out["md5"]) for out in lock(repo)[stage]["outs"] if out["path"] == path)
