"""The gaps of `grader start --gaps`: cut out of the reference, open, right, and wrong."""

import ast
from pathlib import Path

import pytest

from grader import commands, hint
from grader.engine.report import Report
from grader.grading import grade
from grader.output import human
from tests.repositories import ROOT, commit, run
from tests.solution import SMALL
from workshop.course.gaps import GAPS, Gap, cut_out, gap_lines, gaps, is_open
from workshop.start import starter
from workshop.terminal import Style

IDS = ["standardise", "dropout", "evaluate", "plot"]
PROGRESS: list[str] = []
"""The lines about what ran."""
each = pytest.mark.parametrize("gap", gaps(), ids=lambda gap: gap.id)

RIGHT = {
    "standardise": "    features = keras.ops.cast(image, 'float32') / 127.5 - 1\n",
    "dropout": "    drop = keras.layers.Dropout(rate=dropout)\n    features = drop(features)\n",
    "evaluate": (
        "    right = np.array([sum(l & c) for l, c in zip(labels.T, chosen.T)])\n"
        "    return Counts(right, chosen.sum(axis=0) - right, labels.sum(axis=0) - right)\n"
    ),
    "plot": (
        "    figure = Figure()\n"
        "    for axes, name in zip(figure.subplots(1, 3), SCORES):\n"
        "        for column in (name, f'val_{name}'):\n"
        "            axes.plot([float(v) for v in history[column] + fine_tuning[column]])\n"
        "    return figure\n"
    ),
}  # fmt: skip
WRONG = {
    "standardise": (
        "    features = keras.layers.Rescaling(1 / 255)(image)\n",
        "they become [0.0, 0.2, 1.0]",
    ),
    "dropout": (
        "    features = keras.layers.Dropout(0.9)(features)\n",
        "the shares that are dropped are 0.9, 0.9 and 0.0",
    ),
    "evaluate": (
        "    wrong = (chosen != labels.astype(bool)).sum(axis=0)\n"
        "    return Counts((chosen & labels.astype(bool)).sum(axis=0), wrong, wrong)\n",
        "[2, 1, 1]",
    ),
    "plot": ("    return Figure()\n", "0"),
}


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Path:
    repo = tmp_path_factory.mktemp("gaps") / "repo"
    starter.make_repository(repo, attendee="Ada", preset=SMALL, has_gaps=True)
    return repo


def fill(repo: Path, codes: dict[str, str]) -> None:
    """Write code in place of what is raised in each gap."""
    for gap in gaps():
        path = repo / gap.file
        text = path.read_text("utf-8")
        if gap.id in codes:
            start = text.index("    raise NotImplementedError(\n", text.index(f'"{gap.id}: ') - 60)
            end = text.index("    )\n", start) + len("    )\n")
            path.write_text(f"{text[:start]}{codes[gap.id]}{text[end:]}", "utf-8", newline="\n")


def reopen(repo: Path) -> None:
    run(repo, "git", "checkout", "--quiet", ":/Start the workshop", "--", "pipeline")
    run(repo, "git", "commit", "--quiet", "--allow-empty", "--message", "Begin again")


def judge(repo: Path, *, runs_code: bool) -> Report:
    report_run = PROGRESS.append if runs_code else None
    return grade(repo, lambda check: check.lesson == GAPS, offline=True, report_run=report_run)


def found(report: Report) -> dict[str, str | None]:
    return {result.id.partition(".")[2]: result.code for result in report.checks}


def test_the_gaps_are_those_of_the_course() -> None:
    assert [gap.id for gap in gaps()] == IDS


@each
def test_a_gap_is_cut_out_of_the_reference_by_name(gap: Gap) -> None:
    reference = (ROOT / gap.file).read_text("utf-8")
    text = cut_out(reference, gap)
    assert is_open(text, gap)
    assert not is_open(reference, gap)
    left_out = gap_lines(reference, gap)
    assert left_out
    assert not any(line in text.splitlines() for line in left_out if len(line) > 40)
    functions = [ast.parse(code).body for code in (reference, text)]
    docstrings = [
        [ast.get_docstring(node) for node in body if isinstance(node, ast.FunctionDef)]
        for body in functions
    ]
    assert docstrings[0] == docstrings[1]


def test_a_started_repository_names_its_open_gaps(started: Path) -> None:
    report = judge(started, runs_code=False)
    assert found(report) == dict.fromkeys(IDS, "gap-open")
    assert (report.score, report.max_score) == (0, 8)
    text = human.render(report, Style(80, plain=True, colour=False))
    assert "next: do what lessons/gaps.md says" in text
    assert [name for name in IDS if f"gaps.{name}  gap-open" not in text] == []
    assert "Rescaling(1 / 127.5" not in text
    page = (started / "lessons" / "gaps.md").read_text("utf-8")
    assert [gap.function for gap in gaps() if f"`{gap.function}`" not in page] == []
    assert "grader check --lesson gaps --run-code" in page


def test_the_third_step_of_a_hint_is_the_reference(started: Path) -> None:
    report = judge(started, runs_code=False)
    steps = [hint.render_step(report.checks[0], step) for step in (1, 2, 3)]
    assert "Rescaling(1 / 127.5, offset=-1" not in steps[0] + steps[1]
    assert "Rescaling(1 / 127.5, offset=-1" in steps[2]


def test_a_repository_without_gaps_has_no_checks_of_them(started: Path, tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    (repo / "workshop.toml").write_text('[workshop]\nattendee = "Ada"\n', "utf-8")
    run(repo, "git", "init", "--quiet")
    commit(repo, "Begin")
    assert judge(repo, runs_code=True).checks == ()


def test_gaps_go_with_no_lesson_that_is_solved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.main(["start", str(tmp_path / "x"), "--gaps", "--at", "train"]) == 2
    assert "--at solves lessons" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_a_gap_that_is_filled_waits_for_its_commit(started: Path) -> None:
    reopen(started)
    fill(started, {"evaluate": RIGHT["evaluate"]})
    report = judge(started, runs_code=False)
    evaluate = next(result for result in report.checks if result.id == "gaps.evaluate")
    assert evaluate.awaits_commit
    assert "not committed" in (evaluate.rationale or "")
    commit(started, "Fill a gap")
    assert found(judge(started, runs_code=False))["evaluate"] is None


def test_code_that_is_no_python_is_no_gap(started: Path) -> None:
    reopen(started)
    fill(started, {"plot": "    return (\n"})
    commit(started, "Fill a gap")
    report = judge(started, runs_code=False)
    plot = next(result for result in report.checks if result.id == "gaps.plot")
    assert plot.status == "error"
    assert "is no Python" in (plot.rationale or "")


@pytest.mark.slow
def test_code_in_the_gaps_is_run_only_where_it_is_asked_for(started: Path) -> None:
    reopen(started)
    fill(started, {name: code for name, (code, _) in WRONG.items()})
    commit(started, "Fill the gaps")
    assert found(judge(started, runs_code=False)) == dict.fromkeys(IDS)
    report = judge(started, runs_code=True)
    assert found(report) == dict.fromkeys(IDS, "gap-wrong")
    actual = {result.id.partition(".")[2]: result.actual for result in report.checks}
    assert actual == {name: said for name, (_, said) in WRONG.items()}


@pytest.mark.slow
@pytest.mark.parametrize("way", ["reference", "another"])
def test_right_code_is_right(way: str, started: Path) -> None:
    reopen(started)
    codes = RIGHT
    if way == "reference":
        texts = {gap: (ROOT / gap.file).read_text("utf-8") for gap in gaps()}
        codes = {gap.id: "\n".join(gap_lines(text, gap)) + "\n" for gap, text in texts.items()}
    fill(started, codes)
    commit(started, "Fill the gaps")
    report = judge(started, runs_code=True)
    assert {result.id: result.actual for result in report.checks if result.code} == {}
    assert report.score == report.max_score == 8
    assert run(started, "git", "status", "--short") == ""


@pytest.mark.slow
def test_what_the_code_raises_is_told_and_an_open_gap_beside_it_too(started: Path) -> None:
    reopen(started)
    fill(started, {"standardise": RIGHT["standardise"], "plot": "    return history['nothing']\n"})
    commit(started, "Fill two gaps")
    results = {result.id: result for result in judge(started, runs_code=True).checks}
    assert results["gaps.plot"].actual == "KeyError: 'nothing'"
    assert results["gaps.standardise"].status == "error"
    assert "the open gap dropout" in (results["gaps.standardise"].rationale or "")
