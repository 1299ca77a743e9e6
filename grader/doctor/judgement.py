"""What the facts about a computer mean for the workshop, and what to do about them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable, Tuple  # noqa: UP035 - Python 3.8 has no others that can be subscripted

from grader.doctor.machine import Machine
from workshop import activation, endpoints

OK, WARNING, PROBLEM = "ok", "warning", "problem"
_OLDEST, _TOO_NEW = (3, 11), (3, 14)
_GIT = (2, 28)  # the first with `git init --initial-branch`
_GB = 10**9
_LONGEST_INSIDE = 160  # .dvc/cache/runs/xx/<64 characters>/<64 characters>
_LONGEST_ON_WINDOWS = 259
_OFF_S = 600.0
_PACKAGED = {
    "bookworm": "3.11", "trixie": "3.13", "jammy": "3.11", "noble": "3.12", "plucky": "3.13",
    "questing": "3.13",
}  # fmt: skip
"""Which Python that will do a Debian or an Ubuntu has as a package."""
_IN_HOME = '"~/my-workshop-remote"'
"""DVC puts the home folder for the ~, and so writes no letter of it."""
_INSTALL = (
    "python -m pip install --require-hashes -r requirements.txt\n"
    "python -m pip install --no-deps --no-build-isolation -e ."
)
_SYNCED = re.compile(
    r"[\\/](OneDrive|Dropbox|Google ?Drive|My Drive|iCloud ?Drive|Mobile Documents|CloudStorage"
    r"|Box Sync|pCloud ?Drive|Nextcloud|ownCloud)(?![a-z])[^\\/]*([\\/]|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Diagnosis:
    """The ``state`` of one subject, a ``message``, and the ``remedy`` where it is not ok."""

    subject: str
    state: str
    message: str
    remedy: str = ""


Judgement = Tuple[str, str, str]  # noqa: UP006 - as above
"""State, text, remedy."""


def diagnose(machine: Machine) -> list[Diagnosis]:
    """One for each subject, in the order in which a user fixes them."""
    return [Diagnosis(subject, *judge(machine)) for subject, judge in _SUBJECTS]


def _python(m: Machine) -> Judgement:
    version = ".".join(map(str, m.python))
    if _is_supported(m):
        return OK, f"Python {version}", ""
    fault = "too old" if m.python[:2] < _OLDEST else "too new: TensorFlow is not built for it"
    remedy = {
        "win32": "winget install Python.Python.3.12",
        "darwin": "brew install python@3.12",
    }.get(m.system, _python_package(m))
    return PROBLEM, f"Python {version} is {fault}; 3.11 to 3.13 will do", remedy


def _python_package(m: Machine) -> str:
    """Not every Linux has one of them: Debian 11 and Ubuntu 20.04 have none."""
    version = _PACKAGED.get(m.distribution)
    if version:
        return f"sudo apt-get install python{version} python{version}-venv"
    if m.distribution == "fedora":
        return "sudo dnf install python3.12"
    return "# https://docs.astral.sh/uv has one for any Linux: uv python install 3.12"


def _git_package(m: Machine) -> str:
    if m.distribution == "fedora":
        return "sudo dnf install git"
    return "sudo pacman -S git" if m.distribution == "arch" else "sudo apt-get install git"


def _folder(m: Machine) -> Judgement:
    if m.is_folder:
        return OK, "it is there", ""
    return PROBLEM, f"{m.repo} is no folder", "# name yours: grader doctor --repo FOLDER"


def _computer(m: Machine) -> Judgement:
    if (m.system, m.architecture) == ("darwin", "x86_64"):
        return PROBLEM, "TensorFlow has no build for Macs with Intel", "# work with a neighbour"
    if m.system == "win32" and m.architecture.upper() == "ARM64":
        return PROBLEM, "TensorFlow has no build for Windows on ARM", "# work with a neighbour"
    return OK, f"{m.system} {m.architecture}", ""


def _git(m: Machine) -> Judgement:
    if not m.git:
        remedy = {"win32": "winget install Git.Git", "darwin": "xcode-select --install"}
        return PROBLEM, "git is not there", remedy.get(m.system, _git_package(m))
    version = tuple(int(part) for part in re.findall(r"\d+", m.git)[:2])
    if version < _GIT:
        remedy = {"win32": "winget upgrade Git.Git", "darwin": "brew install git"}
        text = f"git {m.git} is old; the lessons need 2.28"
        return WARNING, text, remedy.get(m.system, _git_package(m))
    return OK, f"git {m.git}", ""


def _identity(m: Machine) -> Judgement:
    lacking = []
    if not m.name:
        lacking.append('git config --global user.name "YOUR NAME"')
    if not m.email:
        lacking.append("git config --global user.email you@example.com")
    if lacking and m.git:
        return PROBLEM, "git does not know who you are, and refuses to commit", "\n".join(lacking)
    return OK, "git knows who you are" if m.git else "see git", ""


def _line_ends(m: Machine) -> Judgement:
    if m.autocrlf == "true" and not m.has_attributes:
        text = "git rewrites line ends here, so that every hash differs from your colleagues'"
        return WARNING, text, "git config --global core.autocrlf input"
    return OK, f"core.autocrlf is {m.autocrlf or 'not set'}", ""


def _environment(m: Machine) -> Judgement:
    if m.is_activated and (m.dvc or (m.is_environment and _is_supported(m))):
        return OK, "the environment is activated", ""
    command = m.activate
    if m.is_activated or not command:
        command = _environment_commands(m)
    if m.python_on_path is None:
        return PROBLEM, "there is no python on PATH: no stage can start", command
    text = "python is another one here than that of the workshop: activate its environment"
    return PROBLEM, text, command


def _environment_commands(m: Machine) -> str:
    """With the Python that ``_python`` recommends, where the present one is not supported."""
    version = _PACKAGED.get(m.distribution, "3.12") if m.system == "linux" else "3.12"
    lines = [f'cd "{m.checkout}"'] if m.checkout else []
    if _is_supported(m):
        version = ".".join(map(str, m.python[:2]))
        if not m.makes_environments and m.distribution in _PACKAGED:
            lines.append(f"sudo apt-get install python{version}-venv")
    python = f"py -{version}" if m.system == "win32" else f"python{version}"
    anew = " --clear" if m.is_activated and m.is_environment else ""  # of an unsupported Python
    return "\n".join([*lines, f"{python} -m venv{anew} .venv", _activate_command(m)])


def _is_supported(m: Machine) -> bool:
    return _OLDEST <= m.python[:2] < _TOO_NEW


def _install_commands(m: Machine) -> str:
    """Where the environment was made above, the terminal is in the checkout already."""
    is_there = not m.checkout or _environment(m)[0] != OK
    return _INSTALL if is_there else f'cd "{m.checkout}"\n{_INSTALL}'


def _dvc(m: Machine) -> Judgement:
    if not m.dvc:
        is_made = m.activate and not m.is_activated
        remedy = m.activate if is_made else _install_commands(m)
        return PROBLEM, "DVC is not in this environment", remedy
    if int(re.findall(r"\d+", m.dvc)[0]) < 3:
        return PROBLEM, f"DVC {m.dvc} is old; the lessons need 3", _install_commands(m)
    if not m.dvc_on_path:
        remedy = m.activate or _activate_command(m)
        return PROBLEM, "dvc is installed, and the terminal does not find it", remedy
    return OK, f"DVC {m.dvc}", ""


def _activate_command(m: Machine) -> str:
    return r".venv\Scripts\Activate.ps1" if m.system == "win32" else ". .venv/bin/activate"


def _plugin(m: Machine) -> Judgement:
    if m.dvc and not m.dvc_gs:
        return PROBLEM, "DVC has no plugin for gs:// remotes", "python -m pip install dvc-gs"
    return OK, f"dvc-gs {m.dvc_gs}" if m.dvc_gs else "see DVC", ""


def _packages(m: Machine) -> Judgement:
    if m.missing_packages and m.dvc:
        return PROBLEM, f"not installed: {', '.join(m.missing_packages)}", _install_commands(m)
    return OK, "what the stages import is there" if m.dvc else "see DVC", ""


def _disk(m: Machine) -> Judgement:
    text = f"{m.free / _GB:.1f} GB are free"
    if m.free < _GB:
        room = "dvc gc --workspace" if m.dvc else "# make room on this disk"
        return PROBLEM, f"only {text}", room
    if m.free < 4 * _GB and not m.dvc:
        return WARNING, f"{text}; the environment takes 2.4 GB", "# make room on this disk"
    return OK, text, ""


def _sync_service(m: Machine) -> Judgement:
    synced = [folder for folder in m.sync_folders if _is_below(m.repo, folder)]
    match = _SYNCED.search(m.repo)
    if match or synced:
        name = match.group(1) if match else "OneDrive"
        text = f"{name} copies this folder while DVC writes in it, and locks its files"
        return WARNING, text, "cd ~"
    return OK, "no service syncs this folder", ""


def _is_below(path: str, folder: str) -> bool:
    path, folder = (re.sub(r"[\\/]+", "/", text).rstrip("/").lower() for text in (path, folder))
    return path == folder or path.startswith(folder + "/")


def _length(m: Machine) -> Judgement:
    length = len(m.repo)
    if m.system == "win32" and length + _LONGEST_INSIDE > _LONGEST_ON_WINDOWS and not m.long_paths:
        text = f"this folder's path has {length} characters: DVC's cache goes beyond Windows' 260"
        return WARNING, text, "git config --global core.longpaths true\ncd ~"
    return OK, f"the path has {length} characters", ""


def _characters(m: Machine) -> Judgement:
    if not m.repo.isascii():
        text = (
            "the path holds letters beyond ASCII, which DVC does not write into its config: a"
            " folder as the remote has an address with ~ in it"
        )
        return WARNING, text, f"dvc remote add -d dvc-workshop {_IN_HOME}"
    if " " in m.repo:
        return WARNING, "the path holds spaces: put it in quotes when you type it", "cd ~"
    return OK, "the path is plain", ""


def _writing(m: Machine) -> Judgement:
    if m.is_writable:
        return OK, "you may write here", ""
    return PROBLEM, "you may not write in this folder", "cd ~"


def _credentials(m: Machine) -> Judgement:
    if not m.credentials:
        return OK, "no key is named; only a real Google bucket needs one", ""
    if m.has_credentials:
        return OK, "the key that GOOGLE_APPLICATION_CREDENTIALS names is there", ""
    unset = {"win32": "Remove-Item Env:GOOGLE_APPLICATION_CREDENTIALS"}
    text = "GOOGLE_APPLICATION_CREDENTIALS names a file that is not there"
    return PROBLEM, text, unset.get(m.system, "unset GOOGLE_APPLICATION_CREDENTIALS")


def _variable(m: Machine) -> Judgement:
    if not m.lacks_variable:
        return OK, f"{activation.VARIABLE} is {activation.VALUE}", ""
    if not (m.has_activate or m.is_attendees):
        text = f"{activation.COMMAND} in your own repository, such as my-workshop, will set"
        return OK, f"{text} {activation.VARIABLE}: it is not needed before", ""
    text = f"{activation.VARIABLE} is not set: with the workshop's bucket DVC waits for minutes"
    if m.has_activate:
        return WARNING, text, activation.COMMAND
    if m.system == "win32":
        return WARNING, text, f'$env:{activation.VARIABLE} = "{activation.VALUE}"'
    return WARNING, text, f"export {activation.VARIABLE}={activation.VALUE}"


def _server(m: Machine) -> Judgement:
    if not m.endpoint:
        return OK, "no remote here is on a bucket server", ""
    if m.has_server:
        return OK, f"it answers at {m.endpoint}", ""
    text = f"no server answers at {m.endpoint}, where your remote is: dvc push and dvc pull wait"
    start = endpoints.bucket_command(m.endpoint)
    return PROBLEM, text, f"# in a terminal of its own, and left running:\n{start}"


def _clock(m: Machine) -> Judgement:
    behind = m.newest - m.now
    if behind > _OFF_S:
        remedy = {"win32": "w32tm /resync", "darwin": "sudo sntp -sS time.apple.com"}
        text = f"the clock is behind: what is newest here is {behind / 3600:.1f} hours ahead of it"
        return PROBLEM, text, remedy.get(m.system, "sudo timedatectl set-ntp true")
    return OK, "the clock is not behind", ""


_SUBJECTS: tuple[tuple[str, Callable[[Machine], Judgement]], ...] = (
    ("folder", _folder),
    ("python", _python),
    ("computer", _computer),
    ("git", _git),
    ("identity", _identity),
    ("line ends", _line_ends),
    ("disk", _disk),
    ("environment", _environment),
    ("dvc", _dvc),
    ("plugin", _plugin),
    ("packages", _packages),
    ("synced folder", _sync_service),
    ("long paths", _length),
    ("characters", _characters),
    ("permission", _writing),
    ("credentials", _credentials),
    ("bucket", _variable),
    ("bucket server", _server),
    ("clock", _clock),
)
