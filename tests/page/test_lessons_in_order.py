"""The page over HTTP while one repository goes from the first lesson to the finished one."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import yaml

from grader.grading import grade
from grader.output.steps import next_line
from tests.repositories import run
from tests.service import running
from workshop.course.manifest import course
from workshop.stages import STAGES
from workshop.start import solution as solution_

LESSONS = [lesson.id for lesson in course().lessons]
STAGE_NAMES = tuple(stage.name for stage in STAGES)
_WAIT_S = 30.0


class Walk:
    """A copy of the solution, taken back to its first commit and brought forth again.

    Its data and outs stay where they are, so that no step runs anything but git.
    """

    def __init__(self, repo: Path) -> None:
        self.repo = repo
        self._end = self._git("rev-parse", "HEAD").strip()
        commits = self._git("log", "--reverse", "--format=%H").split()
        self._start, *self._first_lessons = commits[:4]
        self._dvc_aside = repo.parent / "dvc-aside"

    def states(self) -> Iterator[str | None]:
        """The lesson that comes next, when all before it are done; None at the end."""
        self._git("reset", "-q", "--hard", self._start)
        (self.repo / ".dvc").rename(self._dvc_aside)
        yield "init"
        self._dvc_aside.rename(self.repo / ".dvc")
        for commit, following in zip(self._first_lessons, LESSONS[1:4], strict=True):
            self._git("reset", "-q", "--hard", commit)
            yield following
        for number, stage in enumerate(STAGE_NAMES, start=1):
            self.write_stages(STAGE_NAMES[:number])
            self.commit(f"Add {stage}")
            yield LESSONS[3 + number]
        self._git("reset", "-q", "--hard", self._end)
        yield None

    def write_stages(self, stages: tuple[str, ...]) -> None:
        """Write dvc.yaml and dvc.lock with these of the stages, and what git has of their outs."""
        self._git("checkout", "-q", self._end, "--", ":(glob)**/.gitignore")
        (self.repo / "dvc.yaml").write_text(solution_.pipeline(stages))
        lock = yaml.safe_load(self._git("show", f"{self._end}:dvc.lock"))
        lock["stages"] = {name: lock["stages"][name] for name in stages}
        (self.repo / "dvc.lock").write_text(yaml.safe_dump(lock, sort_keys=False))
        outs = [out["path"] for out in lock["stages"][stages[-1]]["outs"]]
        tracked = self._git("ls-tree", "-r", "--name-only", self._end, "--", *outs).split()
        if tracked:
            self._git("checkout", "-q", self._end, "--", *tracked)

    def commit(self, message: str) -> None:
        """Commit all that git does not ignore."""
        self._git("add", "-A", ".")
        self._git("commit", "-q", "-m", message)

    def _git(self, *words: str) -> str:
        return run(self.repo, "git", *words)


class PageText:
    """What the page at an address says, without the parts that no lesson is about."""

    def __init__(self, html: str) -> None:
        top = html[html.index('id="status"') : html.index('<nav class="parts"')]
        self.next = " ".join(re.sub(r"<button.*?</button>|<[^>]+>", " ", top).split())
        self.next = self.next[self.next.find("Next:") :] if "Next:" in self.next else self.next
        self.commands = re.findall(r'data-copy="([^"]*)"', top)
        lessons = html[html.index('<nav class="lessons"') : html.index('<article class="lesson"')]
        self.states = {
            name: state
            for state, name in re.findall(
                r'<li class="(\w+)"><a[^>]*>\s*<span class="name">(\w+)<', lessons
            )
        }
        found = re.search(r'aria-current="page">\s*<span class="name">(\w+)<', lessons)
        self.lesson = found[1] if found else None


def test_the_page_leads_from_the_first_lesson_to_the_last(
    solved: Path, tmp_path: Path, http: httpx.Client
) -> None:
    """In each state the page and the grader name the same next step, and it is the right one."""
    walk = Walk(solved)
    states = walk.states()
    assert next(states) == "init"
    wanted: str | None = "init"
    with running.in_process(solved, tmp_path / "service.log") as service:
        while wanted is not None:
            page = _page_when(service.url, http, f"do what the lesson {wanted} says")
            report = grade(solved, offline=True)
            assert report.next is not None
            assert (report.next.lesson, page.lesson) == (wanted, wanted)
            assert next_line(report.next) == f"do what lessons/{wanted}.md says"
            done = LESSONS[: LESSONS.index(wanted)]
            # Whether the remote has the data only the remote can tell, which nobody asks here.
            assert [page.states[name] for name in done] == [
                "untold" if name == "remote" else "done" for name in done
            ]
            assert page.states[wanted] == "task"
            later = LESSONS[len(done) + 1 :]
            assert {page.states[name] for name in later} <= {"waits"}
            wanted = next(states)
        page = _page_when(service.url, http, "All of it holds")
        assert grade(solved, offline=True).next is None
        assert page.commands == ["grader check"]
        assert {page.states[name] for name in LESSONS} == {"done", "untold"}
        assert page.states["share"] == page.states["remote"] == "untold"


def test_what_waits_for_its_commit_is_amber_in_its_own_lesson(
    solved: Path, tmp_path: Path, http: httpx.Client
) -> None:
    walk = Walk(solved)
    states = walk.states()
    while next(states) != "preprocess":
        pass
    walk.write_stages(("preprocess",))
    with running.in_process(solved, tmp_path / "service.log") as service:
        page = _page_when(service.url, http, "first what the lesson preprocess says")
        report = grade(solved, offline=True)
        assert report.next is not None
        assert page.commands == [next_line(report.next)]
        assert page.commands[0].startswith("git add ")
        assert page.lesson == "preprocess"
        walk.commit("Preprocess the posters")
        page = _page_when(service.url, http, "do what the lesson train says")
        assert page.states["preprocess"] == "done"


def _page_when(url: str, http: httpx.Client, words: str) -> PageText:
    """The page as soon as its next step is told in these words: a watcher tells it of changes."""
    deadline = time.monotonic() + _WAIT_S
    while True:
        page = PageText(http.get(f"{url}/").text)
        if words in page.next:
            return page
        assert time.monotonic() < deadline, (words, page.next, page.states)
        time.sleep(0.05)
