"""The documents name what is there: packages, commands, options, checks, routes, settings, files.

What they tell readers to type runs in tests/test_end_to_end.py and tests/test_lessons.py.
"""

import dataclasses
import importlib.util
import re
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from grader import commands as grader_commands
from grader import options as grader_options
from grader.checks import CHECKS
from service.routes.app import create_routes
from service.settings import PREFIX, ServiceSettings
from tests.repositories import ROOT
from workshop import commands as workshop_commands
from workshop import stages
from workshop.course.exercises import exercises
from workshop.course.manifest import course

PACKAGES = ("bucket", "dvcstate", "grader", "pipeline", "service", "workshop")
DOCUMENTS = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
)
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
GRADER = (ROOT / "docs" / "grader.md").read_text("utf-8")
SERVICE = (ROOT / "docs" / "service.md").read_text("utf-8")

documents = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


def text_of(document: Path) -> str:
    return document.read_text("utf-8")


def section(text: str, heading: str) -> str:
    """What stands below the heading that begins with ``heading``, up to the next one."""
    found = re.search(rf"^#+ {heading}\b.*?$(.*?)(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no heading begins with {heading}"
    return found[1]


def test_the_first_page_is_short() -> None:
    assert len(text_of(ROOT / "README.md").splitlines()) <= 130


@pytest.mark.parametrize("package", PACKAGES)
def test_the_architecture_names_every_folder_of_a_package(package: str) -> None:
    rooms = section(ARCHITECTURE, package)
    folders = {path.parent.name for path in (ROOT / package).rglob("*.py")} - {package}
    if package == stages.PACKAGE:  # one row for all of them
        folders = folders - stages.STAGE_NAMES | {"STAGE"}
    assert {folder for folder in folders if f"`{folder}/`" not in rooms} == set()


def test_the_architecture_names_modules_that_are_there() -> None:
    paths = set(re.findall(rf"\b(?:{'|'.join(PACKAGES)})/[\w/]+\.\w+", ARCHITECTURE))
    assert {path for path in paths if not (ROOT / path).is_file()} == set()
    for package in PACKAGES:
        modules = re.findall(r"`(\w+\.py)`", section(ARCHITECTURE, package))
        assert [name for name in modules if not (ROOT / package / name).is_file()] == []


def help_of(main: object, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit):
        main([*words, "--help"])  # type: ignore[operator]
    return capsys.readouterr().out


def commands_in(help_text: str) -> list[str]:
    return re.findall(r"^    (\w+)(?: |$)", help_text, re.MULTILINE)


def test_every_command_and_option_of_grader_is_documented(
    capsys: pytest.CaptureFixture[str],
) -> None:
    commands = commands_in(help_of(grader_commands.main, capsys))
    assert {"check", "watch", "hint"} <= set(commands)
    for command in commands:
        assert f"grader {command}" in GRADER
        options = set(re.findall(r"--\w+", help_of(grader_commands.main, capsys, command)))
        assert {name for name in options - {"--help"} if f"`{name}" not in GRADER} == set()


def test_every_command_and_option_of_workshop_is_documented(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pages = {"status": "pipeline.md", "bucket": "bucket.md"}
    assert set(commands_in(help_of(workshop_commands.main, capsys))) == set(pages)
    for command, page in pages.items():
        text = text_of(ROOT / "docs" / page)
        assert f"python -m workshop {command}" in text
        options = set(re.findall(r"--\w+", help_of(workshop_commands.main, capsys, command)))
        assert {name for name in options - {"--help"} if f"`{name}" not in text} == set()


def test_every_family_of_checks_and_every_report_format_is_documented() -> None:
    families = {name.partition(".")[0] for name in CHECKS} - stages.STAGE_NAMES
    table = section(GRADER, "The checks")
    assert {family for family in families if f"`{family}`" not in table} == set()
    assert {name for name in grader_options.FORMATS if f"`{name}`" not in GRADER} == set()


def test_every_route_and_every_setting_is_documented() -> None:
    resources: Any = SimpleNamespace(settings=ServiceSettings())
    paths = create_routes(resources).openapi()["paths"]
    assert "/predict" in paths
    assert {path for path in paths if f"{path}`" not in SERVICE} == set()
    settings = [PREFIX + field.name.upper() for field in dataclasses.fields(ServiceSettings)]
    assert {name for name in settings if f"`{name}" not in SERVICE} == set()


def test_every_exercise_is_documented() -> None:
    page = text_of(ROOT / "docs" / "exercises.md")
    for exercise in exercises().exercises:
        row = f"| {exercise.number} | `{exercise.folder_name}` | {exercise.title} |"
        assert row in page
        assert f"{exercise.number}. {exercise.title}: {exercise.idea}.\n" in page


@documents
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(document)):
        path, _, anchor = target.partition("#")
        if "://" in target:
            continue
        linked = document.parent / path if path else document
        assert linked.exists(), target
        if anchor:
            assert anchor in anchors(linked), target


def anchors(document: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a document."""
    headings = re.findall(r"^#+ (.*)$", text_of(document), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@documents
def test_every_program_that_is_named_is_there(document: Path) -> None:
    text = text_of(document)
    targets = re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), re.MULTILINE)
    assert set(re.findall(r"`make (\w+)[` ]", text)) <= set(targets)
    for module in set(re.findall(r"python -m ([a-z]\w*(?:\.[a-z]\w*)*)", text)) - {"pip"}:
        assert importlib.util.find_spec(module), module


@pytest.mark.slow
def test_dvc_takes_every_command_of_the_cheat_sheet() -> None:
    from dvc.cli import parse_args

    text = text_of(ROOT / "docs" / "cheat-sheet.md")
    commands = re.findall(r"`(dvc [^`]+)`", text)
    assert len(commands) > 20
    for command in commands:
        assert parse_args(shlex.split(command)[1:]).func, command  # it raises an error otherwise


@pytest.mark.parametrize("picture", ["watch.svg", "check.svg"])
def test_the_pictures_are_of_this_course(picture: str) -> None:
    """Where this fails: python -m docs.pictures."""
    shown = text_of(ROOT / "docs" / picture).replace("&#160;", " ")
    lessons_shown = [one for one in course().lessons if re.search(rf"\b{one.title}\b", shown)]
    assert len(lessons_shown) == (len(course().lessons) if picture == "watch.svg" else 1)
    assert "next:" in shown


def test_the_stages_are_listed_in_one_place() -> None:
    """Else a new stage touches more files than CONTRIBUTING.md names."""
    names = r"\W+".join(stage.name for stage in stages.STAGES)
    sources = [path for package in (*PACKAGES, "tests") for path in (ROOT / package).rglob("*.py")]
    assert [path for path in sources if re.search(rf'"{names}"', path.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    ("name", "most"),
    [("A new check", 4), ("A new lesson", 4), ("A new exercise", 4), ("A new stage", 6)],
)
def test_a_new_check_lesson_or_stage_touches_few_files(name: str, most: int) -> None:
    table = section(text_of(ROOT / "CONTRIBUTING.md"), name)
    paths = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert 0 < len(paths) <= most
    for path in paths:
        assert list(ROOT.glob(re.sub("MODULE|LESSON|STAGE|FAMILY", "*", path.rstrip("/")))), path
