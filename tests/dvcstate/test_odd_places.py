"""Damaged caches, odd forms of config and of git: where DVC answers, so do we, and as it does."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.dvcstate import agreement, dvc_repositories
from tests.dvcstate.dvc_oracle import Oracle

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="links and modes")]

Change = Callable[[Path], None]
HIDDEN = "stages:\n  z:\n    cmd: x\n    deps: [nowhere]\n"
EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"


def _same(repo: Path, store: Path, oracle: Oracle) -> agreement.Verdict:
    ours, words = agreement.ours(repo, store)
    theirs, their_words = agreement.theirs(oracle, repo)
    assert ours == theirs, (words, their_words)
    return ours


@pytest.fixture
def repo(templates: dict[str, Path], tmp_path: Path) -> Path:
    return dvc_repositories.copy(templates["plain"], tmp_path / "repo")


def _objects(repo: Path, folders: bool) -> list[Path]:
    found = [path for path in (repo / ".dvc/cache/files/md5").rglob("*") if path.is_file()]
    return sorted(path for path in found if (path.suffix == ".dir") == folders)


def _put(content: bytes | str, mode: int = 0o444) -> Change:
    def put(path: Path) -> None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)

    return put


def _link(target: str) -> Change:
    return lambda path: path.symlink_to(target or path.name)


def _listing(**entry: object) -> Change:
    return _put(json.dumps([entry]))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


LISTINGS: dict[str, Change] = {
    "a folder": Path.mkdir, "itself": _link(""), "nowhere": _link("nowhere"), "null": _link("/dev/null"),
    "deep": _put("[" * 100_000), "deep, writable": _put("[" * 100_000, 0o644), "no UTF-8": _put(b"[\xff"),
    "a mapping": _put("{}"), "numbers": _put("[1]"), "empty": _put("[]"), "junk": _put("junk", 0o644),
    "no name": _listing(md5=EMPTY_MD5), "no md5": _listing(relpath="a"), "md5 a number": _listing(relpath="a", md5=1),
    "name a number": _listing(relpath=1, md5=EMPTY_MD5), "short md5": _listing(relpath="a", md5="a"),
    "leads out": _listing(relpath="a", md5="../../../../x"), "NUL": _listing(relpath="a", md5="aa\0b"),
    "surrogate": _listing(relpath="a", md5="aa\ud800b"),
}  # fmt: skip
OBJECTS: dict[str, Change] = {
    "a folder": Path.mkdir, "a folder, 0444": lambda path: path.mkdir(0o444), "itself": _link(""),
    "nowhere": _link("nowhere"), "null": _link("/dev/null"),
}  # fmt: skip
FOLDERS: dict[str, Change] = {
    "a file": _put("x"), "a pipe": os.mkfifo, "itself": _link(""), "nowhere": _link("nowhere"),
}  # fmt: skip


@pytest.mark.parametrize("kind", LISTINGS)
def test_a_damaged_listing_in_the_cache(
    kind: str, repo: Path, tmp_path: Path, oracle: Oracle
) -> None:
    path = _objects(repo, folders=True)[0]
    _remove(path)
    LISTINGS[kind](path)
    _same(repo, tmp_path / "store", oracle)


@pytest.mark.parametrize("kind", OBJECTS)
def test_a_damaged_object_in_the_cache(
    kind: str, repo: Path, tmp_path: Path, oracle: Oracle
) -> None:
    path = _objects(repo, folders=False)[0]
    _remove(path)
    OBJECTS[kind](path)
    _same(repo, tmp_path / "store", oracle)


@pytest.mark.parametrize("place", ["files/md5/*", "files/md5", "files", "."])
@pytest.mark.parametrize("kind", FOLDERS)
def test_no_folder_in_the_place_of_a_folder_of_the_cache(
    kind: str, place: str, repo: Path, tmp_path: Path, oracle: Oracle
) -> None:
    cache = repo / ".dvc" / "cache"
    path = _objects(repo, folders=False)[0].parent if "*" in place else cache / place
    _remove(path)
    FOLDERS[kind](path)
    _same(repo, tmp_path / "store", oracle)


@pytest.mark.parametrize(
    "name",
    ["dvc.yaml", "dvc.lock", "single.txt.dvc", "params.yaml", "data/raw/a.txt", "single.txt"],
)
def test_the_null_device_in_the_place_of_a_file(
    name: str, repo: Path, tmp_path: Path, oracle: Oracle
) -> None:
    (repo / name).unlink()
    (repo / name).symlink_to("/dev/null")
    _same(repo, tmp_path / "store", oracle)


CONFIGS = [
    "[cache]\nlocal = foo\n", "['remote \"foo\"']\nurl = CACHE\n[cache]\nlocal = foo\n",
    "['remote \"foo\"']\nurl = s3://b/x\n[cache]\nlocal = foo\n", "[remote]\n[[foo]]\nurl = CACHE\n[cache]\nlocal = foo\n",
    "[cache]\ndir =\n", '[cache]\ndir = ""\n', "[cache]\ndir = a, b\n", "[cache]\ndir = s3://b/x\n", "[cache]\ndir = a\0b\n",
    "[cache]\ntype = reflink, copy\n", '[cache]\ntype = "reflink","copy"\n', "[core]\nremote = a, b\n", "[core]\nremote = a,\n",
    "[core]\nremote = '''a\nb'''\n", '[core]\nremote = """a"""\n', "['remote \"x\"']\nurl = '''/a\n/b'''\n", "core = 1\n",
    "exp = 1\n", "remote = 1\n", "cache = 1\n", "foo = 1\n", "[core]\n[[inner]]\nx = 1\n", "[core]\nremote = %(x)s\n",
    "[core]\nremote = a#b\n", '[core]\nremote = a"b\n', "[core]\nremote = 'a\n", "[core]\nno_scm = true, false\n",
    "[core]\nremote : a\n", "[remote]\nx = 1\n", "[CORE]\nNo_SCM = TRUE\n", "[feature]\n[[x]]\ny = 1\n", "\ufeff[core]\n",
]  # fmt: skip


@pytest.mark.parametrize("name", ["config", "config.local"])
@pytest.mark.parametrize("text", CONFIGS)
def test_odd_forms_of_config(
    text: str, name: str, repo: Path, tmp_path: Path, oracle: Oracle
) -> None:
    text = text.replace("CACHE", str(repo / ".dvc" / "cache"))
    (repo / ".dvc" / name).write_text(text)
    _same(repo, tmp_path / "store", oracle)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("[core]\nexcludesFile = mine\n", True),
        ("[core] excludesFile = mine # here\n", True),
        ('[CORE]\nexcludesfile = "mi"ne ; there\n', True),
        ("[include]\npath = inc\n", True),
        ('[includeIf "gitdir:REPO/"]\npath = inc\n', True),
        ('[includeIf "onbranch:main"]\npath = inc\n', True),
        ('[includeIf "onbranch:other"]\npath = inc\n', False),
        ("[core]\nexcludesFile = mine\n[core]\nexcludesFile = other\n", False),
        ("[core]\nignoreCase\n", False),
        ("[core]\nignoreCase = yes\n", None),
        ("[core]\nexcludesFile = a\udcff\n", None),
        ("[core]\nrepositoryFormatVersion = 2\n", None),
        ("[core]\nbigFileThreshold = 512m\n", None),
        ("[core]\nworktree = ../sub\n", None),
        ("[extensions]\nfoo = 1\n", None),
        ("[core\n", None),
        ("[core]\nexcludesFile = a\0b\n", None),
        ("[core]\nworktree = a\0b\n", None),
        (f"[core]\nexcludesFile = {'a' * 5000}\n", False),
    ],
)
def test_git_config_hides_a_pipeline_from_us_as_from_dvc(
    text: str, hidden: bool | None, repo: Path, tmp_path: Path, oracle: Oracle
) -> None:
    (repo / "low").mkdir()
    (repo / "low" / "dvc.yaml").write_text(HIDDEN)
    (repo / "mine").write_text("low/\n")
    (repo / ".git" / "inc").write_text("[core]\nexcludesFile = mine\n")
    with (repo / ".git" / "config").open("a", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text.replace("REPO", str(repo.resolve())))
    found = _same(repo, tmp_path / "store", oracle)
    expected = hidden if isinstance(found, dict) else None
    assert expected is hidden
    if isinstance(found, dict):
        assert ("low/dvc.yaml:z" not in found) is hidden


@pytest.mark.parametrize(
    "content", [b"gitdir: a\0b\n", b"gitdir: a\xff\n", b"hello\n", b"", b"gitdir: nowhere\n", None]
)
def test_a_git_file_that_leads_nowhere(
    content: bytes | None, repo: Path, tmp_path: Path, oracle: Oracle
) -> None:
    shutil.rmtree(repo / ".git")
    if content is None:
        (repo / ".git").mkdir()
    else:
        (repo / ".git").write_bytes(content)
    _same(repo, tmp_path / "store", oracle)


@pytest.mark.parametrize("name", ["shallow", "info/grafts", "commondir"])
@pytest.mark.parametrize("content", [b"", b"x y\n", b"\n", b"a\0b\n", b"0" * 40 + b"\n", None])
def test_what_git_keeps_beside_its_config(
    content: bytes | None, name: str, repo: Path, tmp_path: Path, oracle: Oracle
) -> None:
    path = repo / ".git" / name
    path.parent.mkdir(exist_ok=True)
    path.mkdir() if content is None else path.write_bytes(content)
    _same(repo, tmp_path / "store", oracle)


@pytest.mark.parametrize(
    "md5",
    [
        "../../../etc/passwd",
        "/etc/passwd",
        "////",
        "...",
        "ab\0cd",
        "a" * 400,
        "ab\ud800cd",
        "ab/c.dir",
    ],
)
def test_a_hash_that_was_edited_into_none(
    md5: str, repo: Path, tmp_path: Path, oracle: Oracle
) -> None:
    text = (repo / "single.txt.dvc").read_text()
    was = dvc_repositories.load(repo / "single.txt.dvc")["outs"][0]["md5"]
    (repo / "single.txt.dvc").write_text(text.replace(was, json.dumps(md5)))
    _same(repo, tmp_path / "store", oracle)


@pytest.mark.parametrize("kind", ["deps", "outs"])
@pytest.mark.parametrize("nfiles", [None, 0, 2])
@pytest.mark.parametrize("cache", [True, False])
def test_a_number_in_the_place_of_a_hash(
    kind: str, nfiles: int | None, cache: bool, repo: Path, tmp_path: Path, oracle: Oracle
) -> None:
    if not cache:
        text = (repo / "dvc.yaml").read_text()
        (repo / "dvc.yaml").write_text(text.replace("[prep]", "[prep: {cache: false}]", 1))
    data = dvc_repositories.load(repo / "dvc.lock")
    for entry in data["stages"]["prepare"][kind]:
        if entry["path"] in ("data/raw", "prep"):
            entry.pop("nfiles")
            entry |= {"md5": 123} | ({} if nfiles is None else {"nfiles": nfiles})
    dvc_repositories.dump(repo / "dvc.lock", data)
    verdict = _same(repo, tmp_path / "hashes.sqlite", oracle)
    assert (verdict == "error") == (not nfiles or (kind == "outs" and cache))


def test_an_import_of_another_repository_looks_for_a_newer_version(
    templates: dict[str, Path], tmp_path: Path, oracle: Oracle
) -> None:
    repo = dvc_repositories.copy(templates["imported"], tmp_path / "repo")
    for name in ("data.txt.dvc", "fold.dvc"):
        data = dvc_repositories.load(repo / name)
        source = data["deps"][0]["repo"]
        source["rev_lock"] = dvc_repositories.git(Path(source["url"]), "rev-parse", "HEAD~1")
        dvc_repositories.dump(repo / name, data)
    verdict = _same(repo, tmp_path / "hashes.sqlite", oracle)
    assert "update available" in str(verdict)


@pytest.mark.parametrize("inside", [True, False])
def test_a_dvc_folder_that_is_a_link(
    inside: bool, repo: Path, tmp_path: Path, oracle: Oracle
) -> None:
    target = repo / "elsewhere" if inside else tmp_path / "outside"
    (repo / ".dvc").rename(target)
    (repo / ".dvc").symlink_to(target)
    _same(repo, tmp_path / "store", oracle)


def test_line_ends_of_text_are_nothing_to_entries_by_dvc_2(
    templates: dict[str, Path], tmp_path: Path, oracle: Oracle
) -> None:
    repo = dvc_repositories.copy(templates["dvc2"], tmp_path / "repo")
    before = _same(repo, tmp_path / "store", oracle)
    path = repo / "data" / "raw" / "a.txt"
    text = path.read_bytes()
    assert b"\r\n" in text
    path.unlink()
    path.write_bytes(text.replace(b"\r\n", b"\n"))
    assert _same(repo, tmp_path / "store", oracle) == before
    binary = repo / "data" / "raw" / "b.bin"
    data = binary.read_bytes()
    binary.unlink()
    binary.write_bytes(data.replace(b"\r\n", b"\n"))
    changed = _same(repo, tmp_path / "store", oracle)
    assert isinstance(changed, dict)
    assert ("out", "data/raw", "modified") in changed["data/raw.dvc"]


def test_a_frozen_import_does_not_look_at_its_source_and_a_free_one_does(
    templates: dict[str, Path], tmp_path: Path, oracle: Oracle
) -> None:
    repo = dvc_repositories.copy(templates["imported"], tmp_path / "repo")
    assert _same(repo, tmp_path / "store", oracle) == {}
    (repo / "moved.txt").write_text("another source")
    for name in ("one.txt.dvc", "free.txt.dvc"):
        data = dvc_repositories.load(repo / name)
        data["deps"][0]["path"] = "moved.txt"
        data.pop("md5")
        dvc_repositories.dump(repo / name, data)
    found = _same(repo, tmp_path / "store", oracle)
    assert isinstance(found, dict)
    assert ("dep", "moved.txt", "modified") in found["free.txt.dvc"]
    assert not any(kind == "dep" for kind, _, _ in found.get("one.txt.dvc", set()))


def test_a_frozen_stage_tells_its_outs_alone(repo: Path, tmp_path: Path, oracle: Oracle) -> None:
    data = dvc_repositories.load(repo / "dvc.yaml")
    data["stages"]["prepare"]["frozen"] = True
    dvc_repositories.dump(repo / "dvc.yaml", data)
    (repo / "copy.py").unlink()
    shutil.rmtree(repo / "prep")
    found = _same(repo, tmp_path / "store", oracle)
    assert isinstance(found, dict)
    assert found["prepare"] == {("out", "prep", "deleted")}


@pytest.mark.parametrize("template", ["plain", "dvc2"])
@pytest.mark.parametrize("name", ["data/raw.dvc", "single.txt.dvc"])
@pytest.mark.parametrize("empty", [True, False])
def test_an_out_with_a_hash_that_no_cache_goes_by(
    template: str,
    name: str,
    empty: bool,
    templates: dict[str, Path],
    tmp_path: Path,
    oracle: Oracle,
) -> None:
    repo = dvc_repositories.copy(templates[template], tmp_path / "repo")
    data = dvc_repositories.load(repo / name)
    data["outs"][0]["hash"] = "sha256"
    dvc_repositories.dump(repo / name, data)
    if empty:
        shutil.rmtree(repo / ".dvc" / "cache")
    _same(repo, tmp_path / "store", oracle)
