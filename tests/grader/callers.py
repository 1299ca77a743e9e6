"""Whether all who show a report name the same next action, points and findings."""

import json

from grader import hint
from grader.checks import CHECKS
from grader.engine.next_action import is_of_remote, order_of_mending
from grader.engine.report import Report
from grader.output import human, report_json
from grader.output.steps import next_line
from grader.watch import view
from grader.watch.report_diff import ReportDiff
from workshop.terminal import Style

_ALL = sum(check.points for check in CHECKS.values())
_WIDE = Style(width=10_000)


def assert_agree(asked: Report, watching: Report) -> None:
    """``asked`` is the report of `grader check`, ``watching`` that of `grader watch`.

    The latter is also what `grader check --offline` and ``GET /lessons`` answer.
    """
    assert asked.max_score == watching.max_score == _ALL
    own = {result.id: result for result in watching.checks}
    # Of an absent out the remote knows whether it is lost, which changes what to do about it.
    static = [one for one in asked.checks if one.id in own and one.code != "out-missing"]
    assert [own[one.id] for one in static] == static
    assert watching.score + watching.not_told >= asked.score >= watching.score
    # What only the remote can tell comes first where it makes another fix useless, else last.
    if asked.next and not is_of_remote(asked.next.result):
        assert watching.next
        assert (watching.next.check, watching.next.step) == (asked.next.check, asked.next.step)
    _, hinted = hint.choose_result([], lambda remote: asked if remote else watching)
    assert hinted == (asked.next.result if asked.next else None)
    assert_blockers_hold_up(asked)
    for report in (asked, watching):
        assert_shown(report)


def assert_blockers_hold_up(report: Report) -> None:
    """What waits, waits in the end for what was found or cannot be told: never for what holds."""
    results = {result.id: result for result in report.checks}
    for result in report.checks:
        blocker, chain = result, [result.id]
        while blocker.status == "blocked" and blocker.blocked_by in results:
            blocker = results[blocker.blocked_by]
            assert blocker.id not in chain, f"a circle of blockers: {chain}"
            chain.append(blocker.id)
        is_told = blocker.kind in ("fail", "error")
        assert len(chain) == 1 or is_told, f"waits for what is {blocker.kind}: {chain}"


def assert_shown(report: Report) -> None:
    """Every form has the report's next action, its points, and the first thing to mend first."""
    texts = [view.report_line(report, ReportDiff()), *view.render_screen(
        report, ReportDiff(), view.Viewport(80, 24), Style())]  # fmt: skip
    if report.gradable:
        text = human.render(report, _WIDE)
        texts = [*text.splitlines(), *texts]
        assert text.startswith(f"{report.score} of {report.max_score} points")
    shown = [text.partition("next: ")[2] for text in texts if "next: " in text]
    assert len(shown) == (report.next is not None) * (3 if report.gradable else 2)
    for text in shown if report.next else ():
        line = next_line(report.next) if report.next else ""
        # What waits for a commit may not be all that the lesson asks for: watch names that first.
        lesson = f"lessons/{report.next.lesson}.md, as far as its commit: " if report.next else ""
        room = 60 - len(lesson) if text.startswith(lesson) else 60
        assert text.removeprefix(lesson).startswith(line[:room]), (text, line)
    document = json.loads(json.dumps(report_json.document(report)))
    assert (document["next"] or {}).get("check") == (report.next.check if report.next else None)
    failed = [one for one in order_of_mending(report.checks) if one.kind == "fail"]
    if failed:
        assert report.next and report.next.result is failed[0]
