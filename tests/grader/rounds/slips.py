"""Slips of an editor, of a shell and of git: each changes a finished repository a little.

A slip takes its choices from ``pick`` alone, so that a seed replays it. It may change nothing,
where an earlier slip took away what it is about.
"""

import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.grader import finished
from tests.grader.rounds.dvc_2 import write_as_dvc_2
from tests.repositories import run

Slip = Callable[[Path, random.Random], None]
SLIPS: list[Slip] = []
_PIPELINE, _LOCK, _PARAMS, _RAW = "dvc.yaml", "dvc.lock", "params.yaml", "data/raw.dvc"
_TEXTS = (_PIPELINE, _PIPELINE, _PIPELINE, _PARAMS, _PARAMS, _LOCK, _RAW)
"""Most often what an attendee edits."""
_SECTIONS = ("deps", "params", "outs", "metrics", "plots")
_ENTRY = re.compile(r"^    - (\S+?):?(\n|$)")


def slip(function: Slip) -> Slip:
    """Put ``function`` among SLIPS."""
    SLIPS.append(function)
    return function


def _lines(repo: Path, path: str) -> list[str]:
    """The lines of a text file with their ends; none of one that is not there."""
    place = repo / path
    if not place.is_file():
        return []
    return place.read_bytes().decode("utf-8", "replace").splitlines(keepends=True)


def _write(repo: Path, path: str, lines: list[str]) -> None:
    finished.write(repo / path, "".join(lines).encode())


def _filled(lines: list[str]) -> list[int]:
    """The places of lines that say something."""
    return [at for at, line in enumerate(lines) if line.strip() and line.strip()[0] != "#"]


def _headings(lines: list[str]) -> list[int]:
    """The places of ``deps:`` and the like in a dvc.yaml."""
    return [at for at, line in enumerate(lines) if line.strip().rstrip(":") in _SECTIONS]


def _entries(lines: list[str], *sections: str) -> list[int]:
    """The places of the entries of such sections in a dvc.yaml."""
    places, section = [], ""
    for at, line in enumerate(lines):
        if line.startswith("    ") and line[4:5].isalpha():
            section = line.strip().partition(":")[0]
        elif section in sections and _ENTRY.match(line):
            places.append(at)
    return places


# ── an editor ──


@slip
def line_is_indented_otherwise(repo: Path, pick: random.Random) -> None:
    path = pick.choice(_TEXTS)
    lines = _lines(repo, path)
    if places := _filled(lines):
        at, by = pick.choice(places), pick.choice((-2, -1, 1, 2))
        text = lines[at].lstrip(" ")
        lines[at] = " " * max(0, len(lines[at]) - len(text) + by) + text
        _write(repo, path, lines)


@slip
def line_begins_with_a_tab(repo: Path, pick: random.Random) -> None:
    path = pick.choice(_TEXTS)
    lines = _lines(repo, path)
    if places := [at for at in _filled(lines) if lines[at].startswith("  ")]:
        at = pick.choice(places)
        lines[at] = "\t" + lines[at].lstrip(" ")
        _write(repo, path, lines)


@slip
def line_is_deleted(repo: Path, pick: random.Random) -> None:
    path = pick.choice(
        (*_TEXTS, ".dvcignore", ".gitignore", "data/.gitignore", "models/.gitignore")
    )
    lines = _lines(repo, path)
    if places := _filled(lines):
        del lines[pick.choice(places)]
        _write(repo, path, lines)


@slip
def line_is_doubled(repo: Path, pick: random.Random) -> None:
    path = pick.choice(_TEXTS)
    lines = _lines(repo, path)
    if places := _filled(lines):
        at = pick.choice(places)
        lines.insert(at, lines[at])
        _write(repo, path, lines)


@slip
def two_lines_are_swapped(repo: Path, pick: random.Random) -> None:
    path = pick.choice(_TEXTS)
    lines = _lines(repo, path)
    if len(lines) > 1:
        at = pick.randrange(len(lines) - 1)
        lines[at : at + 2] = [lines[at + 1], lines[at]]
        _write(repo, path, lines)


@slip
def word_is_misspelt(repo: Path, pick: random.Random) -> None:
    """Two letters of it have changed places."""
    path = pick.choice(_TEXTS)
    text = "".join(_lines(repo, path))
    words = [match for match in re.finditer(r"[a-z_]{4,}", text) if len({*match[0]}) > 1]
    if not words:
        return
    word = pick.choice(words)
    places = [at for at in range(len(word[0]) - 1) if word[0][at] != word[0][at + 1]]
    at = word.start() + pick.choice(places)
    swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    finished.write(repo / path, swapped.encode())


@slip
def path_is_misspelt(repo: Path, pick: random.Random) -> None:
    """A letter of a dep or an out is left out."""
    lines = _lines(repo, _PIPELINE)
    if places := _entries(lines, "deps", "outs", "plots", "metrics"):
        at = pick.choice(places)
        begin = lines[at].index("- ") + 2
        gone = pick.randrange(begin, len(lines[at].rstrip().rstrip(":")))
        lines[at] = lines[at][:gone] + lines[at][gone + 1 :]
        _write(repo, _PIPELINE, lines)


@slip
def entry_moved_to_another_section(repo: Path, pick: random.Random) -> None:
    """A dep below outs, a param below deps, and so on."""
    lines = _lines(repo, _PIPELINE)
    places = [at for at in _entries(lines, *_SECTIONS) if not lines[at].rstrip().endswith(":")]
    headings = _headings(lines)
    if not places or not headings:
        return
    at = pick.choice(places)
    # Of the sections of the same stage, most often: those within twenty lines.
    near = [place for place in headings if abs(place - at) < 20] or headings
    target = pick.choice(near)
    line = lines.pop(at)
    lines.insert(target + (target < at), line)
    _write(repo, _PIPELINE, lines)


@slip
def sections_are_indented_below_the_command(repo: Path, pick: random.Random) -> None:
    """They are words of the folded command then."""
    lines = _lines(repo, _PIPELINE)
    commands = [at for at, line in enumerate(lines) if line.strip() == "cmd: >-"]
    if not commands:
        return
    at = pick.choice(commands) + 1
    while at < len(lines) and lines[at].startswith("      "):
        at += 1
    while at < len(lines) and lines[at].startswith("    "):
        lines[at] = f"  {lines[at]}"
        at += 1
    _write(repo, _PIPELINE, lines)


@slip
def section_is_doubled(repo: Path, pick: random.Random) -> None:
    lines = _lines(repo, _PIPELINE)
    if headings := _headings(lines):
        at = pick.choice(headings)
        lines[at:at] = lines[at : at + 2]
        _write(repo, _PIPELINE, lines)


@slip
def section_is_deleted(repo: Path, pick: random.Random) -> None:
    lines = _lines(repo, _PIPELINE)
    if headings := _headings(lines):
        first = pick.choice(headings)
        last = first + 1
        while last < len(lines) and lines[last].startswith("      "):
            last += 1
        del lines[first:last]
        _write(repo, _PIPELINE, lines)


@slip
def stage_is_deleted(repo: Path, pick: random.Random) -> None:
    text = "".join(_lines(repo, _PIPELINE))
    stages = list(re.finditer(r"^  \w+:\n(?:    .*\n|\n(?=    ))+\n?", text, re.MULTILINE))
    if stages:
        stage = pick.choice(stages)
        finished.write(repo / _PIPELINE, text[: stage.start()] + text[stage.end() :])


@slip
def stage_is_renamed(repo: Path, pick: random.Random) -> None:
    lines = _lines(repo, _PIPELINE)
    places = [at for at, line in enumerate(lines) if re.match(r"  \w+:$", line)]
    if places:
        at = pick.choice(places)
        lines[at] = f"  {pick.choice(('my', 'step', 'first'))}-{lines[at].strip()}\n"
        _write(repo, _PIPELINE, lines)


@slip
def command_lacks_a_line(repo: Path, pick: random.Random) -> None:
    lines = _lines(repo, _PIPELINE)
    places = [at for at, line in enumerate(lines) if line.startswith("      --")]
    if places:
        del lines[pick.choice(places)]
        _write(repo, _PIPELINE, lines)


@slip
def command_is_of_several_lines(repo: Path, pick: random.Random) -> None:
    """``cmd: |``: DVC runs each line by itself."""
    lines = _lines(repo, _PIPELINE)
    places = [at for at, line in enumerate(lines) if line.strip() == "cmd: >-"]
    if places:
        at = pick.choice(places)
        lines[at] = lines[at].replace(">-", "|")
        _write(repo, _PIPELINE, lines)


@slip
def stage_has_a_further_key(repo: Path, pick: random.Random) -> None:
    lines = _lines(repo, _PIPELINE)
    places = [at for at, line in enumerate(lines) if line.strip() == "deps:"]
    if places:
        key = pick.choice(("frozen: true", "wdir: .", "wdir: data", "dep: []"))
        lines.insert(pick.choice(places), f"    {key}\n")
        _write(repo, _PIPELINE, lines)


@slip
def file_has_the_line_ends_of_windows(repo: Path, pick: random.Random) -> None:
    code = sorted((repo / "pipeline").rglob("*.py"))
    place = pick.choice([repo / _PIPELINE, repo / _PARAMS, repo / _LOCK, *code[:40]])
    if place.is_file():
        content = place.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        finished.write(place, content)


@slip
def paths_are_those_of_windows(repo: Path, pick: random.Random) -> None:
    path = pick.choice((_PIPELINE, _LOCK))
    text = "".join(_lines(repo, path))
    finished.write(repo / path, re.sub(r"(?m)^(\s*- (?:path: )?\w+)/(.*)$", r"\1\\\2", text))


@slip
def param_has_another_value(repo: Path, pick: random.Random) -> None:
    lines = _lines(repo, _PARAMS)
    places = [at for at, line in enumerate(lines) if re.search(r": \d+(?=\s|$)", line)]
    if places:
        at = pick.choice(places)
        lines[at] = re.sub(r": (\d+)", lambda m: f": {int(m[1]) + 1}", lines[at], count=1)
        _write(repo, _PARAMS, lines)


@slip
def code_is_edited(repo: Path, pick: random.Random) -> None:
    code = sorted((repo / "pipeline").glob("*/*.py"))
    if code:
        place = pick.choice(code)
        finished.write(place, place.read_bytes() + f"# Mine, {pick.random()}.\n".encode())


@slip
def comment_is_added(repo: Path, pick: random.Random) -> None:
    path = pick.choice((_PIPELINE, _PARAMS))
    finished.write(repo / path, "".join(_lines(repo, path)) + "# A line of mine.\n")


@slip
def conflict_is_left(repo: Path, pick: random.Random) -> None:
    path = pick.choice(_TEXTS)
    lines = _lines(repo, path)
    if places := _filled(lines):
        at = pick.choice(places)
        lines[at : at + 1] = ["<<<<<<< HEAD\n", lines[at], "=======\n", lines[at], ">>>>>>> b\n"]
        _write(repo, path, lines)


@slip
def code_does_not_parse(repo: Path, pick: random.Random) -> None:
    """A bracket or a colon is gone, or a line is indented otherwise."""
    code = [path for path in sorted((repo / "pipeline").glob("*/*.py")) if path.stat().st_size]
    if not code:
        return
    place = pick.choice(code)
    lines = place.read_text("utf-8").splitlines(keepends=True)
    ends = [at for at, line in enumerate(lines) if line.rstrip().endswith((":", ")"))]
    if ends:
        at = pick.choice(ends)
        broken = (lines[at].rstrip()[:-1] + "\n", f"   {lines[at]}", f"{lines[at].rstrip()} (\n")
        lines[at] = pick.choice(broken)
        finished.write(place, "".join(lines))


@slip
def code_imports_what_is_not_there(repo: Path, pick: random.Random) -> None:
    code = sorted((repo / "pipeline").glob("*/__main__.py"))
    if code:
        place = pick.choice(code)
        line = pick.choice(
            (
                "from pipeline.shared import colours",
                "import pipeline.sharde",
                "from pipeline.plot.plot import draw",
                "import tensroflow",
            )
        )
        text = place.read_text("utf-8")
        at = text.index("\n\n") + 2
        finished.write(place, f"{text[:at]}{line}\n{text[at:]}")


@slip
def param_has_another_type(repo: Path, pick: random.Random) -> None:
    """A number in quotes, a word, or what YAML 1.1 and 1.2 read as different things."""
    lines = _lines(repo, _PARAMS)
    places = [at for at, line in enumerate(lines) if re.search(r": [\d.]+(?=\s|$)", line)]
    if places:
        at = pick.choice(places)
        new = pick.choice((r'"\1"', r"'\1'", "1e-3", "true", "yes", "0o14", "[\\1]", "1_000"))
        lines[at] = re.sub(r": ([\d.]+)", f": {new}", lines[at], count=1)
        _write(repo, _PARAMS, lines)


# ── files and folders ──


@slip
def file_is_renamed(repo: Path, pick: random.Random) -> None:
    names = [
        (_PARAMS, "params.yml"), (_PIPELINE, "dvc.yml"), (_PIPELINE, "Dvc.yaml"),
        (_RAW, "data/raw.dvc.txt"), (_LOCK, "dvc.lock.bak"),
        ("pipeline/plot/plots.py", "pipeline/plot/plot.py"),
        ("models/classifier.onnx", "models/model.onnx"),
        ("data/raw/train.csv", "data/raw/Train.csv"),
        ("data/raw/Images/gp000003.jpg", "data/raw/Images/3.jpg"),
        ("results/metrics/test.json", "results/metrics/metrics.json"),
    ]  # fmt: skip
    old, new = pick.choice(names)
    if (repo / old).exists():
        (repo / old).rename(repo / new)


@slip
def file_is_deleted(repo: Path, pick: random.Random) -> None:
    names = (
        _PIPELINE, _LOCK, _RAW, _PARAMS, ".dvcignore", ".gitattributes", ".gitignore",
        ".dvc/config", "data/.gitignore", "models/.gitignore", "pipeline/train/training.py",
        "models/history.csv",
        "results/metrics/test.json", "models/classifier.onnx", "data/raw/train.csv",
        "data/preprocess/train.csv",
    )  # fmt: skip
    (repo / pick.choice(names)).unlink(missing_ok=True)


@slip
def folder_is_removed(repo: Path, pick: random.Random) -> None:
    names = (
        "data/raw", "data/preprocess", "models", "results", "results/plots", "pipeline/plot",
        "pipeline/shared", ".dvc/cache", ".dvc/tmp", "data", ".dvc",
    )  # fmt: skip
    shutil.rmtree(repo / pick.choice(names), ignore_errors=True)


@slip
def folder_is_renamed(repo: Path, pick: random.Random) -> None:
    """By hand, or as ``dvc move`` does it with data."""
    old, new = pick.choice(
        (
            ("data/raw", "data/posters"), ("data/raw", "data/raw2"), ("data/raw", "raw"),
            ("data", "dataset"), ("models", "model"), ("pipeline/plot", "pipeline/plots"),
            ("pipeline/shared", "pipeline/common"), ("data/raw/Images", "data/raw/images"),
            ("results/plots", "results/pictures"),
        )
    )  # fmt: skip
    if (repo / old).is_dir() and not (repo / new).exists():
        (repo / old).rename(repo / new)
        if old == "data/raw" and (repo / _RAW).is_file() and pick.random() < 0.7:
            _move_dvc_file(repo, new)


def _move_dvc_file(repo: Path, new: str) -> None:
    name = new.rpartition("/")[2]
    text = "".join(_lines(repo, _RAW)).replace("path: raw", f"path: {name}")
    finished.write(repo / f"{new}.dvc", text)
    (repo / _RAW).unlink()
    for path, old_line, new_line in (
        ("data/.gitignore", "/raw\n", ""),
        (str(Path(new).parent / ".gitignore"), "", f"/{name}\n"),
    ):
        lines = "".join(_lines(repo, path)).replace(old_line, "") if old_line else None
        kept = "".join(_lines(repo, path)) if lines is None else lines
        finished.write(repo / path, kept + new_line)


@slip
def out_is_edited(repo: Path, pick: random.Random) -> None:
    names = (
        "models/classifier.onnx", "models/history.csv", "results/metrics/test.json",
        "data/preprocess/train.csv", "results/plots/examples.png", "results/curves/genres.csv",
    )  # fmt: skip
    place = repo / pick.choice(names)
    if place.is_file():
        finished.write(place, place.read_bytes() + b"\n")


@slip
def raw_data_is_changed(repo: Path, pick: random.Random) -> None:
    images = repo / "data" / "raw" / "Images"
    if not images.is_dir():
        return
    how = pick.choice(("edit", "add", "delete"))
    number = pick.randrange(10)
    place = images / f"gp{number:06}.jpg"
    if how == "delete":
        place.unlink(missing_ok=True)
    else:
        finished.picture(place if how == "edit" else images / "mine.jpg", 50 + number)


@slip
def own_file_lies_in_a_folder(repo: Path, pick: random.Random) -> None:
    folder = pick.choice(("", "data", "models", "results", "pipeline/train", "results/metrics"))
    name = pick.choice(("mine.txt", "mine.csv", "mine.yaml"))
    finished.write(repo / folder / name, f"mine: {pick.random()}\n")


# ── DVC and git ──


@slip
def lock_has_another_hash(repo: Path, pick: random.Random) -> None:
    text = "".join(_lines(repo, path := pick.choice((_LOCK, _LOCK, _RAW))))
    hashes = list(re.finditer(r"md5: ([0-9a-f]{32})", text))
    if hashes:
        at = pick.choice(hashes).start(1)
        finished.write(repo / path, f"{text[:at]}{'0' * 8}{text[at + 8 :]}")


@slip
def object_is_gone(repo: Path, pick: random.Random) -> None:
    """From the cache, from the remote, or from both."""
    objects = sorted((repo / ".dvc" / "cache" / "files").rglob("*"))
    files = [path for path in objects if path.is_file()]
    if not files:
        return
    path = pick.choice(files)
    where = pick.choice(("cache", "remote", "both"))
    if where != "remote":
        path.unlink()
    if where != "cache":
        name = path.relative_to(repo / ".dvc" / "cache")
        (repo.parent / "remote" / name).unlink(missing_ok=True)


@slip
def objects_are_damaged(repo: Path, pick: random.Random) -> None:
    """One to four, listings of folders most often, in the cache, on the remote, or in both."""
    caches = (repo / ".dvc" / "cache", repo.parent / "remote")
    objects = sorted((caches[0] / "files").rglob("*"))
    files = [path.relative_to(caches[0]) for path in objects if path.is_file()]
    listings = [path for path in files if path.suffix == ".dir"]
    names = pick.sample(files, min(len(files), 2))
    names = [*pick.sample(listings, min(len(listings), pick.choice((0, 1, 2, 3)))), *names]
    where = pick.choice((caches[:1], caches[1:], caches))
    damage = pick.choice((b"", b"[]", b"not what it was"))
    for name in names[:4]:
        for cache in where:
            if (cache / name).is_file():
                finished.write(cache / name, damage)


@slip
def lock_is_of_dvc_2(repo: Path, pick: random.Random) -> None:
    """As DVC 2 wrote it; the cache and the remote may be lost with it."""
    write_as_dvc_2(repo, pick.choice(((_LOCK,), (_LOCK, _RAW))))
    for place in pick.choice(((), (".dvc/cache",), (".dvc/cache", "../remote"))):
        shutil.rmtree(repo / place, ignore_errors=True)
        (repo / place).mkdir(parents=True, exist_ok=True)


@slip
def file_is_taken_into_git(repo: Path, pick: random.Random) -> None:
    names = ("data/raw", "data/preprocess", "models", "results", ".dvc/cache", ".dvc/tmp")
    name = pick.choice(names)
    if (repo / name).exists():
        run(repo, "git", "add", "--force", name)


@slip
def file_is_taken_out_of_git(repo: Path, pick: random.Random) -> None:
    names = (
        _PIPELINE, _LOCK, _RAW, _PARAMS, ".dvcignore", ".dvc/config", "data/.gitignore",
        "pipeline/train", "pipeline/shared/network.py", "results/metrics/test.json",
    )  # fmt: skip
    run(repo, "git", "rm", "-r", "--quiet", "--cached", "--ignore-unmatch", pick.choice(names))


@slip
def pattern_is_added(repo: Path, pick: random.Random) -> None:
    path = pick.choice((".gitignore", ".dvcignore", "data/.gitignore", "results/.gitignore"))
    patterns = (
        "*.csv",
        "*.jpg",
        "data",
        "models/",
        "*.lock",
        "*.dvc",
        "*.yaml",
        "*.json",
        "*.py",
        "plots",
    )
    finished.write(repo / path, "".join(_lines(repo, path)) + f"{pick.choice(patterns)}\n")


@slip
def folder_is_added_to_dvc(repo: Path, pick: random.Random) -> None:
    """As ``dvc add`` of something that has an owner."""
    path = pick.choice(("data", "models", "results", "models/classifier.onnx", "data/raw/Images"))
    if (repo / path).exists():
        finished.add(repo, path)
        ignore = repo / Path(path).parent / ".gitignore"
        lines = ignore.read_text("utf-8") if ignore.is_file() else ""
        finished.write(ignore, f"{lines}/{Path(path).name}\n")


@slip
def all_is_committed(repo: Path, pick: random.Random) -> None:
    run(repo, "git", "add", "--all")
    run(repo, "git", "commit", "--quiet", "--allow-empty", "--message", "Save my work")


@slip
def edits_are_committed(repo: Path, pick: random.Random) -> None:
    run(repo, "git", "commit", "--quiet", "--allow-empty", "--all", "--message", "Save my edits")
