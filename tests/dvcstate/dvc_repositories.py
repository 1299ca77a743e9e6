"""Real DVC repositories to mutate: built once a session by DVC itself, then copied."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.dvcstate.dvc_oracle import Oracle
from tests.repositories import copy_folder

PARAMS = """\
lr: 0.001
train: {epochs: 30, layers: [64, 32], name: small, on: yes, mode: 0o17}
seed: 42
big: 1e-3
"""

PIPELINE = """\
stages:
  prepare:
    cmd: python copy.py data/raw prep
    deps: [copy.py, data/raw]
    params: [lr, train.epochs]
    outs: [prep]
  train:
    cmd:
    - python copy.py prep model
    - python copy.py model.txt model.bin
    deps: [prep, copy.py, single.txt]
    params:
    - seed
    - conf/model.json: [width, nested.depth]
    - conf/opt.toml: [opt.momentum]
    - conf/consts.py: [SIZE, Net.layers]
    - conf/whole.yaml:
    outs:
    - model
    - model.bin: {persist: true}
    metrics:
    - metrics.json: {cache: false}
    plots:
    - hist.csv: {x: epoch, y: loss, cache: false}
  lower:
    wdir: work
    cmd: python ../copy.py in out
    deps: [in]
    params: [lr, local.yaml: [a]]
    outs: [out]
  held:
    cmd: python copy.py single.txt held.txt
    deps: [single.txt]
    outs: [held.txt]
    frozen: true
  always:
    cmd: echo hi
    deps: [copy.py]
    always_changed: true
  callback:
    cmd: echo callback
plots:
- hist.csv: {x: epoch, y: loss}
metrics: [metrics.json]
params: [params.yaml]
artifacts:
  best: {path: model.bin, type: model}
"""

NEVER_RUN = """\
  later:
    cmd: python copy.py model later
    deps: [model, nowhere.txt]
    params: [lr, absent]
    outs: [later]
"""

TEMPLATED = """\
vars:
- names: {a: x, b: y}
stages:
  make:
    foreach: ${train.layers}
    do:
      cmd: python ../copy.py ../single.txt ${item}.txt
      deps: [../single.txt]
      params: [lr]
      outs: ["${item}.txt"]
  grid:
    matrix:
      size: [1, 2]
      kind: ${train.kinds}
    cmd: python ../copy.py ../single.txt ${item.size}-${item.kind}.txt
    outs: ["${item.size}-${item.kind}.txt"]
    deps: [../single.txt]
  named:
    vars: [more.yaml]
    cmd: python ../copy.py ../single.txt ${names.a}${extra}.txt
    deps: [../single.txt]
    outs: ["${names.a}${extra}.txt"]
"""

# The shapes of DVC's own tests, tests/func/parsing: values from parts of files, keys and items of
# mappings, a folder from a value, options from a mapping, escapes, and the sections at the top.
PARSED = """\
vars:
- more.json:models,data
- models: {extra: {lr: 2}}
- where: low
stages:
  train:
    foreach: ${models}
    do:
      cmd: python ../../copy.py ../../single.txt ${key}.out # --lr ${item.lr} \\${escaped}
      wdir: ${where}
      deps: [../../single.txt]
      params: [../par.toml: [opt.lr]]
      outs:
      - ${key}.out: {persist: true}
  each:
    foreach: [{name: one, on: true}, {name: two, on: false}]
    do:
      cmd: python ../copy.py ../single.txt ${item.name}.each ${item.on}
      deps: ["${data.file}"]
      outs: ["${item[name]}.each"]
  cross:
    matrix:
      shape: [{w: 1, h: 2}, {w: 3, h: 4}]
      kind: ${data.kinds}
    cmd: python ../copy.py ../single.txt ${key}.cross
    outs: ["${key}.cross": {cache: false}]
  options:
    vars: [opts.py]
    cmd:
    - echo ${Options} ${data.flags}
    - python ../copy.py ../single.txt options.json
    deps: [../single.txt]
    metrics: [options.json: {cache: false}]
metrics: ["${data.metric}"]
plots:
- ${data.plot}: {x: a, y: b}
params: [par.toml]
artifacts:
  best: {path: "${data.file}"}
datasets:
- {name: raw, type: url, url: "${data.url}"}
"""
PARSED_FILES = {
    "p/dvc.yaml": PARSED,
    "p/more.json": '{"models": {"small": {"lr": 0.1}, "large": {"lr": 1}}, "data": {"file": '
    '"../single.txt", "kinds": ["a", 1, true], "flags": {"deep": {"on": true, "off": false}, '
    '"n": [1, 2]}, "metric": "m.json", "plot": "p.csv", "url": "s3://bucket/raw"}, "other": 1}',
    "p/par.toml": "[opt]\nlr = 0.5\nname = 'x'\n",
    "p/opts.py": "class Options:\n    depth = 3\n    name = 'n m'\n",
    "p/low/keep": "",
}

COPY = """\
import pathlib, shutil, sys
source, target = map(pathlib.Path, sys.argv[1:3])
if not source.exists():
    target.write_bytes(b"weights"); raise SystemExit
(shutil.copytree if source.is_dir() else shutil.copyfile)(source, target)
if target.name == "model":
    pathlib.Path("metrics.json").write_text('{"map": 0.5}')
    pathlib.Path("hist.csv").write_text("epoch,loss\\n0,1\\n")
"""


def build_all(folder: Path, oracle: Oracle) -> dict[str, Path]:
    """The templates, by name; each shows what the others cannot."""
    folder.mkdir(parents=True, exist_ok=True)
    outside = folder / "outside"
    _write(outside, {"one.txt": "one", "dir/a.txt": "a", "dir/b.txt": "b"})
    return {
        "plain": _plain(folder / "plain", oracle),
        "dvc2": _dvc2(folder / "dvc2", folder / "plain"),
        "templated": _templated(folder / "templated", oracle),
        "imported": _imported(folder / "imported", folder / "source", outside, oracle),
    }


def _plain(repo: Path, oracle: Oracle) -> Path:
    _start(repo, oracle)
    _write(repo, {
        "copy.py": COPY, "params.yaml": PARAMS, "single.txt": "one\ntwo\n",
        "data/raw/a.txt": "a\r\nb\r\n", "data/raw/b.bin": b"\x00\x01\r\n" * 40,
        "data/raw/é ü/日本.txt": "unicode", "data/raw/deep/er/c.txt": "c",
        "data/raw/deep/'odd\" name.txt": "odd", "data/raw/.hidden": "h", "data/raw/empty.txt": "",
        "conf/model.json": '{"width": 3, "nested": {"depth": [1, 2]}}',
        "conf/opt.toml": "[opt]\nmomentum = 0.9\nname = 'sgd'\n",
        "conf/consts.py": "SIZE = (160, 112)\nclass Net:\n    layers = [1, 2]\n    r: float = 1\n",
        "conf/whole.yaml": "x: 1\ny: {z: 2}\n",
        "work/in": "in", "work/params.yaml": "lr: 1\n", "work/local.yaml": "a: {b: 1}\n",
        "sub/dvc.yaml": "stages:\n  'odd-name_1':\n    cmd: python ../copy.py ../single.txt s.txt\n"
                        "    deps: [../single.txt]\n    outs: [s.txt]\n",
        "dvc.yaml": PIPELINE.replace("    frozen: true\n", ""), "venv/dvc.yaml": "not: [valid",
    })  # fmt: skip
    (repo / "data" / "raw" / "void").mkdir()
    with (repo / ".gitignore").open("a") as file:
        file.write("/venv/\n*.log\n")
    for path in ("data/raw", "single.txt"):
        assert oracle.run(repo, "add", "-q", path) == 0
    assert oracle.run(repo, "repro", "-q", "--all-pipelines") == 0
    pipeline = PIPELINE.replace("plots:\n- hist", NEVER_RUN + "plots:\n- hist")
    _write(repo, {"dvc.yaml": pipeline})
    return repo


def _dvc2(repo: Path, plain: Path) -> Path:
    """The plain one as by DVC 2: no ``hash:``, hashes of LF text, the cache one level up."""
    copy_folder(plain, repo)
    cache = repo / ".dvc" / "cache"
    for lock in (repo / "dvc.lock", repo / "sub" / "dvc.lock"):
        data = load(lock)
        for name, stage in data["stages"].items():
            wdir = repo / "work" if name == "lower" else lock.parent
            for entry in [*stage.get("deps", []), *stage.get("outs", [])]:
                _to_dvc2(entry, wdir, cache)
        dump(lock, data)
    for single in (repo / "data" / "raw.dvc", repo / "single.txt.dvc"):
        data = load(single)
        _to_dvc2(data["outs"][0], single.parent, cache)
        dump(single, data)
    shutil.rmtree(cache / "files")
    return repo


def _to_dvc2(entry: dict[str, Any], wdir: Path, cache: Path) -> None:
    path = wdir / str(entry["path"])
    entry.pop("hash", None)
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file())
        listing = [
            {"md5": _stored(p, cache), "relpath": p.relative_to(path).as_posix()} for p in files
        ]
        listing.sort(key=lambda item: item["relpath"])
        text = json.dumps(listing, sort_keys=True).encode()
        md5 = hashlib.md5(text).hexdigest() + ".dir"
        _store(text, md5, cache)
        entry["md5"] = md5
    else:
        entry["md5"] = _stored(path, cache)


def _stored(path: Path, cache: Path) -> str:
    data = path.read_bytes()
    text = data if b"\0" in data[:512] else data.replace(b"\r\n", b"\n")
    md5 = hashlib.md5(text).hexdigest()
    _store(data, md5, cache)
    return md5


def _store(data: bytes, md5: str, cache: Path) -> None:
    target = cache / md5[:2] / md5[2:]
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        target.write_bytes(data)
        target.chmod(0o444)


def _templated(repo: Path, oracle: Oracle) -> Path:
    _start(repo, oracle)
    _write(repo, {
        "copy.py": COPY, "single.txt": "one\n", "t/dvc.yaml": TEMPLATED,
        "t/params.yaml": "lr: 1\ntrain: {layers: [64, 32], kinds: [big, small]}\n",
        "t/more.yaml": "extra: -more\n",
        "params.yaml": "out: result\nlr: 3\n",
        "dvc.yaml": "stages:\n  one:\n    cmd: python copy.py single.txt ${out}.txt\n"
                    "    deps: [single.txt]\n    params: [lr, out]\n    outs: ['${out}.txt']\n",
        **PARSED_FILES,
    })  # fmt: skip
    assert oracle.run(repo, "repro", "-q", "--all-pipelines") == 0
    return repo


def _imported(repo: Path, source: Path, outside: Path, oracle: Oracle) -> Path:
    _start(source, oracle)
    _write(source, {"data.txt": "data", "folder/a.txt": "a", "folder/b.txt": "b"})
    assert oracle.run(source, "add", "-q", "data.txt", "folder") == 0
    git(source, "add", "-A")
    git(source, "commit", "-qm", "data")
    git(source, "commit", "-qm", "more", "--allow-empty")
    _start(repo, oracle)
    one = json.dumps(str(outside / "one.txt"))
    _write(repo, {"copy.py": COPY, "keep/x.txt": "x", "dvc.yaml":
        "stages:\n  ext:\n    cmd: python copy.py keep kept\n"
        f"    deps: [keep, {one}]\n    outs: [kept]\n"})  # fmt: skip
    for argv in (
        ("import", "-q", str(source), "data.txt"),
        ("import", "-q", str(source), "folder", "-o", "fold"),
        ("import-url", "-q", str(outside / "one.txt"), "one.txt"),
        ("import-url", "-q", str(outside / "dir"), "two"),
        ("import-url", "-q", str(outside / "one.txt"), "free.txt"),
        ("unfreeze", "free.txt.dvc"),
        ("add", "-q", "keep"),
        ("repro", "-q", "dvc.yaml"),
    ):
        assert oracle.run(repo, *argv) == 0, argv
    return repo


def _start(repo: Path, oracle: Oracle) -> None:
    repo.mkdir(parents=True)
    git(repo, "init", "-q", "-b", "main")
    git(repo, "config", "user.email", "a@example.org")
    git(repo, "config", "user.name", "A")
    assert oracle.run(repo, "init", "-q") == 0


def git(repo: Path, *argv: str) -> str:
    """What git prints in ``repo``."""
    done = subprocess.run(["git", *argv], cwd=repo, check=True, capture_output=True, timeout=60)
    return done.stdout.decode().strip()


def load(path: Path) -> Any:
    """The YAML in ``path`` as DVC reads it."""
    return YAML(typ="safe").load(path.read_text("utf-8")) or {}


def dump(path: Path, data: object) -> None:
    """Write ``data`` as YAML, as DVC does."""
    yaml = YAML()
    yaml.default_flow_style = False
    with path.open("w", encoding="utf-8", newline="\n") as file:
        yaml.dump(data, file)


def _write(folder: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def copy(template: Path, target: Path) -> Path:
    """A copy of ``template`` to mutate; mtimes and modes are kept."""
    copy_folder(template, target)
    for parent, _, files in os.walk(target / ".dvc" / "tmp"):
        for name in files:
            if name.startswith(("lock", "rwlock")):
                Path(parent, name).unlink()
    return target
