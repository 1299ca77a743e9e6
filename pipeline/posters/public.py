"""Installs the public movie-poster data set, or one of its format, as the raw data.

``train.csv`` and the folder ``Images`` beside it are taken, from whichever folder of the source.
"""

import sys
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from pipeline.posters import archives
from pipeline.posters.archives import Archive
from pipeline.posters.download import download_file
from pipeline.shared import outs, raw
from pipeline.shared.errors import DatasetError
from pipeline.shared.hashing import is_counted

SHOWN = 5
"""How many of the missing images are named."""


def install(source: str, raw_dir: Path) -> None:
    """Put the data set at ``source`` in the place of ``raw_dir``, and say what it holds.

    ``source`` is a folder, a zip, a tar (.gz, .bz2, .xz) or the http(s) address of one. Nothing is
    replaced before all of it has come and its table is in order. Raises DatasetError. Whether what
    ``raw_dir`` holds may go is for the caller to say.
    """
    if source.lower().startswith(("http://", "https://")):
        archive = raw_dir.with_name(f"{outs.PARTIAL}{raw_dir.name}.download")
        with (
            outs.name_full_disk(raw_dir),
            download_file(source, archive, archives.MAX_BYTES) as path,
        ):
            _install(Archive(path, source), raw_dir)
        return
    _install(Archive(_local_path(source), source), raw_dir)


def _local_path(source: str) -> Path:
    if not source:
        raise DatasetError("the path of the data set is empty", "give a path or an address")
    path = Path(source).expanduser()
    if not path.exists():
        raise DatasetError(f"{source}: no such file or folder", "check the path")
    if not (path.is_file() or path.is_dir()):  # a pipe or a device, which may never end
        raise DatasetError(f"{source} is neither a file nor a folder", "check the path")
    return path


def _install(archive: Archive, raw_dir: Path) -> None:
    needed = _needed_files(archive)
    with outs.whole_folder(raw_dir) as partial:
        (partial / raw.IMAGES).mkdir()
        _copy(archive, needed, partial)
        summary = _summary(_read_table(partial, archive.name))
    sys.stdout.write(f"{raw_dir}: {summary}\n")


def _needed_files(archive: Archive) -> dict[PurePosixPath, int]:
    """The sizes in bytes of the table and the images, by their paths within the source."""
    sizes: dict[PurePosixPath, int] = {}
    for file in archives.files(archive):
        if file.path in sizes:
            raise DatasetError(f"{archive.name} holds {file.path} twice", "remove one of them")
        sizes[file.path] = file.size
    root = _root(sizes, archive.name)
    return {
        within: size
        for within, size in sizes.items()
        if within == root / raw.TABLE
        or (within.parent == root / raw.IMAGES and _is_visible(within))
    }


def _root(paths: Collection[PurePosixPath], source: str) -> PurePosixPath:
    """The folder that holds the table and the images; the uppermost, where several do."""
    with_images = {path.parent.parent for path in paths if path.parent.name == raw.IMAGES}
    roots = [path.parent for path in paths if path.name == raw.TABLE and path.parent in with_images]
    if roots:
        return min(roots, key=lambda root: (len(root.parts), root))
    raise DatasetError(
        f"{source}: none of its {len(paths)} files is a {raw.TABLE} beside a folder {raw.IMAGES}"
        " that has files",
        "give the data set's archive or the folder that holds both",
    )


def _is_visible(path: PurePosixPath) -> bool:
    """Whether it is no file that a file manager left behind: .DS_Store, ._poster.jpg, Thumbs.db."""
    return not path.name.startswith(".") and is_counted(path)


def _copy(archive: Archive, needed: dict[PurePosixPath, int], folder: Path) -> None:
    """Write the wanted files to ``folder``, reading the source once and in its order."""
    size = sum(needed.values())
    with tqdm(desc="Copying", total=size, unit="B", unit_scale=True, disable=None) as bar:
        for file in archives.files(archive):
            if file.path not in needed:
                continue
            place = raw.IMAGES if file.path.parent.name == raw.IMAGES else ""
            archives.copy(file, folder / place / file.path.name, archive)
            bar.update(file.size)


def _read_table(folder: Path, source: str) -> raw.RawDataset:
    try:
        return raw.read(folder)
    except DatasetError as error:
        problem = error.problem.replace(str(folder / raw.TABLE), f"{raw.TABLE} of {source}")
        raise DatasetError(problem, "mend the table, or take another source") from None


def _summary(dataset: raw.RawDataset) -> str:
    """How many posters there are and which have no image; a DatasetError if none has one."""
    posters = {poster.id: poster.path for poster in dataset.posters}
    missing = [name for name, path in posters.items() if not path.is_file()]
    if len(missing) == len(posters):
        raise DatasetError(
            f"none of the {len(posters)} posters in {raw.TABLE} has its {raw.IMAGES}/<Id>.jpg",
            "check that the table and the images belong together",
        )
    share = 1 - len(missing) / len(posters)
    text = f"{len(posters):,} posters, {share:.1%} of them with an image"
    if missing:
        text += f"; missing: {', '.join(missing[:SHOWN])}"
    if len(missing) > SHOWN:
        text += f" and {len(missing) - SHOWN:,} more"
    return text
