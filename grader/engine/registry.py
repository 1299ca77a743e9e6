"""The checks: what each is called, what it stands on, and how it judges."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from grader.engine.finding import Finding
from grader.facts.repository import Repository
from grader.facts.snapshot import Snapshot
from workshop.course.manifest import course
from workshop.stages import STAGES, StageSpec

Tier = Literal["static", "remote"]
Judge = Callable[[Repository, Snapshot], Finding | None]
StageJudge = Callable[[Repository, Snapshot, StageSpec], Finding | None]


@dataclass(frozen=True)
class Check:
    """A true sentence about a repository, unless ``judge`` finds otherwise.

    ``codes`` are what it may find. ``committed_only``: it looks at HEAD, and what the worktree says
    in its place does not matter. It is blocked where one of ``requires`` does not hold. The course
    says which lesson it belongs to, and what it is worth.
    """

    id: str
    title: str
    explanation: str
    codes: tuple[str, ...]
    requires: tuple[str, ...]
    tier: Tier
    committed_only: bool
    judge: Judge

    @property
    def lesson(self) -> str:
        """The id of its lesson."""
        return course().lesson_of(self.id).id

    @property
    def points(self) -> int:
        """What it is worth; 0 for mere advice."""
        return course().check(self.id).points


CHECKS: dict[str, Check] = {}
"""Every check by its id, as it is registered; grader.checks puts them in order."""


def check(
    id: str,  # noqa: A002 - the word that the report uses
    *codes: str,
    requires: tuple[str, ...] = (),
    tier: Tier = "static",
    committed_only: bool = False,
) -> Callable[[Judge], Judge]:
    """Make the decorated function a check; its docstring is the title and the explanation."""

    def register(judge: Judge) -> Judge:
        title, _, explanation = (judge.__doc__ or "").partition("\n")
        _add(
            Check(
                id,
                title.strip().rstrip("."),
                _unindented(explanation),
                codes,
                requires,
                tier,
                committed_only,
                judge,
            )
        )
        return judge

    return register


def stage_check(
    fact: str, *codes: str, requires: tuple[str, ...] = ()
) -> Callable[[StageJudge], StageJudge]:
    """Make the decorated function a check of each of the workshop's stages.

    ``{stage}`` in its docstring and in ``requires`` stands for the stage's name.
    """

    def register(judge: StageJudge) -> StageJudge:
        for spec in STAGES:
            title, _, explanation = (judge.__doc__ or "").partition("\n")
            _add(
                Check(
                    f"{spec.name}.{fact}",
                    title.strip().rstrip(".").replace("{stage}", spec.name),
                    _unindented(explanation).replace("{stage}", spec.name),
                    codes,
                    tuple(one.replace("{stage}", spec.name) for one in requires),
                    "static",
                    committed_only=False,
                    judge=_bind(judge, spec),
                )
            )
        return judge

    return register


def _bind(judge: StageJudge, spec: StageSpec) -> Judge:
    return lambda repository, snapshot: judge(repository, snapshot, spec)


def _add(one: Check) -> None:
    if one.id in CHECKS:
        raise ValueError(f"two checks are called {one.id}")
    CHECKS[one.id] = one


def _unindented(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines()).strip()
