"""What a reader does on the page, in a real browser, over one small repository."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.page.conftest import opened
from tests.repositories import environment, run
from tests.service import running

SLEEP = "import pathlib, time; time.sleep(4); pathlib.Path('o').write_text('1')"
LINES = "step," + ",".join(f"line{i}" for i in range(14))


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline of a stage that takes its time, and one with a long name."""
    repo = tmp_path_factory.mktemp("interaction") / "repo"
    repo.mkdir()
    run(repo, "git", "init", "-q", "-b", "main")
    run(repo, "dvc", "init", "-q")
    (repo / "slow.py").write_text(SLEEP)
    (repo / "dvc.yaml").write_text(
        f"stages:\n  slow:\n    cmd: \"'{sys.executable}' slow.py\"\n    deps: [slow.py]\n"
        f"    outs: [o]\n  {'n' * 900}:\n    cmd: x\n    deps: [o]\nplots: [p.csv]\n"
        "metrics: [m.json]\n"
    )
    rows = "\n".join(f"{step}," + ",".join(str(step + i) for i in range(14)) for step in range(3))
    (repo / "p.csv").write_text(f"{LINES}\n{rows}\n")
    (repo / "m.json").write_text('{"a": true, "b": 1e-9, "c": 1234.5}')
    return repo


@pytest.fixture(scope="module")
def url(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service over `repo`."""
    with running.in_process(repo, tmp_path_factory.mktemp("log") / "log") as service:
        httpx.get(service.url, trust_env=False, timeout=60)  # loads the page's code
        yield service.url


def test_a_link_to_no_part_leaves_the_part_that_is_shown(page: Page, url: str) -> None:
    page.goto(f"{url}/#results")
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    expect(page.locator("#results")).to_be_visible()
    page.evaluate("location.hash = '#%'")  # no address at all: no error of the script
    expect(page.locator("#results")).to_be_visible()


def test_a_button_that_is_clicked_twice_gets_its_label_back(page: Page, url: str) -> None:
    page.goto(f"{url}/#pipeline")
    button = page.locator("button.copy").first
    button.click()
    button.click()
    expect(button).to_have_text("Copied")
    expect(button).to_have_text("Copy")
    expect(button).to_have_accessible_name("Copy: dvc repro")


def test_a_long_name_and_a_graph_fit_a_narrow_window(browser: Browser, url: str) -> None:
    with opened(browser, viewport={"width": 360, "height": 700}) as page:
        for part in ("pipeline", "results"):
            page.goto(f"{url}/#{part}")
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.goto(f"{url}/#pipeline")
        heights = page.locator("article.stage h3").evaluate_all(
            "all => all.map(h => h.offsetHeight)"
        )
        assert max(heights) < 250
        box = page.locator("svg.graph a text").first.bounding_box()
        assert box is not None
        assert box["height"] >= 9  # pixels: it can be read, and is scrolled


def test_numbers_are_those_of_the_file(page: Page, url: str) -> None:
    page.goto(f"{url}/#results")
    cells = page.locator(".metrics td:nth-child(2)")
    expect(cells).to_have_text(["true", "1e-09", "1,234.500"])


@pytest.mark.parametrize(
    "look", [{"color_scheme": "dark"}, {"color_scheme": "light"}, {"forced_colors": "active"}]
)
def test_the_lines_of_a_chart_can_be_told_apart(
    browser: Browser, url: str, look: dict[str, str]
) -> None:
    """By their dashes alone, and with 3:1 against the paper: WCAG 2.2, 1.4.1 and 1.4.11."""
    with opened(browser, **look) as page:
        page.goto(f"{url}/#results")
        lines, paper = page.evaluate(
            """() => [
              [...document.querySelectorAll(".chart .series")].map((line) => {
                const style = getComputedStyle(line);
                return [style.strokeDasharray, style.stroke];
              }),
              getComputedStyle(document.querySelector("figure")).backgroundColor,
            ]"""
        )
    assert len(lines) == len({dashes for dashes, _ in lines}) == 14
    assert min(contrast(colour, paper) for _, colour in lines) >= 3


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours as `rgb(1, 2, 3)`, by WCAG 2.2."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    values = [int(value) / 255 for value in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_focus_stays_where_it_is_when_a_part_is_replaced(
    page: Page, url: str, repo: Path
) -> None:
    page.goto(f"{url}/#pipeline")
    page.wait_for_timeout(1500)
    page.locator("article.stage summary").last.focus()
    key = page.evaluate("document.activeElement.parentElement.dataset.key")
    text = (repo / "dvc.yaml").read_text()
    (repo / "dvc.yaml").write_text(text.replace("stages:", "stages:\n  early: {cmd: x}"))
    expect(page.locator("article.stage")).to_have_count(3)
    assert page.evaluate("document.activeElement.closest('[data-key]')?.dataset.key") == key
    page.locator("article.stage summary").last.focus()
    (repo / "dvc.yaml").write_text(text)
    expect(page.locator("article.stage")).to_have_count(2)
    assert page.evaluate("document.activeElement.closest('#pipeline') !== null")


def test_a_stage_is_seen_to_run_and_how_long_it_took(page: Page, url: str, repo: Path) -> None:
    """The last of this file: the stage stands in dvc.lock afterwards."""
    page.goto(f"{url}/#pipeline")
    repro = subprocess.Popen(["dvc", "repro", "-q", "slow"], cwd=repo, env=environment(repo))
    expect(page.locator("svg.graph .node.running")).to_have_count(1, timeout=60_000)
    expect(page.locator(".summary")).to_have_text("slow is running.")
    assert repro.wait(60) == 0
    expect(page.locator("svg.graph .node.running")).to_have_count(0)
    expect(page.locator("article.stage .run")).to_contain_text("the last time")
