"""The files of a folder of results, and the pictures under results/plots."""

from http import HTTPStatus
from pathlib import Path

from service.problems import Problem

PLOTS_DIR = Path("results", "plots")

PICTURES = {
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}


def picture_paths(repo_dir: Path) -> list[Path]:
    """The pictures under results/plots by name; links that lead elsewhere are left out."""
    # A name that is not printable may be no text: on Linux it may be any bytes.
    return [
        path
        for path in files_in(repo_dir / PLOTS_DIR)
        if path.suffix.lower() in PICTURES and path.name.isprintable() and is_inside(path, repo_dir)
    ]


def is_inside(path: Path, repo_dir: Path) -> bool:
    """Whether ``path`` is a file of the repository, or a link to an object of a DVC cache."""
    try:
        target = path.resolve()
    except RuntimeError:  # a link that leads to itself
        return False
    return target.is_relative_to(repo_dir.resolve()) or target.parts[-4:-2] == ("files", "md5")


def files_in(folder: Path) -> list[Path]:
    """The files of ``folder`` by name; none where there is no folder."""
    try:
        return sorted(path for path in folder.iterdir() if path.is_file())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise unreadable_problem(folder, str(error.strerror), f"check {folder}") from None


def unreadable_problem(path: Path, reason: str, fix: str) -> Problem:
    """The answer where ``path`` cannot be read for that ``reason``."""
    place = "/".join(path.parts[-3:])
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, f"{place}: {reason}", fix)
