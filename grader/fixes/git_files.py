"""Steps that let git, or DVC, have files: commit them, stop ignoring them."""

from collections.abc import Iterable

from dvcstate import ProjectError
from dvcstate.documents import reader, schema
from grader import fixes
from grader.facts.repository import Repository
from grader.facts.snapshot import is_code_file
from grader.stages.lookup import LOCK
from grader.stages.paths import covers, gitignore_beside
from grader.stages.storage import files_at_head
from grader.step import Step

_VERSIONS = 20
"""How many versions of a file are looked at; each is one question to git."""


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


def bring_back(repository: Repository, path: str, *beside: Step) -> tuple[Step, ...]:
    """The checkout of a file or folder that git had, from HEAD or from before its deletion.

    The newest commit that changed what HEAD does not have is the one that deleted it: that it is
    back is committed, after the steps ``beside``. Empty where git never had it.
    """
    if files_at_head(repository, path):
        return _checkout(repository, path), *beside
    git = repository.git
    commits = git.commits(f"{repository.prefix}{path}", 1) if git else []
    if not commits:
        return ()
    checkout = sound_checkout(repository, path) or fixes.command(
        "git", "checkout", f"{commits[0][:10]}~1", "--", path
    )
    return checkout, *beside, fixes.commit_staged(f"Bring back {path}")


def sound_checkout(repository: Repository, path: str) -> Step | None:
    """The checkout of the newest version of a file of DVC's, or of params, that can be read.

    The newest of all may have the conflict of a merge in it, which was committed. None where no
    version is sound, or ``path`` is another file.
    """
    if repository.git is None or not path.endswith((".yaml", ".dvc", LOCK)):
        return None
    name = f"{repository.prefix}{path}"
    for commit in repository.git.commits(name, _VERSIONS):
        if any(_is_sound(content, path) for content in repository.git.versions([commit], name)):
            return fixes.command("git", "checkout", commit[:10], "--", path)
    return None


def _is_sound(content: bytes, path: str) -> bool:
    ends = {
        LOCK: schema.lock_file,
        "dvc.yaml": schema.project_file,
        ".dvc": schema.single_stage_file,
    }
    check = next((check for end, check in ends.items() if path.endswith(end)), None)
    try:
        if check:
            reader.parse_checked(content, path, check)
        else:
            reader.parse(reader.decode(content, path), path)
    except ProjectError:
        return False
    return True


def _checkout(repository: Repository, path: str) -> Step:
    """The checkout from HEAD of what is gone of a file or folder: what is there stays as it is."""
    files = files_at_head(repository, path)
    gone = [file for file in files if not (repository.root / file).exists()]
    paths = gone if 0 < len(gone) < len(files) else [path]
    return fixes.command("git", "checkout", "HEAD", "--", *paths)


def rename_back(repository: Repository, moved: str, path: str) -> tuple[Step, ...]:
    """Give code its name again; what HEAD has under that name needs no commit."""
    is_at_head = bool(files_at_head(repository, path))
    commit = [] if is_at_head else [fixes.commit_staged(f"Rename {moved} back to {path}")]
    tracked = [file for file in repository.tracked_files if covers(moved, file)]
    if not tracked and is_at_head:
        return (_checkout(repository, path),)
    add = [] if tracked else [fixes.command("git", "add", moved)]
    if not (repository.root / path).exists():
        return *add, fixes.command("git", "mv", moved, path), *commit
    # git mv of a folder would put it into one that is left there, with __pycache__ in it alone.
    inside = tracked or repository.files_in(moved)
    tops = dict.fromkeys(f"{moved}/{file[len(moved) + 1 :].partition('/')[0]}" for file in inside)
    return *add, fixes.command("git", "mv", *tops, path), *commit


def append_lines(repository: Repository, path: str, lines: Iterable[str]) -> Step:
    """The command that adds ``lines`` to the end of a text file, which may not be there yet."""
    text = repository.worktree.text(path) or ""
    begin = [""] if text and not text.endswith("\n") else []
    words = [fixes.literal(line) for line in [*begin, *lines]]
    words += ["sep=chr(10)"] * (len(words) > 1)
    file = f"file=open({fixes.literal(path)}, 'a', encoding='utf-8')"
    return fixes.python(f"print({', '.join(words)}, {file})")


def keep_files(repository: Repository, paths: Iterable[str], message: str) -> tuple[Step, ...]:
    """Give data to DVC, files and folders of code to git, and commit.

    DVC refuses a .dvc file that git ignores, as with a line for the whole folder of the data.
    """
    data = [path for path in paths if _is_data(repository, path)]
    files = [path for path in paths if path not in data]
    ignored = [path for path in files if repository.ignores(path)]
    hidden = [file for file in (f"{path}.dvc" for path in data) if repository.ignores(file)]
    edits, edited = unignore(repository, hidden)
    plain = [path for path in files if path not in ignored]
    plain += [file for path in data for file in (f"{path}.dvc", gitignore_beside(path))]
    added = dict.fromkeys([*edited, *plain])
    return (
        *edits,
        *(fixes.command("dvc", "add", path) for path in data),
        *(fixes.command("git", "add", "--force", path) for path in ignored),
        *([fixes.command("git", "add", *added)] if added else []),
        fixes.commit_staged(message),
    )


def _is_data(repository: Repository, path: str) -> bool:
    """Whether ``path`` is a folder without code, or a file that git had and somebody took out."""
    place = repository.root / path
    if place.is_dir():
        return not any(place.rglob("*.py"))
    git = repository.git if not is_code_file(path) else None
    return bool(git and git.commits(f"{repository.prefix}{path}", 1))
