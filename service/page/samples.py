"""Posters of the repository's raw data that a visitor can try with one click."""

from pathlib import Path

from service.repository.picture_files import is_inside

FOLDER = Path("data", "raw", "Images")
COUNT = 6
SUFFIXES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png"}
_MOST = 100_000


def sample_names(repo_dir: Path) -> tuple[str, ...]:
    """The names of a few posters, evenly spaced in the folder; none where there is no data."""
    try:
        names = sorted(
            path.name
            for path, _ in zip((repo_dir / FOLDER).iterdir(), range(_MOST), strict=False)
            if path.suffix.lower() in SUFFIXES and path.name.isprintable()
        )
    except OSError:
        return ()
    if len(names) > COUNT:
        names = [names[(2 * index + 1) * len(names) // (2 * COUNT)] for index in range(COUNT)]
    # Of these few alone: to follow the links of 100,000 files takes seconds.
    return tuple(name for name in names if _is_own_file(repo_dir / FOLDER / name, repo_dir))


def _is_own_file(path: Path, repo_dir: Path) -> bool:
    return path.is_file() and is_inside(path, repo_dir)


def sample_path(repo_dir: Path, name: str) -> Path | None:
    """The file of a sample; None where it is none of ``sample_names``: no name leads elsewhere."""
    return repo_dir / FOLDER / name if name in sample_names(repo_dir) else None
