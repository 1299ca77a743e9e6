"""The stages of a ``dvc.yaml`` that uses templating, as DVC itself resolves them.

Only DVC's resolver knows ``${}``, ``foreach``, ``matrix`` and ``vars`` to the letter, so it is run,
in a process of its own that the repository cannot put code into (``python -P``), for half a second.
Its answers are kept, in memory and in the user's cache folder, each with the hashes of the files
that it was made from: the same file with the same params is not resolved again.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dvcstate.documents import reader, regular_file
from dvcstate.errors import FileError
from dvcstate.hashes import hash_store

_VERSION = b"3"  # of the answers' form: others are not read
# Of one file: somebody may try out a few values of a param, again and again.
_MAX_ANSWERS = 8
_MAX_FILES_IN_MEMORY = 64
_MAX_BYTES = 64 * 2**20

Answer = dict[str, Any]
"""What the program ``resolve_templates`` prints, and ``dvc``: which DVC said it."""

_in_memory: dict[str, list[Answer]] = {}


class Resolved(NamedTuple):
    """``stages``, ``metrics`` and ``plots`` with every name and value filled in.

    ``inputs`` are all files that they were made from, some of which may not be there.
    """

    sections: Mapping[str, Any]
    inputs: tuple[Path, ...]


def is_used(data: Mapping[str, Any]) -> bool:
    """Whether a ``dvc.yaml`` uses templating (or escapes it)."""
    if "vars" in data:
        return True
    for stage in data.get("stages", {}).values():
        if {"foreach", "matrix", "vars"} & stage.keys():
            return True
    return _mentions(data)


def _mentions(value: Any) -> bool:
    if isinstance(value, str):
        return "${" in value
    if isinstance(value, Mapping):
        return any(_mentions(key) or _mentions(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_mentions, value))


def resolve(root: Path, path: Path, shown: str, settings: Mapping[str, str]) -> Resolved:
    """What ``path`` means; ``settings`` is the section ``parsing`` of DVC's config.

    A FileError says what DVC does not resolve.
    """
    answers = _Answers(root, path, settings)
    answer = answers.known()
    if answer is None:
        from dvcstate.dvc import dvc_process  # and subprocess with it

        why = f"{shown}: it uses templating"
        arguments = str(root), str(path), json.dumps(dict(settings))
        answer = dvc_process.run("resolve_templates", *arguments, why=why)
        answers.add(answer)
    if "error" in answer:
        raise FileError(
            answer["error"], "mend the template, or the value in the file that it names",
            path=answer.get("path", shown).replace(os.sep, "/"),
        )  # fmt: skip
    return Resolved(answer, tuple(root / name for name in answer["read"]))


class _Answers:
    """The answers about one ``dvc.yaml`` in its present form that are kept."""

    def __init__(self, root: Path, path: Path, settings: Mapping[str, str]) -> None:
        self._root = root
        self._own = os.path.relpath(path, root)
        self._hash = _sha256(path)
        digest = hashlib.sha256(_VERSION + json.dumps(sorted(settings.items())).encode())
        digest.update(f"\0{self._own}\0{self._hash}".encode("utf-8", "surrogateescape"))
        self._key = digest.hexdigest()
        self._path = hash_store.cache_dir() / "templates" / f"{self._key}.json"
        self._dvc = _dvc_version()

    def known(self) -> Answer | None:
        """The answer for the files as they are now, by this version of DVC if one is here."""
        if self._key not in _in_memory:
            _remember(self._key, self._stored())
        for answer in _in_memory[self._key]:
            is_same_dvc = self._dvc is None or answer["dvc"] == self._dvc
            if is_same_dvc and all(
                _sha256(self._root / name) == known for name, known in answer["read"].items()
            ):
                return answer
        return None

    def add(self, answer: Answer) -> None:
        """Keep ``answer``, unless DVC failed or read another file than we."""
        if answer.get("read", {}).get(self._own) != self._hash:
            return
        answer["dvc"] = self._dvc
        _remember(self._key, [answer, *_in_memory[self._key]][:_MAX_ANSWERS])
        self._store()

    def _stored(self) -> list[Answer]:
        try:
            content = regular_file.read(self._path, _MAX_BYTES)
            answers: list[Answer] = json.loads(content)
        except (OSError, ValueError):
            return []
        return answers

    def _store(self) -> None:
        """Written to another name first, for another process may read at any time."""
        temporary = self._path.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(_in_memory[self._key]), "utf-8")
            temporary.replace(self._path)


def _remember(key: str, answers: list[Answer]) -> None:
    while len(_in_memory) >= _MAX_FILES_IN_MEMORY and key not in _in_memory:
        # Another thread may take the same one out.
        with contextlib.suppress(StopIteration, KeyError, RuntimeError):
            del _in_memory[next(iter(_in_memory))]
    _in_memory[key] = answers


def _sha256(path: Path) -> str | None:
    """The hash of a file, None where there is none."""
    try:
        content = regular_file.read(path, reader.MAX_BYTES)
    except OSError:
        return None
    return hashlib.sha256(content).hexdigest()


def _dvc_version() -> str | None:
    """What tells one version of DVC from another, None where none is installed."""
    import importlib.util  # 5 ms that a project without templates does not need

    spec = importlib.util.find_spec("dvc")
    if spec is None or spec.origin is None:
        return None
    # Without an import of it: importlib.metadata takes 10 ms.
    return _sha256(Path(spec.origin).with_name("_version.py")) or spec.origin
