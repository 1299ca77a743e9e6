"""``python -m grader``, also installed as ``grader``.

Any Python can read this, so that one which is too old is told so: no f-string, no annotation.
"""

import gc
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
    """Run the command and end the process, with the exit code of the command.

    `doctor` needs no package and no new Python, all others do.
    """
    try:
        code = _run()
    except KeyboardInterrupt:  # during an import; each command has its own way to end
        code = 130
    return _end_process(code)


def _end_process(code):
    # type: (int) -> int
    """The ``code`` itself where an output is closed or broken: Python's own end reports that."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (AttributeError, OSError, ValueError):
        return code
    # Python would free each of 300 modules first: 28 of the 265 ms of CPU of a check. A command
    # closes its files and deletes its temporary folders itself, and no thread of it still writes.
    os._exit(code)


def _run():
    # type: () -> int
    if sys.argv[1:2] == ["doctor"] and sys.version_info >= (3, 8):
        from grader.doctor.command import main as examine

        return examine(sys.argv[2:])
    if sys.version_info < (3, 11):  # noqa: UP036 - told in two lines, not met with a traceback
        version = ".".join(map(str, sys.version_info[:2]))
        fix = None if sys.version_info >= (3, 8) else "install one, then: python3.12 grader/doctor"
        return _refuse("this is Python " + version + "; 3.11 to 3.13 will do", fix)
    # Modules, parsed files and patterns live until the end: with Python's threshold of 700 objects
    # the search for circles among them takes 5 % of a check.
    gc.set_threshold(100000)
    try:
        from grader.commands import main as run

        return run()
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("grader", "workshop", "dvcstate"):
            raise
        return _refuse("the package " + str(error.name) + " is not in this environment")


def _refuse(problem, fix=None):
    # type: (str, str | None) -> int
    sys.stderr.write("error: " + problem + "\n  fix: " + (fix or "python -m grader doctor") + "\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
