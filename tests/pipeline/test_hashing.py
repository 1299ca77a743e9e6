"""folder_md5 is what DVC records of the same folder."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline.shared.hashing import IGNORED, folder_md5

ROOT = Path(__file__).parents[2]
NAMES = (
    "a", "a.b", "a-b", "a b", "ab/c", "ab.c", "A", "Z/z", "z", "é", "é/ü", "日本", "😀", "ﬁ",
    "deep/er/and/deeper", "with,comma", "with'quote", "10", "9", ".hidden",
)  # fmt: skip


def leave_behind(folder: Path) -> None:
    """Write what DVC does not count."""
    for name in (".DS_Store", "sub/Thumbs.db", "__pycache__/a.pyc", ".old-raw/a", ".partial-a"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()


@pytest.mark.slow
def test_the_hash_is_the_one_that_dvc_records(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    for number, name in enumerate(NAMES):
        path = folder / name if "/" not in name else folder / f"d-{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([number]) * number + b"\r\n")
    (folder / "empty").mkdir()
    leave_behind(folder)
    shutil.copy(ROOT / ".dvcignore", tmp_path)
    for arguments in (("init", "--no-scm", "--quiet"), ("add", "--quiet", "data")):
        subprocess.run(
            [sys.executable, "-P", "-m", "dvc", *arguments], cwd=tmp_path, check=True, timeout=120
        )
    recorded = yaml.safe_load((tmp_path / "data.dvc").read_text("utf-8"))["outs"][0]
    assert folder_md5(folder) == recorded["md5"]


def test_names_sort_as_plain_text_and_not_by_folder(tmp_path: Path) -> None:
    for name in ("a/b", "a.b"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    before = folder_md5(tmp_path)
    (tmp_path / "a" / "nothing in it").mkdir()
    assert folder_md5(tmp_path) == before == "df78e9b675c34a6e585e268a3f88102c.dir"


def test_what_dvc_ignores_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "Thumbs.db.txt").write_bytes(b"1")
    before = folder_md5(tmp_path)
    leave_behind(tmp_path)
    assert folder_md5(tmp_path) == before


def test_the_ignored_names_are_those_that_dvc_is_told() -> None:
    lines = (ROOT / ".dvcignore").read_text("utf-8").splitlines()
    patterns = [line.rstrip("/") for line in lines if line and not line.startswith("#")]
    assert patterns == list(IGNORED)


def test_another_byte_or_name_gives_another_hash(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    first = folder_md5(tmp_path)
    (tmp_path / "a").write_bytes(b"2")
    second = folder_md5(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    assert len({first, second, folder_md5(tmp_path)}) == 3
