"""A DVC project as plain data: what dvc.yaml declares and what dvc.lock records.

First form: no templating, no ``wdir``, no ``.dvc`` files. It says so where it meets one; the
inside of this module is being rewritten to read them all.
"""

import hashlib
import posixpath
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

LARGEST_FILE = 10_000_000
DEEPEST_NESTING = 64
MOST_VALUES = 500_000

Params = dict[str, dict[str, Any]]
"""File to key to value: ``{"params.yaml": {"train.epochs": 30}}``."""


class ProjectError(Exception):
    """A file of the project cannot be read: ``problem`` says what and where, ``fix`` what to do."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Dep:
    """A dep; the hash is the recorded one, None where only dvc.yaml knows the path."""

    path: str
    md5: str | None = None


@dataclass(frozen=True, slots=True)
class Out:
    """An out, a metric or a plot; hash and size are the recorded ones."""

    path: str
    md5: str | None = None
    size: int | None = None
    cache: bool = True


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of dvc.yaml, or one entry of dvc.lock. A list of commands is joined by newlines."""

    name: str
    cmd: str
    deps: tuple[Dep, ...]
    outs: tuple[Out, ...]
    params: Params
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class Lock:
    """What dvc.lock records, and the hash of the file itself."""

    md5: str
    stages: dict[str, Stage]

    def out(self, path: str) -> Out | None:
        """The recorded out at ``path``, whichever stage makes it."""
        outs = (out for stage in self.stages.values() for out in stage.outs)
        return next((out for out in outs if out.path == path), None)


@dataclass(frozen=True, slots=True)
class Project:
    """The stages of a repository in the order of dvc.yaml, and its lock if it has one."""

    stages: tuple[Stage, ...]
    lock: Lock | None

    def edges(self) -> list[tuple[str, str]]:
        """Every pair (producer, consumer): an out is a dep, is inside one or holds one."""
        return [
            (producer.name, consumer.name)
            for producer in self.stages
            for consumer in self.stages
            if producer is not consumer
            and any(_overlap(out.path, dep.path) for out in producer.outs for dep in consumer.deps)
        ]


def read(repo_dir: Path) -> Project:
    """The project in ``repo_dir``; without a dvc.yaml it has no stages."""
    content = _content(repo_dir / "dvc.yaml")
    stages = () if content is None else tuple(_stages(_Document("dvc.yaml", content)))
    return Project(stages, read_lock(repo_dir))


def read_lock(repo_dir: Path) -> Lock | None:
    """What dvc.lock of ``repo_dir`` records, or None where there is none."""
    content = _content(repo_dir / "dvc.lock")
    if content is None:
        return None
    entries = _recorded(_Document("dvc.lock", content))
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return Lock(md5, {stage.name: stage for stage in entries})


def _content(path: Path) -> bytes | None:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ProjectError(
                f"{path.name} is larger than {LARGEST_FILE / 1e6:g} MB",
                f"git checkout {path.name}",
            )
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ProjectError(
            f"{path.name} cannot be read ({error.strerror})", f"check {path}"
        ) from None


class _Document:
    """One YAML file; each look into it names the file and the line where the type is wrong."""

    def __init__(self, name: str, content: bytes) -> None:
        self.name = name
        try:
            self._text = content.decode("utf-8-sig")
            self._check_nesting()
            self.root: Any = yaml.load(self._text, yaml.CSafeLoader)
        except UnicodeDecodeError as error:
            raise self.error(f"byte {error.start} is not UTF-8", "save the file as UTF-8") from None
        except yaml.MarkedYAMLError as error:
            raise self._not_yaml(error) from None
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise self.error(" ".join(str(error).split()), self._restore()) from None
        self._check_size()

    def mapping(self, value: Any, *keys: Hashable) -> dict[str, Any]:
        """``value``, found at ``keys``, as a mapping of names; nothing is an empty one."""
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            raise self.wrong("a mapping of names", *keys)
        return value

    def sequence(self, value: Any, *keys: Hashable) -> list[Any]:
        """``value``, found at ``keys``, as a list; nothing is an empty one."""
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.wrong("a list", *keys)
        return value

    def wrong(self, expected: str, *keys: Hashable) -> ProjectError:
        """What is at ``keys`` is not ``expected``."""
        place = ".".join(map(str, keys)) or "the file"
        return self.error(f"{place} should be {expected}", self._restore(), self._line(keys))

    def error(self, problem: str, fix: str, line: int | None = None) -> ProjectError:
        """``problem`` with the file, and the line where there is one, before it."""
        place = self.name if line is None else f"{self.name}, line {line}"
        return ProjectError(f"{place}: {problem}", fix)

    def _restore(self) -> str:
        if self.name == "dvc.lock":
            return "git checkout dvc.lock, or delete it and type dvc repro"
        return "mend that line, or git checkout dvc.yaml"

    def _not_yaml(self, error: yaml.MarkedYAMLError) -> ProjectError:
        mark = error.problem_mark
        line = mark.line + 1 if mark else None
        column = f", column {mark.column + 1}" if mark else ""
        lines = self._text.splitlines()
        if any(text.startswith(("<<<<<<< ", ">>>>>>> ")) for text in lines):
            problem = "it has merge markers (<<<<<<<, =======, >>>>>>>)"
            marked = next(n for n, text in enumerate(lines, 1) if text[:7] in ("<" * 7, ">" * 7))
            return self.error(problem, "resolve the merge, then dvc repro", marked)
        return self.error(f"not YAML{column}: {error.problem}", self._restore(), line)

    def _check_nesting(self) -> None:
        """Refuse what is nested so deep that libyaml's recursion would end the process."""
        depth = 0
        for event in yaml.parse(self._text, yaml.CSafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST_NESTING:
                line = event.start_mark.line + 1 if event.start_mark else None
                raise self.error("it is nested too deep", self._restore(), line)

    def _check_size(self) -> None:
        """Refuse what aliases blow up, or bend back into itself, before anybody walks it."""
        count, open_values = 0, [(self.root, 0)]
        while open_values:
            value, depth = open_values.pop()
            count += 1
            if depth > DEEPEST_NESTING or count > MOST_VALUES:
                raise self.error("its aliases or its nesting make it too large", self._restore())
            if isinstance(value, dict):
                open_values += [(each, depth + 1) for each in value.values()]
            elif isinstance(value, list | tuple | set):
                open_values += [(each, depth + 1) for each in value]

    def _line(self, keys: Sequence[Hashable]) -> int | None:
        """The line of what is at ``keys``; the file is parsed again, now with positions."""
        node = yaml.compose(self._text, yaml.CSafeLoader)
        for key in keys:
            if isinstance(node, yaml.MappingNode):
                values = [value for name, value in node.value if name.value == str(key)]
                node = values[-1] if values else node
            elif isinstance(node, yaml.SequenceNode) and isinstance(key, int):
                node = node.value[key]
        return None if node is None else int(node.start_mark.line) + 1


def _stages(document: _Document) -> Iterator[Stage]:
    """The stages that dvc.yaml declares."""
    top = document.mapping(document.root)
    _refuse_unread(document, top, "vars")
    for name, value in document.mapping(top.get("stages"), "stages").items():
        at = ("stages", name)
        body = document.mapping(value, *at)
        _refuse_unread(document, body, "foreach", "matrix", "vars", "wdir", at=at)
        yield Stage(
            name=name,
            cmd=_cmd(document, body, at),
            deps=tuple(Dep(path) for path, _ in _paths(document, body, "deps", at)),
            outs=tuple(
                Out(path, cache=options.get("cache", True) is not False)
                for kind in ("outs", "metrics", "plots")
                for path, options in _paths(document, body, kind, at)
            ),
            params=_declared_params(document, body, at),
            frozen=body.get("frozen") is True,
        )


def _refuse_unread(
    document: _Document, body: dict[str, Any], *keys: str, at: tuple[str, ...] = ()
) -> None:
    """Say what this first form does not read, rather than guess."""
    used = [key for key in keys if key in body]
    if at and not used and "${" in repr(body):
        used = ["${…}"]
    if used:
        problem = f"{'.'.join(at) or 'the file'} uses {used[0]}, which is not read here yet"
        raise document.error(problem, "dvc status tells the state", document._line((*at, used[0])))


def _cmd(document: _Document, body: dict[str, Any], at: tuple[str, ...]) -> str:
    match body.get("cmd"):
        case str(cmd):
            return cmd
        case [*commands] if commands and all(isinstance(each, str) for each in commands):
            return "\n".join(commands)
    raise document.wrong("a command, or a list of them", *at, "cmd")


def _paths(
    document: _Document, body: dict[str, Any], kind: str, at: tuple[str, ...]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each path of dvc.yaml's ``deps``, ``outs``, ``metrics`` or ``plots``, with its options."""
    for index, item in enumerate(document.sequence(body.get(kind), *at, kind)):
        match item:
            case str(path):
                yield path, {}
            case dict() if len(item) == 1:
                ((path, options),) = document.mapping(item, *at, kind, index).items()
                yield path, document.mapping(options, *at, kind, index, path)
            case _:
                raise document.wrong("a path, or a path with options", *at, kind, index)


def _declared_params(document: _Document, body: dict[str, Any], at: tuple[str, ...]) -> Params:
    """The keys that dvc.yaml declares, without values; a bare name is a key of params.yaml."""
    declared: Params = {}
    for index, item in enumerate(document.sequence(body.get("params"), *at, "params")):
        match item:
            case str(key):
                declared.setdefault("params.yaml", {})[key] = None
            case dict():
                for file, keys in document.mapping(item, *at, "params", index).items():
                    found = document.sequence(keys, *at, "params", index, file)
                    declared.setdefault(file, {}).update(dict.fromkeys(map(str, found)))
            case _:
                raise document.wrong("a key, or a file with keys", *at, "params", index)
    return declared


def _recorded(document: _Document) -> Iterator[Stage]:
    """The entries of dvc.lock."""
    top = document.mapping(document.root)
    schema = top.get("schema")
    if top and schema != "2.0":
        raise document.error(
            f"schema should be '2.0', it is {schema!r}", "delete it and type dvc repro"
        )
    for name, value in document.mapping(top.get("stages"), "stages").items():
        at = ("stages", name)
        body = document.mapping(value, *at)
        params = document.mapping(body.get("params"), *at, "params")
        yield Stage(
            name=name,
            cmd=_cmd(document, body, at),
            deps=tuple(
                Dep(_text(document, item, "path", place), item.get("md5"))
                for item, place in _items(document, body, "deps", at)
            ),
            outs=tuple(
                Out(_text(document, item, "path", place), item.get("md5"), item.get("size"))
                for item, place in _items(document, body, "outs", at)
            ),
            params={
                file: document.mapping(values, *at, "params", file)
                for file, values in params.items()
            },
        )


def _items(
    document: _Document, body: dict[str, Any], kind: str, at: tuple[str, ...]
) -> Iterator[tuple[dict[str, Any], tuple[Hashable, ...]]]:
    """Each dep or out of a lock's entry and its place, its hash and size of the right type."""
    for index, item in enumerate(document.sequence(body.get(kind), *at, kind)):
        place = (*at, kind, index)
        entry = document.mapping(item, *place)
        if not isinstance(entry.get("md5"), str | None):
            raise document.wrong("a hash", *place, "md5")
        if type(entry.get("size")) not in (int, type(None)):
            raise document.wrong("a number of bytes", *place, "size")
        yield entry, place


def _text(document: _Document, item: dict[str, Any], key: str, place: tuple[Hashable, ...]) -> str:
    if not isinstance(item.get(key), str):
        raise document.wrong("a text", *place, key)
    return str(item[key])


def _overlap(one: str, other: str) -> bool:
    first, second = posixpath.normpath(one) + "/", posixpath.normpath(other) + "/"
    return first.startswith(second) or second.startswith(first)
