"""Names and paths beyond ASCII: DVC writes its config in ASCII, and a way is found."""

import subprocess
import sys
from pathlib import Path

import pytest

from grader import grading
from grader.engine.report import Report
from grader.facts.repository import Repository
from grader.facts.snapshot_cache import SnapshotCache
from grader.remotes import addresses
from tests.grader import finished
from tests.grader.results import fix_of
from tests.repositories import environment, run
from workshop import remote_addresses
from workshop.start import starter
from workshop.start.start_request import RemoteAddress, StartError, check_remote

HOME = "Jürgen Müller"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home folder of a user with such a name."""
    folder = tmp_path / HOME
    folder.mkdir()
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(folder))
    return folder


def test_a_folder_has_the_address_that_dvc_can_write(home: Path, tmp_path: Path) -> None:
    written = remote_addresses.written_address
    assert written(tmp_path / "a remote") == str(tmp_path / "a remote")
    assert written(home / "w-remote") == "~/w-remote"
    assert written(home / "my work" / "w") == "~/my work/w"
    assert written(home / "Übung") is None
    assert written(tmp_path / "Jürgen") is None
    linked = tmp_path / "link"
    linked.symlink_to(home)
    assert written(linked.resolve() / "w") == "~/w"


def test_a_home_reached_by_a_link_is_the_same_home(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked = tmp_path / "Ä"
    linked.symlink_to(home)
    monkeypatch.setenv("HOME", str(linked))
    monkeypatch.setenv("USERPROFILE", str(linked))
    assert remote_addresses.written_address(home / "w") == "~/w"


def test_the_folder_beside_a_repository_always_has_an_address(home: Path, tmp_path: Path) -> None:
    beside = remote_addresses.folder_beside
    assert beside(tmp_path / "w") == str(tmp_path / "w-remote")
    assert beside(tmp_path / "my work") == str(tmp_path / "my work-remote")
    assert beside(home / "w") == "~/w-remote"
    assert beside(tmp_path / "Übung") == str(tmp_path / "Ubung-remote")
    assert beside(tmp_path / "練習") == str(tmp_path / "workshop-remote")
    elsewhere = {beside(tmp_path / name / "w") for name in ("Jürgen", "Jörg")}
    assert len(elsewhere) == 2
    assert all(address.startswith("~/w-remote-") for address in elsewhere)


def test_an_address_in_the_home_folder_is_one(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DVC reads ~ as the home folder too, where no shell has done so already."""
    for address in ("~/r", str(home / "r")):
        check_remote(RemoteAddress(address), (), tmp_path / "w")
        assert RemoteAddress(address).as_written() == RemoteAddress("~/r")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert RemoteAddress("~/r").as_written() == RemoteAddress(str(tmp_path / "r"))


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("Jürgen Müller", "jurgen"),
        ("Zoë", "zoe"),
        ("Ada-Maria Lovelace", "ada-maria"),
        ("Groß", "gross"),
        ("李", None),
    ],
)
def test_a_name_in_an_address_is_in_ascii(name: str, prefix: str | None) -> None:
    assert remote_addresses.prefix_of(name) == prefix


@pytest.mark.slow
def test_dvc_empties_its_config_at_other_letters_and_reads_the_home_folder(home: Path) -> None:
    """What all of this is about; in a UTF-8 locale as well."""
    repo = home / "w"
    repo.mkdir()
    run(repo, "git", "init", "--quiet")
    run(repo, "dvc", "init", "--quiet")
    run(repo, "dvc", "remote", "add", "plain", "/plain")
    run(repo, "dvc", "remote", "add", "r", str(home / "r"), exit_codes=(255,))
    assert (repo / ".dvc" / "config").read_bytes() == b""
    run(repo, "dvc", "remote", "add", "-d", "r", "~/r r")
    (repo / "a.txt").write_text("a")
    run(repo, "dvc", "add", "--quiet", "a.txt")
    run(repo, "dvc", "push", "--quiet")
    assert list((home / "r r" / "files" / "md5").iterdir())
    run(repo, "dvc", "config", "core.autostage", "true")
    assert "url = ~/r r" in (repo / ".dvc" / "config").read_text("ascii")
    (repo / ".dvc" / "cache").rename(repo / "gone")
    (repo / "a.txt").unlink()
    run(repo, "dvc", "pull", "--quiet")
    assert (repo / "a.txt").read_text() == "a"


@pytest.mark.slow
def test_a_start_in_such_a_home_has_a_remote_that_a_push_reaches(home: Path) -> None:
    repo = home / "my work"
    starter.make_repository(repo, "preprocess", "Jürgen Müller")
    assert "url = ~/my work-remote" in (repo / ".dvc" / "config").read_text("ascii")
    run(repo, "dvc", "push")
    assert list((home / "my work-remote" / "files" / "md5").iterdir())
    report = grading.grade(repo, lambda check: check.lesson in ("remote", "data"), offline=True)
    assert report.score == report.max_score - report.not_told
    clone = home / "clone"
    run(home, "git", "clone", "--quiet", str(repo), str(clone))
    run(clone, "dvc", "pull", "--quiet")
    assert (clone / "data" / "raw" / "train.csv").is_file()


@pytest.mark.parametrize(
    ("url", "fix"),
    [
        ("gs://dvc-workshop/Jürgen", "--remote gs://dvc-workshop/Jurgen"),
        ("s3://bucket/Zoë Z", '--remote "s3://bucket/Zoe Z"'),
        ("{tmp}/Jürgen/r", "--remote {tmp}/w-remote"),
    ],
)
def test_a_start_with_another_address_says_what_would_do(
    tmp_path: Path, url: str, fix: str
) -> None:
    with pytest.raises(StartError, match="letters that DVC does not write") as error:
        starter.make_repository(
            tmp_path / "w", remote=RemoteAddress(url.replace("{tmp}", str(tmp_path)))
        )
    assert error.value.fix == fix.replace("{tmp}", str(tmp_path))
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_an_address_that_was_written_by_hand_is_told_and_mended_without_dvc(
    repo: Path, home: Path, kind: str
) -> None:
    old = f"{home}/r" if kind == "folder" else "gs://bucket/Jürgen"
    new = "~/r" if kind == "folder" else "gs://bucket/Jurgen"
    config = repo / ".dvc" / "config"
    text = "[core]\n    remote = workshop\n['remote \"workshop\"']\n    url = {}\n"
    finished.write(config, text.format(old))
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Write it by hand")

    def result() -> Report:
        return grading.grade(repo, lambda check: check.id == "remote.url", offline=True)

    (before,) = result().checks
    assert (before.status, before.code) == ("fail", "remote-url-malformed")
    rewrite, *_ = fix_of(before).splitlines()
    words = [sys.executable, "-c", rewrite.partition('-c "')[2].removesuffix('"')]
    subprocess.run(words, cwd=repo, env=environment(repo), check=True, timeout=60)
    assert config.read_text("utf-8") == text.format(new)
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Mend it")
    (after,) = result().checks
    assert after.status == "pass"


def test_a_place_that_the_grader_proposes_is_in_ascii(repo: Path, home: Path) -> None:
    moved = home / "Übung"
    repo.rename(moved)
    assert addresses.place(Repository(moved, SnapshotCache(), 0)) == "~/Ubung-remote"
