"""The hash that an entry records, by whatever name and with whatever beside it: as DVC reads it."""

import os
from pathlib import Path

import pytest

from tests.dvcstate import agreement, small_repository
from tests.dvcstate.dvc_oracle import Oracle
from tests.dvcstate.small_repository import LOCK, STAGE, listing, md5

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="modes of objects")]

FOLDER = {"a.txt": "a", "b.txt": "b"}
LISTING = listing(FOLDER)
HASHES = (None, "md5", "md5-dos2unix", "sha256", "etag", "checksum", "version_id", "nope", "")


def _same(repo: Path, oracle: Oracle) -> agreement.Verdict:
    ours, words = agreement.ours(repo)
    theirs, their_words = agreement.theirs(oracle, repo)
    assert ours == theirs, (words, their_words)
    return ours


def _entry(name: str | None, is_folder: bool, extra: str = "") -> str:
    value = f"{md5(LISTING)}.dir" if is_folder else md5("a")
    hash_line = "" if name is None else f"  hash: '{name}'\n"
    nfiles = "  nfiles: 2\n" if is_folder else ""
    return f"- path: d\n  md5: {value}\n{hash_line}{nfiles}{extra}"


def _write(repo: Path, files: dict[str, str], is_folder: bool) -> Path:
    data = {f"d/{name}": content for name, content in FOLDER.items()} if is_folder else {"d": "a"}
    small_repository.write(repo, data | files)
    for folder in (repo / ".dvc" / "cache", repo / ".dvc" / "cache" / "files" / "md5"):
        small_repository.put_into_cache(folder, *FOLDER.values())
        small_repository.put_into_cache(folder, LISTING, is_listing=True)
    return repo


@pytest.mark.parametrize("is_folder", [True, False])
@pytest.mark.parametrize("name", HASHES)
def test_an_out_and_a_dep_with_a_hash_by_a_name(
    name: str | None, is_folder: bool, tmp_path: Path, oracle: Oracle
) -> None:
    entry = _entry(name, is_folder)
    dep = LOCK + "    deps:\n" + "".join(f"    {line}\n" for line in entry.splitlines())
    as_dep = {"dvc.yaml": f"{STAGE}    deps: [d]\n", "dvc.lock": dep}
    out = _same(_write(tmp_path / "out", {"d.dvc": f"outs:\n{entry}"}, is_folder), oracle)
    uncached = f"outs:\n{entry}  cache: false\n"
    assert _same(_write(tmp_path / "free", {"d.dvc": uncached}, is_folder), oracle) == out
    _same(_write(tmp_path / "dep", as_dep, is_folder), oracle)
    assert (out == {}) == (name in (None, "md5"))
    if name == "md5-dos2unix":  # written out, it names a field that no entry has
        assert out == {"d.dvc": {("out", "d", "modified")}}


FILES = "".join(
    f"  - relpath: {name}\n    md5: {md5(content)}\n    size: 1\n"
    for name, content in reversed(FOLDER.items())
)


@pytest.mark.parametrize("name", [None, "md5", "md5-dos2unix", "sha256"])
def test_a_folder_that_is_listed_in_the_entry(
    name: str | None, tmp_path: Path, oracle: Oracle
) -> None:
    entry = _entry(name, is_folder=True).replace("  nfiles: 2\n", f"  files:\n{FILES}")
    verdict = _same(_write(tmp_path / "repo", {"d.dvc": f"outs:\n{entry}"}, True), oracle)
    assert (verdict == {}) == (name == "md5")


EXTRAS = [
    "  etag: abcd\n", "  etag: ''\n", "  version_id: v1\n", "  cloud: {r: {etag: ''}}\n",
    "  cloud: {r: {etag: x, version_id: v1}}\n", "  cloud: {'': {etag: x}}\n", "  cache: false\n",
    "  desc: d\n  labels: [a]\n  meta: {a: 1}\n", "  remote: r\n  push: false\n",
    "  isexec: true\n  size: 7\n",
]  # fmt: skip
IMPORTS = [(name, "") for name in HASHES]
IMPORTS += [(name, extra) for name in ("md5", "md5-dos2unix", "etag") for extra in EXTRAS]


@pytest.mark.parametrize(("name", "extra"), IMPORTS)
def test_the_checksum_of_an_import_does_not_depend_on_what_dvc_leaves_out_of_it(
    name: str | None, extra: str, tmp_path: Path, oracle: Oracle
) -> None:
    """Whatever ``hash:`` says, DVC takes the md5 of the entry as it would write it."""
    source = f"deps:\n- path: src\n  md5: {md5('a')}\n  hash: md5\n"
    text = f"frozen: true\n{source}outs:\n{_entry(name, is_folder=False, extra=extra)}"
    repo = _write(tmp_path / "repo", {"src": "a", "d.dvc": text}, is_folder=False)
    verdict = _same(repo, oracle)
    if verdict == "error":
        return
    assert ("checksum", "", None) in verdict["d.dvc"]  # type: ignore[index]
    recorded = _md5_of_stage(repo)
    (repo / "d.dvc").write_text(f"md5: {recorded}\n{text}")
    found = _same(repo, oracle)
    assert ("checksum", "", None) not in found.get("d.dvc", ())  # type: ignore[union-attr]


def _md5_of_stage(repo: Path) -> str:
    """What DVC would write, as this computes it; a wrong one is told by the comparison with DVC."""
    from dvcstate import dvc_repository
    from dvcstate.documents import reader, schema
    from dvcstate.stages import dvc_file

    written: list[str] = []
    original = dvc_file._md5

    def keep(*arguments: object) -> str:
        written.append(original(*arguments))  # type: ignore[arg-type]
        return written[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dvc_file, "_md5", keep)
        data = reader.read(repo / "d.dvc", "d.dvc", schema.single_stage_file)
        dvc_file.stage(dvc_repository.find(repo), "d.dvc", data)
    return written[0]
