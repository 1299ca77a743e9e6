"""The files that a module opens, as far as its text names them: to read, and to write.

A path may be a text, a name that has one value, a ``Path`` or a join of such; ``args.data`` stands
as ``--data``, for an option that argparse is told of, and ``@`` for the folder of the module, as
in ``Path(__file__).parent / "conf"``. A path that is made while the code runs is not seen: such a
file is missed, and never reported by mistake.
"""

import ast
import posixpath
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from typing import Literal, NamedTuple

Way = Literal["read", "write"]
OWN_FOLDER = "@"

_OPENERS = frozenset(("io", "gzip", "bz2", "lzma", "codecs"))
_PATHS = frozenset(("Path", "PurePath", "PosixPath", "str", "fspath", "abspath", "realpath"))
_SAME_PATH = frozenset(("as_posix", "resolve", "absolute"))
_METHODS: dict[str, Way] = {
    "read_text": "read", "read_bytes": "read", "write_text": "write", "write_bytes": "write",
}  # fmt: skip
_READERS = frozenset(("load", "loadtxt", "genfromtxt", "imread", "load_model", "from_file"))
_WRITERS = frozenset(
    ("savefig", "save", "savetxt", "savez", "savez_compressed", "save_model", "save_weights",
     "imwrite", "imsave", "write_csv", "write_parquet", "write_image", "write_html")
)  # fmt: skip
_PATH_IS_SECOND = frozenset(("dump", "save", "save_file"))
"""``joblib.dump(model, path)``, ``torch.save(model, path)``."""
_DEEPEST, _LONGEST = 30, 4096
"""No path of a real module is deeper or longer, and one of another module may be without end."""
_KEYWORDS = frozenset(("file", "filename", "fname", "path", "path_or_buf", "filepath_or_buffer"))


class OpenedFile(NamedTuple):
    """A path in a module, and what the module does with it."""

    path: str
    way: Way


def opened_files(nodes: Sequence[ast.AST], options: Container[str]) -> Iterator[OpenedFile]:
    """Each file that the ``nodes`` of a module open, in their order; ``options`` are argparse's."""
    texts = _Texts(nodes, options)
    for node in nodes:
        if isinstance(node, ast.Call):
            for path, way in _opened_by(node, texts):
                if path:
                    yield OpenedFile(path, way)


class _Texts:
    """The paths that the expressions of a module stand for."""

    def __init__(self, nodes: Sequence[ast.AST], options: Container[str]) -> None:
        self._options = options
        self._values: dict[str, ast.expr] = {}
        self._paths: dict[str, str] = {}
        stored = Counter(
            node.id if isinstance(node, ast.Name) else node.arg
            for node in nodes
            if isinstance(node, ast.arg)
            or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
        )
        for node in nodes:
            match node:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=value)
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                ) if stored[name] == 1:
                    self._values[name] = value

    def path(self, node: ast.expr | None, depth: int = _DEEPEST) -> str:
        """The path that ``node`` stands for; empty where nobody can tell."""
        if not depth:
            return ""
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.Name(id="__file__"):
                return f"{OWN_FOLDER}/__file__"
            case ast.Name(id=name):
                return self._value(name, depth)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return self._join([left, right], depth)
            case ast.Attribute(value=whole, attr="parent"):
                return _above(self.path(whole, depth - 1))
            case ast.Attribute(value=ast.Name(), attr=name):
                known = (f"--{name}", f"--{name.replace('_', '-')}")
                return next((option for option in known if option in self._options), "")
            case ast.Subscript(
                value=ast.Attribute(value=whole, attr="parents"), slice=ast.Constant(value=int(at))
            ):
                return _above(self.path(whole, depth - 1), at + 1)
            case ast.Call():
                return self._path_of_call(node, depth)
        return ""

    def _path_of_call(self, call: ast.Call, depth: int) -> str:
        name = _name_of(call.func)
        match call:
            case ast.Call(func=ast.Attribute(value=whole), args=[]) if name in _SAME_PATH:
                return self.path(whole, depth - 1)
            case ast.Call(args=[whole]) if name == "dirname":
                return _above(self.path(whole, depth - 1))
            case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="path")), args=parts) if (
                name == "join"
            ):
                return self._join(parts, depth)
            case ast.Call(args=parts) if name in _PATHS:
                return self._join(parts, depth)
        return ""

    def _value(self, name: str, depth: int) -> str:
        """Each name is worked out once: of names that are made of names there may be many ways."""
        if name not in self._paths:
            self._paths[name] = ""  # for a name that is made of itself
            self._paths[name] = self.path(self._values.get(name), depth - 1)
        return self._paths[name]

    def _join(self, parts: list[ast.expr], depth: int) -> str:
        paths = [self.path(part, depth - 1) for part in parts]
        joined = posixpath.join(*paths) if paths and all(paths) else ""
        return joined if len(joined) <= _LONGEST else ""


def _above(path: str, times: int = 1) -> str:
    """The folder that ``path`` is in, or one so many times above it; no path is 30 deep."""
    for _ in range(min(times, _DEEPEST)):
        is_end = path == OWN_FOLDER or path.endswith("/..")
        path = f"{path}/.." if is_end else posixpath.dirname(path)
    return path


def _opened_by(call: ast.Call, texts: _Texts) -> Iterator[tuple[str, Way]]:
    name = _name_of(call.func)
    whole = call.func.value if isinstance(call.func, ast.Attribute) else None
    if name == "open":
        is_function = whole is None or _name_of(whole) in _OPENERS
        path = _path_argument(call, texts) if is_function else texts.path(whole)
        if way := _way_of(_mode(call, 1 if is_function else 0)):
            yield path, way
    elif name in _METHODS:
        yield texts.path(whole), _METHODS[name]
    elif name == "main" and (folder := _hydra_folder(call)):
        yield f"{OWN_FOLDER}/{folder}", "read"
    elif name.startswith("read_") or name in _READERS:
        yield _path_argument(call, texts), "read"
    elif name in _PATH_IS_SECOND and len(call.args) > 1 and texts.path(call.args[1]):
        yield texts.path(call.args[1]), "write"
    elif name.startswith("to_") or name in _WRITERS:
        yield _path_argument(call, texts), "write"


def _hydra_folder(call: ast.Call) -> str:
    """The folder of ``@hydra.main(config_path="conf")``, which is seen from the module's own."""
    for word in call.keywords:
        if word.arg == "config_path" and isinstance(word.value, ast.Constant):
            return str(word.value.value or "")
    return ""


def _name_of(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _path_argument(call: ast.Call, texts: _Texts) -> str:
    named = [word.value for word in call.keywords if word.arg in _KEYWORDS]
    return texts.path(next(iter([*call.args[:1], *named]), None))


def _mode(call: ast.Call, place: int) -> str:
    """The mode in which a file is opened; empty where nobody can tell."""
    named = [word.value for word in call.keywords if word.arg == "mode"]
    given = [*call.args[place : place + 1], *named]
    match given:
        case []:
            return "r"
        case [ast.Constant(value=str(mode)), *_]:
            return mode
    return ""


def _way_of(mode: str) -> Way | None:
    """None for a file that is added to or changed in place, such as a log."""
    if not mode or "+" in mode or "a" in mode:
        return None
    return "read" if "r" in mode else "write"
