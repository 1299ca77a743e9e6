"""Single rules of ours against the code that DVC uses for them, on what hypothesis comes up with."""

import contextlib
import re
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dvcstate import dvcignore
from dvcstate.config import dvc_config
from dvcstate.documents import yaml12
from dvcstate.errors import ConfigError as ConfigProblemError
from dvcstate.errors import FileError
from dvcstate.git import git_config, gitignore
from dvcstate.glob_regex import limit_backtracking
from dvcstate.params import params_file

pytest.importorskip("dvc")
FIXED = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=400,
    suppress_health_check=list(HealthCheck),
)

SCALARS = st.sampled_from([
    "yes", "no", "True", "~", "null", "", "0o17", "017", "0x1F", "1e-3", "1_000", ".5", "-.inf", ".nan",
    "2001-01-01", "2001-01-01 10:00:00", "2001-12-14t21:59:43.10-05:00", "1:30", "0b11", '"a"', "'b'",
    "a: b", "a #c", "- x", "[1, 2]", "{a: 1}", "{a: 1, a: 2}", "&x 1", "*x", "<<", "=", "!!str 1",
    '!!int "3"', "!foo x", "|\n    lit", ">\n    fold", "[a: 1]", "? x", "%x", "@x", "\t1", "+_", "1.",
    ".", "0.1_0", "08", "0o8", "-0x1f", "2001-02-30", "${x}", "x:", "[x:]", "http://a", "'", "a\tb",
    '"a\tb"', "a #\tc", "--- x", "...", "!!set {a, b}", "!!omap [a: 1]", "!!bool yes", "\ufeff", "é",
])  # fmt: skip


@FIXED
@given(first=SCALARS, second=SCALARS, form=st.integers(0, 4))
def test_yaml_is_read_as_ruamel_reads_it(first: str, second: str, form: int) -> None:
    text = (
        f"a: {first}\nb: {second}\n",
        f"- {first}\n- {second}\n",
        f"{first}: 1\n{second}: 2\n",
        f"b: &m {{x: 1, y: 2}}\nc:\n  <<: *m\n  x: {first}\n",
        f"a:\n  {first}\n{second}",
    )[form]
    try:
        ours: Any = yaml12.load(text)
    except yaml12.YAMLError:
        ours = "error"
    assert repr(ours) == repr(_as_dicts(_ruamel(text)))


def _as_dicts(value: Any) -> Any:
    """``value`` without the OrderedDicts of ``!!omap``, whose repr differs between Pythons."""
    if isinstance(value, dict):
        return {key: _as_dicts(item) for key, item in value.items()}
    return [_as_dicts(item) for item in value] if isinstance(value, list) else value


def _ruamel(text: str) -> Any:
    from ruamel.yaml import YAML

    with warnings.catch_warnings(action="ignore"):
        try:
            return YAML(typ="safe").load(text)
        except Exception:  # noqa: BLE001 - DVC answers with an error to whatever is raised here
            return "error"


PARTS = st.sampled_from([
    "a", "b", "ab", "*", "**", "?", "/", "[ab]", "[!a]", "[a-", "\\", "!", "#", " ", ".", "[[:alpha:]]", "é", "(",
])  # fmt: skip
LINES = st.lists(st.lists(PARTS, min_size=1, max_size=5).map("".join), min_size=1, max_size=4)


@FIXED
@given(outer=LINES, inner=LINES)
def test_git_ignores_what_dulwich_says_it_does(outer: list[str], inner: list[str]) -> None:
    from dulwich.ignore import IgnoreFilterManager

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "a" / "b").mkdir(parents=True)
        (root / ".gitignore").write_text("\n".join(outer))
        (root / "a" / ".gitignore").write_text("\n".join(inner))
        theirs = IgnoreFilterManager(folder, [], ignorecase=False)
        ours = gitignore.GitIgnore(root, [])
        for name in ("a/", "a/b/", "a/b/ab", "a/.b", "b", "é", "a/é", "ab.a", "a/b/#"):
            is_folder = name.endswith("/")
            path = str(root.joinpath(*name.rstrip("/").split("/")))
            assert ours.ignores(path, is_folder) == bool(theirs.is_ignored(name)), name


NAMES = st.lists(st.sampled_from(["a", "b", "/", "ab", "."]), min_size=1, max_size=8).map("".join)


@FIXED
@given(
    pattern=st.lists(st.sampled_from(["a", "b", "*", "**/", "/", "a*", "/**", "?"]), max_size=8),
    name=NAMES,
)
def test_dvcignore_patterns_match_what_pathspec_matches(pattern: list[str], name: str) -> None:
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    text = "".join(pattern)
    try:
        regex, _ = GitIgnoreSpecPattern.pattern_to_regex(text)
    except ValueError:
        return
    if regex is not None:
        quick = limit_backtracking(regex, **dvcignore._DEEP)
        assert bool(re.match(quick, name)) == bool(re.match(regex, name)), quick


@FIXED
@given(
    start=st.text("a.-_é1Ω", max_size=4),
    star=st.booleans(),
    end=st.text("a.-_é1Ω", min_size=1, max_size=3),
    slash=st.booleans(),
    name=NAMES,
)
def test_a_mere_name_in_dvcignore_matches_what_pathspec_matches(
    start: str, star: bool, end: str, slash: bool, name: str
) -> None:
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    start, end = (end, start) if star and slash else (start, end)  # the star is last as well
    pattern = f"{start}{'*' * star}{end}"
    text = pattern + "/" * slash
    regex, ignores = GitIgnoreSpecPattern.pattern_to_regex(text)
    assert dvcignore._PLAIN.fullmatch(text)
    assert ignores
    assert regex is not None
    quick = dvcignore._plain_rule(text).regex
    likely = f"{start}{'bb' * star}{end}"
    for path in (name, pattern, likely, f"{name}/{likely}", f"{likely}/{name}", f"x{likely}"):
        assert bool(quick.match(path)) == bool(re.match(regex, path)), path


KEYS = st.sampled_from([
    "a", "a.b", "a.b.0", "a.*", "**", "a.**", "1", "x.1", "l.-1", "l.0", "l.5", "", "/", ".a", "A.b", "n*", "[ab]",
])  # fmt: skip
VALUES = st.recursive(
    st.sampled_from([1, 1.5, "t", None, True]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "l", "", 1, "1", "A"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@FIXED
@given(data=st.dictionaries(st.sampled_from(["a", "x", "l", 1, "n"]), VALUES), key=KEYS)
def test_params_are_found_as_dpath_finds_them(data: dict[Any, Any], key: str) -> None:
    import dpath
    import dvc.repo.plots  # makes dpath take empty keys, in every process that has a Repo

    assert dvc.repo.plots.dpath is dpath
    try:
        ours: Any = params_file.values(data, (key,), "params.yaml")
    except FileError:
        ours = "error"
    theirs: Any = "error"
    with contextlib.suppress(ValueError):
        try:
            theirs = {key: dpath.get(data, key, separator=".")}
        except KeyError:
            theirs = {}
    assert repr(ours) == repr(theirs)


SOURCES = [
    "A = 1\nB: int = 2\nC: int\n(D) = 3\nE = F = 4\n", "A, B = 1, 2\n", "A = [1, {2: 3}]\nB = {1, 2}\nC = set()\n",
    "class N:\n    a = 1\n    class M:\n        b = -1\n    def __init__(self):\n        self.c = 1j\n        x = 2\n",
    "def __init__():\n    self.y = 1\ndef f():\n    z = 1\n", "A = f()\nB = A\nC = 'x' 'y'\nD = 1 + 2\n", "A = \n", "",
    "A = {[]: 1}\n", "A = {**{}}\n", "self.q = 1\nother.q = 2\n", "async def __init__(self):\n    self.z = 1\n",
    "A = (1, [2])\nA: list = [3]\n", "if True:\n    A = 1\n", "A = b'x'\nB = ...\nC = None\n", "A = '\\d'\n",
]  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_python_params_are_read_as_dvc_reads_them(source: str, tmp_path: Path) -> None:
    from dvc.utils.serialize import parse_py

    path = tmp_path / "params.py"
    path.write_text(source)
    try:
        ours: Any = params_file.read(path, "params.py")
    except FileError:
        ours = "error"
    with warnings.catch_warnings(action="ignore"):
        try:
            theirs: Any = parse_py(source, str(path))
        except Exception:  # noqa: BLE001 - DVC answers with an error to whatever is raised here
            theirs = "error"
    assert repr(ours) == repr(theirs)


CONFIG_LINES = st.sampled_from([
    "[core]", "[Core] excludesFile = a", '[core "x"]', "[core.y]", "[core", '[core"]', "[a b]", '[includeIf "gitdir:REPO/"]',
    '[includeIf "gitdir/i:repo/.GIT"]', '[includeIf "gitdir:**/repo/**"]', '[includeIf "onbranch:ma*"]', "[include]",
    '[includeIf "hasconfig:core.excludesFile:a**"]', '[remote "r"]', '[includeIf "hasconfig:remote.*.url:h**t"]',
    "path = inc", "path = nowhere", "PATH = inc", "path = loop", "path = folder", "url = hxt", "excludesFile = b # c",
    'excludesfile = "c ; d" e ; f', "excludesFile", "excludesFile =", "excludesFile = a\\", "ex_cludes = 1", "x = \\q\\t\\b",
    '  ignorecase = "TRUE"  ', "; comment \\", "# [core]", '"', 'x = "open', "x = a\\\\", 'x = a  "  "  b', "\ufeff[core]", "é = 1",
    "ignorecase = é", "[] x", "[core]]x=1", "=", "[core] # y", 'x = \\"', "worktree\t=\t..", "\r", "x = 1\r",
])  # fmt: skip


@pytest.fixture(scope="module")
def git_repo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from dulwich.repo import Repo

    path = tmp_path_factory.mktemp("git") / "repo"
    path.mkdir()
    with Repo.init(str(path), default_branch=b"main") as repo:
        (path / ".git" / "folder").mkdir()
        (path / ".git" / "loop").write_text("[include]\npath = ../.git/loop\n[core]\nx=loop\n")
        yield repo


@FIXED
@given(outer=st.lists(CONFIG_LINES, max_size=7), inner=st.lists(CONFIG_LINES, max_size=4))
def test_git_config_is_read_as_dulwich_reads_it(
    outer: list[str], inner: list[str], git_repo: Any
) -> None:
    control = Path(git_repo.controldir()).resolve()
    (control / "inc").write_text("\n".join(inner), "utf-8")
    text = "\n".join(outer).replace("REPO", control.parent.as_posix())
    (control / "config").write_text(text, "utf-8")
    try:
        theirs: Any = _as_dict(git_repo.get_config())
    except ValueError:
        theirs = "error"
    try:
        conditions = git_config.IncludeConditions(str(control), "main")
        ours: Any = _as_dict(git_config.read(control / "config", conditions))
    except FileError:
        ours = "error"
    assert ours == theirs


def _as_dict(config: Any) -> dict[Any, dict[bytes, bytes]]:
    return {
        (section[0].lower(), *section[1:]): {
            key.lower(): config.get(section, key) for key, _ in config.items(section)
        }
        for section in config.sections()
    }


CONFIG_VALUES = (
    "", "true", "FALSE", "yes", "0", "-1", "5", "5,", "101", "1.5", "nan", "inf", "a", "a, b", "a,", "reflink, copy",
    "reflink,x", "basic", "nargs", "GROUP", "us-west", "aws", " 7 ", "²",
)  # fmt: skip


def _options() -> Iterator[tuple[str, str]]:
    """Each section of DVC's config as it is written, with each name of an option in it."""
    from dvc.config_schema import REMOTE_SCHEMAS, SCHEMA

    for name, options in SCHEMA.items():
        if name in ("machine", "db"):
            header, options = f"['{name} \"n\"']", options[str]
        elif name != "remote":
            header, options = f"[{name}]", getattr(options, "schema", options)
        else:
            continue
        for option in [*options, "unknown"]:
            yield header, str(getattr(option, "schema", option))
    for scheme, options in REMOTE_SCHEMAS.items():
        header = f"['remote \"n\"']\nurl = {f'{scheme}://h' if scheme else ''}/x"
        for option in [*options, "unknown"] if scheme != "remote" else []:
            yield header, str(getattr(option, "schema", option))


@pytest.mark.slow
def test_the_config_takes_what_dvc_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dvc.config import Config

    for name in ("GLOBAL", "SYSTEM"):
        monkeypatch.setenv(f"DVC_{name}_CONFIG_DIR", str(tmp_path / name))
    (tmp_path / ".dvc").mkdir()
    options = [
        o
        for o in _options()
        if o[1] != "url" and o not in (("[cache]", "local"), ("[cache]", "dir"))
    ]
    # Every tenth: each option is tried with two or three of the values, the next one with others.
    for header, option, value in [(*o, v) for o in options for v in CONFIG_VALUES][::10]:
        text = f"{header}\n{option} = {value}\n"
        (tmp_path / ".dvc" / "config").write_text(text)
        try:
            theirs = Config(str(tmp_path / ".dvc")) is not None
        except Exception:  # noqa: BLE001 - DVC answers with an error to whatever is raised here
            theirs = False
        try:
            ours = dvc_config.read(tmp_path) is not None
        except ConfigProblemError:
            ours = False
        assert ours == theirs, text
