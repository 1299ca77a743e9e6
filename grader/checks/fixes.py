"""The commands that many fixes end with, ready to paste into bash and PowerShell."""

from collections.abc import Iterable


def commands(*lines: str) -> str:
    """Commands, one a line."""
    return "\n".join(lines)


def commit(paths: Iterable[str], message: str) -> str:
    """Commit ``paths``."""
    return commands(f"git add {' '.join(quoted(path) for path in paths)}", committed(message))


def committed(message: str) -> str:
    """Commit what is staged."""
    return f'git commit -m "{message}"'


def quoted(path: str) -> str:
    """``path`` as a shell takes it for one word."""
    return path if path and all(c.isalnum() or c in "/._-+=:@%" for c in path) else f'"{path}"'


def rerun(stage: str, uncached: Iterable[str] = ()) -> str:
    """Run a stage and commit what came of it: the lock, and the outs that DVC does not keep."""
    return commands(
        f"dvc repro {quoted(stage)}",
        *commit(["dvc.lock", *uncached], f"Run {stage}").splitlines(),
    )


def listed(names: Iterable[str], at_most: int = 3) -> str:
    """Names for a sentence: the first few, and how many more."""
    names = list(names)
    rest = len(names) - at_most
    return ", ".join(names[:at_most]) + (f" and {rest} more" if rest > 0 else "")
