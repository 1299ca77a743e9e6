"""What git ignores and should not: the lines to delete, wherever they stand."""

from collections.abc import Iterable

from grader import fixes
from grader.engine.step import Step
from grader.facts.repository import Repository


def unignoring(repository: Repository, paths: Iterable[str]) -> tuple[list[Step], list[str]]:
    """The edits that let git have ``paths``, and the files to commit that are edited by them.

    The lowest line first: none moves another. DVC refuses what git ignores even where it is
    committed, so that ``git add --force`` is not enough.
    """
    places = set()
    edits: list[Step] = []
    for path in paths:
        place = repository.ignoring_line(path)
        if place:
            places.add((place.file, place.line))
        else:
            edits.append(fixes.change(".gitignore", f"delete the line that ignores {path}"))
    ordered = sorted(places, key=lambda place: (place[0], -place[1]))
    edits += [fixes.delete(file, line) for file, line in ordered]
    files = {file for file, _ in ordered if file.endswith(".gitignore")}
    return edits, sorted({*files, *([".gitignore"] if len(edits) > len(ordered) else [])})
