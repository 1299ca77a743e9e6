"""What a terminal needs before DVC works there: this environment's programs, and one variable.

gcsfs reads the variable when it is imported, so DVC's config cannot set it. Unless it is ``false``,
gcsfs asks a server that is not Google's over gRPC what kind of bucket it has, and waits a minute
for the answer, for each object again: it remembers no failure. Real buckets of the usual kind work
with it and without.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path, PureWindowsPath

VARIABLE = "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"
VALUE = "false"
WORDS = (".", "./activate")
COMMAND = " ".join(WORDS)
"""The same in bash, zsh and PowerShell, which finds activate.ps1."""
_ON = "The workshop's dvc, python and grader are on in this terminal."
_GONE = "error: there is no dvc where the workshop's environment was:"
_FIX = "  fix: make it there anew, as the README of dvc-workshop says"


def scripts(programs_dir: Path | None = None) -> dict[str, str]:
    """The files of an attendee's repository that set up a terminal, by name; git ignores them.

    Each prints that the terminal is set up, or that the environment is no longer in its folder.
    """
    folder = str(programs_dir or Path(sys.executable).parent)
    return {"activate": _bash_script(folder), "activate.ps1": _powershell_script(folder)}


def is_variable_missing() -> bool:
    """Whether DVC, started from here, would wait for gRPC."""
    return os.environ.get(VARIABLE, "true").lower() in ("true", "1")  # as gcsfs reads it


def _bash_script(folder: str) -> str:
    path = PureWindowsPath(folder)
    if path.drive:  # Git Bash on Windows: /c/Users/ada
        folder = f"/{path.drive[0].lower()}{path.as_posix()[len(path.drive) :]}"
    quoted = "'" + folder.replace("'", "'\\''") + "'"
    return (
        f'# Type: {COMMAND}\nexport PATH={quoted}:"$PATH"\nexport {VARIABLE}={VALUE}\n'
        f"if [ -e {quoted}/dvc ] || [ -e {quoted}/dvc.exe ]; then\n"
        f'  echo "{_ON}"\nelse\n  echo "{_GONE}"\n  echo {quoted}\n  echo "{_FIX}"\nfi\n'
    )


def _powershell_script(folder: str) -> str:
    quoted = "'" + folder.replace("'", "''") + "'"
    path = f"$env:PATH = {quoted} + [IO.Path]::PathSeparator + $env:PATH"
    test = f"(Test-Path ({quoted} + '/dvc')) -or (Test-Path ({quoted} + '/dvc.exe'))"
    return (
        f'# Type: {COMMAND}\n{path}\n$env:{VARIABLE} = "{VALUE}"\n'
        f'if ({test}) {{\n  "{_ON}"\n}} else {{\n  "{_GONE}"\n  {quoted}\n  "{_FIX}"\n}}\n'
    )
