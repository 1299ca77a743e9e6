"""What the code of a stage imports, reads and takes on its command line: parsed, never run."""

import re
import shlex
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from posixpath import dirname
from typing import NamedTuple

from grader.code.command import (
    Call,
    Script,
    arguments,
    calls,
    command_texts,
    join,
    join_lines,
    script,
)
from grader.code.module import Module, module
from workshop.stages import StageSpec

Text = Callable[[str], str | None]
Command = str | list[str] | None
ImportPaths = dict[tuple[str, ...], dict[str, tuple[str, ...]]]
"""The files that each name and each file imports, by the folders in which Python looks."""

_MODULE_ENDS = ("/__init__.py", ".py")


class _Entry(NamedTuple):
    """The file that Python runs, and the folders in which it looks for modules."""

    path: str
    roots: tuple[str, ...]


class StageCode:
    """The code of a lesson's stage, wherever its command finds it, and what that imports."""

    def __init__(
        self,
        text: Text,
        stage: StageSpec,
        import_paths: ImportPaths | None = None,
        command: Command = None,
        folder: str = "",
        layouts: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        """``import_paths``: the files that a name or a file imports, the same for every stage.

        ``command`` is that of the stage, and ``folder`` where DVC runs it; without one, the code is
        where the workshop has it. ``layouts`` are folders from which packages may be installed.
        """
        self._text = text
        self.stage = stage
        self._all_import_paths = {} if import_paths is None else import_paths
        self._command = command
        self._folder = folder
        self._layouts = layouts
        # The checks ask of one command 220 times.
        self._values: dict[Hashable, dict[str, str]] = {}
        self._calls: dict[Hashable, Call | None] = {}

    def is_run_by(self, command: Command) -> bool:
        """Whether ``command`` runs the stage's module, as a module or as a file, in any folder."""
        return self._call(command) is not None

    def _call(self, command: Command) -> Call | None:
        """The first call of ``command`` that runs the stage's module."""
        key = _key(command)
        if key not in self._calls:
            self._calls[key] = _call(command, self.stage)
        return self._calls[key]

    @property
    def is_of_own_layout(self) -> bool:
        """Whether the stage's command runs a script of the stage's name that is somewhere else.

        It has to write what the lesson's stage does: else it is another program.
        """
        if self.is_run_by(self._command) or self._text(self.entry) is None:
            return False
        values = self.values(self._command)
        return bool(self._found_entry) and all(values.get(option) for option in self.stage.writes)

    def misses_its_package(self, command: Command) -> bool:
        """Whether ``command`` runs the module as a file, and so not with the modules beside it.

        Of ``python pipeline/plot`` Python looks for what it imports in ``pipeline/plot``, where no
        ``pipeline`` is, and then among what is installed. Who sets the path, in the command or in
        the module, is believed to know that.
        """
        as_module = any(
            (run := script(call.words)) and run.is_module
            for call in _own_calls(command, self.stage)
        )
        text = self._text(self.entry) or ""
        sets_path = "PYTHONPATH" in " ".join(_lines(command)) or "sys.path" in text
        if self.entry != self._default_entry.path:  # whoever moves it is believed to know
            return False
        package = self.stage.module.partition(".")[0]
        below = [path for path in self._imported[1:] if path.startswith(f"{package}/")]
        return self.is_run_by(command) and bool(below) and not as_module and not sets_path

    @property
    def entry(self) -> str:
        """The file that Python runs: of a package its ``__main__.py``, else the module."""
        return (self._found_entry or self._default_entry).path

    @property
    def is_absent(self) -> bool:
        """Whether nothing is there of what the stage's command runs."""
        return self._text(self.entry) is None

    def text(self, path: str) -> str:
        """The text of a module; empty where there is none."""
        return self._text(path) or ""

    @cached_property
    def _default_entry(self) -> _Entry:
        package, single = _entries(self.stage)
        is_single = self._text(package) is None and self._text(single) is not None
        return _Entry(single if is_single else package, ("",))

    @cached_property
    def _found_entry(self) -> _Entry | None:
        """What the command runs, where that is there."""
        for call in [*_own_calls(self._command, self.stage), *calls(self._command)]:
            run = script(call.words)
            if run and (
                run.name.replace("/", ".")
                .removesuffix(".__main__.py")
                .removesuffix(".py")
                .rpartition(".")[2]
                == self.stage.name
            ):
                entry = self._find_entry(call, run)
                if entry:
                    return entry
        return None

    def _find_entry(self, call: Call, run: Script) -> _Entry | None:
        folder = join(self._folder, call.folder)
        path = tuple(join(self._folder, part) for part in call.python_path)
        if run.is_module:
            roots = (folder, *path)
            names = [f"{join(root, run.name.replace('.', '/'))}" for root in roots]
        else:
            place = join(folder, run.name)
            own = place if self._text(f"{place}/__main__.py") is not None else dirname(place)
            roots = (own, *path, folder)
            names = [place.removesuffix("/__main__.py").removesuffix(".py")]
        roots = tuple(dict.fromkeys((*roots, "")))
        found = self._first_file(names)
        if found != self._default_entry.path:
            # A package that lies elsewhere may be installed from there.
            layouts = tuple(self._layouts())
            roots = tuple(dict.fromkeys((*roots, *layouts)))
            if found is None and run.is_module:
                inner = run.name.replace(".", "/")
                found = self._first_file(join(root, inner) for root in layouts)
        return _Entry(found, roots) if found else None

    def _first_file(self, names: Iterable[str]) -> str | None:
        for name in names:
            for path in (f"{name}/__main__.py", f"{name}.py"):
                if self._text(path) is not None:
                    return path
        return None

    def values(self, command: Command) -> dict[str, str]:
        """What the stage's code gets with each option of the lesson's stage.

        From ``command``; else the default in the code, and where that knows no such option, the
        lesson's own path if it stands in the code.
        """
        key = _key(command)
        if key not in self._values:
            self._values[key] = self._find_values(command)
        return dict(self._values[key])

    def folder(self, command: Command) -> str:
        """The folder in which ``command`` runs the code, from the root of the repository."""
        call = self._call(command)
        return join(self._folder, call.folder) if call else self._folder

    def _find_values(self, command: Command) -> dict[str, str]:
        given = values_of(command, self.stage)
        own = [module(self._text(path) or "") for path in self._own]
        for path in (*self.stage.deps, *self.stage.outs):
            option, lesson = path.option, path.path
            lesson = lesson.rpartition("/")[0] if path.in_folder else lesson
            if given.get(option):
                continue
            if default := next((m.defaults[option] for m in own if option in m.defaults), None):
                given[option] = default
            elif option not in self.options and any(lesson in each.texts for each in own):
                given[option] = lesson
        return given

    def own(self) -> list[str]:
        """The modules of ``imported`` that are the stage's own: those in its folder."""
        return list(self._own)

    @cached_property
    def _own(self) -> tuple[str, ...]:
        package = self.entry.removesuffix("/__main__.py").removesuffix(".py")
        own = (self.entry, f"{package}/")
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
        # What the packages above it have in their __init__.py runs first.
        package = self.entry.removesuffix("/__main__.py").removesuffix(".py")
        roots = sorted(self._roots, key=len, reverse=True)
        root = next((root for root in roots if root and package.startswith(f"{root}/")), "")
        pending = [self.entry, *self._paths(package[len(root) :].strip("/").replace("/", "."))]
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

    @property
    def _roots(self) -> tuple[str, ...]:
        return (self._found_entry or self._default_entry).roots

    @property
    def _import_paths(self) -> dict[str, tuple[str, ...]]:
        return self._all_import_paths.setdefault(self._roots, {})

    def first_imports(self, path: str) -> Iterator[tuple[int, str, str]]:
        """Line, module and name of each import with which a module of ``imported`` begins."""
        parsed = module(self._text(path) or "")
        for line, level, base, name in parsed.first:
            yield line, ".".join(filter(None, [*_above(path, level), base])), name

    def file_of(self, name: str) -> str | None:
        """The attendee's own file that the dotted ``name`` is; None where there is none."""
        known, key = self._import_paths, f"{name}="  # the file alone, not those of its packages
        if key not in known:
            files = (f"{folder}{end}" for folder in self.folders_of(name) for end in _MODULE_ENDS)
            first = next((path for path in files if self._text(path) is not None), None)
            known[key] = () if first is None else (first,)
        return next(iter(known[key]), None)

    def folders_of(self, name: str) -> list[str]:
        """Where a package of that dotted name may lie."""
        return [join(root, name.replace(".", "/")) for root in self._roots]

    def _paths_imported_by(self, path: str, text: str) -> tuple[str, ...]:
        """The files that the module in ``path`` imports. No dotted name ends in ``.py``."""
        known = self._import_paths
        if path not in known:
            names = _imports(module(text), path)
            files = (file for name in names for file in self._paths(name))
            known[path] = tuple(dict.fromkeys(files))
        return known[path]

    def _paths(self, name: str) -> tuple[str, ...]:
        """The files that importing the dotted ``name`` runs: its packages', and its own."""
        known = self._import_paths
        if name not in known:
            found = (self._paths_below(root, name) for root in self._roots)
            known[name] = next(filter(None, found), ())
        return known[name]

    def _paths_below(self, root: str, name: str) -> tuple[str, ...]:
        known = self._all_import_paths.setdefault((root,), {})
        key = f"{name}:"  # what it is below this root alone
        if key not in known:
            known[key] = tuple(self._find_paths(root, name))
        return known[key]

    def _find_paths(self, root: str, name: str) -> Iterator[str]:
        above = self._paths_below(root, name.rpartition(".")[0]) if "." in name else ()
        yield from above
        base = join(root, name.replace(".", "/"))
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


def _key(command: Command) -> Hashable:
    return tuple(command) if isinstance(command, list) else command


def words_of(command: Command) -> list[str]:
    """The words of a stage's command, or of all of them where it has several."""
    return [word for line in _lines(command) for word in _words(line)]


def _lines(command: Command) -> list[str]:
    return [part for text in command_texts(command) for part in join_lines(text).splitlines()]


@lru_cache(maxsize=256)
def _words(line: str) -> tuple[str, ...]:
    try:
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split, lexer.commenters = True, ""
        return tuple(lexer)
    except ValueError:  # a quote that is not closed
        return tuple(line.split())


def values_of(command: Command, stage: StageSpec) -> dict[str, str]:
    """What the stage's module gets with each ``--option``; empty where nothing follows it.

    Options of whatever starts Python, and of another program beside it, are not the module's. Of a
    command that does not run the module, all are told.
    """
    words = _arguments(command, stage)
    return option_values(tuple(words_of(command)) if words is None else words)


def option_values(words: tuple[str, ...]) -> dict[str, str]:
    """What each ``--option`` among ``words`` has behind it; empty where nothing follows it."""
    found = {}
    for word, following in zip(words, [*words, ""][1:], strict=True):
        if word.startswith("--") and word != "--":
            name, equals, value = word.partition("=")
            found[name] = value if equals else "" if _is_option(following) else following
    return found


def _is_option(word: str) -> bool:
    """As argparse tells an option from a value: a negative number is one."""
    return bool(re.match(r"-(?!$|\d|\.\d)", word))


def _arguments(command: Command, stage: StageSpec) -> tuple[str, ...] | None:
    call = _call(command, stage)
    return _own_arguments(call, stage) if call else None


def _call(command: Command, stage: StageSpec) -> Call | None:
    """The first call that runs the stage's module."""
    return next(iter(_own_calls(command, stage)), None)


def _own_calls(command: Command, stage: StageSpec) -> list[Call]:
    return [call for call in calls(command) if _own_arguments(call, stage) is not None]


def _own_arguments(call: Call, stage: StageSpec) -> tuple[str, ...] | None:
    """What a call gives to the stage's module; None where it runs another thing.

    The package of the stages may be in another one: ``src.pipeline.train``, ``src/pipeline/train``.
    """
    paths = (stage.code_dir, *_entries(stage))
    found = arguments(call.words, stage.module, paths)
    if found is not None:
        return found
    run = script(call.words)
    if run is None:
        return None
    if run.is_module:
        return run.arguments if run.name.endswith(f".{stage.module}") else None
    ends = tuple(f"/{path}" for path in paths)
    return run.arguments if join(call.folder, run.name).endswith(ends) else None


def _entries(stage: StageSpec) -> tuple[str, str]:
    """Where the code of a stage begins: in a package, or in a single module."""
    return f"{stage.code_dir}/__main__.py", f"{stage.code_dir}.py"


def _imports(parsed: Module, path: str) -> Iterator[str]:
    """The dotted names that the module in ``path`` imports, relative ones made whole."""
    for level, base, name in parsed.imports:
        yield ".".join([*_above(path, level), *(part for part in (base, name) if part)])


def _above(path: str, level: int) -> list[str]:
    """The packages from which an import of ``level`` dots in the module ``path`` begins."""
    package = path.removesuffix("/__init__.py").removesuffix(".py").split("/")
    if not path.endswith("__init__.py"):
        package = package[:-1]
    return package[: len(package) - level + 1] if level else []
