"""`grader predict`: which stages `dvc repro` will run, compared with what somebody expects."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from dvcstate.model import ProjectState, Stage, StageState
from grader.output.terminal_text import wrap
from workshop.commands.status_table import reason_text
from workshop.shell import printable
from workshop.terminal import Style, pad_text

NO_STAGE = "none"
"""What to type for: no stage will run."""
_MOST_REASONS = 3
_LONGEST_NAME = 20


@dataclass(frozen=True)
class StageForecast:
    """Whether `dvc repro` runs a stage, and why; ``is_expected``: somebody predicted just that."""

    stage: str
    runs: bool
    why: str
    is_expected: bool


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


def forecast(state: ProjectState, expected: Collection[str]) -> list[StageForecast]:
    """What `dvc repro` does with each stage, makers before users.

    A stage below one that runs counts as running: whether its deps come out with the same bytes,
    so that DVC passes over it, is known only then.
    """
    running: dict[str, str] = {}
    makers = _makers(state)
    for item in state.stages:
        stage = item.stage
        if not stage.frozen and (why := _reason_to_run(item, makers.get(stage.name, ()), running)):
            running[stage.name] = why
    return [
        StageForecast(
            stage.name,
            stage.name in running,
            running.get(stage.name) or _reason_to_stay(stage),
            (stage.name in running) == (stage.name in expected),
        )
        for stage in _stages(state)
    ]


def render(forecasts: Sequence[StageForecast], style: Style) -> str:
    """A line a stage, with the reason; then what to look at."""
    right = sum(item.is_expected for item in forecasts)
    lines = [f"{right} of {len(forecasts)} right", ""]
    width = min(max(len(printable(item.stage)) for item in forecasts), _LONGEST_NAME)
    for item in forecasts:
        lines += _forecast_lines(item, width, style)
    return "\n".join([*lines, "", *_ending(forecasts, style)]) + "\n"


def _forecast_lines(item: StageForecast, width: int, style: Style) -> list[str]:
    marks = "+x" if style.plain else "✓✗"
    mark, colour = (marks[0], "32") if item.is_expected else (marks[1], "31")
    if style.colour:
        mark = f"\x1b[{colour}m{mark}\x1b[0m"
    verb = "runs " if item.runs else "stays"
    head = f"{pad_text(printable(item.stage), width)}  {verb}  "
    first, *rest = wrap(item.why, style.width, " " * (len(head) + 2))
    return [f"{mark} {head}{first.strip()}", *rest]


def _ending(forecasts: Sequence[StageForecast], style: Style) -> list[str]:
    if not any(item.runs for item in forecasts):
        return wrap(
            "Nothing that a stage reads has changed: dvc repro runs nothing.", style.width, ""
        )
    note = (
        "See whether it is so: dvc repro. It takes a run that there has been before out of the run"
        " cache, and passes over a stage whose deps come out as they were."
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


def _reason_to_run(
    item: StageState, makers: Iterable[str], running: Mapping[str, str]
) -> str | None:
    """Why `dvc repro` runs a stage that is not frozen; None where it does not."""
    if not item.stage.cmd:  # a .dvc file: `dvc repro` takes up its data where they have changed
        is_changed = any(reason.change == "modified" for reason in item.reasons)
        return "its data changed" if is_changed else None
    if not item.stage.recorded:
        return "it has never run"
    if item.reasons:
        texts = [reason_text(reason) for reason in item.reasons[:_MOST_REASONS]]
        left = len(item.reasons) - len(texts)
        return ", ".join(texts) + (f" and {left} more" if left else "")
    above = [name for name in makers if name in running]
    return f"it reads what {above[0]} changes" if above else None


def _reason_to_stay(stage: Stage) -> str:
    if stage.frozen:
        return "it is frozen: dvc repro passes over it, whatever has changed"
    return "nothing that it reads has changed"
