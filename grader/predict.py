"""`grader predict`: which stages `dvc repro` will run, compared with what somebody expects."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from dvcstate.model import ProjectState, Reason, Stage, StageState
from grader.output.terminal_text import wrap
from grader.stages.paths import paths_overlap
from workshop.commands.status_table import reason_text
from workshop.shell import printable
from workshop.terminal import Style, pad_text

NO_STAGE = "none"
"""What to type for: no stage will run."""
_MOST_REASONS = 3
_LONGEST_NAME = 20


class Outcome(Enum):
    """What `dvc repro` does with a stage; ``FOLLOWS``: it runs if its deps come out otherwise."""

    RUNS = "runs"
    FOLLOWS = "follows"
    STAYS = "stays"
    STOPS = "stops"


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
        runs = self.outcome in (Outcome.RUNS, Outcome.FOLLOWS)
        return self.is_named != runs and not self.is_open


class UnknownStageError(Exception):
    """A stage that the project does not have; ``fix`` names those that it has."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.fix = fix


def parse_stages(state: ProjectState, words: Sequence[str]) -> frozenset[str]:
    """The stages that ``words`` name; an UnknownStageError where there is none of that name."""
    known = {stage.name for stage in _stages(state)}
    if not known:
        raise UnknownStageError("there is no stage yet", "dvc stage add, as the lesson says")
    if NO_STAGE in words and NO_STAGE not in known:
        if {*words} == {NO_STAGE}:
            return frozenset()
        raise UnknownStageError(f"{NO_STAGE} stands alone", f"name stages, or type {NO_STAGE}")
    if unknown := [word for word in words if word not in known]:
        names = ", ".join(stage.name for stage in _stages(state))
        raise UnknownStageError(
            f"no stage is called {unknown[0]!r}", f"name some of {names}, or {NO_STAGE}"
        )
    return frozenset(words)


def forecast(state: ProjectState, named: Collection[str]) -> list[StageForecast]:
    """What `dvc repro` does with each stage, makers before users."""
    found: dict[str, tuple[Outcome, str]] = {}
    makers = _makers(state)
    for item in state.stages:
        above = [name for name in makers.get(item.stage.name, ()) if name in found]
        found[item.stage.name] = _outcome(item, {name: found[name][0] for name in above}, state)
    return [
        StageForecast(stage.name, *found[stage.name], is_named=stage.name in named)
        for stage in _stages(state)
    ]


def render(forecasts: Sequence[StageForecast], style: Style) -> str:
    """A line a stage, with the reason; then what to look at."""
    wrong = sum(item.is_wrong for item in forecasts)
    unknown = sum(item.is_open for item in forecasts)
    right = len(forecasts) - wrong - unknown
    lines = [f"{right} of {len(forecasts)} right" + (f", {unknown} open" if unknown else ""), ""]
    width = min(max(len(printable(item.stage)) for item in forecasts), _LONGEST_NAME)
    for item in forecasts:
        lines += _forecast_lines(item, width, style)
    return "\n".join([*lines, "", *_ending(forecasts, style)]) + "\n"


def _forecast_lines(item: StageForecast, width: int, style: Style) -> list[str]:
    right, wrong = "+x" if style.plain else "✓✗"
    mark, colour = (
        (wrong, "31") if item.is_wrong else ("~", "33") if item.is_open else (right, "32")
    )
    if style.colour:
        mark = f"\x1b[{colour}m{mark}\x1b[0m"
    head = f"{pad_text(printable(item.stage), width)}  {item.outcome.value:<7}  "
    first, *rest = wrap(item.why, style.width, " " * (len(head) + 2))
    return [f"{mark} {head}{first.strip()}", *rest]


def _ending(forecasts: Sequence[StageForecast], style: Style) -> list[str]:
    outcomes = {item.outcome for item in forecasts}
    if Outcome.STOPS in outcomes:
        note = "dvc repro stops where something is missing: grader check says what to do."
    elif not outcomes & {Outcome.RUNS, Outcome.FOLLOWS}:
        note = "Nothing that a stage reads has changed: dvc repro runs nothing."
    else:
        note = (
            "See whether it is so: dvc repro. A stage that follows is passed over where its deps"
            " come out as they were, and a run that there has been before is not made again: its"
            " outs come out of the cache."
        )
    return wrap(note, style.width, "")


def _stages(state: ProjectState) -> list[Stage]:
    return [item.stage for item in state.stages if item.stage.cmd]


def _makers(state: ProjectState) -> Mapping[str, list[str]]:
    """The stages and .dvc files whose outs each stage reads."""
    makers: dict[str, list[str]] = {}
    for maker, user in state.project.edges:
        makers.setdefault(user, []).append(maker)
    return makers


def _outcome(
    item: StageState, above: Mapping[str, Outcome], state: ProjectState
) -> tuple[Outcome, str]:
    """What happens to one stage or .dvc file, where ``above`` happens to those that it reads."""
    stage = item.stage
    if not stage.cmd:  # `dvc repro` takes up data that have changed
        is_changed = any(reason.change == "modified" for reason in item.reasons)
        return (Outcome.RUNS, "its data changed") if is_changed else (Outcome.STAYS, "")
    if stage.frozen:
        return Outcome.STAYS, "it is frozen: dvc repro passes over it, whatever has changed"
    if missing := _missing_sources(item, state):
        return Outcome.STOPS, f"{missing[0]} is not there: dvc repro stops here"
    if stopped := [name for name, outcome in above.items() if outcome is Outcome.STOPS]:
        return Outcome.STOPS, f"dvc repro stops at {stopped[0]}"
    if not stage.recorded:
        return Outcome.RUNS, "it has never run"
    changed_above = _changed_above(above, state)
    reasons = [
        reason
        for reason in item.reasons
        if not _comes_from_cache(reason)
        and not (reason.kind == "dep" and any(paths_overlap(reason.path, p) for p in changed_above))
    ]
    if reasons:
        texts = [reason_text(reason) for reason in reasons[:_MOST_REASONS]]
        left = len(reasons) - len(texts)
        return Outcome.RUNS, ", ".join(texts) + (f" and {left} more" if left else "")
    running = (Outcome.RUNS, Outcome.FOLLOWS)
    if changing := [name for name, outcome in above.items() if outcome in running]:
        return Outcome.FOLLOWS, f"it reads what {changing[0]} changes"
    if any(map(_comes_from_cache, item.reasons)):
        return Outcome.STAYS, "its outs come back from the cache"
    return Outcome.STAYS, "nothing that it reads has changed"


def _comes_from_cache(reason: Reason) -> bool:
    """Whether `dvc repro` checks out what is missing or changed, in place of a run."""
    return reason.kind == "out" and reason.change in ("deleted", "modified")


def _changed_above(above: Mapping[str, Outcome], state: ProjectState) -> list[str]:
    """The outs that stages above write anew or check out: how they are now decides nothing."""
    return [
        out.path
        for other in state.stages
        if other.stage.cmd
        and other.stage.name in above
        and (above[other.stage.name] is not Outcome.STAYS or other.reasons)
        for out in other.stage.outs
    ]


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
