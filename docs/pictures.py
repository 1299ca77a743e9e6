"""Draws the pictures in README.md and docs/: of a terminal with ``grader``, and of the page.

python -m docs.pictures

It needs tmux and chromium, starts a repository in a temporary folder, solves it up to the lesson
``evaluate``, which trains a network, and then commits a change that has not run.
"""

import contextlib
import io
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.text import Text

from tests.grader.terminal import Terminal, terminal
from tests.repositories import BIN, run
from tests.service import running

DOCS_DIR = Path(__file__).parent


def draw() -> None:
    """Write ``watch.svg``, ``check.svg`` and ``page.png`` beside this file."""
    with tempfile.TemporaryDirectory() as folder, _own_cache(folder), terminal() as window:
        repo = Path(folder) / "my-workshop"
        run(Path(folder), "grader", "start", repo.name, "--at", "evaluate", "--name", "ada")
        _type_on_empty_screen(window, f"PATH={BIN}:$PATH; cd {repo}")
        _type_on_empty_screen(window, "grader watch")
        window.shows("next: do what lessons/evaluate.md says")
        _train_longer(repo)
        window.shows("next: dvc repro")
        _save(window, "grader watch", DOCS_DIR / "watch.svg")
        window.type("C-c")
        _wait_for_prompt(window)
        _type_on_empty_screen(window, "grader check --lesson train")
        _wait_for_prompt(window)
        _save(window, "my-workshop", DOCS_DIR / "check.svg")
        _save_page(repo, Path(folder) / "service.log", DOCS_DIR / "page.png")


@contextlib.contextmanager
def _own_cache(folder: str) -> Iterator[None]:
    """Keep what the programs cache in ``folder``, unless the environment names another."""
    added = os.environ.setdefault("DVC_WORKSHOP_CACHE_DIR", folder) == folder
    yield
    if added:
        del os.environ["DVC_WORKSHOP_CACHE_DIR"]


def _type_on_empty_screen(window: Terminal, command: str) -> None:
    window.type("clear", "Enter")
    window.until(lambda text: text.strip() == "$")
    window.type(command, "Enter")


def _wait_for_prompt(window: Terminal) -> None:
    window.until(lambda text: text.rstrip().endswith("\n$"))


def _train_longer(repo: Path) -> None:
    params = (repo / "params.yaml").read_text("utf-8")
    longer = re.sub(r"(?<=^  epochs: )\d+", "6", params, count=1, flags=re.MULTILINE)
    (repo / "params.yaml").write_text(longer, "utf-8", newline="\n")
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Train longer")


def _save(window: Terminal, title: str, path: Path) -> None:
    """Write the screen with its colours."""
    screen = window.tmux("capture-pane", "-e", "-p", "-t", "w")
    console = Console(record=True, width=80, file=io.StringIO())
    console.print(Text.from_ansi(screen.rstrip()))
    svg = console.export_svg(title=title)
    # GitHub loads no font from elsewhere for a picture: the reader's own monospace font does.
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    path.write_text(svg, "utf-8", newline="\n")


def _save_page(repo: Path, log_path: Path, path: Path) -> None:
    """Write the part *Pipeline* of the page, while `dvc repro` runs a stage."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with (
        running.in_process(repo, log_path) as service,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"]) as browser,
    ):
        page = browser.new_page(viewport={"width": 1100, "height": 980})
        page.goto(f"{service.url}/#pipeline")
        page.wait_for_timeout(2000)
        with ThreadPoolExecutor(1) as pool:
            repro = pool.submit(run, repo, "dvc", "repro")
            page.wait_for_selector("svg.graph .node.running", timeout=60_000)
            page.screenshot(path=path)
            repro.result()


if __name__ == "__main__":
    draw()
