"""``python -m grader``, also installed as ``grader``."""

import os
import sys

# First of all: the current folder is an attendee's, and `python -m` would import what lies in it.
sys.path[:] = [entry for entry in sys.path if entry not in ("", os.getcwd())]  # noqa: PTH109 - before any import
# Where this package lies, the others lie too, in a checkout that nobody installed.
sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120 - as above

from grader.commands import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
