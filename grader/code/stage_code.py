"""What the code of a stage imports, reads and takes on its command line: parsed, never run."""

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache

from grader.code.command import arguments, calls, command_texts, join_lines
from grader.code.module import Module, module
from workshop.stages import StageSpec

Text = Callable[[str], str | None]


class StageCode:
    """The code of a lesson's stage, and the attendee's modules that it imports."""

    def __init__(
        self, text: Text, stage: StageSpec, import_paths: dict[str, tuple[str, ...]] | None = None
    ) -> None:
        """``import_paths``: the files that a name or a file imports, the same for every stage."""
        self._text = text
        self.stage = stage
        self._import_paths = {} if import_paths is None else import_paths

    def is_run_by(self, command: str | list[str] | None) -> bool:
        """Whether ``command`` runs the stage's module, as a module or as a file."""
        return _arguments(command, self.stage) is not None

    def misses_its_package(self, command: str | list[str] | None) -> bool:
        """Whether ``command`` runs the module as a file, and so not with the modules beside it.

        Of ``python pipeline/plot`` Python looks for what it imports in ``pipeline/plot``, where no
        ``pipeline`` is, and then among what is installed. Who sets the path, in the command or in
        the module, is believed to know that.
        """
        as_module = any(
            arguments(words, self.stage.module, ()) is not None for words in calls(command)
        )
        text = self._text(self.entry) or ""
        sets_path = "PYTHONPATH" in " ".join(_lines(command)) or "sys.path" in text
        package = self.stage.module.partition(".")[0]
        below = [path for path in self._imported[1:] if path.startswith(f"{package}/")]
        return self.is_run_by(command) and bool(below) and not as_module and not sets_path

    @cached_property
    def entry(self) -> str:
        """The file that ``python -m`` runs: of a package its ``__main__.py``, else the module."""
        package, single = _entries(self.stage)
        is_single = self._text(package) is None and self._text(single) is not None
        return single if is_single else package

    def own(self) -> list[str]:
        """The modules of ``imported`` that are the stage's own: those in its folder."""
        return list(self._own)

    @cached_property
    def _own(self) -> tuple[str, ...]:
        own = (self.entry, f"{self.stage.code_dir}/")
        return tuple(path for path in self._imported if path.startswith(own))

    def imported(self) -> list[str]:
        """The paths of the attendee's own modules that run when the stage does, its own first.

        As Python finds them: a name is a module beside the others, or a package's ``__init__.py``.
        What is imported for type checkers alone does not run. Empty ``__init__.py`` are left out.
        """
        return list(self._imported)

    @cached_property
    def _imported(self) -> tuple[str, ...]:
        found: dict[str, None] = {}
        seen: set[str] = set()
        pending = [self.entry, *self._paths(self.stage.module)]
        while pending:
            path = pending.pop(0)
            text = self._text(path)
            if path in seen or text is None:
                continue
            seen.add(path)
            if text.strip() or not path.endswith("__init__.py"):
                found[path] = None
            pending += self._paths_imported_by(path, text)
        return tuple(found)

    def _paths_imported_by(self, path: str, text: str) -> tuple[str, ...]:
        """The files that the module in ``path`` imports. No dotted name ends in ``.py``."""
        if path not in self._import_paths:
            names = _imports(module(text), path)
            files = (file for name in names for file in self._paths(name))
            self._import_paths[path] = tuple(dict.fromkeys(files))
        return self._import_paths[path]

    def _paths(self, name: str) -> tuple[str, ...]:
        """The files that importing the dotted ``name`` runs: its packages', and its own."""
        if name not in self._import_paths:
            self._import_paths[name] = tuple(self._find_paths(name))
        return self._import_paths[name]

    def _find_paths(self, name: str) -> Iterator[str]:
        above = self._paths(name.rpartition(".")[0]) if "." in name else ()
        yield from above
        base = name.replace(".", "/")
        if above and not base.startswith(above[-1].removesuffix("__init__.py")):
            return  # above ends with a module: ``name`` is something in it
        for path in (f"{base}/__init__.py", f"{base}.py"):
            if self._text(path) is not None:
                yield path
                break

    @property
    def options(self) -> Mapping[str, bool]:
        """The options that the stage declares with argparse, and whether each is required."""
        return module(self._text(self.entry) or "").options

    def params(self) -> list[str]:
        """The params that the stage's own modules read: ``section.key``, in the order of the code.

        From ``params.read(path, "section", Model)`` and the fields of ``Model``, wherever that
        class and those above it stand in the attendee's code; and from ``loaded["section"]["key"]``
        of what params.yaml was loaded into. A key that is made while the code runs, and one that
        is read in another function than the file, are not seen: such a param is missed, and never
        reported by mistake.
        """
        return list(self._params)

    @cached_property
    def _params(self) -> tuple[str, ...]:
        return tuple(self._read_by(self._own))

    def params_below(self) -> list[str]:
        """The same of the attendee's modules that the stage imports, its own left out."""
        below = [path for path in self._imported if path not in self._own]
        return [key for key in self._read_by(below) if key not in self._params]

    def _read_by(self, paths: Iterable[str]) -> list[str]:
        modules = [module(self._text(path) or "") for path in paths]
        keys = [
            key
            for reader in modules
            for key in [
                *(f"{s}.{f}" for s, model in reader.reads for f in self._fields(model, reader)),
                *reader.keys,
            ]
        ]
        return list(dict.fromkeys(keys))

    def _fields(self, model: str, at: Module, seen: tuple[str, ...] = ()) -> list[str]:
        """The fields of a class that the module ``at`` names, those that it inherits first."""
        if model in seen:
            return []
        others = (module(self._text(path) or "") for path in self._imported)
        owner = at if model in at.models else next((o for o in others if model in o.models), None)
        if owner is None:
            return []
        seen = (*seen, model)
        above = [f for base in owner.bases[model] for f in self._fields(base, owner, seen)]
        return [*above, *owner.models[model]]


def words_of(command: str | list[str] | None) -> list[str]:
    """The words of a stage's command, or of all of them where it has several."""
    return [word for line in _lines(command) for word in _words(line)]


def _lines(command: str | list[str] | None) -> list[str]:
    return [part for text in command_texts(command) for part in join_lines(text).splitlines()]


@lru_cache(maxsize=256)
def _words(line: str) -> tuple[str, ...]:
    try:
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split, lexer.commenters = True, ""
        return tuple(lexer)
    except ValueError:  # a quote that is not closed
        return tuple(line.split())


def values_of(command: str | list[str] | None, stage: StageSpec) -> dict[str, str]:
    """What the stage's module gets with each ``--option``; empty where nothing follows it.

    Options of whatever starts Python, and of another program beside it, are not the module's. Of a
    command that does not run the module, all are told.
    """
    words = _arguments(command, stage)
    if words is None:
        words = tuple(words_of(command))
    found = {}
    for word, following in zip(words, [*words, ""][1:], strict=True):
        if word.startswith("--") and word != "--":
            name, equals, value = word.partition("=")
            found[name] = value if equals else "" if _is_option(following) else following
    return found


def _is_option(word: str) -> bool:
    """As argparse tells an option from a value: a negative number is one."""
    return bool(re.match(r"-(?!$|\d|\.\d)", word))


def _arguments(command: str | list[str] | None, stage: StageSpec) -> tuple[str, ...] | None:
    paths = (stage.code_dir, *_entries(stage))
    found = (arguments(words, stage.module, paths) for words in calls(command))
    return next((words for words in found if words is not None), None)


def _entries(stage: StageSpec) -> tuple[str, str]:
    """Where the code of a stage begins: in a package, or in a single module."""
    return f"{stage.code_dir}/__main__.py", f"{stage.code_dir}.py"


def _imports(parsed: Module, path: str) -> Iterator[str]:
    """The dotted names that the module in ``path`` imports, relative ones made whole."""
    package = path.removesuffix("/__init__.py").removesuffix(".py").split("/")
    if not path.endswith("__init__.py"):
        package = package[:-1]
    for level, base, name in parsed.imports:
        above = package[: len(package) - level + 1] if level else []
        yield ".".join([*above, *(part for part in (base, name) if part)])
