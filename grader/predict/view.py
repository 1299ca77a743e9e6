"""What `grader predict` prints: a line a stage, with the reason, and what to look at."""

from collections.abc import Sequence

from grader.output.terminal_text import wrap
from grader.predict.forecast import Outcome, StageForecast
from workshop.shell import printable
from workshop.terminal import Style, pad_text

_LONGEST_NAME = 20
_OUTCOME_WIDTH = max(len(outcome.value) for outcome in Outcome)


def render(forecasts: Sequence[StageForecast], style: Style, command: str) -> str:
    """A line a stage, with the reason; then what to look at. ``command`` is what was meant."""
    wrong = sum(item.is_wrong for item in forecasts)
    unknown = sum(item.is_open for item in forecasts)
    right = len(forecasts) - wrong - unknown
    lines = [f"{right} of {len(forecasts)} right" + (f", {unknown} open" if unknown else ""), ""]
    width = min(max(len(printable(item.stage)) for item in forecasts), _LONGEST_NAME)
    for item in forecasts:
        lines += _forecast_lines(item, width, style)
    return "\n".join([*lines, "", *_ending(forecasts, style, command)]) + "\n"


def _forecast_lines(item: StageForecast, width: int, style: Style) -> list[str]:
    right, wrong = "+x" if style.plain else "✓✗"
    mark, colour = (
        (wrong, "31") if item.is_wrong else ("~", "33") if item.is_open else (right, "32")
    )
    if style.colour:
        mark = f"\x1b[{colour}m{mark}\x1b[0m"
    head = f"{pad_text(printable(item.stage), width)}  {item.outcome.value:<{_OUTCOME_WIDTH}}  "
    first, *rest = wrap(item.why, style.width, " " * (len(head) + 2))
    return [f"{mark} {head}{first.strip()}", *rest]


def _ending(forecasts: Sequence[StageForecast], style: Style, command: str) -> list[str]:
    outcomes = {item.outcome for item in forecasts}
    if Outcome.STOPS in outcomes:
        note = f"{command} stops where something is missing: grader check says what to do."
    elif outcomes == {Outcome.STAYS}:
        note = f"Nothing that a stage reads has changed: {command} runs nothing."
    else:
        note = f"See whether it is so: {command}."
    if Outcome.FOLLOWS in outcomes:
        note += (
            " A stage that follows is passed over where its deps come out as they were, and a run"
            " that there has been before is not made again: its outs come out of the cache."
        )
    return wrap(note, style.width, "")
