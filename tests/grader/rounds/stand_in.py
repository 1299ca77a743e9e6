"""In place of ``python -m pipeline.STAGE``: outs of the right kind in 50 ms, without TensorFlow.

As a real stage it stops at an option, a file or a param that is not there and at code that cannot
be imported, and what it writes depends on what it reads, to the byte, and on nothing else. A change
of the code alone changes no out, as that of a comment.
"""

import ast
import csv
import hashlib
import importlib.util
import json
import os
import re
import struct
import sys
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

MODEL_FILE = "model.onnx"
"""A model beside this program's copy of itself; each export is the same with another text."""
_OPTIONS = {
    "preprocess": ("--raw", "--out", "--params"),
    "train": ("--data", "--weights", "--history", "--fine-tuning-history", "--params"),
    "export": ("--data", "--weights", "--model", "--fp32-model", "--params"),
    "evaluate": ("--data", "--model", "--metrics", "--curves"),
    "plot": ("--data", "--history", "--fine-tuning-history", "--curves", "--out", "--params"),
}
_READS = {
    "preprocess": ("--raw",),
    "train": ("--data",),
    "export": ("--data", "--weights"),
    "evaluate": ("--data", "--model"),
    "plot": ("--data", "--history", "--fine-tuning-history", "--curves"),
}
_METRICS = ("map", "micro_f1", "macro_f1", "precision", "recall", "binary_accuracy")
_SPLITS = {"train": slice(0, 6), "valid": slice(6, 8), "test": slice(8, None)}
Options = Mapping[str, Path]


class StopError(Exception):
    """What a real stage would stop at."""


def main(module: str, words: list[str]) -> int:
    """Run the stage of ``module``, a dotted name or a file, in this folder; its exit code."""
    stage = next(part for part in re.split(r"[./]", module) if part in _WRITERS)
    try:
        entry = _find_entry(module, stage)
        _import_code(entry)
        options = _parse_options(stage, words, entry.read_text("utf-8"))
        digest = hashlib.sha256(repr(_values(stage, options)).encode())
        for option in _READS[stage]:
            for path in _files(options[option]):
                digest.update(path.read_bytes())
        _WRITERS[stage](options, digest.hexdigest())
    except (StopError, OSError, UnicodeDecodeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _find_entry(module: str, stage: str) -> Path:
    """The file that Python would run; ``python/lib`` is a folder from which code is installed."""
    if module.endswith(".py") and "pipeline" not in module:
        return Path(module)
    folders = [".", *os.environ.get("PYTHONPATH", "").split(os.pathsep), "python/lib"]
    entries = [Path(folder, "pipeline", stage, "__main__.py") for folder in folders if folder]
    entry = next((path for path in entries if path.is_file()), None)
    if entry is None:
        raise StopError(f"no module named pipeline.{stage}.__main__")
    return entry


def _import_code(entry: Path) -> None:
    """As far as a look at it says: what the stage imports of the pipeline is there, and is Python.

    And at least the modules with which it was made, since nothing here runs a line of them.
    """
    root = entry.parents[2] if entry.name == "__main__.py" else entry.parent
    pending, seen = [entry], set[Path]()
    while pending:
        path = pending.pop()
        if path in seen:
            continue
        seen.add(path)
        try:
            tree = ast.parse(path.read_bytes())
            compile(tree, str(path), "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            raise StopError(f"{path}: {error}") from None
        for module, name in _imported(tree):
            pending += _files_of(root, path, module, name)


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Module and name of each import; of a library, those with which a module begins."""
    for node in ast.walk(tree):
        is_first = node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [alias.name for alias in node.names]
            if is_first or node.module.startswith("pipeline"):
                yield from ((node.module, name) for name in names)
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
            yield from ((m, "") for m in modules if is_first or m.startswith("pipeline"))


def _files_of(root: Path, path: Path, module: str, name: str) -> Iterator[Path]:
    """The pipeline's own files that an import runs."""
    top = module.partition(".")[0]
    if top != "pipeline":
        if importlib.util.find_spec(top) is None:
            raise StopError(f"{path}: no module named {top}")
        return
    own = root.joinpath(*module.split("."))
    file = own.with_suffix(".py")
    if file.is_file():
        yield file
        if name and not re.search(rf"\b{name}\b", file.read_text("utf-8")):
            raise StopError(f"{path}: cannot import {name} from {module}")
    elif not own.is_dir():
        raise StopError(f"{path}: no module named {module}")
    elif (own / f"{name}.py").is_file():
        yield own / f"{name}.py"
    elif name and not (own / name).is_dir():
        raise StopError(f"{path}: cannot import {name} from {module}")


def _parse_options(stage: str, words: list[str], code: str) -> dict[str, Path]:
    """The value of each option; one that is not given has the default in the code."""
    pairs = [word for text in words for word in (text.split("=", 1) if "=" in text else [text])]
    options = dict(zip(pairs[::2], map(Path, pairs[1::2]), strict=False))
    for option in _OPTIONS[stage]:
        default = re.search(rf'"{option}",.*default=Path\("([^"]+)"\)', code)
        if option not in options and default:
            options[option] = Path(default[1])
    if len(pairs) % 2 or {*options} != {*_OPTIONS[stage]}:
        raise StopError(f"options {' '.join(_OPTIONS[stage])}, not {' '.join(words)}")
    return options


def _values(stage: str, options: Options) -> list[Any]:
    """The values of the params that the real stage reads: a key that is not there stops it."""
    if "--params" not in options:
        return []
    try:
        document = yaml.safe_load(options["--params"].read_text("utf-8"))
        reference = json.loads(Path(__file__).with_name("params.json").read_text("utf-8"))[stage]
        return [_value(document[stage], key, known) for key, known in reference.items()]
    except (yaml.YAMLError, LookupError, TypeError, UnicodeDecodeError) as error:
        raise StopError(f"{options['--params']}: {error!r}") from None


def _value(section: Any, key: str, known: Any) -> Any:
    """The value of a key, of which every key below has to be there too, of the type that is known.

    As the real stages do, it takes for a number what PyYAML takes for text: 1e-3.
    """
    for part in key.split("."):
        section = section[part]
    if isinstance(known, dict):
        return {name: _value(section, name, known[name]) for name in known}
    is_number = isinstance(section, str) and re.fullmatch(r"[-+]?\d+\.?\d*e[-+]?\d+", section)
    value = float(section) if is_number else section
    if _kind(value) != _kind(known):
        raise TypeError(f"{key} is {value!r}, and was {known!r}")
    return value


def _kind(value: Any) -> type:
    return float if type(value) is int else type(value)


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise StopError(f"{path} is not there")
    if path.is_file():
        return [path]
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return [file for file in files if "__pycache__" not in file.parts and file.name[0] != "."]


def _preprocess(options: Options, digest: str) -> None:
    raw, out = options["--raw"], options["--out"]
    try:
        ids = [row["Id"] for row in csv.DictReader((raw / "train.csv").open(encoding="utf-8"))]
    except (KeyError, UnicodeDecodeError, csv.Error) as error:
        raise StopError(f"{raw}/train.csv: {error!r}") from None
    pictures = {id_: raw / "Images" / f"{id_}.jpg" for id_ in ids}
    there = [id_ for id_, path in pictures.items() if path.is_file()]
    if len(there) < 9:
        raise StopError(f"{raw}: too few posters")
    for name, part in _SPLITS.items():
        rows = [[f"images/{id_}-0.png", id_, 0, 1] for id_ in there[part]]
        _table(out / f"{name}.csv", ["Path", "Source", "Comedy", "Drama"], rows)
    for id_ in there:
        own = hashlib.sha256(digest.encode() + pictures[id_].read_bytes()).hexdigest()
        _picture(out / "images" / f"{id_}-0.png", own)


def _train(options: Options, digest: str) -> None:
    _write(options["--weights"], b"\x89HDF\r\n\x1a\n " + digest.encode())
    for option in ("--history", "--fine-tuning-history"):
        rows = [[epoch, _share(digest, f"{option}{epoch}"), 0.5] for epoch in (0, 1)]
        _table(options[option], ["epoch", "loss", "val_map"], rows)


def _export(options: Options, digest: str) -> None:
    model = Path(__file__).with_name(MODEL_FILE).read_bytes()
    for option in ("--model", "--fp32-model"):
        text = f"{digest}{option}".encode()
        # Field 6 of onnx.proto's ModelProto is doc_string: what follows a message is a part of it.
        _write(options[option], model + b"\x32" + bytes([len(text)]) + text)


def _evaluate(options: Options, digest: str) -> None:
    metrics = {name: _share(digest, name) for name in _METRICS} | {"n": 2}
    _write(options["--metrics"], (json.dumps(metrics, indent=2) + "\n").encode())
    for name in ("genres.csv", "precision_recall.csv", "predictions.csv"):
        _table(options["--curves"] / name, ["genre", "value"], [["Drama", _share(digest, name)]])


def _plot(options: Options, digest: str) -> None:
    _picture(options["--out"] / "examples.png", digest)


def _share(digest: str, name: str) -> float:
    """A number from 0 to 1 that depends on both."""
    number = int(hashlib.sha256(f"{digest}{name}".encode()).hexdigest()[:8], 16)
    return round(number / 2**32, 4)


def _table(path: Path, header: list[str], rows: list[list[Any]]) -> None:
    lines = [",".join(map(str, row)) for row in [header, *rows]]
    _write(path, ("\n".join(lines) + "\n").encode())


def _picture(path: Path, text: str) -> None:
    """A grey PNG of one pixel, with a text in it."""
    _write(
        path,
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
        + _chunk(b"tEXt", b"Comment\0" + text.encode())
        + _chunk(b"IDAT", zlib.compress(b"\0\x80"))
        + _chunk(b"IEND", b""),
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


_WRITERS = {
    "preprocess": _preprocess,
    "train": _train,
    "export": _export,
    "evaluate": _evaluate,
    "plot": _plot,
}

if __name__ == "__main__":
    # As `python -m pipeline.train …`, `python pipeline/train/__main__.py …`, or `src/train.py …`.
    sys.exit(main(sys.argv[1], sys.argv[2:]))
