"""The page in a real browser: each part, what it does live, and by keyboard alone."""

import shutil
import subprocess
import time
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.page.conftest import opened
from tests.repositories import run
from tests.service import running

PARTS = ("lessons", "pipeline", "results", "try")


def word_of(page: Page, name: str) -> str:
    """The word that the graph says of a stage."""
    node = page.locator("svg.graph a", has=page.get_by_text(name, exact=True))
    return node.locator("text.word").text_content() or ""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_part_has_a_violation_of_axe(browser: Browser, solved_url: str, theme: str) -> None:
    with opened(browser, color_scheme=theme) as page:
        for part in PARTS:
            page.goto(f"{solved_url}/?lesson=train#{part}")
            expect(page.locator(f"#{part}")).to_be_visible()
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [360, 1280, 1920])
def test_nothing_is_wider_than_the_window(browser: Browser, solved_url: str, width: int) -> None:
    with opened(browser, viewport={"width": width, "height": 800}) as page:
        for part in PARTS:
            page.goto(f"{solved_url}/?lesson=train#{part}")
            page.wait_for_selector(f"#{part}:not([hidden])")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, part


def test_one_part_is_shown_at_a_time(page: Page, solved_url: str) -> None:
    page.goto(solved_url)
    expect(page.locator("#lessons")).to_be_visible()
    page.locator(".parts").get_by_role("link", name="Pipeline").click()
    expect(page.locator("#pipeline")).to_be_visible()
    expect(page.locator("#lessons")).to_be_hidden()
    page.go_back()
    expect(page.locator("#lessons")).to_be_visible()


def test_without_script_the_address_shows_a_part(browser: Browser, solved_url: str) -> None:
    with opened(browser, java_script_enabled=False) as page:
        page.goto(solved_url)
        expect(page.locator("#lessons")).to_be_visible()
        page.goto(f"{solved_url}/#pipeline")
        expect(page.locator("#pipeline")).to_be_visible()
        expect(page.locator("#lessons")).to_be_hidden()


def test_all_is_reached_by_keyboard(page: Page, solved_url: str) -> None:
    page.goto(solved_url)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.locator(".parts a").nth(1).focus()
    page.keyboard.press("Enter")
    page.locator("svg.graph a").nth(2).focus()
    page.keyboard.press("Enter")
    expect(page.locator("article.stage:focus")).to_have_count(1)


def test_a_poster_is_told_by_picker_sample_drop_and_paste(
    page: Page, solution: Path, solved_url: str
) -> None:
    poster = next((solution / "data" / "raw" / "Images").iterdir())
    page.goto(f"{solved_url}/#try")
    page.set_input_files("#try-file", [poster, poster])
    expect(page.locator("#answer .poster")).to_have_count(2)
    expect(page.locator("#answer .poster img").first).to_be_visible()
    page.locator(".samples button").first.click()
    expect(page.locator("#answer .poster")).to_have_count(1)
    for kind in ("drop", "paste"):
        page.evaluate("document.querySelector('#answer').replaceChildren()")
        page.evaluate(
            """async ([kind, url]) => {
              const blob = await (await fetch(url)).blob();
              const data = new DataTransfer();
              data.items.add(new File([blob], "a.jpg", { type: "image/jpeg" }));
              const event = kind === "drop"
                ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
                : new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
              document.body.dispatchEvent(event);
            }""",
            [kind, page.locator(".samples img").first.get_attribute("src")],
        )
        expect(page.locator("#answer .poster")).to_have_count(1)


def test_what_is_no_picture_is_told_in_words(page: Page, tmp_path: Path, solved_url: str) -> None:
    page.goto(f"{solved_url}/#try")
    (tmp_path / "notes.txt").write_text("not a picture")
    page.set_input_files("#try-file", tmp_path / "notes.txt")
    expect(page.locator("#answer .problem")).to_contain_text("notes.txt")


def test_an_edit_makes_a_stage_stale_and_back(page: Page, solved: Path, url: str) -> None:
    page.goto(f"{url}/#pipeline")
    params = solved / "params.yaml"
    before = params.read_text()
    after = before.replace("fine_tuning_epochs: 1", "fine_tuning_epochs: 2")
    assert after != before
    page.wait_for_timeout(1500)  # until the watchers have begun
    params.write_text(after)
    page.wait_for_selector("svg.graph .node.stale")
    assert word_of(page, "train") == "changed since its run"
    expect(page.locator(".reasons")).to_contain_text("train.fine_tuning_epochs: 1 → 2")
    params.write_text(before)
    expect(page.locator("svg.graph .node.stale")).to_have_count(0)


def test_a_check_turns_amber_and_then_green_with_a_commit(
    page: Page, solved: Path, url: str
) -> None:
    run(solved, "git", "rm", "-q", "--cached", "dvc.lock")
    run(solved, "git", "commit", "-qm", "Forget the lock")
    page.goto(f"{url}/#lessons")
    score = page.locator(".score strong")
    before = score.inner_text()
    page.wait_for_timeout(1500)
    run(solved, "git", "add", "dvc.lock")
    run(solved, "git", "commit", "-qm", "Record the runs")
    expect(score).not_to_have_text(before)
    expect(page.locator(".next")).to_contain_text("All of it holds")


def test_a_page_catches_up_with_a_service_that_was_started_again(
    browser: Browser, solved: Path, tmp_path: Path
) -> None:
    log = tmp_path / "service.log"
    with opened(browser) as page:
        with running.in_process(solved, log) as service:
            page.goto(f"{service.url}/#pipeline")
            port = service.url.rpartition(":")[2]
        expect(page.locator("#connection")).to_contain_text("does not answer")
        params = solved / "params.yaml"
        text = params.read_text()
        params.write_text(text.replace("fine_tuning_epochs: 1", "fine_tuning_epochs: 2"))
        with running.in_process(solved, log, arguments=("--port", port)):
            expect(page.locator("svg.graph .node.stale")).to_have_count(1, timeout=20_000)
            expect(page.locator("#connection")).to_be_hidden()


def test_a_service_with_open_pages_ends_at_once(
    browser: Browser, solution: Path, tmp_path: Path
) -> None:
    with opened(browser) as page:
        with running.in_process(solution, tmp_path / "log") as service:
            page.goto(service.url)
            page.wait_for_timeout(500)
            start = time.monotonic()
        assert time.monotonic() - start < 10


def test_open_details_stay_open_when_a_part_changes(page: Page, solved: Path, url: str) -> None:
    page.goto(f"{url}/#pipeline")
    details = page.locator("article.stage details").first
    details.locator("summary").click()
    page.wait_for_timeout(1500)
    params = solved / "params.yaml"
    params.write_text(params.read_text().replace("fine_tuning_epochs: 1", "fine_tuning_epochs: 2"))
    page.wait_for_selector("svg.graph .node.stale")
    expect(page.locator("article.stage details").first).to_have_attribute("open", "")


def test_before_dvc_init_the_lesson_leads(page: Page, solution: Path, tmp_path: Path) -> None:
    """An empty repository of the workshop: the solution's first commit."""
    repo = tmp_path / "fresh"
    subprocess.run(["git", "clone", "-q", solution, repo], check=True)
    first = run(repo, "git", "rev-list", "--max-parents=0", "HEAD").strip()
    run(repo, "git", "reset", "-q", "--hard", first)
    shutil.rmtree(repo / ".dvc", ignore_errors=True)
    with running.in_process(repo, tmp_path / "log") as service:
        page.goto(service.url)
        expect(page.locator(".next")).to_contain_text("do what the lesson init says")
        expect(page.locator("#lesson-title")).to_have_text("Start with git and DVC")
        page.wait_for_timeout(1500)
        run(repo, "dvc", "init", "-q")
        expect(page.locator(".check.commit, .mark.commit").first).to_be_attached()
        run(repo, "git", "add", "-A", ".")
        run(repo, "git", "commit", "-qm", "Initialise DVC")
        expect(page.locator("nav.lessons li.done").first).to_be_visible()


def test_the_page_stays_with_the_lesson_that_is_read(
    page: Page, solution: Path, tmp_path: Path
) -> None:
    """A commit stands in the midst of each lesson: what is below it is still to be read."""
    repo = tmp_path / "fresh"
    subprocess.run(["git", "clone", "-q", solution, repo], check=True)
    start, first = run(repo, "git", "rev-list", "--reverse", "HEAD").split()[:2]
    run(repo, "git", "reset", "-q", "--hard", start)
    shutil.rmtree(repo / ".dvc", ignore_errors=True)
    with running.in_process(repo, tmp_path / "log") as service:
        page.goto(service.url)
        expect(page.locator(".check.task summary").first).to_be_visible()
        page.wait_for_timeout(1500)
        run(repo, "git", "checkout", "-q", first, "--", ".")
        # what was closed as a task is opened, now that there is something to see
        expect(page.locator(".check.commit > details")).to_have_attribute("open", "")
        run(repo, "git", "commit", "-qm", "Initialise DVC")
        expect(page.locator(".next")).to_contain_text("the lesson data")
        expect(page.locator("#lesson-title")).to_have_text("Start with git and DVC")
        expect(page.locator(".note.done")).to_contain_text("This lesson is done")
        page.locator(".note.done a").click()
        expect(page.locator("#lesson-title")).to_have_text("Give the raw data to DVC")


def test_all_steps_of_what_comes_next_are_a_click_away(page: Page, solved: Path, url: str) -> None:
    params = solved / "params.yaml"
    params.write_text(params.read_text().replace("fine_tuning_epochs: 1", "fine_tuning_epochs: 2"))
    page.goto(f"{url}/?lesson=train#pipeline")
    page.locator(".next").get_by_role("link", name="All steps").click()
    check = page.locator(".check:focus")
    expect(check).to_have_attribute("id", "check-data.committed")
    expect(check.locator(".typed").first).to_contain_text("dvc repro")
    expect(check.locator(".typed").nth(1)).to_be_visible()
