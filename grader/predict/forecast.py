"""What `dvc repro` does with each stage, as far as it can be told before it runs."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from dvcstate import Workspace
from dvcstate.model import ProjectState, Reason, Stage, StageState
from dvcstate.run_cache import cached_run
from grader.facts.objects import Objects
from grader.stages.paths import paths_overlap
from workshop.commands.status_table import reason_text

_MOST_REASONS = 3


class Outcome(Enum):
    """What `dvc repro` does with a stage; ``FOLLOWS``: it runs if its deps come out otherwise.

    ``RESTORED``: it has run on the same before, and its outs come out of the cache.
    """

    RUNS = "runs"
    FOLLOWS = "follows"
    RESTORED = "restored"
    STAYS = "stays"
    STOPS = "stops"


_RUNNING = (Outcome.RUNS, Outcome.FOLLOWS)


@dataclass(frozen=True)
class StageForecast:
    """The outcome of a stage, and why; ``is_named``: somebody expects it to run."""

    stage: str
    outcome: Outcome
    why: str
    is_named: bool

    @property
    def is_open(self) -> bool:
        """Whether nobody can know before the run: a stage that follows, and was not named."""
        return self.outcome is Outcome.FOLLOWS and not self.is_named

    @property
    def is_wrong(self) -> bool:
        """Whether it was named and does not run, or the other way round."""
        return self.is_named != (self.outcome in _RUNNING) and not self.is_open


def forecast(
    workspace: Workspace,
    state: ProjectState,
    named: Collection[str],
    reached: Collection[str] | None,
) -> list[StageForecast]:
    """What `dvc repro` does with each stage, makers before users.

    ``state`` is that of ``workspace``, now. ``reached`` are the stages that the command comes to;
    None: all of them.
    """
    outcomes = _Outcomes(workspace, state)
    for item in state.stages:
        is_reached = reached is None or item.stage.name in reached
        outcomes.add(item, is_reached=is_reached)
    return [
        StageForecast(item.stage.name, *outcomes.found[item.stage.name], item.stage.name in named)
        for item in state.stages
        if item.stage.cmd
    ]


class _Outcomes:
    """The outcome and the reason of each stage that was added, by name; makers before users."""

    def __init__(self, workspace: Workspace, state: ProjectState) -> None:
        self.found: dict[str, tuple[Outcome, str]] = {}
        self._workspace, self._state = workspace, state
        self._objects = Objects(state.project.cache_dir)
        # The md5 of each out that a stage makes or DVC checks out; None: nobody can know yet.
        self._made: dict[str, str | None] = {}
        self._makers: dict[str, list[str]] = {}
        for maker, user in state.project.edges:
            self._makers.setdefault(user, []).append(maker)

    def add(self, item: StageState, *, is_reached: bool) -> None:
        """Find the outcome of a stage or a .dvc file."""
        stage = item.stage
        if not is_reached:  # its outs are and stay as they are
            why = "dvc repro alone does not come to it: dvc repro --all-pipelines does"
            self.found[stage.name] = (Outcome.STAYS, why)
            return
        outcome, why, made = self._outcome(item)
        self.found[stage.name] = (outcome, why)
        if stage.cmd:
            self._made |= {out.path: made.get(out.path) for out in stage.outs}

    def _outcome(self, item: StageState) -> tuple[Outcome, str, Mapping[str, str | None]]:
        """The outcome, why, and the md5 of the outs after it, as far as it is known."""
        stage = item.stage
        recorded = {out.path: out.recorded.md5 for out in stage.outs}
        if not stage.cmd:  # `dvc repro` takes up data that have changed
            is_changed = any(reason.change == "modified" for reason in item.reasons)
            return (Outcome.RUNS if is_changed else Outcome.STAYS), "its data changed", {}
        if stage.frozen:
            why = "it is frozen: dvc repro passes over it, whatever has changed"
            return Outcome.STAYS, why, recorded
        if missing := _missing_sources(item, self._state):
            return Outcome.STOPS, f"{missing[0]} is not there: dvc repro stops here", {}
        above = [name for name in self._makers.get(stage.name, ()) if name in self.found]
        if stopped := [name for name in above if self.found[name][0] is Outcome.STOPS]:
            return Outcome.STOPS, f"dvc repro stops at {stopped[0]}", {}
        if causes := [*self._causes(item)]:
            left = len(causes) - _MOST_REASONS
            why = ", ".join(causes[:_MOST_REASONS]) + (f" and {left} more" if left > 0 else "")
            return self._run_or_restore(stage, why)
        makers = [name for name in above if self._is_run(name)]
        if makers:
            return Outcome.FOLLOWS, f"it reads what {makers[0]} changes", {}
        if any(map(_comes_from_cache, item.reasons)):
            return Outcome.STAYS, "its outs come back from the cache", recorded
        return Outcome.STAYS, "nothing that it reads has changed", recorded

    def _is_run(self, name: str) -> bool:
        is_stage = any(item.stage.cmd for item in self._state.stages if item.stage.name == name)
        return is_stage and self.found[name][0] in _RUNNING

    def _causes(self, item: StageState) -> Iterator[str]:
        """Why a stage is not passed over, in words; none where it may be."""
        stage = item.stage
        if not stage.recorded:
            yield "it has never run"
            return
        for reason in item.reasons:
            is_made = any(paths_overlap(reason.path, path) for path in self._made)
            if not _comes_from_cache(reason) and not (reason.kind == "dep" and is_made):
                yield reason_text(reason)
        for dep in stage.deps:
            if self._made.get(dep.path, dep.recorded.md5) not in (None, dep.recorded.md5):
                yield f"{dep.path} comes out otherwise"

    def _run_or_restore(
        self, stage: Stage, why: str
    ) -> tuple[Outcome, str, Mapping[str, str | None]]:
        """The outs of a run on the same, if the cache has them; else a run."""
        run = cached_run(self._state.project, stage, self._dep_md5s(stage))
        names = [name for md5 in (run or {}).values() for name in self._objects.names(md5)]
        is_whole = run is not None and len(run) == len(stage.outs)
        if not run or not is_whole or not all(self._objects.path(name).exists() for name in names):
            return Outcome.RUNS, why, {}
        cause = why if stage.recorded else "dvc.lock has no run of it"
        note = f"{cause}; but it has run on the same before: DVC takes its outs from the cache"
        return Outcome.RESTORED, note, run

    def _dep_md5s(self, stage: Stage) -> dict[str, str]:
        """The md5 of each dep when the turn is at ``stage``; those that nobody knows are absent."""
        md5s: dict[str, str | None] = {}
        for dep in stage.deps:
            inside = [path for path in self._made if paths_overlap(path, dep.path)]
            if dep.path in self._made:
                md5s[dep.path] = self._made[dep.path]
            elif dep.place and all(self._is_as_made(path) for path in inside):
                md5s[dep.path] = self._workspace.md5_of(dep.place)
        return {path: md5 for path, md5 in md5s.items() if md5}

    def _is_as_made(self, path: str) -> bool:
        """Whether an out is in the folder already as it will be."""
        made = self._made[path]
        return made is not None and made == self._workspace.md5_of(self._state.project.root / path)


def _comes_from_cache(reason: Reason) -> bool:
    """Whether `dvc repro` checks out what is missing or changed, in place of a run."""
    return reason.kind == "out" and reason.change in ("deleted", "modified")


def _missing_sources(item: StageState, state: ProjectState) -> list[str]:
    """The deps and files of params that are not there and that no stage makes."""
    made = {out.path for other in state.stages if other.stage.cmd for out in other.stage.outs}
    files = {file.path for file in item.stage.params}
    return [
        reason.path
        for reason in item.reasons
        if reason.change == "deleted"
        and (reason.path in files if reason.kind == "param" else reason.kind == "dep")
        and reason.path not in made
    ]
