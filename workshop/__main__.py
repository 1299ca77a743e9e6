"""``python -m workshop``, also installed as ``workshop``.

Any Python can read this, as grader.__main__.
"""

import os
import sys

# First of all: the current folder is an attendee's, and `python -m` would import what lies in it.
try:
    _HERE = os.getcwd()  # noqa: PTH109 - before any import
except OSError:
    sys.stderr.write("error: the folder that you are in was deleted\n  fix: cd ~\n")
    sys.exit(2)
sys.path[:] = [entry for entry in sys.path if entry not in ("", _HERE)]
# Where this package lies, the others lie too, in a checkout that nobody installed.
sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120 - as above


def main():
    # type: () -> int
    """Run the command."""
    if sys.version_info < (3, 11):  # noqa: UP036 - told in two lines, not met with a traceback
        version = ".".join(map(str, sys.version_info[:2]))
        sys.stderr.write("error: this is Python " + version + "; 3.11 to 3.13 will do\n")
        sys.stderr.write("  fix: python -m grader doctor\n")
        return 2
    try:
        from workshop.commands import main as run

        return run()
    except KeyboardInterrupt:  # during an import; each command has its own way to end
        return 130


if __name__ == "__main__":
    sys.exit(main())
