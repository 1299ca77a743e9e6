"""Steps that let git, or DVC, have files: commit them, stop ignoring them."""

from collections.abc import Iterable

from grader import fixes
from grader.facts.repository import Repository
from grader.step import Step


def commit_unstaged(repository: Repository, paths: Iterable[str], message: str) -> tuple[Step, ...]:
    """Commit ``paths``, without a ``git add`` of what is staged as it is in the folder."""
    left = [path for path in paths if not repository.is_staged(path)]
    return fixes.commit(left, message) if left else (fixes.commit_staged(message),)


def unignore(repository: Repository, paths: Iterable[str]) -> tuple[list[Step], list[str]]:
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
    edited = {".gitignore"} if edits else set()
    ordered = sorted(places, key=lambda place: (place[0], -place[1]))
    edits += [fixes.delete(file, line) for file, line in ordered]
    # The line may be in .git/info/exclude or in a file of the user's own, which nobody commits.
    return edits, sorted(edited | {file for file, _ in ordered if file.endswith(".gitignore")})


def append_lines(repository: Repository, path: str, lines: Iterable[str]) -> Step:
    """The command that adds ``lines`` to the end of a text file, which may not be there yet."""
    text = repository.worktree.text(path) or ""
    begin = [""] if text and not text.endswith("\n") else []
    words = [fixes.literal(line) for line in [*begin, *lines]]
    words += ["sep=chr(10)"] * (len(words) > 1)
    file = f"file=open({fixes.literal(path)}, 'a', encoding='utf-8')"
    return fixes.python(f"print({', '.join(words)}, {file})")


def keep_files(repository: Repository, paths: Iterable[str], message: str) -> tuple[Step, ...]:
    """Give folders of data to DVC, files and folders of code to git, and commit."""
    root = repository.root
    folders = [
        path for path in paths if (root / path).is_dir() and not any((root / path).rglob("*.py"))
    ]
    files = [path for path in paths if path not in folders]
    ignored = [path for path in files if repository.ignores(path)]
    plain = [path for path in files if path not in ignored] + [
        f"{folder}.dvc" for folder in folders
    ]
    return (
        *(fixes.command("dvc", "add", path) for path in folders),
        *(fixes.command("git", "add", "--force", path) for path in ignored),
        *([fixes.command("git", "add", *plain)] if plain else []),
        fixes.commit_staged(message),
    )
