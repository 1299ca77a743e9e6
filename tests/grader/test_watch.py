"""`grader watch`: in a real terminal, in a pipe, and what fits on a screen."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.checks import CHECKS
from grader.engine.check_result import CheckResult
from grader.engine.next_action import next_action
from grader.engine.report import LessonScore, Report
from grader.engine.verdict import Status
from grader.facts.rwlock import running_command
from grader.facts.snapshot_cache import SnapshotCache
from grader.grading import grade
from grader.step import Command
from grader.watch import view
from grader.watch.changes import matters
from grader.watch.report_diff import ReportDiff, complete_lessons, diff_reports
from tests.grader import finished
from tests.grader.gallery import MISTAKES, Mistake, append, edit, edit_stages
from tests.grader.results import fix_of
from tests.grader.terminal import terminal, watching
from tests.repositories import ROOT, run
from workshop.terminal import Style, width_of

COLOURED = Style(80, colour=True)
ALL = sum(check.points for check in CHECKS.values())
STATIC = sum(check.points for check in CHECKS.values() if check.tier == "static")
in_a_terminal = pytest.mark.slow


def break_params(repo: Path) -> None:
    """A param that was changed and neither run nor committed."""
    edit(repo, "params.yaml", "dpi: 100", "dpi: 90")


def note_of_dvc(repo: Path, pid: int | None) -> None:
    """What DVC leaves in its folder while the command of a stage runs, and after it."""
    command = "/opt/my programs/bin/dvc repro plot"
    note = {"write": {"results/plots": {"pid": pid, "cmd": command}}, "read": {}} if pid else {}
    finished.write(repo / ".dvc" / "tmp" / "rwlock", json.dumps(note))


def snapshot(repo: Path) -> dict[str, tuple[int, int]]:
    """Size and time of every file of a repository, .git's and DVC's included."""
    files = [path for path in repo.rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


@in_a_terminal
def test_it_shows_what_changes_and_gives_the_terminal_back(repo: Path) -> None:
    before = snapshot(repo)
    with terminal() as window:
        watching(window, repo)
        text = window.shows(f"{STATIC} of {ALL} points", "not asked")
        assert "next:" not in text
        assert snapshot(repo) == before
        break_params(repo)
        text = window.shows("✗ data", "✗ plot", "next: dvc repro")
        assert text.count("next:") == 1
        assert "then: 1 more" in text
        assert "done, not yet committed" not in text
        append(repo, "params.yaml", "# A comment.\n")
        edit(repo, "params.yaml", "dpi: 90", "dpi: 100")
        window.shows("● data", "● done, not yet committed: data.committed", "next: git add params")
        edit(repo, "params.yaml", "# A comment.\n", "a: [\n")
        text = window.shows("✗ init", "next: edit params.yaml, line ")
        assert "done, not yet committed" not in text
        edit(repo, "params.yaml", "a: [\n", "")
        window.shows(f"{STATIC} of {ALL}", "✓ just turned green: ")
        window.type("C-c")
        window.shows("$ ", f"{STATIC} of {ALL} points")
        window.is_as_before()


@in_a_terminal
def test_enter_asks_the_remote_and_typed_keys_do_not_show(repo: Path) -> None:
    with terminal() as window:
        watching(window, repo)
        window.type("zzzz", "Enter")
        text = window.shows(f"{ALL} of {ALL} points", "All of it holds.")
        assert "zzzz" not in text
        window.type("C-c")
        window.is_as_before()


@in_a_terminal
def test_it_follows_the_size_of_the_window(repo: Path) -> None:
    break_params(repo)
    with terminal() as window:
        watching(window, repo)
        for columns, rows in [(40, 10), (80, 24), (20, 4), (120, 50), (60, 6)]:
            window.resize(columns, rows)
            text = window.until(
                lambda text: (
                    text.startswith(f"{STATIC - 2} of {ALL} points") and "next: dvc repro" in text
                )
            )
            lines = text.rstrip().splitlines()
            assert len(lines) <= rows
            assert all(len(line) <= min(columns, 80) for line in lines)
        window.resize(80, 24)
        window.shows("✗ plot       Draw how it went", "Enter asks the remote, Ctrl-C ends.")
        window.type("C-c")
        window.is_as_before()


@in_a_terminal
@pytest.mark.parametrize("name", ["TERM", "HUP"])
def test_a_signal_ends_it_and_gives_the_terminal_back(repo: Path, name: str) -> None:
    with terminal() as window:
        watching(window, repo)
        os.kill(_watcher(window.flag("pane_pid")), getattr(signal, f"SIG{name}"))
        window.is_as_before()
        assert "Traceback" not in "\n".join(window.lines())


@in_a_terminal
def test_it_can_be_paused_and_goes_on(repo: Path) -> None:
    with terminal() as window:
        watching(window, repo)
        window.type("C-z")
        window.is_as_before()
        window.type("fg", "Enter")
        window.shows("Ctrl-C ends.")
        assert window.flag("alternate_on") == "1"
        window.type("C-c")
        window.is_as_before()


@in_a_terminal
def test_a_crash_gives_the_terminal_back_before_it_is_told(repo: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from grader.watch import session as watch\n"
        "def crash(self): raise RuntimeError('a bug of ours')\n"
        "watch._Session._listen = crash\n"
        f"watch.watch(Path({str(repo)!r}), sys.stdout)\n"
    )
    script = repo.parent / "crash.py"
    script.write_text(code, "utf-8")
    with terminal() as window:
        window.type(f"'{sys.executable}' '{script}'", "Enter")
        window.shows("RuntimeError: a bug of ours")
        window.type("clear; echo before-watch", "Enter")
        window.is_as_before()


@in_a_terminal
def test_a_repository_may_come_and_go(tmp_path: Path, repo: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    with terminal() as window:
        window.type(f"'{sys.executable}' -m grader watch --repo '{folder}'", "Enter")
        window.shows("Nothing to grade yet in", "next: in the wrong folder? cd to yours first")
        run(folder, "git", "init", "--quiet")
        window.shows("next: git add .")
        window.type("C-c")
        window.is_as_before()


def _watcher(shell: str) -> int:
    """The process that the shell of a window waits for."""
    found = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True)
    children = [line.split() for line in found.stdout.splitlines()]
    return next(int(pid) for pid, parent in children if parent == shell)


def test_without_a_terminal_it_prints_a_line_a_change(repo: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", "watch", "--repo", str(repo)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
    )
    assert process.stdout
    try:
        first = process.stdout.readline()
        assert first.startswith(
            f"{STATIC} of {ALL} points, {ALL - STATIC} not checked (the remote was not asked);"
            " All holds here."
        )
        # What changes before it watches is found when it does.
        (repo / ".dvc" / "tmp" / "lock").parent.mkdir(exist_ok=True)
        (repo / ".dvc" / "tmp" / "lock").write_text("nobody is told of this")
        break_params(repo)
        second = process.stdout.readline()
        assert second.startswith(f"{STATIC - 2} of {ALL} points")
        assert second.endswith("; next: dvc repro (1 more)\n")
        assert "\x1b" not in first + second
        note_of_dvc(repo, process.pid)
        assert process.stdout.readline().endswith(
            "; dvc repro is running: what comes next is told when it ends.\n"
        )
        note_of_dvc(repo, None)
        assert process.stdout.readline().endswith("; next: dvc repro (1 more)\n")
        repo.rename(repo.parent / "moved")
        gone = process.stdout.readline()
        assert "git init" not in gone
        assert "next: put the folder back" in gone
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=30)
    assert errors == ""
    if sys.platform != "win32":
        assert process.returncode == 128 + signal.SIGTERM


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("params.yaml", True),
        ("data/raw/Images/a.jpg", True),
        (".dvc/config", True),
        (".dvc/config.local", True),
        (".git", True),
        (".git/index", True),
        (".git/HEAD", True),
        (".git/refs/heads/main", True),
        (".git/index.lock", False),
        (".git/refs/heads/main.lock", False),
        (".git/objects/ab/cd", False),
        (".git/logs/HEAD", False),
        (".dvc/tmp/rwlock", False),
        (".dvc/cache/files/md5/ab/cd", False),
        ("folder/.dvc/tmp/lock", False),
        ("pipeline/train/__pycache__/training.pyc", False),
        (".venv/lib/x.py", False),
    ],
)
def test_what_is_a_change(path: str, counts: bool) -> None:
    assert matters(path) is counts
    assert matters(path.replace("/", "\\")) is counts


@pytest.mark.parametrize("mistake", MISTAKES[::6], ids=lambda one: one.name)
def test_a_grade_with_a_memory_is_that_without(repo: Path, mistake: Mistake) -> None:
    """What is kept from one grade to the next changes no verdict."""
    cache = SnapshotCache()
    try:
        grade(repo, offline=True, cache=cache)
        mistake.apply(repo)
        assert grade(repo, offline=True, cache=cache) == grade(repo, offline=True)
        if (repo / ".git").exists():
            run(repo, "git", "add", "--all")
            run(repo, "git", "commit", "--quiet", "--allow-empty", "--message", "More")
        assert grade(repo, offline=True, cache=cache) == grade(repo, offline=True)
    finally:
        cache.close()


def test_memory_leaves_nothing_behind(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = repo.parent / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    cache = SnapshotCache()
    grade(repo, offline=True, cache=cache)
    assert len(list(folder.iterdir())) == 1
    finished.change_param(repo, "plot", "dpi", 77)
    run(repo, "git", "commit", "--quiet", "--all", "--message", "More")
    grade(repo, offline=True, cache=cache)
    assert len(list(folder.iterdir())) == 1
    cache.close()
    assert not list(folder.iterdir())


def test_a_memory_follows_commits_that_take_files_away_and_bring_them_back(repo: Path) -> None:
    """What is written of HEAD for DVC to read is that of HEAD, folders included."""
    cache = SnapshotCache()

    def grades_agree() -> None:
        run(repo, "git", "commit", "--quiet", "--all", "--message", "More")
        assert grade(repo, offline=True, cache=cache) == grade(repo, offline=True)

    try:
        finished.change_param(repo, "plot", "dpi", 77)
        grades_agree()
        run(repo, "git", "rm", "--quiet", "-r", "--cached", "pipeline", ".dvc/config")
        grades_agree()
        (repo / "pipeline").rename(repo / "elsewhere")
        (repo / "pipeline").write_text("a file in its place", "utf-8")
        run(repo, "git", "add", "--force", "pipeline", "elsewhere", ".dvc/config")
        grades_agree()
        run(repo, "git", "reset", "--quiet", "--hard", "HEAD~3")
        assert grade(repo, offline=True, cache=cache) == grade(repo, offline=True)
    finally:
        cache.close()


def test_a_damaged_object_is_found_again_by_each_grade(repo: Path) -> None:
    """Of the cache nothing is remembered that is younger than a clock may be wrong."""
    cache = SnapshotCache()
    place = finished.cache_object(repo, finished.md5_of(repo, "export", "models/classifier.onnx"))
    content = place.read_bytes()
    try:
        for damaged in (True, False, True):
            place.chmod(0o644)
            place.write_bytes(content[::-1] if damaged else content)
            report = grade(repo, offline=True, cache=cache)
            found = next(o for o in report.checks if o.id == "pipeline.cache_intact")
            assert (found.status == "fail") is damaged
    finally:
        cache.close()


def test_a_history_that_is_fetched_later_is_looked_at(repo: Path) -> None:
    """The commit of a shallow clone stays the same, and older ones come to it."""
    finished.write(repo / "key.pem", "-----BEGIN PRIVATE KEY-----\n")
    run(repo, "git", "add", "--force", "key.pem")
    run(repo, "git", "commit", "--quiet", "--message", "Add")
    run(repo, "git", "rm", "--quiet", "key.pem")
    run(repo, "git", "commit", "--quiet", "--message", "Remove")
    clone = repo.parent / "clone"
    run(repo, "git", "clone", "--quiet", "--depth", "1", repo.as_uri(), str(clone))
    cache = SnapshotCache()
    try:
        codes = []
        for _ in range(2):
            report = grade(clone, offline=True, cache=cache)
            codes.append([o.code for o in report.checks if o.id == "remote.no_secret"])
            run(clone, "git", "fetch", "--quiet", "--depth", "9")
        assert codes == [[None], ["secret-in-config"]]
    finally:
        cache.close()


def _result(name: str, status: Status, told: str) -> CheckResult:
    return CheckResult(
        id=name, lesson=name.partition(".")[0], title="A check", status=status, severity=None,
        code=None, rationale=told, expected=None, actual=None, evidence=(), hint=None,
        steps=(Command(tuple(told.split())),), earned=0, max=1, blocked_by=None,
        awaits_commit=False, is_lesson_task=False,
    )  # fmt: skip


def _report(*statuses: tuple[str, Status, str]) -> Report:
    """A report of one check a lesson: its id, its status, its reason or fix."""
    checks = tuple(_result(*one) for one in statuses)
    lessons = tuple(
        LessonScore(one.lesson, "A lesson", int(one.status == "pass"), 1, 0, False)
        for one in checks
    )
    return Report(
        gradable=True, score=1, max_score=2, not_told=0, commit="a" * 40, branch=None,
        no_branch="detached HEAD: commits here are on no branch. git checkout main returns",
        verified=("static",), unproven=(),
        checks=checks, next=next_action(checks), lessons=lessons, repo="here",
    )  # fmt: skip


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 8, 12, 24, 60])
@pytest.mark.parametrize("columns", [10, 20, 40, 80, 200])
def test_a_screen_fits_and_keeps_the_next_action(rows: int, columns: int) -> None:
    long = "dvc stage add " + "-d a/file " * 40
    report = _report(
        *[(f"lesson{n}.x", "pass", "") for n in range(9)],
        ("plot.run", "fail", long),
        ("init.git", "fail", "映画" * 50),
        ("share.pushed", "blocked", "waits for plot.run"),
    )
    changed = ReportDiff(("a.b",) * 9, ("c.d",) * 5, ("data",))
    lines = view.render_screen(report, changed, view.Viewport(columns, rows), Style())
    assert len(lines) <= rows
    assert all(width_of(line) <= min(columns, 80) for line in lines)
    if rows > 1:
        assert any(line.startswith("next: ") for line in lines)
    if columns >= 80 and rows >= 24:
        assert "then: 1 more, 1 wait for them" in lines
        assert "      all of it, to copy: grader hint --step 3" in lines


def test_colour_does_not_count_as_width() -> None:
    report = _report(("data.tracked", "pass", ""), ("plot.run", "fail", "dvc repro"))
    plain = view.render_screen(report, ReportDiff(), view.Viewport(80, 24), Style())
    coloured = view.render_screen(report, ReportDiff(), view.Viewport(80, 24), COLOURED)
    assert plain != coloured
    assert [_without_colour(line) for line in coloured] == plain


def _without_colour(line: str) -> str:
    import re

    return re.sub(r"\x1b\[\d+m", "", line)


def test_names_cannot_move_the_cursor() -> None:
    report = _report(("plot.run", "fail", "rm \x1b[2J\n"))
    assert all("\x1b" not in line for line in view.render_screen(
        report, ReportDiff(), view.Viewport(80, 24), Style()))  # fmt: skip


def test_news_is_what_turned() -> None:
    before = _report(("a.x", "fail", ""), ("b.x", "pass", ""), ("c.x", "blocked", ""))
    now = _report(
        ("a.x", "pass", ""), ("b.x", "fail", "y"), ("c.x", "pass", ""), ("d.x", "pass", "")
    )
    assert diff_reports(before, now) == ReportDiff(("a.x", "c.x"), ("b.x",), ("a", "c", "d"))
    assert not diff_reports(None, now)


def test_a_lesson_is_complete_when_the_remote_has_told_its_part(repo: Path) -> None:
    offline, asked = grade(repo, offline=True), grade(repo)
    assert "share" not in complete_lessons(offline)
    assert "data" in complete_lessons(offline)
    assert "share" in complete_lessons(asked)
    rest = f"{ALL - STATIC} points more are the remote's"
    shown = view.render_screen(
        offline, ReportDiff(), view.Viewport(80, 24, has_keyboard=True), Style()
    )
    assert f"All holds here. {rest}: press Enter" in shown
    assert f"All holds here. {rest}: grader check" in view.report_line(offline, ReportDiff())


def test_an_edit_says_where_it_is_told_and_the_marks_what_they_mean(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["train"]["params"].remove("train.dropout"))
    report = grade(repo, offline=True)
    footer = "Enter asks the remote, Ctrl-C ends."
    shown = view.render_screen(report, ReportDiff(), view.Viewport(80, 24, footer), Style())
    at = next(n for n, line in enumerate(shown) if line.startswith("next: edit dvc.yaml, as told"))
    told = "all of it, to copy: grader hint --step 3"
    assert any(line.strip() == told for line in shown[at:])
    assert shown[-1] == f"{footer}   ✓ holds, ✗ to mend, ● to commit, · waits"
    narrow = view.render_screen(report, ReportDiff(), view.Viewport(40, 24, footer), Style())
    assert narrow[-1] == footer
    assert view.report_line(report, ReportDiff()).endswith(f"; {told}")


def test_what_is_staged_is_to_be_committed_and_not_added_again(repo: Path) -> None:
    append(repo, "params.yaml", "# A line.\n")

    def fix() -> list[str]:
        found = next(o for o in grade(repo).checks if o.id == "data.committed")
        return str(fix_of(found)).splitlines()

    commit = 'git commit -m "Commit what describes the pipeline"'
    assert fix() == ["git add params.yaml", commit]
    run(repo, "git", "add", "params.yaml")
    assert fix() == [commit]
    append(repo, "params.yaml", "# Another.\n")
    assert fix() == ["git add params.yaml", commit]


def test_what_has_to_be_run_first_is_not_called_done(repo: Path) -> None:
    break_params(repo)
    report = grade(repo, offline=True)
    found = next(one for one in report.checks if one.id == "data.committed")
    assert fix_of(found).splitlines() == [
        "dvc repro",
        "git add params.yaml dvc.lock results/metrics/test.json",
        'git commit -m "Change the pipeline and run it"',
    ]
    assert "has not run on params.yaml" in (found.rationale or "")
    assert not found.awaits_commit


def test_files_that_cannot_be_read_are_no_work_to_commit(repo: Path) -> None:
    for path in ("params.yaml", "dvc.lock"):
        append(repo, path, "a: [\n")
        report = grade(repo, offline=True)
        assert [o.id for o in report.checks if o.status == "fail"] == ["init.readable"]
        assert not [one.id for one in report.checks if one.awaits_commit]
        shown = view.render_screen(report, ReportDiff(), view.Viewport(80, 24), Style())
        assert any("cannot be read" in one for one in shown)
        run(repo, "git", "checkout", "--quiet", path)


def test_notes_of_dvc_that_say_nothing_are_passed_over(repo: Path) -> None:
    assert running_command(repo) is None
    note_of_dvc(repo, os.getpid())
    assert running_command(repo / "pipeline") == "dvc repro"
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(60)
    note_of_dvc(repo, ended.pid)
    assert running_command(repo) is None
    for text in ("", "{", "[]", '{"write": [1], "read": {"a": [{"pid": "x"}, 3], "b": null}}'):
        finished.write(repo / ".dvc" / "tmp" / "rwlock", text)
        assert running_command(repo) is None


@pytest.mark.slow
def test_a_stage_that_dvc_runs_is_seen(tmp_path: Path) -> None:
    """DVC's own notes: their form is no interface."""
    run(tmp_path, "git", "init", "--quiet")
    run(tmp_path, "dvc", "init", "--quiet")
    code = (
        "import pathlib, time\n"
        "for _ in range(400):\n"
        "    time.sleep(0 if pathlib.Path('go').exists() else 0.1)\n"
    )
    finished.write(tmp_path / "wait.py", code)
    finished.write(
        tmp_path / "dvc.yaml", "stages:\n  a:\n    cmd: python wait.py\n    deps: [wait.py]\n"
    )
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "dvc", "repro", "--quiet"],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
    )
    try:
        end = time.monotonic() + 30
        while running_command(tmp_path) is None and time.monotonic() < end:
            time.sleep(0.05)
        assert running_command(tmp_path) == "dvc repro"
        (tmp_path / "go").touch()
        assert process.wait(60) == 0
        assert running_command(tmp_path) is None
    finally:
        process.kill()
        process.wait(60)


def test_what_dvc_does_takes_the_place_of_the_next_action(repo: Path) -> None:
    break_params(repo)
    report = grade(repo, offline=True)
    shown = view.render_screen(report, ReportDiff(), view.Viewport(80, 24), Style(), "dvc repro")
    assert "dvc repro is running: what comes next is told when it ends." in shown
    assert not [one for one in shown if one.startswith("next:")]


def test_lines_in_a_terminal_fit_into_it() -> None:
    report = _report(("plot.run", "fail", "git add " + "a-long-name " * 20))
    changed = ReportDiff(("data.tracked",) * 9, ("train.current",) * 9)
    shown = view.report_lines(report, changed, 80)
    assert len(shown) == 5
    assert all(len(one) <= 80 for one in shown)
    assert shown[-1].startswith("next: git add ")


def test_a_remote_that_did_not_answer_was_asked(repo: Path) -> None:
    run(repo, "git", "config", "user.name", "A")
    (repo.parent / "remote").rename(repo.parent / "gone")
    told = view.report_line(grade(repo), ReportDiff())
    assert "(the remote did not answer)" in told
    told = view.report_line(grade(repo, offline=True), ReportDiff())
    assert "(the remote was not asked)" in told


@in_a_terminal
def test_no_line_is_wider_than_the_terminal_without_a_screen(repo: Path) -> None:
    break_params(repo)
    with terminal() as window:
        window.type(f"TERM=dumb '{sys.executable}' -m grader watch --repo '{repo}'", "Enter")
        window.shows("(the remote was not asked)\nnext: dvc repro (1 more)")
        window.type("C-c")
        window.shows("\n$")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    from tests.grader.command_line import grader

    done = grader("watch", "--repo", "nowhere", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: nowhere: no such folder\n")
