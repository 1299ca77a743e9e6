"""``python -m grader``, also installed as ``grader``."""

import os
import sys

# First of all: the current folder is an attendee's, and `python -m` would import what lies in it.
sys.path[:] = [entry for entry in sys.path if entry not in ("", os.getcwd())]  # noqa: PTH109 - before any import
# Where this package lies, the others lie too, in a checkout that nobody installed.
sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120 - as above


def main() -> int:
    """Run the command; `doctor` needs no package and no new Python, all others do."""
    if sys.argv[1:2] == ["doctor"] and sys.version_info >= (3, 8):
        from grader.doctor.command import main as examine

        return examine(sys.argv[2:])
    if sys.version_info < (3, 11):  # noqa: UP036 - told in two lines, not met with a traceback
        return _refuse(f"this is Python {sys.version[:4].strip('. ')}; 3.11 to 3.13 will do")
    try:
        from grader.commands import main as run

        return run()
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("grader", "workshop"):
            raise
        return _refuse(f"the package {error.name} is not in this environment")


def _refuse(problem: str) -> int:
    sys.stderr.write(f"error: {problem}\n  fix: python -m grader doctor\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
