"""The code of a stage is none that Python runs."""

from pathlib import Path

from tests.grader.gallery.changes import append, edit, save
from tests.grader.gallery.entries import mistake


@mistake("code-broken")
def code_lacks_a_bracket(repo: Path) -> None:
    edit(repo, "pipeline/plot/plots.py", "import csv\n", "import csv\nprint(\n")
    save(repo)


@mistake("code-broken")
def code_of_all_stages_has_a_return_outside_of_a_function(repo: Path) -> None:
    """It parses; Python says so when it compiles it."""
    path = "pipeline/shared/errors.py"
    append(repo, path, "\nreturn 1\n")
    save(repo)


@mistake("code-broken")
def import_is_misspelt(repo: Path) -> None:
    edit(repo, "pipeline/plot/__main__.py", "from pipeline.plot.plots", "from pipeline.plot.plot")
    save(repo)


@mistake("code-broken")
def library_is_misspelt(repo: Path) -> None:
    edit(repo, "pipeline/plot/plots.py", "from pydantic import", "from pydnatic import")
    save(repo)
