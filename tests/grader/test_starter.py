"""A start scores next to nothing, the solution everything, catching up what it has solved."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from grader.engine.report import FAILED, PASSED, exit_code
from grader.grading import grade
from tests.bucket_server import serving
from tests.grader import finished
from tests.grader.test_mistakes import codes, told
from tests.repositories import PROGRAMS, ROOT, run
from tests.solution import SMALL
from workshop import remote_addresses
from workshop.course.manifest import Lesson, course
from workshop.start import solution, starter
from workshop.start.programs import Programs
from workshop.start.run_cache import RunCache
from workshop.start.start_request import RemoteAddress, StartError


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ein Raum für alle") / "DVC 練習"
    starter.make_repository(folder, attendee="Ada O'Neil", preset=SMALL)
    return folder


def test_a_start_scores_next_to_nothing(started: Path) -> None:
    report = grade(started)
    assert exit_code(report) == FAILED
    assert codes(report) == {"not-a-repository"}
    assert report.score <= 3


def test_a_start_has_the_code_and_nothing_of_dvc(started: Path) -> None:
    committed = set(run(started, "git", "ls-files", "-z").split("\0"))
    assert {
        "pipeline/train/training.py",
        "pipeline/posters/artwork/poster.py",
        "params.yaml",
    } <= committed
    assert not any("__pycache__" in path or path.startswith("data/") for path in committed)
    assert not (started / ".dvc").exists()
    for name in ("activate", "activate.ps1"):  # name this computer's folders
        assert (started / name).exists()
        assert name not in committed
    assert len(list((started / "data" / "raw" / "Images").iterdir())) == 120
    settings = tomllib.loads((started / "workshop.toml").read_text("utf-8"))
    assert settings["workshop"]["attendee"] == "Ada O'Neil"


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(StartError, match="not empty"):
        starter.make_repository(tmp_path, preset=SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.slow
def test_the_solution_has_full_score(solution: Path, tmp_path: Path) -> None:
    report = grade(solution)
    assert codes(report) == set(), told(report)
    assert exit_code(report) == PASSED
    assert report.score == report.max_score
    assert run(solution, "git", "status", "--porcelain") == ""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", solution, clone], check=True, timeout=60)
    run(clone, "dvc", "pull", "--quiet")
    assert grade(clone).score == report.score


LESSONS = course().lessons


@pytest.fixture
def quick_programs(forked_dvc: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catching up takes DVC from a process that has it imported; the solution takes DVC itself."""
    if folder := os.environ.get(PROGRAMS):
        monkeypatch.setattr("workshop.start.programs._DVC", (str(Path(folder, "dvc")),))


@pytest.mark.slow
@pytest.mark.usefixtures("saved_runs", "quick_programs")
@pytest.mark.parametrize("lesson", LESSONS[1:], ids=[lesson.id for lesson in LESSONS[1:]])
def test_a_late_comer_has_all_before_a_lesson_and_none_of_it(
    lesson: Lesson, tmp_path: Path
) -> None:
    repo = tmp_path / "late"
    starter.make_repository(repo, at=lesson.id, preset=SMALL)
    report = grade(repo)
    before = [one.id for one in course().lessons_before(lesson)]
    found = {one.id: one for one in report.lessons}
    for one in course().lessons:
        assert found[one.id].supplied == (one.id in before)
        if one.id in before:
            assert found[one.id].earned == one.points, told(report)
    assert found[lesson.id].earned == 0
    assert {one.status for one in report.checks if one.lesson == lesson.id} <= {
        "fail",
        "blocked",
    }
    assert run(repo, "git", "status", "--porcelain") in ("", "?? data/\n")
    assert json.loads(run(repo, "dvc", "status", "--json")) == {}


@pytest.mark.slow
@pytest.mark.usefixtures("saved_runs")
def test_catching_up_takes_kept_runs_and_leaves_the_lesson_itself_to_the_attendee(
    tmp_path: Path,
) -> None:
    repo = tmp_path / "late"
    starter.make_repository(repo, at="train", preset=SMALL)
    runs = repo / ".dvc" / "cache" / "runs"
    assert sum(path.is_file() for path in runs.rglob("*")) == 1
    shutil.copy(ROOT / "dvc.yaml", repo)
    run_cache = RunCache(repo, SMALL.posters)
    for stage in ("train", "export", "evaluate"):
        run_cache.restore(stage)
    printed = run(repo, "dvc", "repro", "evaluate")
    assert "Running stage" not in printed
    assert printed.count("is cached - skipping run, checking out outputs") == 3


@pytest.mark.parametrize(
    ("at", "url", "endpoint", "told"),
    [
        (None, "gs://dvc-workshop/ada", "http://127.0.0.1:4443", "a remote that --at sets up"),
        ("end", "/srv/ada", "http://127.0.0.1:4443", "for a gs:// remote"),
        ("end", "gs://dvc-workshop/ada", "127.0.0.1:4443", "is no address of a server"),
        ("end", "gs://dvc-workshop/ada", "ftp://127.0.0.1:4443", "is no address of a server"),
        ("end", "gs://dvc-workshop/ada", "http://[::1", "is no address of a server"),
        ("end", "gs://dvc-workshop/ada", "http://127.0.0.1:x", "is no address of a server"),
        ("end", "gs://dvc-workshop/ada", "http://127.0.0.1:1", "no server answers at http://127"),
    ],
)
def test_a_bucket_server_that_is_none_is_told_before_anything_is_made(
    at: str | None, url: str, endpoint: str, told: str, tmp_path: Path
) -> None:
    with pytest.raises(StartError, match=re.escape(told)):
        starter.make_repository(
            tmp_path / "late", at, remote=RemoteAddress(url, endpoint), preset=SMALL
        )
    assert not (tmp_path / "late").exists()


def test_a_lesson_that_nobody_knows_is_told(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="no lesson is called 'cooking'") as caught:
        starter.make_repository(tmp_path / "late", at="cooking")
    assert "init, data, remote" in caught.value.fix
    assert not (tmp_path / "late").exists()


def test_a_start_has_the_lessons_and_says_which_to_open(started: Path, tmp_path: Path) -> None:
    readme = (started / "lessons" / "README.md").read_text("utf-8")
    for page in (*course().lessons, *course().pages):
        text = (started / "lessons" / f"{page.id}.md").read_text("utf-8")
        assert text.startswith(f"# {page.title}\n")
        assert f"({page.id}.md)" in readme
    assert "lessons/README.md" in run(started, "git", "ls-files")
    said = starter.make_repository(tmp_path / "again", preset=SMALL)
    assert said.splitlines()[-1] == "then: open lessons/init.md, and type what it says"


@pytest.mark.parametrize("place", ["a file/below it", "x" * 300])
def test_a_folder_that_cannot_be_made_is_told_in_two_lines(place: str, tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("mine", "utf-8")
    with pytest.raises(StartError, match="cannot be written") as told:
        starter.make_repository(tmp_path / place)
    assert told.value.fix


@pytest.mark.parametrize(
    "url",
    ["gs//b", "gs:/b", "gs://", "../remote", "remote", "ftp://host/x", "gs://b\n", ""],
)
@pytest.mark.parametrize("at", [None, "end"])
def test_an_address_that_dvc_takes_for_a_folder_of_the_repository_is_refused(
    url: str, at: str | None, tmp_path: Path
) -> None:
    with pytest.raises(StartError, match="is no address of a remote") as told:
        starter.make_repository(tmp_path / "late", at, remote=RemoteAddress(url), preset=SMALL)
    assert "gs://dvc-workshop/NAME" in told.value.fix
    assert not list(tmp_path.iterdir())


def test_a_remote_inside_of_the_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="is inside of"):
        starter.make_repository(
            tmp_path / "late", remote=RemoteAddress(str(tmp_path / "late" / "x")), preset=SMALL
        )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["...", "a\nb", " ", "<>", "\udcff", "a\0b"])
def test_a_name_that_git_does_not_take_is_refused_before_anything_is_made(
    name: str, tmp_path: Path
) -> None:
    with pytest.raises(StartError, match="git takes no name like"):
        starter.make_repository(tmp_path / "late", attendee=name, preset=SMALL)
    assert not list(tmp_path.iterdir())


def test_commits_are_by_whom_git_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{role}_NAME", raising=False)
        monkeypatch.delenv(f"GIT_{role}_EMAIL", raising=False)
    settings = tmp_path / "gitconfig"
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    shown = ("git", "log", "-1", "--format=%an <%ae>, %cn <%ce>")
    settings.write_text("", "utf-8")
    starter.make_repository(tmp_path / "nobody", attendee="Ada", preset=SMALL)
    nobody = "Ada <Ada@workshop.invalid>"
    assert run(tmp_path / "nobody", *shown).strip() == f"{nobody}, {nobody}"
    settings.write_text("[user]\nname = Grace Hopper\nemail = g@example.com\n", "utf-8")
    starter.make_repository(tmp_path / "known", attendee="Ada", preset=SMALL)
    known = "Grace Hopper <g@example.com>"
    assert run(tmp_path / "known", *shown).strip() == f"{known}, {known}"
    settings.write_text("", "utf-8")
    outer = tmp_path / "a repository that knows somebody"
    for words in (["init", "--quiet", str(outer)], ["-C", str(outer), "config", "user.name", "X"],
                  ["-C", str(outer), "config", "user.email", "x@example.com"]):  # fmt: skip
        subprocess.run(["git", *words], check=True, timeout=60)
    starter.make_repository(outer / "inner", attendee="Ada", preset=SMALL)
    assert run(outer / "inner", *shown).strip() == f"{nobody}, {nobody}"


@pytest.mark.parametrize("before", ["nothing", "an empty folder", "a remote of others"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_what_was_begun_is_deleted_and_what_was_there_stays(
    before: str, error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "above" / "late"
    if before == "an empty folder":
        folder.mkdir(parents=True)
    if before == "a remote of others":
        finished.write(tmp_path / "above" / "late-remote" / "theirs", "x")

    def interrupted(made: Path, *_: object) -> None:
        (made.parent / "late-remote").mkdir(exist_ok=True)
        finished.write(made / ".dvc" / "cache" / "object", "x")
        (made / ".dvc" / "cache" / "object").chmod(0o444)
        raise error

    monkeypatch.setattr("workshop.start.solution.solve", interrupted)
    there = sorted(tmp_path.rglob("*"))
    with pytest.raises((KeyboardInterrupt, StartError)):
        starter.make_repository(folder, at="end", preset=SMALL)
    assert sorted(tmp_path.rglob("*")) == there


def test_any_name_of_an_attendee_can_be_read_back(tmp_path: Path) -> None:
    starter.make_repository(tmp_path / "repo", attendee='Åda 😀 "x" \\', preset=SMALL)
    settings = tomllib.loads((tmp_path / "repo" / "workshop.toml").read_text("utf-8"))
    assert settings["workshop"]["attendee"] == 'Åda 😀 "x" \\'


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("gs://YOUR-BUCKET/NAME", "still has YOUR-BUCKET and NAME in it"),
        ("gs://dvc-workshop/YOUR-NAME", "still has YOUR-NAME in it"),
        ("gs://dvc-workshop-raw/ada", "is the place of the raw data"),
        ("gs://dvc-workshop-raw", "is the place of the raw data"),
        ("gs://dvc-workshop", "is the root of a bucket"),
        ("s3://ours/", "is the root of a bucket"),
    ],
)
@pytest.mark.parametrize("at", [None, "end"])
def test_an_address_that_is_nobodys_place_is_refused(
    url: str, what: str, at: str | None, tmp_path: Path
) -> None:
    with pytest.raises(StartError, match=what) as told:
        starter.make_repository(tmp_path / "late", at, "grace", RemoteAddress(url), preset=SMALL)
    assert re.match(r"--remote (gs://dvc-workshop|s3://BUCKET)/grace ", told.value.fix)
    assert not list(tmp_path.iterdir())


def test_a_remote_without_its_plugin_is_refused_where_data_is_to_be_pushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(remote_addresses.PLUGINS, "s3", "dvc_no_such")
    with pytest.raises(StartError, match="DVC needs dvc-no-such for s3://") as told:
        starter.make_repository(
            tmp_path / "late", "end", remote=RemoteAddress("s3://ours/ada"), preset=SMALL
        )
    assert told.value.fix == "python -m pip install dvc-no-such"
    assert not list(tmp_path.iterdir())


def test_a_server_is_asked_for_the_bucket_before_anything_is_made(tmp_path: Path) -> None:
    late = tmp_path / "late"
    with serving(tmp_path / "server") as server:
        remote = RemoteAddress("gs://nobucket/a", f"{server.endpoint}/")
        with pytest.raises(StartError, match=r"has no bucket nobucket.*There is: dvc-workshop"):
            starter.make_repository(late, "end", remote=remote, preset=SMALL)
        https = server.endpoint.replace("http", "https")
        with pytest.raises(StartError, match="speaks http, not https") as told:
            starter.make_repository(
                late, "end", remote=RemoteAddress("gs://dvc-workshop/a", https), preset=SMALL
            )
    assert told.value.fix == f"--endpoint {server.endpoint}"
    assert not late.exists()


def test_the_slash_at_the_end_of_an_endpoint_is_left_out() -> None:
    remote = RemoteAddress("gs://dvc-workshop/ada", "http://127.0.0.1:4443/").without_slashes()
    assert remote.endpoint == "http://127.0.0.1:4443"


@pytest.mark.slow
def test_what_dvc_says_of_a_push_that_fails_is_told(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    finished.write(repo / "x", "x")
    run(repo, "git", "init", "--quiet")
    programs = Programs(repo, "ada")
    programs.dvc("init", "--quiet")
    programs.dvc("add", "x")
    with serving(tmp_path / "server") as server:
        where = RemoteAddress("gs://dvc-workshop-raw/ada", server.endpoint)
        solution.add_remote(where, programs)
        with pytest.raises(
            StartError, match="nothing could be pushed to gs://dvc-workshop-raw/ada"
        ) as told:
            solution.push(where, programs)
    assert "ada: dvc push failed: ERROR: failed to transfer" in told.value.problem
    assert "troubles" not in told.value.problem


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("plain", "next: cd plain"),
        ("a b", 'next: cd "a b"'),
        ("$x", "next: cd '$x'"),
        ("bü 'q' $x", "next: go into the folder bü 'q' $x"),
        ("-x", "next: cd ./-x"),
    ],
)
def test_what_to_type_next_is_safe_to_paste(
    name: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert (
        starter._next_steps(tmp_path / name, LESSONS[0], "with 3 posters").splitlines()[1] == line
    )
