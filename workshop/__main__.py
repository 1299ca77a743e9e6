"""``python -m workshop``, also installed as ``workshop``."""

import os
import sys

# First of all: the current folder is an attendee's, and `python -m` would import what lies in it.
sys.path[:] = [entry for entry in sys.path if entry not in ("", os.getcwd())]  # noqa: PTH109 - before any import

from workshop.commands import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
