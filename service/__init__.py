"""Serves the model, the state of the pipeline and the lessons over HTTP.

uvicorn puts the current folder first on the import path. That folder is an attendee's, with a
``pipeline/`` and whatever else lies in it, so it is taken off again before anything is imported:
the one thing that importing this package does. Where this package itself lies stays.
"""

import sys
from pathlib import Path

try:
    _HERE = Path.cwd()
except OSError:
    sys.exit("error: the folder that you are in was deleted\n  fix: cd ~")
_HOME = Path(__file__).resolve().parents[1]
if _HERE != _HOME:
    sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != _HERE]
