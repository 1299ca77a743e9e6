"""The mistake gallery: each entry turns a correct repository into one with that mistake.

`MISTAKES` names the code that the mistake has, and those of advice that comes with it. Every code
is there in at least two ways that are really different. A module has one family of mistakes.
"""

from tests.grader.gallery import (
    clones,
    code,
    commands,
    deps,
    encodings,
    files,
    gone_code,
    graph,
    lock,
    misplaced,
    names,
    own_stages,
    params,
    pushing,
    raw_data,
    remotes,
    sharing,
    start,
    tracking,
)
from tests.grader.gallery.changes import append, edit, edit_stages, move_code, save
from tests.grader.gallery.entries import Mistake, entries_of

__all__ = ["MISTAKES", "Mistake", "append", "edit", "edit_stages", "move_code", "save"]

FAMILIES = (
    start,
    remotes,
    tracking,
    lock,
    own_stages,
    commands,
    code,
    deps,
    params,
    graph,
    misplaced,
    names,
    files,
    sharing,
    pushing,
    encodings,
    gone_code,
    raw_data,
    clones,
)

MISTAKES = [entry for family in FAMILIES for entry in entries_of(family)]
"""The seeds of `tests/grader/rounds` choose among them by their order."""
