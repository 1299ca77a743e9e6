"""``python grader/doctor``, for a checkout in which nothing is installed yet.

Any Python can read this, as grader.__main__.
"""

import os
import sys

if sys.version_info < (3, 8):  # noqa: UP036 - told in two lines, not met with a traceback
    sys.exit(
        "problem: this is Python "
        + ".".join(map(str, sys.version_info[:2]))
        + "; 3.11 to 3.13 will"
        " do\n  fix: install one of them, then: python3.12 grader/doctor"
    )
try:
    _HERE = os.getcwd()  # noqa: PTH109 - before any import
except OSError:
    sys.exit("problem: the folder that you are in was deleted\n  fix: cd ~")

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120 - as in grader.__main__
# Not the current folder, which may be an attendee's, nor this one, whose modules have short names.
sys.path[:] = [entry for entry in sys.path[1:] if entry not in ("", _HERE)]
sys.path.append(_ROOT)

from grader.doctor.command import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
