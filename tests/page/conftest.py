"""Repositories in several states with a service over each, and a browser to look at them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.service import running

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium, without a window.

    For one module: as long as playwright is open, its event loop runs in this thread, in which no
    other test can run one.
    """
    if CHROMIUM is None:
        pytest.skip("there is no chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        # Containers run as root, for whom chromium has no sandbox, and have 64 MB of /dev/shm.
        options = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A new tab, in which no script may fail, and nothing is asked of another host."""
    with opened(browser) as page:
        yield page


@contextmanager
def opened(browser: Browser, **options: object) -> Iterator[Page]:
    """A tab of a browser with nothing stored; what goes wrong in it fails the test."""
    context = browser.new_context(**options)  # type: ignore[arg-type]
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if "Security" in line.text else None)
    page.set_default_timeout(10_000)
    # The first page of a service waits until the repository is graded.
    page.set_default_navigation_timeout(30_000)
    try:
        yield page
    finally:
        context.close()
    assert problems == []


@pytest.fixture
def solved(solution: Path, tmp_path: Path) -> Path:
    """The solution, to be changed."""
    return copy_of(solution, tmp_path / "my-workshop")


def copy_of(repo: Path, target: Path) -> Path:
    """A copy; its DVC has the cache of the copy."""
    shutil.copytree(repo, target, symlinks=True)
    return target


@pytest.fixture
def url(solved: Path, tmp_path: Path) -> Iterator[str]:
    """A service over `solved`."""
    with running.in_process(solved, tmp_path / "service.log") as service:
        yield service.url


@pytest.fixture(scope="module")
def solved_url(solution_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service over the solution, which no test changes."""
    from tests import solution

    log = tmp_path_factory.mktemp("page") / "service.log"
    with running.in_process(solution.repository(solution_folder), log) as service:
        yield service.url


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    """A client that no proxy gets between."""
    with httpx.Client(timeout=30, trust_env=False) as client:
        yield client
