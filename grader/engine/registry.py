"""The checks: the name of each, what it requires, and the function that judges."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from grader.finding import Finding
from workshop.course.manifest import CourseCheck, course
from workshop.stages import STAGES, StageSpec

Tier = Literal["static", "remote"]
Judge = Callable[[Repository, Snapshot], Finding | None]
StageJudge = Callable[[Repository, Snapshot, StageSpec], Finding | None]


@dataclass(frozen=True)
class Check:
    """A true sentence about a repository, unless ``judge`` finds otherwise.

    ``codes`` are the mistakes that it may find. ``committed_only``: HEAD alone is judged, not the
    worktree. ``of_workshop``: it is about what `grader start` gives, and no other repository has.
    The check is blocked where one of ``requires`` does not hold. The course says which
    lesson it belongs to, and how many points it has.
    """

    id: str
    title: str
    explanation: str
    codes: tuple[str, ...]
    requires: tuple[str, ...]
    tier: Tier
    committed_only: bool
    of_workshop: bool
    judge: Judge

    @property
    def lesson(self) -> str:
        """The id of its lesson."""
        return course().lesson_of(self.id).id

    @property
    def points(self) -> int:
        """The points to earn; 0 for advice."""
        return course().check(self.id).points

    @property
    def ask(self) -> str:
        """The first of its hints, a question."""
        return course().check(self.id).ask


@dataclass(frozen=True)
class ExtraCheck(Check):
    """A check outside of the course: its ``own_lesson``, its points and question in ``entry``."""

    own_lesson: str
    entry: CourseCheck

    @property
    def lesson(self) -> str:
        """What stands in the place of a lesson."""
        return self.own_lesson

    @property
    def points(self) -> int:
        """The points to earn."""
        return self.entry.points

    @property
    def ask(self) -> str:
        """The first of its hints, a question."""
        return self.entry.ask


# They report work that is done and not committed.
COMMIT_CHECKS = ("data.committed", "lock.committed")
# Each check by its id, in the order of registration; grader.checks puts them in order.
CHECKS: dict[str, Check] = {}
STOPS_RUNS = frozenset(
    (
        *("param-unknown", "stage-wrong-command", "sections-in-command", "dep-absent", "cycle"),
        *("out-overlap", "out-not-written", "code-among-outs", "windows-paths", "wrong-file-name"),
        *("wrong-directory", "code-broken", "param-type"),
    )
)
"""The codes of mistakes in dvc.yaml and params.yaml at which dvc repro stops."""


def check(
    id: str,  # noqa: A002 - the word that the report uses
    *codes: str,
    requires: tuple[str, ...] = (),
    tier: Tier = "static",
    committed_only: bool = False,
    of_workshop: bool = False,
) -> Callable[[Judge], Judge]:
    """Make the decorated function a check: its docstring is the title and the explanation."""

    def register(judge: Judge) -> Judge:
        text = judge.__doc__ or ""
        _register(judge, text, id, codes, requires, tier, committed_only, of_workshop=of_workshop)
        return judge

    return register


def stage_check(
    name: str, *codes: str, requires: tuple[str, ...] = ()
) -> Callable[[StageJudge], StageJudge]:
    """Make the decorated function a check of each of the workshop's stages.

    ``{stage}`` in its docstring and in ``requires`` stands for the stage's name.
    """

    def register(judge: StageJudge) -> StageJudge:
        for spec in STAGES:
            docstring = (judge.__doc__ or "").replace("{stage}", spec.name)
            required = tuple(name.replace("{stage}", spec.name) for name in requires)
            id_ = f"{spec.name}.{name}"
            _register(_bind(judge, spec), docstring, id_, codes, required, of_workshop=True)
        return judge

    return register


# Not a lambda in the loop: that would see the last stage alone.
def _bind(judge: StageJudge, spec: StageSpec) -> Judge:
    return lambda repository, snapshot: judge(repository, snapshot, spec)


def _register(
    judge: Judge,
    docstring: str,
    id: str,  # noqa: A002 - as above
    codes: tuple[str, ...],
    requires: tuple[str, ...],
    tier: Tier = "static",
    committed_only: bool = False,
    *,
    of_workshop: bool,
) -> None:
    if id in CHECKS:
        raise ValueError(f"two checks are called {id}")
    title, _, explanation = docstring.partition("\n")
    text = "\n".join(line.strip() for line in explanation.splitlines()).strip()
    title = title.strip().rstrip(".")
    CHECKS[id] = Check(id, title, text, codes, requires, tier, committed_only, of_workshop, judge)
