"""Serves the model, the state of the pipeline and the lessons over HTTP.

uvicorn puts the current folder first on the import path. That folder is an attendee's and has a
``pipeline/`` of its own, so importing this package takes it off again before any other import. The
folder that holds this package stays.
"""

import sys
from pathlib import Path

try:
    _CURRENT_DIR = Path.cwd()
except OSError:
    sys.exit("error: the folder that you are in was deleted\n  fix: cd ~")
_PACKAGE_HOME = Path(__file__).resolve().parents[1]
if _CURRENT_DIR != _PACKAGE_HOME:
    sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != _CURRENT_DIR]
