"""What people (and machines) do to a DVC repository between two looks at it.

Each mutation is a function of the repository and of ``pick``, which chooses one of a sequence, so
that hypothesis can choose, shrink and replay.
"""

import datetime
import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tests.dvcstate.dvc_repositories import dump, git, load

Choice = TypeVar("Choice")
Pick = Callable[[Sequence[Choice]], Choice]
Mutation = Callable[[Path, Pick[Any]], None]
ALL: list[Mutation] = []

ODD_NAMES = (
    "x", "é.txt", "日本", "a b", "-dash", "new\nline", "quo'te", 'dou"ble', "back\\slash", "#hash",
    "!bang", "star*", "[b]", "x.log", ".hidden", "x.dvc.txt", "😀", "a:b", "%41", "tab\tname",
    ".git", ".dvcignore", ".gitignore", "ends ", "dvc.yaml", "new.dvc",
)  # fmt: skip


def mutation(function: Mutation) -> Mutation:
    """Put ``function`` among ALL."""
    ALL.append(function)
    return function


def _data(repo: Path, folders: bool = False) -> list[Path]:
    """The files (or folders) of the worktree that are neither git's nor DVC's."""
    found = []
    for parent, names, files in os.walk(repo):
        names[:] = sorted(name for name in names if name not in (".git", ".dvc"))
        found += [Path(parent, name) for name in (names if folders else sorted(files))]
    return found


def _dvc_files(repo: Path) -> list[Path]:
    named = [p for p in _data(repo) if p.name in ("dvc.yaml", "dvc.lock") or p.suffix == ".dvc"]
    return [path for path in named if path.is_file() and "venv" not in path.parts]


def _objects(repo: Path) -> list[Path]:
    cache = repo / ".dvc" / "cache"
    return sorted(p for p in cache.rglob("*") if p.is_file() and "runs" not in p.parts)


def _touch_past(path: Path, pick: Pick[Any]) -> None:
    """Another mtime for sure: the kernel's clock moves in steps of milliseconds."""
    past = pick((1_000_000_000, 1_600_000_000, 1_700_000_000)) * 10**9 + pick((0, 1, 500, 10**8))
    os.utime(path, ns=(past, past))


@mutation
def edit(repo: Path, pick: Pick[Any]) -> None:
    files = [path for path in _data(repo) if path.is_file() and path not in _dvc_files(repo)]
    if not files:
        return
    path = pick(files)
    old = path.read_bytes()
    how = pick(("append", "replace", "same size", "empty", "same"))
    if how == "same" and pick((True, False)):
        with path.open("r+b") as file:  # the same inode: a hard link sees it too
            file.write(pick((b"z", b"in place")))
        return
    new = {
        "append": old + b"more\r\n", "replace": b"else", "same size": b"#" * len(old),
        "empty": b"", "same": old,
    }[how]  # fmt: skip
    path.unlink()
    path.write_bytes(new)
    _touch_past(path, pick)


@mutation
def delete(repo: Path, pick: Pick[Any]) -> None:
    path = pick(_data(repo) or [repo / "nothing"])
    path.unlink(missing_ok=True)


@mutation
def delete_folder(repo: Path, pick: Pick[Any]) -> None:
    shutil.rmtree(pick(_data(repo, folders=True) or [repo / "nothing"]), ignore_errors=True)


@mutation
def touch(repo: Path, pick: Pick[Any]) -> None:
    files = [path for path in _data(repo) if path.exists()]
    if files:
        _touch_past(pick(files), pick)


@mutation
def chmod(repo: Path, pick: Pick[Any]) -> None:
    files = [path for path in _data(repo) if path.exists()]
    if files:
        pick(files).chmod(pick((0o755, 0o600, 0o444, 0o777)))


@mutation
def rename(repo: Path, pick: Pick[Any]) -> None:
    path = pick(_data(repo) or [repo / "nothing"])
    target = path.with_name(pick(ODD_NAMES))
    if path.is_file() and not target.exists():
        path.rename(target)


@mutation
def rename_folder(repo: Path, pick: Pick[Any]) -> None:
    path = pick(_data(repo, folders=True))
    target = path.with_name(pick(ODD_NAMES))
    if path.exists() and not target.exists():
        path.rename(target)


@mutation
def add_to_folder(repo: Path, pick: Pick[Any]) -> None:
    path = pick(_data(repo, folders=True)) / pick(ODD_NAMES)
    if path.parent.is_dir() and not path.exists():
        path.write_text(pick(("new", "", "a\r\n")))


@mutation
def add_folder(repo: Path, pick: Pick[Any]) -> None:
    path = pick(_data(repo, folders=True)) / pick(
        ("empty", "é", ".git", ".hg", "x.dvc", "sub repo")
    )
    if path.exists() or not path.parent.is_dir():
        return
    path.mkdir()
    inside = pick((None, "file", ".dvc", "nested"))
    if inside == "file":
        (path / "file").write_text("x")
    elif inside == ".dvc":
        (path / ".dvc").mkdir()
        (path / "file").write_text("x")
    elif inside == "nested":
        (path / "a" / "b").mkdir(parents=True)


@mutation
def convert_line_ends(repo: Path, pick: Pick[Any]) -> None:
    files = [path for path in _data(repo) if path.is_file()]
    if not files:
        return
    path = pick(files)
    data = path.read_bytes()
    path.unlink()
    to_crlf = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    path.write_bytes(pick((to_crlf, data.replace(b"\r\n", b"\n"))))
    _touch_past(path, pick)


@mutation
def link(repo: Path, pick: Pick[Any]) -> None:
    everything = [*_data(repo), *_data(repo, folders=True)]
    path, target = pick(everything), pick([*everything, Path("nowhere"), repo.parent])
    if path.is_symlink() or not path.exists() or path in target.parents or path == target:
        return
    (shutil.rmtree if path.is_dir() else os.unlink)(path)
    path.symlink_to(target)


@mutation
def link_inside(repo: Path, pick: Pick[Any]) -> None:
    path = pick(_data(repo, folders=True)) / "link"
    targets = [*_data(repo), *_data(repo, folders=True), Path("nowhere"), Path("link")]
    if path.parent.is_dir() and not os.path.lexists(path):
        path.symlink_to(pick(targets))


@mutation
def relink(repo: Path, pick: Pick[Any]) -> None:
    """As ``dvc config cache.type`` has it: a link to the object in place of a copy."""
    files = [path for path in _data(repo) if path.is_file() and not path.is_symlink()]
    if not files:
        return
    for path in files if pick((True, False)) else [pick(files)]:
        md5 = hashlib.md5(path.read_bytes()).hexdigest()
        for folder in ("files/md5/", ""):
            target = repo / ".dvc" / "cache" / f"{folder}{md5[:2]}" / md5[2:]
            if target.is_file():
                path.unlink()
                (path.hardlink_to if pick((True, False)) else path.symlink_to)(target)
                break


@mutation
def swap_kind(repo: Path, pick: Pick[Any]) -> None:
    """A folder where there was a file, or the other way round."""
    path = pick([*_data(repo), *_data(repo, folders=True)])
    if path.is_symlink() or not path.exists():
        return
    if path.is_dir():
        shutil.rmtree(path)
        path.write_text("now a file")
    else:
        path.unlink()
        path.mkdir()
        if pick((True, False)):
            (path / "in").write_text("x")


@mutation
def remove_from_cache(repo: Path, pick: Pick[Any]) -> None:
    objects = _objects(repo)
    if not objects:
        return
    path = pick(objects)
    how = pick(("delete", "corrupt", "corrupt and unlock", "unlock", "all", "directory"))
    mode = path.stat().st_mode
    if how == "delete":
        path.unlink()
    elif how == "all":
        shutil.rmtree(repo / ".dvc" / "cache")
    elif how == "directory":
        listings = [o for o in objects if o.suffix == ".dir"]
        if listings:
            pick(listings).unlink()
    else:
        path.chmod(0o644)
        if "corrupt" in how:
            path.write_bytes(pick((b"junk", b"[]", b'{"a": 1}', path.read_bytes() + b"\n")))
            _touch_past(path, pick)
        if how == "corrupt":
            path.chmod(mode)


@mutation
def change_params(repo: Path, pick: Pick[Any]) -> None:
    files = [
        p for p in _data(repo)
        if p.is_file() and p.suffix in (".yaml", ".json", ".toml", ".py")
        and p.name not in ("dvc.yaml", "copy.py")
    ]  # fmt: skip
    if not files:
        return
    path = pick(files)
    text = path.read_text("utf-8", "replace")
    old, new = pick((
        ("lr: 0.001", "lr: 1.0e-3"), ("lr: 0.001", "lr: 1e-3"), ("lr: 0.001", "lr: 0.002"),
        ("lr: 0.001", "lr: '0.001'"), ("lr: 0.001", "rl: 1"), ("lr: 1", "lr: 1.0"),
        ("lr: 1", "lr: true"), ("epochs: 30", "epochs: 0x1e"), ("epochs: 30", "epochs: 3_0"),
        ("epochs: 30", "epochs: 30.0"), ("epochs: 30", "epochs: [30]"), ("epochs: 30", "epochs:"),
        ("seed: 42", "seed: 0o52"), ("seed: 42", "seed: 042"), ("seed: 42", "seed: 42 # same"),
        ("seed: 42", "seed: yes"), ("seed: 42", "seed: 2024-01-02"), ("seed: 42", "seed: .nan"),
        ("seed: 42", "seed: 42\nseed: 43"), ("seed: 42", "seed: 42\n'': 1"), ("seed", "\tseed"),
        ("x: 1", "x: 2"), ("x: 1", "w: 3"), ("z: 2", "z: 2, q: 1"), ("y: {", "y: {1: 2, "),
        ("{b: 1}", "{b: 1, c: 2}"), ("a: {b: 1}", "a: [1"), ("a: {b: 1}", "a: 2001-01-01"),
        ('"width": 3', '"width": 3.0'), ('"width": 3', '"width": 4'), ('"width": 3', '"w": 3'),
        ('"width": 3', '"width": NaN'), ("[1, 2]", "[1, 2, 3]"), ("[1, 2]", "[1, 2"),
        ("0.9", "0.90"), ("0.9", "0.8"), ("momentum", "\"momentum\""), ("= 0.9", "= "),
        ("(160, 112)", "[160, 112]"), ("(160, 112)", "(1, 2)"), ("(160, 112)", "compute()"),
        ("layers = [1, 2]", "layers: list = [1, 2]"), ("class Net", "class Other"),
        ("layers: [64, 32]", "layers: [64, 16]"), ("kinds: [big", "kinds: [tiny"),
        ("kinds: [big", "kind: [big"), ("extra: -more", "extra: -less"), ("out: result", "out: r2"),
        ("extra: -more", "extra: [1]"), ("", "\ufeff"), ("", "- list\n"), ("", "%YAML 1.1\n---\n"),
    ))  # fmt: skip
    if old in text:
        path.unlink()
        path.write_text(text.replace(old, new, 1), "utf-8")
        _touch_past(path, pick)


@mutation
def edit_stage(repo: Path, pick: Pick[Any]) -> None:
    files = [path for path in _dvc_files(repo) if path.name == "dvc.yaml"]
    if not files:
        return
    path = pick(files)
    text = path.read_text()
    old, new = pick((
        ("cmd: python", "cmd:  python"), ("cmd: python", "cmd: python3"), ("cmd: echo hi", "cmd: [echo hi]"),
        ("    frozen: true", "    frozen: false"), ("    deps:", "    frozen: true\n    deps:"),
        ("    deps:", "    always_changed: true\n    deps:"), ("outs: [prep]", "outs: [prep, extra]"),
        ("outs: [prep]", "outs: [./prep]"), ("outs: [prep]", "outs: [prep/]"),
        ("outs: [prep]", "outs:\n    - prep: {cache: false}"), ("outs: [prep]", "outs: [data]"),
        ("outs: [held.txt]", ""), ("[copy.py, data/raw]", "[data/raw]"), ("[copy.py, data/raw]", "[copy.py, params.yaml, data/raw, ./data/raw]"),
        ("[prep, copy.py, single.txt]", "[prep, conf/model.json, conf/whole.yaml, ./copy.py]"), ("[copy.py, data/raw]", "[data]"),
        ("[copy.py, data/raw]", "[data/raw/a.txt, copy.py]"), ("[copy.py, data/raw]", "['.', copy.py]"),
        ("[lr, train.epochs]", "[lr, train.epochs, train.layers]"), ("[lr, train.epochs]", "[train]"),
        ("[lr, train.epochs]", "[lr, 'train.*']"), ("[lr, train.epochs]", "['train.layers.1']"),
        ("[lr, train.epochs]", "[lr, params.yaml:]"), ("[lr, train.epochs]", "[nothing]"),
        ("[lr, train.epochs]", "[big, train.on, train.mode]"), ("[lr, train.epochs]", "[conf:]"),
        ("- conf/whole.yaml:\n", "- conf/whole.yaml: [x]\n"), ("wdir: work", "wdir: ."),
        ("wdir: work", "wdir: nowhere"), ("wdir: work", "wdir: work/../work"), ("stages:", "stages:\n  a b:\n    cmd: x"),
        ("stages:", "stages:\n  1:\n    cmd: x"), ("stages:", "stages:\n  é:\n    cmd: x\n    outs: [é]"),
        ("stages:", "stages: []\nx:"), ("stages:", "stages:\n  new:\n    cmd: [a, b]\n    deps: ['é ü']\n"),
        ("stages:", "stages:\n  url:\n    cmd: x\n    outs: [foo://bar/x]\n"),
        ("stages:", "stages:\n  abs:\n    cmd: x\n    deps: [/etc/hostname, /nowhere]\n"),
        ("stages:", "stages:\n  up:\n    cmd: x\n    deps: [../outside]\n    outs: [../o]\n"),
        ("stages:", "stages:\n  dvcdep:\n    cmd: x\n    deps: [single.txt.dvc]\n"),
        ("stages:", "stages:\n  dvcout:\n    cmd: x\n    outs: [x.dvc]\n"),
        ("stages:", "stages:\n  dup:\n    cmd: x\n    outs: [prep]\n"),
        ("stages:", "<<<<<<< HEAD\nstages:"), ("stages:", "stages:\n  bad: {cmd: 1}"), ("stages:", "\tstages:"),
        ("stages:", "stages:\n  p:\n    cmd: x\n    plots: [{a: [{x: y}]}]\n"),
        ("cmd:", "cmd: &a"), ("deps: [", "deps: [[1], "), ("deps: [", "dep: ["), ("outs:", "outs: # x\n     "),
        ("vars:", "vars:\n- nope.yaml\nxvars:"), ("${train.layers}", "${train.nope}"), ("${item}", "${ITEM}"),
        ("foreach: ${train.layers}", "foreach: [x, y]"), ("size: [1, 2]", "size: [1, 2, 3]"), ("- names", "- other"),
        ("vars: [more.yaml]", "vars: [gone.yaml]"), ("${out}", "${lr}"), ("${out}", "\\${out}"), ("metrics:", "metric:"),
        ("artifacts:", "vars: [params.yaml]\nartifacts:"), ("artifacts:", "datasets: []\nartifacts:"),
        ("path: model.bin", "path: [x]"),
        ("stages:", "stages:\n  ds:\n    cmd: x\n    deps: [ds://records]\n"),
        ("stages:", "stages:\n  far:\n    cmd: x\n    deps: [remote://nowhere/x]\n"),
        ("stages:", "stages:\n  out:\n    cmd: x\n    outs: [https://127.0.0.1:1/x]\n"),
        ("stages:", "stages:\n  p:\n    cmd: x\n    params: ['a.b', {x.v1.json: [a]}, {conf/opt.toml: }]\n"),
        ("stages:", "stages:\n  two:\n    cmd: x\n    outs: [a, a, {a: {cache: false}}]\n    metrics: [a]\n"),
        ("stages:", "stages:\n  none:\n    cmd: ''\n"), ("stages:", "stages:\n  none:\n    cmd: []\n"),
        ("stages:", "%YAML 1.2\n---\nstages:"), ("stages:", "# c\n\nstages:"),
    ))  # fmt: skip
    if old in text:
        path.write_text(text.replace(old, new, 1), "utf-8")


@mutation
def edit_lock(repo: Path, pick: Pick[Any]) -> None:
    locks = [path for path in _dvc_files(repo) if path.name == "dvc.lock"]
    if not locks:
        return
    path = pick(locks)
    try:
        data = load(path)
        stages = data["stages"]
        name = pick(sorted(stages))
        stage = stages[name]
        _edit_locked_stage(data, stages, name, stage, pick)
    except Exception:  # the lock was broken before
        return
    dump(path, data)


def _edit_locked_stage(
    data: Any, stages: dict[str, Any], name: str, stage: dict[str, Any], pick: Pick[Any]
) -> None:
    how = pick((
        "stage", "dep", "out", "params", "param", "md5", "md5", "hash", "no hash", "cmd", "schema",
        "no schema", "rename", "none", "size", "nfiles", "extra", "value", "files",
    ))  # fmt: skip
    entries = [*stage.get("deps", []), *stage.get("outs", [])]
    if how == "stage":
        del stages[name]
    elif how in ("dep", "out"):
        stage[f"{how}s"].pop(pick(range(len(stage[f"{how}s"]))))
    elif how == "params":
        del stage["params"][pick(sorted(stage["params"]))]
    elif how in ("param", "value"):
        params = stage["params"][pick(sorted(stage["params"]))]
        key = pick(sorted(params))
        if how == "param":
            del params[key]
        else:
            params[key] = pick((1, 1.0, True, "1", None, [1], {"a": 1}, 30, 0.001))
    elif how == "md5":
        other = ("00" * 16, "00" * 16 + ".dir", "", None, "ab", 123, "ABCDEF0123")
        pick(entries)["md5"] = pick(other)
    elif how == "hash":
        pick(entries)["hash"] = pick(("md5", "md5-dos2unix", "sha256", "etag"))
    elif how == "no hash":
        for entry in entries if pick((True, False)) else [pick(entries)]:
            entry.pop("hash", None)
    elif how == "none":
        pick(entries).pop("md5", None)
    elif how == "cmd":
        stage["cmd"] = pick(("else", [stage["cmd"]], ["a", "b"], 1))
    elif how == "schema":
        data["schema"] = pick(("1.0", 2.0, "2.0", "3.0"))
    elif how == "no schema":
        del data["schema"]
    elif how == "rename":
        pick(entries)["path"] = pick(("else", "./x", ""))
    elif how in ("size", "nfiles"):
        pick(entries)[how] = pick((0, 7, "x"))
    elif how == "extra":
        pick((stage, pick(entries)))["extra"] = 1
    elif how == "files":
        listing = [{"relpath": "a.txt", "md5": "0cc175b9c0f1b6a831c399e269772661", "size": 1}]
        entry = pick(entries)
        entry.pop("md5", None)
        entry["files"] = listing


@mutation
def edit_dvc_file(repo: Path, pick: Pick[Any]) -> None:
    files = [path for path in _dvc_files(repo) if path.suffix == ".dvc"]
    if not files:
        return
    path = pick(files)
    try:
        data = load(path)
        out = data["outs"][0]
    except Exception:
        return
    how = pick((
        "md5", "frozen", "unfrozen", "stage md5", "no stage md5", "no cache", "hash", "no hash", "path",
        "wdir", "always", "extra", "desc", "no outs", "remote", "dep md5", "no path", "two outs", "push",
        "persist", "partial",
    ))  # fmt: skip
    changes: dict[str, Callable[[], object]] = {
        "md5": lambda: out.update(md5=pick(("11" * 16, "11" * 16 + ".dir", ""))),
        "frozen": lambda: data.update(frozen=True),
        "unfrozen": lambda: data.pop("frozen", None),
        "stage md5": lambda: data.update(md5="22" * 16),
        "no stage md5": lambda: data.pop("md5", None),
        "no cache": lambda: out.update(cache=False),
        "hash": lambda: out.update(hash=pick(("md5", "sha256"))),
        "no hash": lambda: out.pop("hash", None),
        "path": lambda: out.update(path=pick(("else", "./" + str(out["path"]), "../up", "/abs"))),
        "wdir": lambda: data.update(wdir=pick((".", "..", "sub"))),
        "always": lambda: data.update(always_changed=True),
        "extra": lambda: data.update(extra=1),
        "desc": lambda: out.update(desc="text", meta={"a": 1}, type="x", labels=["l"]),
        "no outs": lambda: data.pop("outs"),
        "remote": lambda: out.update(remote="somewhere"),
        "dep md5": lambda: data["deps"][0].update(md5="33" * 16) if "deps" in data else None,
        "no path": lambda: out.pop("path"),
        "two outs": lambda: data["outs"].append(
            {"path": "second", "md5": "44" * 16, "hash": "md5"}
        ),
        "push": lambda: out.update(push=False),
        "persist": lambda: out.update(persist=True),
        "partial": lambda: [out.pop(key, None) for key in ("md5", "size", "nfiles")],
    }
    changes[how]()
    dump(path, data)


@mutation
def ignore(repo: Path, pick: Pick[Any]) -> None:
    """A line in a .dvcignore of the root or of a folder that is not tracked as a whole."""
    folder = pick([repo, *[p for p in _data(repo, folders=True) if p.is_dir()]])
    names = sorted({p.name for p in _data(repo)} | {p.name for p in _data(repo, folders=True)})
    pattern = pick((
        "*.txt", "/prep", "model", "*", "**", "deep/", "deep/*", "data/raw/deep", "!a.txt", "# comment",
        "**/er", ".hidden", "raw", "*.dvc", "dvc.lock", "dvc.yaml", "/sub/", "/t", "[a", "\\", "é ü",
        "a.txt\n!a.txt", "*.txt\n!b.txt", "!.git", "work/in", "/metrics.json", "empty*", "?.txt", "x",
        "data/raw/**/c.txt", "/data/*", "params.yaml", "   ", "/", "//", "b.bin", "dir/", "t/*.txt",
        *names,
    ))  # fmt: skip
    with (folder / ".dvcignore").open("a", encoding="utf-8", errors="surrogateescape") as file:
        file.write(pattern + "\n")


@mutation
def git_ignore(repo: Path, pick: Pick[Any]) -> None:
    folder = pick([repo, repo, *[p for p in _data(repo, folders=True) if p.is_dir()]])
    pattern = pick((
        "*.dvc", "dvc.lock", "sub/", "/sub/*", "work", "!dvc.lock", "dvc.yaml", "t", "*", "!*", "**",
        "/data/raw/", "data", "single.txt.dvc", "sub/**", "!/sub/", "*.d[v]c", "keep.dvc",
    ))  # fmt: skip
    with (folder / ".gitignore").open("a") as file:
        file.write(pattern + "\n")


@mutation
def configure(repo: Path, pick: Pick[Any]) -> None:
    path = repo / ".dvc" / pick(("config", "config.local"))
    text = pick((
        "[cache]\n    dir = ../elsewhere\n", "[cache]\ndir = ../at/all\n", "[core]\n    no_scm = true\n",
        "[core]\n    analytics = false\n", "[core\n", "nonsense\n", "['remote \"r\"']\n    url = /tmp/r\n",
        "[core]\n    remote = r\n    autostage = true\n", "[core]\n    no_scm = maybe\n", "[cache]\n    type = symlink\n",
        "[cache]\n    type = nothing\n", "[wrong]\n    a = 1\n", "[core]\n    wrong = 1\n", "# comment\n\n",
        "['remote \"r\"']\n    nourl = 1\n", "[core]\n    checksum_jobs = 0\n", "[cache]\n    dir = '../else where' # c\n",
        "['remote \"gs\"']\n    url = gs://bucket/x\n    endpointurl = http://127.0.0.1:1\n",
        "['remote \"bad\"']\n    url = foo://bucket/x\n", "[feature]\n    x = 1\n", "[parsing]\n    bool = boolean_optional\n",
    ))  # fmt: skip
    if pick((True, False)) and (repo / "elsewhere").exists() is False and "elsewhere" in text:
        shutil.copytree(repo / ".dvc" / "cache", repo / "elsewhere", dirs_exist_ok=True)
    with path.open("a") as file:
        file.write(text)


@mutation
def break_file(repo: Path, pick: Pick[Any]) -> None:
    files = _dvc_files(repo)
    if not files:
        return
    path = pick(files)
    text = path.read_text("utf-8", "replace")
    broken = pick((
        "<<<<<<< HEAD\n" + text + "=======\n>>>>>>> other\n", text + "\n  bad indent: [", "", "[]", "null", "text",
        "- a\n- b\n", text + text, text + "x: *nowhere\n", "a: &a [*a]\n", "\x00", text.replace(":", ""), "{}",
        text + "\xff", "# only a comment\n", "---\n" + text, text + "...\n", text.replace("\n", "\r\n"),
        text.replace("  ", "\t"), text + "---\nsecond: document\n", "stages:\n", "outs:\n", "\ufeff" + text,
    ))  # fmt: skip
    path.write_bytes(broken.encode("latin-1" if "\xff" in broken and broken.isascii() else "utf-8"))


@mutation
def rewind_import(repo: Path, pick: Pick[Any]) -> None:
    """An import that was locked one commit ago: DVC has an update for it."""
    path = repo / pick(("data.txt.dvc", "fold.dvc"))
    try:
        data = load(path)
        source = data["deps"][0]["repo"]
        data["deps"][0]["repo"]["rev_lock"] = pick((
            git(Path(source["url"]), "rev-parse", "HEAD~1"), "0" * 40, source["rev_lock"],
        ))  # fmt: skip
    except Exception:  # there is no import, or its file was broken before
        return
    dump(path, data)


@mutation
def forget_git(repo: Path, pick: Pick[Any]) -> None:
    if pick((True, False, False, False)):
        shutil.rmtree(repo / ".git", ignore_errors=True)


ODD_VALUES: tuple[Any, ...] = (
    True, 0, 1, 5, 1.5, None, "", "text", [], {}, [1], ["a", None], {"a": 1}, {1: 2}, [{"echo step": "one"}], "a" * 300,
    10**40, datetime.date(2001, 1, 1), "a\0b", "//host/share", "s3://[x", "remote://nowhere/x", "http://127.0.0.1:1/x", "file:///x",
    "../up", ".", "x.dvc", "dvc.yaml", "build@1", "${lr}", "${nothing}", "md5-dos2unix", "etag", b"bytes",
)  # fmt: skip


MEMBERS = ("cache", "vars", "path", "repo", "db", "wdir", "files", "cloud", "hash", "frozen", "x")


@mutation
def swap_value(repo: Path, pick: Pick[Any]) -> None:
    """A value (or a key, or a member) of a YAML file of DVC's, or of params, is another one."""
    names = ("dvc.yaml", "dvc.lock", "params.yaml", "more.yaml", "whole.yaml")
    files = [p for p in _data(repo) if p.is_file() and (p.suffix == ".dvc" or p.name in names)]
    path = pick(files)
    try:
        data = load(path)
        node = data
        for _ in range(pick((1, 2, 3, 4, 5, 6))):
            parent, key = node, pick(list(node) if isinstance(node, dict) else range(len(node)))
            node = parent[key]
            if not isinstance(node, dict | list) or not node:
                break
    except Exception:  # it was broken before
        return
    value = pick(ODD_VALUES)
    how = pick(("value", "value", "value", "key", "member", "gone"))
    if how == "value":
        parent[key] = value
    elif how == "gone":
        del parent[key]
    elif how == "key" and isinstance(parent, dict) and isinstance(value, str | int | None):
        parent[value] = parent.pop(key)
    elif isinstance(parent, dict):
        parent[pick(MEMBERS)] = value
    else:
        parent.append(value)
    dump(path, data)


@mutation
def use_address(repo: Path, pick: Pick[Any]) -> None:
    """A cache or a remote at an address, and deps, outs and params there.

    One in ``/proc``, where nobody makes a folder: DVC makes those of a cache at ``file:///``.
    """
    url = pick((
        "../elsewhere", "../../elsewhere", "gs://bucket/x", "http://127.0.0.1:1/x", "file:///proc/c", "file://h/c", "//h/c", "s3://b/x", "foo:///c",
        "remote://q/sub", "remote://r/x", str(repo / ".dvc" / "cache"), f"/{repo}/.dvc/cache",
    ))  # fmt: skip
    section = pick(
        ("[cache]\nlocal = r\n", f"[cache]\ndir = {url}\n", "[cache]\ndir = remote://r/sub\n", "")
    )
    with (repo / ".dvc" / pick(("config", "config.local"))).open("a") as file:
        file.write(f"['remote \"r\"']\nurl = {url}\n['remote \"q\"']\nurl = .\n{section}")
    if "elsewhere" in url and pick((True, False)):
        shutil.copytree(repo / ".dvc" / "cache", repo / "elsewhere", dirs_exist_ok=True)
    files = [path for path in _dvc_files(repo) if path.name == "dvc.yaml"]
    path = f"remote://r/{pick(('a.txt', 'dvc.yaml', 'params.yaml'))}"
    entry = pick((
        f"deps: [{path}]", f"outs: [{path}]", f"outs: [{path}: {{cache: false}}]", f"params: ['{path}': [a]]", f"metrics: [{path}]", None,
    ))  # fmt: skip
    if files and entry:
        file_path = pick(files)
        text = file_path.read_text("utf-8", "replace")
        file_path.write_text(
            text.replace("stages:", f"stages:\n  far:\n    cmd: x\n    {entry}\n", 1), "utf-8"
        )


@mutation
def go_outside(repo: Path, pick: Pick[Any]) -> None:
    """Outs, metrics and plots outside of the repository or named by an absolute path, recorded or not."""
    outside = repo.parent / pick(("there.txt", "gone.txt"))
    if outside.name == "there.txt":
        outside.write_text("x")
    path = pick(
        (
            str(outside),
            f"../{outside.name}",
            f"/{outside}",
            str(repo / "single.txt"),
            f"{repo}/../{outside.name}",
            f"{repo}//" + "work/in",
        )
    )
    kind, flags = pick(("outs", "metrics", "plots", "deps")), pick(("", "", "cache"))
    entry = f"'{path}': {{cache: false}}" if flags and kind != "deps" else f"'{path}'"
    with_lock = pick((True, False))
    folder = pick([repo, *[p.parent for p in _dvc_files(repo) if p.name == "dvc.yaml"]])
    target = folder / "dvc.yaml"
    text = target.read_text("utf-8", "replace") if target.exists() else "stages:"
    stage = f"stages:\n  out:\n    cmd: x\n    {kind}: [{entry}]\n"
    target.write_text(text.replace("stages:", stage, 1), "utf-8")
    lock = folder / "dvc.lock"
    if with_lock and lock.exists():
        try:
            data = load(lock)
            recorded = {
                "path": path,
                "hash": "md5",
                "md5": hashlib.md5(b"x").hexdigest(),
                "size": 1,
            }
            data["stages"]["out"] = {"cmd": "x", "deps" if kind == "deps" else "outs": [recorded]}
        except Exception:  # it was broken before
            return
        dump(lock, data)


@mutation
def edit_import(repo: Path, pick: Pick[Any]) -> None:
    """What ``dvc import`` and ``import-url`` wrote, and hands, merges and other versions changed."""
    files = [p for p in _dvc_files(repo) if p.suffix == ".dvc"]
    path = pick(files)
    try:
        data = load(path)
        out = data["outs"][0]
        dep = data["deps"][0] if "deps" in data else out
        entry = pick((out, dep))
    except Exception:  # it was broken before
        return
    if not isinstance(out, dict) or not isinstance(entry, dict):
        return
    how = pick((
        "hash", "no path", "files", "cloud", "etag", "version", "md5 too", "absolute", "db", "fs_config", "labels",
    ))  # fmt: skip
    if how == "hash":
        entry["hash"] = pick(("md5-dos2unix", "sha256", "etag", "checksum", "md5"))
    elif how == "no path":
        entry.pop("path", None)
    elif how == "files":
        entry["files"] = [
            {"relpath": name, "md5": hashlib.md5(name.encode()).hexdigest(), "size": 1}
            for name in ("b.txt", "a.txt")
        ]
        entry.pop("md5", None)
    elif how == "cloud":
        entry["cloud"] = {"r": {"etag": "abc", "version_id": pick(("v1", ""))}}
    elif how == "etag":
        entry["etag"] = pick(("abc", ""))
    elif how == "version":
        entry["version_id"] = pick(("v1", ""))
    elif how == "md5 too":
        data["md5"] = pick(("11" * 16, "", None))
    elif how == "absolute":
        entry["path"] = str(repo / str(entry.get("path", "x")))
    elif how == "db":
        data["deps"] = [{"db": pick(({}, {"query": "select 1", "connection": ""}))}]
    elif how == "fs_config":
        entry["fs_config"] = pick(({}, {"url": 1}, {"type": "copy"}, {"verify": True}))
    else:
        out.update(labels=["b", "a"], meta={"k": [1]}, type="t", desc="d")
    dump(path, data)
