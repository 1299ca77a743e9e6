"""The parts of the page on repositories that are hostile, broken, or of another kind."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dvcstate.live import LiveProject
from service.page.chart import Series, line_chart
from service.page.parts import PageParts
from service.page.samples import sample_names
from service.repository.project_watch import ProjectWatch
from service.repository.report_cache import ReportCache

Files = dict[str, str | bytes]
Look = Callable[[Files], PageParts]

STAGE = """stages:
  a:
    cmd: x
    metrics: [{metrics}: {{cache: false}}]
    plots: [{plots}: {{cache: false}}]
"""
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</svg><script>alert(1)</script>",
    "]]><!--",
    "{{7*7}}{% raw %}",
    "\u202egnp.exe",
    "Z" + "\u0301\u0316\u0489" * 30,
    "\u05e9\u05dc\u05d5\u05dd",
    "A" * 10_000,
    "&lt;b&gt;&#60;",
    "line\nbreak\x00nul",
)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A git and DVC repository without a commit."""
    repo = tmp_path / "repo"
    (repo / ".dvc").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", "-b", "main", repo], check=True)
    (repo / ".dvc" / "config").write_text("")
    return repo


class UnwatchedProject(ProjectWatch):
    """The project as it is at each question: a watcher takes a second to begin and to end."""

    def __init__(self, repo_dir: Path) -> None:
        self._project = LiveProject(repo_dir)

    def live(self) -> LiveProject:
        """Never opened: its state is computed anew each time."""
        return self._project


@pytest.fixture
def look(repo: Path) -> Look:
    """The parts of the page on `repo` with these files."""

    def parts(files: Files) -> PageParts:
        for name, content in files.items():
            place = repo / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content if isinstance(content, bytes) else content.encode())
        project = UnwatchedProject(repo)
        return PageParts(repo, project, ReportCache(repo, project))

    return parts


def stage(metrics: str = "m.json", plots: str = "p.csv") -> str:
    return STAGE.format(metrics=metrics, plots=plots)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_repository_is_markup(look: Look, repo: Path, text: str) -> None:
    yaml_text = json.dumps(text.replace("${", "$ {"))
    name = re.sub(r"[/\x00\n]", "_", text)[:100]
    cell = '"' + text.replace('"', '""') + '"'
    page = look(
        {
            "dvc.yaml": f"stages:\n  a:\n    cmd: [{yaml_text}, second]\n    params: [k]\n"
            "    metrics: [m.json: {cache: false}]\n    plots: [p.csv: {cache: false}]\n",
            "params.yaml": f"k: {yaml_text}\n",
            "m.json": json.dumps({text: text}),
            "p.csv": f"step,{cell}\n0,1\n1,2\n",
            "t.csv": f"step,b\n{cell},1\n",
            f"results/plots/{name}.png": b"",
            "dvc.lock": "schema: '2.0'\nstages:\n  a:\n    cmd: other\n    params:\n"
            f"      params.yaml:\n        k: {yaml_text}\n",
        }
    )
    html = page.pipeline() + page.results()
    assert "<script" not in html
    assert "<img src=x" not in html
    assert re.findall(r"\son\w+=", re.sub(r'"[^"]*"|>[^<]*<', "", html)) == []
    assert "\x00" not in html
    assert "\u202e" not in html
    assert "A" * 500 not in page.results()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("m.json", "[" * 5000 + "]" * 5000, "nested too deeply"),
        ("m.json", "[1, 2]", "holds no metrics"),
        ("m.json", "{", "line 1"),
        ("m.json", b"\xff", "not valid UTF-8"),
        ("m.json", "0.5", "0.500"),
        ("m.json", '{"a": NaN, "b": -Infinity}', "-inf"),
        ("m.json", '{"a": 1e-7}', "1e-07"),
        ("m.json", '{"a": true}', ">true<"),
        ("m.json", '{"a": 9007199254740993}', ">9007199254740993<"),
        ("m.yaml", "a: 0x" + "f" * 5000, "a very long number"),
        ("m.yaml", 'a: !!int ""\n', "line 1"),
        ("m.yaml", "a: !!timestamp maybe\n", "m.yaml"),
        ("m.yaml", "<<<<<<< HEAD\na: 1\n", "merge conflict"),
        ("m.toml", "a = 1.5\n", "1.500"),
    ],
)
def test_metrics_are_shown_or_said_to_be_no_metrics(
    look: Look, name: str, content: str | bytes, words: str
) -> None:
    page = look({"dvc.yaml": stage(metrics=name), name: content, "p.csv": "a,b\n0,1\n1,2\n"})
    html = page.results()
    assert words in html
    assert 'class="chart"' in html  # the other files are shown as ever


def test_a_yaml_bomb_without_a_number_ends(look: Look) -> None:
    """Aliases of empty mappings: nothing is ever found that would end the search."""
    lines = ["a: &b0 {}"]
    for number in range(1, 14):
        inside = ", ".join(f"x{i}: *b{number - 1}" for i in range(9))
        lines.append(f"k{number}: &b{number} {{{inside}}}")
    page = look({"dvc.yaml": stage("m.yaml"), "m.yaml": "\n".join(lines), "p.csv": "a\n"})
    assert "unfolds without end" in page.results()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("p.csv", "", "empty"),
        ("p.csv", "a,b\n", "no rows yet"),
        ("p.csv", b"\xff", "not UTF-8"),
        ("p.csv", '"' + "x" * 200_000 + '"\n', "field larger"),
        ("p.csv", "a,b\n1e308,1\n", ">1e308<"),
        ("p.csv", "a,b\n-1e308,1e308\n1e308,-1e308\n", ">1e308<"),
        ("p.csv", "a,b\n0,1e308\n1,-1e308\n2,5e-324\n", 'class="chart"'),
        ("p.csv", "a,val_b\n0,1\n1,2\n", 'class="chart"'),
        ("p.tsv", "a\tb\n0\t1\n1\t2\n", 'class="chart"'),
        ("p.json", '{"roc": [{"a": 0, "b": 1}, {"a": 1}]}', 'class="chart"'),
        ("p.json", '[{"actual": "cat", "guess": "dog"}]', ">dog<"),
        ("p.json", "{}", "no list of records"),
        ("p.yaml", "- {a: 0, b: 1}\n- {a: 1, b: 2}\n", 'class="chart"'),
        ("p.html", "<b>", "dvc plots show"),
    ],
)
def test_plots_of_each_kind_are_drawn_or_said_not_to_be(
    look: Look, name: str, content: str | bytes, words: str
) -> None:
    html = look({"dvc.yaml": stage(plots=name), name: content, "m.json": "{}"}).results()
    assert words in html
    assert "nan" not in html.replace("NaN", "")


def test_the_plots_at_the_top_of_dvc_yaml_are_drawn(look: Look) -> None:
    page = look(
        {
            "dvc.yaml": "stages:\n  a: {cmd: x}\nmetrics: [m.toml]\nplots:\n"
            "- r.csv: {x: a, y: b, template: linear}\n- cmp: {x: a, y: {r.csv: b, s.tsv: c}}\n",
            "m.toml": "a = 1\n",
            "r.csv": "a,b\n0,1\n1,2\n",
            "s.tsv": "a\tc\n0\t1\n1\t2\n",
        }
    )
    assert page.results().count('class="chart"') == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_links_that_lead_out_and_pipes_are_not_read(look: Look, repo: Path, tmp_path: Path) -> None:
    for name in ("m.json", "p.csv", "poster.jpg"):
        (tmp_path / name).write_text('{"secret": 42}\nsecret,42\n')
    folder = repo / "data" / "raw" / "Images"
    folder.mkdir(parents=True)
    for place in (repo / "m.json", repo / "p.csv", folder / "poster.jpg"):
        place.symlink_to(tmp_path / place.name)
    for place in (repo / "pipe.json", repo / "pipe.csv", folder / "pipe.jpg"):
        os.mkfifo(place)
    (folder / "own.jpg").write_text("")
    page = look(
        {"dvc.yaml": "stages: {}\nmetrics: [m.json, pipe.json]\nplots: [p.csv, pipe.csv]\n"}
    )
    html = page.results()
    assert "secret" not in html
    assert html.count("is no file") == 2
    assert sample_names(repo) == ("own.jpg",)


def test_one_committed_file_that_is_broken_hides_no_other(look: Look, repo: Path) -> None:
    files: Files = {
        "dvc.yaml": "stages:\n  a: {cmd: x}\nmetrics: [m.json, n.json]\n",
        "m.json": "{",
        "n.json": '{"a": 1, "same": "x", "other": "x"}',
    }
    for name, content in files.items():
        (repo / name).write_text(str(content))
    subprocess.run(["git", "add", "."], cwd=repo, check=True)
    person = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *person, "commit", "-qm", "x"], cwd=repo, check=True)
    html = look({"n.json": '{"a": 3, "same": "x", "other": "y"}'}).results()
    rows = re.findall(r'<tr><th scope="row">(.*?)</tr>', html, re.DOTALL)
    plain = [re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", row)).strip() for row in rows]
    assert plain == ["a 3 1 +2", "same x x =", "other y x ≠"]


def test_a_cycle_is_named(look: Look) -> None:
    html = look(
        {
            "dvc.yaml": "stages:\n  a: {cmd: x, deps: [p], outs: [q]}\n"
            "  b: {cmd: x, deps: [q], outs: [p]}\n"
        }
    ).pipeline()
    assert "A cycle" in html
    assert "dvc repro runs none of it" in html


@pytest.mark.parametrize(("count", "drawn"), [(50, 100), (100, 100), (300, 0)])
def test_a_long_pipeline_is_drawn_as_far_as_it_can_be_read(
    look: Look, count: int, drawn: int
) -> None:
    stages = [f"  s{i}: {{cmd: x, deps: [o{i - 1}], outs: [o{i}]}}" for i in range(count)]
    html = look({"dvc.yaml": "stages:\n" + "\n".join(stages)}).pipeline()
    assert html.count('<g class="node') == drawn
    assert html.count("<article") == count
    assert ("too many stages for a graph" in html) == (drawn == 0)


def test_a_name_that_no_system_takes_is_said_not_to_be_there(look: Look) -> None:
    html = look({"dvc.yaml": f"stages: {{}}\nmetrics: [{'m' * 3000}.json]\n"}).results()
    assert "cannot be read" in html


def test_a_picture_that_was_drawn_again_has_another_address(look: Look, repo: Path) -> None:
    page = look({"dvc.yaml": "stages: {}\n", "results/plots/a.png": b"1"})
    before = re.findall(r'src="([^"]+)"', page.results())
    (repo / "results" / "plots" / "a.png").write_bytes(b"22")
    after = re.findall(r'src="([^"]+)"', look({}).results())
    assert len(before) == len(after) == 1
    assert before != after


def test_a_mistake_of_ours_leaves_the_other_parts(look: Look) -> None:
    page = look({"dvc.yaml": "stages: {}\n"})
    for name in ("lessons", "results"):
        assert f'id="part-{name}"' in page.unmade(name)
    assert 'id="status"' in page.unmade("lessons")


def test_the_ticks_of_a_chart_differ() -> None:
    for values in ((1, 1 + 2e-16), (1e16, 1e16 + 2), (123456789.123, 123456789.124), (0, 5e-324)):
        chart = line_chart("t", "x", (0, 1), [Series("a", values)])
        labels = [tick.label for tick in chart.y_ticks]
        assert len({*labels}) >= len(labels) - 1
        assert "nan" not in chart.strokes[0].data
