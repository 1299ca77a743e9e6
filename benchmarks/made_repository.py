"""A DVC repository as large as wanted, up to date, made in seconds without a run of its stages."""

import hashlib
import json
import os
import random
import subprocess
from pathlib import Path

import yaml


def make(root: Path, stages: int, files_per_stage: int, file_bytes: int = 200) -> Path:
    """A chain of ``stages`` stages, each with a folder of files as its out, all in the cache."""
    root.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(root)], check=True, timeout=60)  # noqa: S607 - on PATH
    cache = root / ".dvc" / "cache" / "files" / "md5"
    cache.mkdir(parents=True)
    (root / ".dvc" / "config").write_text("")
    (root / ".dvc" / ".gitignore").write_text("/config.local\n/tmp\n/cache\n")
    (root / ".dvcignore").write_text("# Add patterns of files dvc should ignore\n")
    (root / "code.py").write_text("print('stage')\n")
    (root / "params.yaml").write_text(
        yaml.safe_dump({f"stage{n:03}": {"rate": n / 10} for n in range(stages)})
    )
    noise = random.Random(0)  # noqa: S311 - no secret, the same bytes each time
    pipeline: dict[str, object] = {}
    lock: dict[str, object] = {}
    ignored = []
    above: tuple[str, str] | None = None
    for number in range(stages):
        name, folder = f"stage{number:03}", f"data/stage{number:03}"
        md5 = _fill(root / folder, cache, files_per_stage, file_bytes, noise)
        pipeline[name], lock[name] = _stage(root, name, folder, md5, above, number)
        ignored.append(f"/{folder}")
        above = (folder, md5)
    (root / "dvc.yaml").write_text(yaml.safe_dump({"stages": pipeline}, sort_keys=False))
    locked = {"schema": "2.0", "stages": lock}
    (root / "dvc.lock").write_text(yaml.safe_dump(locked, sort_keys=False))
    (root / ".gitignore").write_text("\n".join(ignored) + "\n")
    return root


def _fill(folder: Path, cache: Path, files: int, size: int, noise: random.Random) -> str:
    folder.mkdir(parents=True)
    entries = []
    for number in range(files):
        data = noise.randbytes(size)
        name = f"{number:06}.jpg"
        (folder / name).write_bytes(data)
        entries.append({"md5": _store(cache, data, ""), "relpath": name})
    return _store(cache, json.dumps(entries, sort_keys=True).encode(), ".dir")


def _store(cache: Path, data: bytes, suffix: str) -> str:
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    path = cache / md5[:2] / (md5[2:] + suffix)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    path.chmod(0o444)
    return md5 + suffix


def _stage(
    root: Path, name: str, folder: str, md5: str, above: tuple[str, str] | None, number: int
) -> tuple[dict[str, object], dict[str, object]]:
    code = hashlib.md5((root / "code.py").read_bytes(), usedforsecurity=False).hexdigest()
    deps = ["code.py"] + ([above[0]] if above else [])
    stage: dict[str, object] = {
        "cmd": f"python code.py {folder}",
        "deps": deps,
        "params": [f"{name}.rate"],
    }
    locked_deps = [{"path": "code.py", "hash": "md5", "md5": code}]
    if above:
        locked_deps.append({"path": above[0], "hash": "md5", "md5": above[1]})
    locked: dict[str, object] = {
        "cmd": stage["cmd"],
        "deps": locked_deps,
        "params": {"params.yaml": {f"{name}.rate": number / 10}},
        "outs": [{"path": folder, "hash": "md5", "md5": md5}],
    }
    return stage | {"outs": [folder]}, locked


def age(root: Path, seconds: int = 60) -> None:
    """Make every file old enough for its mtime to be trusted."""
    for parent, folders, names in os.walk(root, topdown=False):
        for name in [*names, *folders, "."]:
            path = os.path.join(parent, name)  # noqa: PTH118 - one call a file
            then = os.stat(path).st_mtime_ns - seconds * 10**9  # noqa: PTH116 - as above
            os.utime(path, ns=(then, then))
