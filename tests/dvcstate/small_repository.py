"""A repository of a few files, written by hand: git and DVC have nothing of their own in it."""

import hashlib
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

STAGE = "stages:\n  a:\n    cmd: x\n"
LOCK = "schema: '2.0'\nstages:\n  a:\n    cmd: x\n"


def write(repo: Path, files: Mapping[str, str]) -> Path:
    """The repository ``repo`` with these files in it."""
    (repo / ".dvc").mkdir(parents=True)
    (repo / ".dvc" / "config").touch()
    subprocess.run(["git", "init", "-q"], cwd=repo, check=True, timeout=60)
    for name, content in files.items():
        path = repo / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8", "surrogatepass"))
    return repo


def md5(content: str) -> str:
    """The hash of a file."""
    return hashlib.md5(content.encode()).hexdigest()


def listing(files: Mapping[str, str]) -> str:
    """What DVC keeps of a folder in its cache."""
    entries = [{"md5": md5(content), "relpath": name} for name, content in sorted(files.items())]
    return json.dumps(entries)


def put_into_cache(folder: Path, *contents: str, is_listing: bool = False) -> None:
    """Objects in the cache (or the folder of one of its forms) ``folder``."""
    for content in contents:
        name = md5(content) + (".dir" if is_listing else "")
        path = folder / name[:2] / name[2:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        path.chmod(0o444)
