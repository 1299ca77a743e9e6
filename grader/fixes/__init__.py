"""The commands that many fixes end with, ready to paste into bash and PowerShell."""

from collections.abc import Iterable

from workshop.shell import by_hand, in_quotes, is_quotable, literal, python, quoted

__all__ = [
    "by_hand", "commands", "commit", "committed", "is_quotable", "listed", "literal", "python",
    "quoted", "rerun", "run_again",
]  # fmt: skip


def commands(*lines: str) -> str:
    """Commands, one a line."""
    return "\n".join(lines)


def commit(paths: Iterable[str], message: str, *, force: bool = False) -> str:
    """Commit ``paths``; ``force`` takes in what git ignores."""
    words = ["git add", *["--force"] * force, *map(quoted, paths)]
    return commands(" ".join(words), committed(message))


def committed(message: str) -> str:
    """Commit what is staged."""
    return f"git commit -m {in_quotes(message)}"


def rerun(stage: str, uncached: Iterable[str] = ()) -> str:
    """Run a stage and commit what came of it: the lock, and the outs that DVC does not keep."""
    return commands(
        f"dvc repro {quoted(stage)}",
        *commit(["dvc.lock", *uncached], f"Run {stage}").splitlines(),
    )


def run_again(stage: str, uncached: Iterable[str] = ()) -> str:
    """The same of a stage that DVC takes for done: without the option, all above it run too."""
    return commands(
        f"dvc repro --force --single-item {quoted(stage)}",
        *commit(["dvc.lock", *uncached], f"Run {stage} again").splitlines(),
    )


def listed(names: Iterable[str], at_most: int = 3) -> str:
    """Names for a sentence: the first few, and how many more."""
    names = list(names)
    rest = len(names) - at_most
    return ", ".join(names[:at_most]) + (f" and {rest} more" if rest > 0 else "")
