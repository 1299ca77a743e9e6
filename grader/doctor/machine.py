"""The facts about this computer, which grader.doctor.judgement judges."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from workshop import activation, endpoints

TIMEOUT_S = 10
PACKAGES = ("tensorflow", "onnx", "onnxruntime", "cv2", "sklearn", "matplotlib", "pydantic", "yaml")
"""What the stages and the grader import."""
_GIT = ("core.fsmonitor=false", "core.hooksPath=" + os.devnull, "credential.helper=", "gc.auto=0")
_ANSWER_S = 3.0
# endpointurl = http://127.0.0.1:4443, at the beginning of a line: configobj is not installed yet
_ENDPOINT = re.compile(r"^\s*endpointurl\s*=\s*(\S+)\s*$", re.MULTILINE)
_NO_PAGER = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}


@dataclass(frozen=True)
class Machine:
    """Facts; None or an empty text where there is none.

    ``system`` as ``sys.platform`` has it, times in seconds since 1970, ``free`` in bytes.
    ``activate`` is the command that would activate an environment which is already there,
    ``distribution`` the code name of a Debian or an Ubuntu, or the id of another Linux.
    ``is_environment``: this Python is not the computer's own; ``makes_environments``: it has what
    ``-m venv`` needs, of which Debian makes a package. ``checkout`` is empty where we are in it.
    ``endpoint`` is the address of the remote's server where it is not Google's own, ``has_server``
    whether somebody answers there.
    """

    system: str
    architecture: str
    python: tuple[int, int, int]
    python_on_path: str | None
    is_activated: bool
    activate: str
    git: str
    name: str
    email: str
    autocrlf: str
    has_attributes: bool
    dvc: str
    dvc_on_path: bool
    dvc_gs: str
    missing_packages: tuple[str, ...]
    repo: str
    free: int
    is_writable: bool
    long_paths: bool
    credentials: str
    has_credentials: bool
    lacks_variable: bool
    has_activate: bool
    now: float
    newest: float
    sync_folders: tuple[str, ...] = ()
    is_folder: bool = True
    distribution: str = ""
    is_environment: bool = True
    makes_environments: bool = True
    checkout: str = ""
    is_attendees: bool = True
    endpoint: str = ""
    has_server: bool = True


def examine_machine(repo: Path) -> Machine:
    """The computer, and the folder ``repo`` on it; nothing is changed.

    Of the network only the server that the repository's own remote names is asked, if any.
    """
    repo = Path(os.path.abspath(str(repo)))  # noqa: PTH100 - links stay
    git = _Git(repo)
    python = shutil.which("python")
    programs = Path(sys.executable).parent
    credentials = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS", "")
    config = "".join(_read_text(repo / ".dvc" / name) for name in ("config", "config.local"))
    endpoint = next(reversed(_ENDPOINT.findall(config)), "")
    return Machine(
        system=sys.platform,
        architecture=platform.machine(),
        python=(sys.version_info[0], sys.version_info[1], sys.version_info[2]),
        python_on_path=python,
        is_activated=python is not None and _is_same(Path(python).parent, programs),
        activate=_activate_command(repo),
        git=git.ask("--version").replace("git version ", ""),
        name=os.environ.get("GIT_AUTHOR_NAME") or git.ask("config", "--get", "user.name"),
        email=os.environ.get("GIT_AUTHOR_EMAIL") or git.ask("config", "--get", "user.email"),
        autocrlf=git.ask("config", "--get", "core.autocrlf").lower(),
        has_attributes=_read_text(repo / ".gitattributes").find("eol=lf") >= 0,
        dvc=_installed_version("dvc"),
        dvc_on_path=shutil.which("dvc") is not None,
        dvc_gs=_installed_version("dvc-gs"),
        missing_packages=tuple(name for name in PACKAGES if not importlib.util.find_spec(name)),
        repo=str(repo),
        free=shutil.disk_usage(str(_nearest_folder(repo))).free,
        is_writable=os.access(str(_nearest_folder(repo)), os.W_OK),
        long_paths=_allows_long_paths(),
        credentials=credentials,
        has_credentials=Path(credentials).expanduser().is_file() if credentials else False,
        lacks_variable=activation.is_variable_missing(),
        has_activate=(repo / "activate").is_file(),
        now=time.time(),
        newest=max(git.newest_commit(), Path(__file__).stat().st_mtime),
        sync_folders=_sync_folders(),
        is_folder=repo.is_dir(),
        distribution=_distribution(),
        is_environment=sys.prefix != sys.base_prefix,
        makes_environments=importlib.util.find_spec("ensurepip") is not None,
        checkout=_checkout(),
        is_attendees=(repo / "workshop.toml").is_file() or "endpointurl" in config,
        endpoint=endpoint,
        has_server=not endpoint or _answers(endpoint),
    )


def _answers(endpoint: str) -> bool:
    """Whether a server takes connections there; an address that is none is for the checks."""
    try:
        address = endpoints.host_and_port(endpoint)
        socket.create_connection(address, timeout=_ANSWER_S).close()
    except OSError:
        return False
    except ValueError:
        return True
    return True


class _Git:
    """Git, started so that it runs nothing of the repository's."""

    def __init__(self, repo: Path) -> None:
        folders = os.environ.get("PATH", "").split(os.pathsep)
        path = os.pathsep.join(folder for folder in folders if os.path.isabs(folder))  # noqa: PTH117 - text
        self._program = shutil.which("git", path=path)
        self._repo = _nearest_folder(repo)

    def ask(self, *words: str) -> str:
        """What it prints; nothing where it is not there or has no answer."""
        if self._program is None:
            return ""
        settings = [word for setting in _GIT for word in ("-c", setting)]
        try:
            process = subprocess.run(  # noqa: S603 - git as found on PATH, on words of our own
                [self._program, "--no-pager", *settings, "-C", str(self._repo), *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=TIMEOUT_S,
                check=False,
                env={**os.environ, **_NO_PAGER},
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return process.stdout.decode("utf-8", "replace").strip() if process.returncode == 0 else ""

    def newest_commit(self) -> float:
        """When the newest commit says it was made; 0 where there is none."""
        words = self.ask("rev-list", "-1", "--timestamp", "HEAD").split()
        return float(words[0]) if words and words[0].isdigit() else 0.0


def _installed_version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _nearest_folder(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next((path for path in (folder, *folder.parents) if path.is_dir()), Path.home())


def _is_same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return False


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _activate_command(repo: Path) -> str:
    if (repo / "activate").is_file():
        return activation.COMMAND
    windows = sys.platform == "win32"
    script = Path(".venv", *(("Scripts", "Activate.ps1") if windows else ("bin", "activate")))
    for folder in (repo, Path(__file__).parents[2]):
        if (folder / script).is_file():
            path = script if folder == Path(os.getcwd()) else folder / script  # noqa: PTH109 - shown
            return f'& "{path}"' if windows else f'. "{path}"'
    return ""


def _checkout() -> str:
    """The folder with requirements.txt, unless it is the current one or nobody has it."""
    folder = Path(__file__).parents[2]
    elsewhere = not _is_same(folder, Path())
    return str(folder) if elsewhere and (folder / "requirements.txt").is_file() else ""


def _distribution(path: Path = Path("/etc/os-release")) -> str:
    """Read by hand: platform.freedesktop_os_release came with Python 3.10."""
    pairs = (line.partition("=") for line in _read_text(path).splitlines())
    values = {name: value.strip("\"'") for name, _, value in pairs}
    names = ("UBUNTU_CODENAME", "VERSION_CODENAME", "ID")
    return next((values[name] for name in names if values.get(name)), "")


def _allows_long_paths() -> bool:
    if sys.platform != "win32":
        return True
    import winreg

    try:
        place = r"SYSTEM\CurrentControlSet\Control\FileSystem"
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place) as key:
            return bool(winreg.QueryValueEx(key, "LongPathsEnabled")[0])
    except OSError:
        return False


def _sync_folders() -> tuple[str, ...]:
    names = ("OneDrive", "OneDriveCommercial", "OneDriveConsumer")
    return tuple(os.environ[name] for name in names if os.environ.get(name))
